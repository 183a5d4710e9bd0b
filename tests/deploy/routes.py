"""Every route of the contract answers by way of the deployed gateway, from a function that knows it."""

import json
import re
from pathlib import Path

from checks import Failed, equal, expect, passed
from deployment import Deployment, client

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"
METHODS = {"get", "put", "post", "delete", "patch", "head"}
# A method of HTTP that no function takes.
NOBODYS_METHOD = "TRACE"


def contract() -> dict[str, list[str]]:
    """The methods of each path, by the documented API, not by the template."""
    paths = json.loads(DOCUMENT.read_text())["paths"]
    return {path: sorted(method.upper() for method in METHODS & paths[path].keys()) for path in paths}


def nameless(path: str) -> str:
    """A path without the names of its parameters, which are nobody's business."""
    return re.sub(r"\{[^}]*\}", "{}", path)


def deployed(deployment: Deployment) -> dict[str, str]:
    """The gateway's routes, and the ARN that each leads to."""
    gateway, api = client("apigatewayv2"), deployment.outputs["ApiId"]
    routes = gateway.get_paginator("get_routes").paginate(ApiId=api).build_full_result()["Items"]
    integrations = gateway.get_paginator("get_integrations").paginate(ApiId=api).build_full_result()["Items"]
    leads_to = {it["IntegrationId"]: it["IntegrationUri"] for it in integrations}
    return {it["RouteKey"]: leads_to[it["Target"].removeprefix("integrations/")] for it in routes}


def check(deployment: Deployment) -> None:
    """The routes are the contract's, each leads to a function of the stack that takes the documented methods there."""
    wanted, found = contract(), deployed(deployment)
    keys, there = {nameless(f"ANY {path}") for path in wanted} | {"$default"}, {nameless(key) for key in found}
    equal((sorted(keys - there), sorted(there - keys)), ([], []), "routes that the gateway lacks, and has too many")
    for path, methods in wanted.items():
        answers(deployment, path, methods)
    passed(f"{len(wanted)} routes answer, each from a function that knows it")
    nowhere = deployment.call("GET", "/nowhere").of(404, "a path that nobody has")
    equal(nowhere["error"], "not_found", "the contract's 404, not the gateway's")
    passed("what is no route is answered by the contract's 404")
    permitted(deployment, set(found.values()))


def answers(deployment: Deployment, path: str, methods: list[str]) -> None:
    """A function that does not know the path would answer 404, and one that failed the gateway's 500."""
    target = re.sub(r"\{[^}]*\}", "email", path)
    refused = deployment.call(NOBODYS_METHOD, target)
    refused.of(405, f"{NOBODYS_METHOD} {path}")
    allowed = {method.strip() for method in refused.headers.get("allow", "").split(",")} - {"HEAD"}
    equal(sorted(allowed), methods, f"what {path} takes")
    status = deployment.call(methods[0], target).status
    expect(status not in (404, 405, 429) and status < 500, f"{methods[0]} {path} is answered {status}")


def permitted(deployment: Deployment, targets: set[str]) -> None:
    """The gateway may invoke each function, on behalf of this API only; the emulator does not ask."""
    functions, api = client("lambda"), deployment.outputs["ApiId"]
    for arn in targets:
        try:
            policy = json.loads(functions.get_policy(**named(arn))["Policy"])
        except functions.exceptions.ResourceNotFoundException:
            raise Failed(f"nobody may invoke {arn}") from None
        sources = [
            json.dumps(statement.get("Condition", {}))
            for statement in policy["Statement"]
            if statement["Principal"] == {"Service": "apigateway.amazonaws.com"}
        ]
        expect(any(f":{api}/*" in source for source in sources), f"the gateway may not invoke {arn}")
    passed(f"API Gateway may invoke the {len(targets)} functions behind the routes, for this API only")


def named(arn: str) -> dict[str, str]:
    """A function's name and, if the ARN has one, its qualifier."""
    parts = arn.split(":")
    name = {"FunctionName": parts[6]}
    return {**name, "Qualifier": parts[7]} if len(parts) > 7 else name


def follow(deployment: Deployment, log_level: str) -> None:
    """After an update of a parameter the gateway calls what has its new value."""
    functions = client("lambda")
    for arn in set(deployed(deployment).values()):
        found = functions.get_function_configuration(**named(arn))
        equal(found["Environment"]["Variables"]["POSTERN_LOG"], log_level, f"the log level of {arn}")
    passed(f"every function that the gateway calls has LogLevel={log_level}")
