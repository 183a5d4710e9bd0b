"""A deployment in the emulator: its API by way of API Gateway, its mails, its table, and what its stack says of it."""

import base64
import http.client
import json
import os
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import boto3

from checks import equal, eventually, expect

ENDPOINT = os.environ["AWS_ENDPOINT_URL"]
TIMEOUT = 60
Json = dict[str, Any]
Items = dict[tuple[str, str], Json]


@dataclass(frozen=True)
class Reply:
    """What the gateway answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body, which must be JSON."""
        return json.loads(self.body)

    def of(self, status: int, what: str) -> Any:
        """The body of an answer that must have a status."""
        equal(self.status, status, f"{what}: {self.body.decode(errors='replace')}")
        return self.json() if self.body else None


def client(service: str) -> Any:
    """A client of one of the emulator's services."""
    return boto3.client(service, endpoint_url=ENDPOINT)


def of_emulator(method: str, path: str, headers: dict[str, str], body: bytes | None) -> Reply:
    """One request, on a connection of its own. `path` is sent as it is."""
    address = urlsplit(ENDPOINT)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=TIMEOUT)
    try:
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, found, answer.read())
    finally:
        connection.close()


class Deployment:
    """The stack of a name."""

    def __init__(self, name: str) -> None:
        self.name = name
        stack = client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
        self.status: str = stack["StackStatus"]
        self.tags = {tag["Key"]: tag["Value"] for tag in stack.get("Tags", [])}
        self.outputs = {it["OutputKey"]: it["OutputValue"] for it in stack.get("Outputs", [])}

    @property
    def issuer(self) -> str:
        return self.outputs["Issuer"]

    @property
    def table(self) -> str:
        return self.outputs["TableName"]

    def resources(self) -> dict[str, tuple[str, str]]:
        """Type and physical id by logical id."""
        pages = client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=self.name)
        found = [it for page in pages for it in page["StackResourceSummaries"]]
        return {it["LogicalResourceId"]: (it["ResourceType"], it["PhysicalResourceId"]) for it in found}

    def call(self, method: str, path: str, body: object = None, token: str | None = None) -> Reply:
        """One request to the deployed API, found by its host as in AWS."""
        headers = {"Host": f"{self.outputs['ApiId']}.execute-api.localhost"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        payload = None if body is None else json.dumps(body).encode()
        return of_emulator(method, path, headers, payload)

    def items(self) -> Items:
        """All that is in the table."""
        pages = client("dynamodb").get_paginator("scan").paginate(TableName=self.table, ConsistentRead=True)
        found = [item for page in pages for item in page["Items"]]
        return {(item["pk"]["S"], item["sk"]["S"]): item for item in found}


def mails(to: str) -> list[Json]:
    """What the emulator's SES was given for an address, the oldest first."""
    answer = of_emulator("GET", "/_ministack/ses/messages", {"Host": "localhost"}, None).of(200, "SES")
    return [mail for of_account in answer["messages"].values() for mail in of_account if to in mail["To"]]


def new_mail(to: str, seen: int) -> Json:
    """The first mail to an address beyond those seen before."""
    return eventually(lambda: mails(to)[seen : seen + 1], f"a mail to {to}")[0]


def code_in(mail: Json) -> str:
    """The code of six digits in a mail."""
    codes = re.findall(r"(?<!\d)\d{6}(?!\d)", mail["BodyText"])
    expect(len(codes) == 1, f"one code in the mail: {mail['BodyText']!r}")
    return codes[0]


def claims(token: str) -> Json:
    """What a token says, unverified."""
    body = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def in_path(identifier: str) -> str:
    """An id as a segment of a path."""
    return quote(identifier, safe="")
