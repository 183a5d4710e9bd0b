"""The stack: what it is made of, what is in its table, and what is left of it."""

import base64
import os

from botocore.exceptions import ClientError

from checks import equal, expect, passed
from deployment import Deployment, client

REGION = os.environ["AWS_REGION"]
# What `sam delete` leaves behind on purpose: the data, and what it can be read with.
RETAINED = {"Table", "Key"}


def check(deployment: Deployment) -> None:
    """It is complete, and tagged as samconfig.toml says."""
    expect(deployment.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), f"the stack is {deployment.status}")
    wanted = {"application": "postern", "environment": "development"}
    equal(deployment.tags, wanted, "the stack's tags, which its resources inherit")
    expect(REGION in deployment.issuer, "the issuer is the API's own address")
    passed(f"sam deploy made {len(deployment.resources())} resources of the template as it is shipped, but for what was said of alarms")


def state(deployment: Deployment, secret: str) -> None:
    """State is in the stack's table; keys are wrapped by its key, for their use only; secrets are sealed."""
    items = deployment.items()
    kinds = {pk.split("#")[0] for pk, _ in items}
    wanted = {"KEYS", "CLIENT", "API", "USER", "LOGIN", "TENANT"}
    expect(wanted <= kinds, f"the table has items of {sorted(wanted - kinds)} too")
    wrapped = [item for (pk, _), item in items.items() if pk == "KEYS"]
    expect(len(wrapped) >= 2, "a root and a signing key")
    for item in wrapped:
        unwraps(deployment, item)
    everything = repr(items)
    expect(secret not in everything, "the app's secret is not in the clear")
    passed(f"{len(items)} items are in the table, {len(wrapped)} keys are wrapped by the stack's KMS key")


def unwraps(deployment: Deployment, item: dict) -> None:
    """A wrapped key is the stack's key's, and bound to what it is for."""
    kms = client("kms")
    blob = base64.b64decode(item["wrapped"]["S"])
    context = {"use": item["sk"]["S"].split("#")[0], "kid": item["kid"]["S"]}
    opened = kms.decrypt(CiphertextBlob=blob, EncryptionContext=context)
    equal(opened["KeyId"], deployment.outputs["KmsKeyArn"], "what a key is wrapped by")
    try:
        kms.decrypt(CiphertextBlob=blob, EncryptionContext={**context, "use": "other"})
    except ClientError:
        return
    expect(False, "a key is unwrapped for another use than its own")


def gone(before: Deployment, resources: dict[str, tuple[str, str]]) -> None:
    """After `sam delete`: the data and its key are there, and nothing else."""
    table = client("dynamodb").describe_table(TableName=before.table)["Table"]
    equal(table["TableStatus"], "ACTIVE", "the retained table")
    expect(before.items(), "what is in the retained table")
    key = client("kms").describe_key(KeyId=before.outputs["KmsKeyArn"])["KeyMetadata"]
    equal((key["Enabled"], key["KeyState"]), (True, "Enabled"), "the retained key")
    left = client("lambda").list_functions()["Functions"]
    left = [it["FunctionName"] for it in left if it["FunctionName"].startswith(before.name)]
    equal(left, [], "functions that are left")
    apis = [it["ApiId"] for it in client("apigatewayv2").get_apis()["Items"]]
    expect(before.outputs["ApiId"] not in apis, "the API is gone")
    groups = client("logs").describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{before.name}")["logGroups"]
    equal(groups, [], "log groups that are left")
    passed(f"sam delete took {len(resources) - len(RETAINED)} resources and left the table and the key")
