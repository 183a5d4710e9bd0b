"""The firewall and CloudFront of infra/edge.yaml, in a stack of their own."""

from pathlib import Path

import boto3

from checks import equal, expect, not_proven, passed
from deployment import ENDPOINT, Deployment
from stack import REGION as OWN_REGION

TEMPLATE = Path(__file__).resolve().parents[2] / "infra" / "edge.yaml"
STACK = "postern-edge"
REGION = "us-east-1"
HOST = "login.example.com"
SECRET = "the-secret-of-a-proxy-that-is-only-made"


def check(deployment: Deployment) -> None:
    """It is made, forwards to the API, and nothing is taken from a cache."""
    formation = boto3.client("cloudformation", region_name=REGION, endpoint_url=ENDPOINT)
    api = f"{deployment.outputs['ApiId']}.execute-api.{OWN_REGION}.amazonaws.com"
    expect(deployment.outputs["ApiUrl"] == f"https://{api}/", "ApiHost is the host of the output ApiUrl")
    parameters = {
        "DomainName": HOST,
        "CertificateArn": f"arn:aws:acm:{REGION}:000000000000:certificate/1",
        "ApiHost": api,
        "ProxySecret": SECRET,
    }
    given = [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]
    formation.create_stack(StackName=STACK, TemplateBody=TEMPLATE.read_text(), Parameters=given)
    formation.get_waiter("stack_create_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})
    outputs = formation.describe_stacks(StackName=STACK)["Stacks"][0]["Outputs"]
    outputs = {it["OutputKey"]: it["OutputValue"] for it in outputs}

    front = boto3.client("cloudfront", region_name=REGION, endpoint_url=ENDPOINT)
    [found] = front.list_distributions()["DistributionList"]["Items"]
    equal(found["Origins"]["Items"][0]["DomainName"], api, "where CloudFront forwards to")
    headers = found["Origins"]["Items"][0].get("CustomHeaders", {}).get("Items", [])
    sent = {header["HeaderName"].lower(): header["HeaderValue"] for header in headers}
    equal(sent, {"x-postern-proxy-secret": SECRET}, "what CloudFront proves itself by")
    equal(found["WebACLId"], outputs["FirewallArn"], "CloudFront's firewall")
    kept = {it["ErrorCode"]: it["ErrorCachingMinTTL"] for it in found["CustomErrorResponses"].get("Items", [])}
    expect({403, 404, 500, 503} <= kept.keys() and not any(kept.values()), f"errors are not cached: {kept}")
    not_proven("the emulator forwards nothing and blocks nothing: the firewall was only made")
    formation.delete_stack(StackName=STACK)
    formation.get_waiter("stack_delete_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})
    passed("the stack of a firewall and CloudFront was made and deleted")
