"""What reaches functions otherwise than over HTTP: the table's stream, the log's subscription, the schedule."""

import base64
import gzip
import json
import re
from urllib.parse import urlsplit

from checks import equal, eventually, expect, not_proven, passed
from deployment import Deployment, Json, client, mails
from tenant import CONNECTION, USER, Tenant


def check(tenant: Tenant) -> None:
    """Mails come by the stream, the audit log by the subscription, keys by an invocation."""
    mails_a_link(tenant)
    records(tenant)
    scheduled(tenant.at)


def mails_a_link(tenant: Tenant) -> None:
    """A link to a new password goes from the table by its stream to `notices` and to SES, and opens a page."""
    seen = len(links(tenant.at.issuer))
    asked = {"client_id": tenant.client["client_id"], "email": USER, "connection": CONNECTION}
    equal(tenant.at.call("POST", "/dbconnections/change_password", asked).status, 200, "a new password is asked for")
    [link] = eventually(lambda: links(tenant.at.issuer)[seen:], "a mail with a link, by the table's stream")
    address = urlsplit(link)
    page = tenant.at.call("GET", f"{address.path}?{address.query}")
    equal(page.status, 200, f"the page behind the link: {page.body.decode(errors='replace')[:200]}")
    passed("a link was mailed by way of the table's stream, and opens its page")


def links(issuer: str) -> list[str]:
    """The links to a new password that were mailed, the oldest first."""
    found = [re.search(rf"{re.escape(issuer)}lo/reset\?\S+", mail["BodyText"]) for mail in mails(USER)]
    return [link.group() for link in found if link]


def records(tenant: Tenant) -> None:
    """The functions' log feeds `audit`, which keeps records that the Management API lists."""
    group = tenant.at.outputs["LogGroup"]
    [subscription] = client("logs").describe_subscription_filters(logGroupName=group)["subscriptionFilters"]
    equal(subscription["filterPattern"], '{ $.event = "audit" }', "what the subscription hands on")
    not_proven("the emulator's subscriptions know no JSON patterns: the lines are handed on in its place")
    selected = eventually(lambda: selected_of(group), "lines of the audit log in the functions' log group")
    hand_on(subscription["destinationArn"], group, selected)

    listed = tenant.manage("GET", "logs?per_page=100", 200)
    clients = {record.get("client_id") for record in listed}
    expect(tenant.client["client_id"] in clients, "the audit log has the sign-ins")
    passed(f"{len(selected)} lines of the functions' log group are in the audit log")


def selected_of(group: str) -> list[Json]:
    """The lines that the subscription's pattern selects."""
    pages = client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
    events = [event for page in pages for event in page["events"]]
    return [event for event in events if is_record(event["message"])]


def is_record(line: str) -> bool:
    try:
        return json.loads(line).get("event") == "audit"
    except (ValueError, AttributeError):
        return False


def hand_on(function: str, group: str, events: list[Json]) -> None:
    """Invokes the destination of a subscription as CloudWatch Logs does."""
    data = {
        "messageType": "DATA_MESSAGE",
        "owner": "000000000000",
        "logGroup": group,
        "logStream": "stream",
        "subscriptionFilters": ["audit"],
        "logEvents": [{"id": str(n), "timestamp": it["timestamp"], "message": it["message"]} for n, it in enumerate(events)],
    }
    packed = base64.b64encode(gzip.compress(json.dumps(data).encode())).decode()
    payload = json.dumps({"awslogs": {"data": packed}}).encode()
    answer = client("lambda").invoke(FunctionName=function, Payload=payload)
    expect("FunctionError" not in answer, f"audit: {answer['Payload'].read()!r}")


def made_by(function: str, event: dict[str, str]) -> list[str]:
    """The keys that `rotate-keys` makes when it is invoked so."""
    answer = client("lambda").invoke(FunctionName=function, Payload=json.dumps(event).encode())
    said = answer["Payload"].read()
    expect("FunctionError" not in answer, f"rotate-keys: {said!r}")
    return json.loads(said)["made"]


def scheduled(deployment: Deployment) -> None:
    """The rule that rotates keys is on, and its target answers."""
    events = client("events")
    _, rule = deployment.resources()["RotateKeysRule"]
    rule = rule.split("|")[-1]
    equal(events.describe_rule(Name=rule)["State"], "ENABLED", "the rule that rotates keys")
    [target] = events.list_targets_by_rule(Rule=rule)["Targets"]
    due = made_by(target["Arn"], {"source": "aws.events"})
    expect(not due, f"the schedule makes no keys that are not due: {due}")
    made = made_by(target["Arn"], {})
    expect(made, "by hand the next keys are made")
    passed("rotate-keys, the target of an enabled rule, rotates")
