"""Wrong and missing parameters are refused, with the reason, before anything is made."""

import re
from hashlib import sha256
from pathlib import Path

from botocore.exceptions import ClientError

import sam
from checks import expect, passed
from deployment import client
from stack import REGION

CERTIFICATE = "arn:aws:acm:eu-central-1:123456789012:certificate/1"
COMPLETE = {
    "Environment": "production",
    "MailFrom": "login@example.com",
    "DomainName": "login.example.com",
    "AlarmTopicArn": "arn:aws:sns:eu-central-1:123456789012:on-call",
}

# What is wrong, and words of the reason.
WRONG: list[tuple[dict[str, str], str]] = [
    ({"MailFrom": "nobody"}, "a plain address"),
    ({"DomainName": "https://login.example.com/"}, "a lower-case host name"),
    ({"LogRetentionDays": "8"}, "LogRetentionDays"),
    ({"CorsOrigins": "*"}, "without spaces, paths or *"),
    ({"AuditEventBusArn": "default"}, "the ARN of an event bus"),
    ({"NoticesStreamArn": "latest"}, "the ARN of a stream"),
    ({"RotateKeysSchedule": "monthly"}, "rate(...) or cron(...)"),
    ({"CertificateArn": CERTIFICATE}, "CertificateArn is for DomainName"),
    ({"ClientIpHeader": "cloudfront-viewer-address"}, "ClientIpHeader is written by a proxy"),
    ({"ProxySecretSha256": "the secret itself"}, "the SHA-256 of one secret"),
    ({"ProxySecretSha256": "0" * 64}, "ProxySecretSha256 is of the proxy"),
    (
        {"ProxySecretSha256": sha256(b"").hexdigest(), "ClientIpHeader": "x-a", "DomainName": "login.example.com"},
        "ProxySecretSha256 is the hash of nothing",
    ),
    ({"SesIdentity": "example.com"}, "SesIdentity is the identity of MailFrom"),
    ({"SmsConfigurationSet": "sms"}, "SmsConfigurationSet is of texts and calls"),
    ({"GradualDeployment": "true"}, "GradualDeployment needs a Release"),
    ({**COMPLETE, "MailFrom": ""}, "Production needs MailFrom"),
    ({**COMPLETE, "DomainName": ""}, "Production needs DomainName"),
    ({**COMPLETE, "DeletionProtection": "false"}, "Production needs DeletionProtection"),
    ({**COMPLETE, "ClientIpHeader": "x-client-address"}, "Production needs ProxySecretSha256"),
    ({**COMPLETE, "LogLevel": "debug"}, "Production needs a LogLevel"),
    ({**COMPLETE, "AlarmTopicArn": ""}, "Production needs AlarmTopicArn"),
]
STACK = "postern-refused"


def check(packaged: Path) -> None:
    """Each of them by CloudFormation, as the SAM CLI asks it, and one by the SAM CLI itself."""
    template = uploaded(packaged)
    for parameters, reason in WRONG:
        said = refused(template, parameters)
        expect(reason in said, f"{parameters} is refused for another reason: {said}")
        nothing_was_made()
    said = sam.refuses(packaged, STACK, "dev", {"CertificateArn": CERTIFICATE})
    expect("CertificateArn is for DomainName" in said, f"sam deploy does not say the reason:\n{said}")
    nothing_was_made()
    # Or all of them were refused for something else.
    said = refused(template, COMPLETE)
    expect(not said, f"what is complete is refused: {said}")
    client("cloudformation").delete_stack(StackName=STACK)
    passed(f"{len(WRONG)} wrong sets of parameters were refused with their reasons, and nothing was made")


def uploaded(packaged: Path) -> str:
    """The template beside the functions' code: it is too large to be handed to CloudFormation itself."""
    text = packaged.read_text()
    bucket = re.search(r"s3://([^/\s]+)/", text)
    assert bucket, "nothing was packaged"
    client("s3").put_object(Bucket=bucket[1], Key="postern.template", Body=text.encode())
    return f"https://s3.{REGION}.amazonaws.com/{bucket[1]}/postern.template"


def refused(template: str, parameters: dict[str, str]) -> str:
    """What CloudFormation says against a change set; empty if it makes one."""
    given = [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]
    try:
        client("cloudformation").create_change_set(
            StackName=STACK,
            ChangeSetName="wrong",
            ChangeSetType="CREATE",
            TemplateURL=template,
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            Parameters=given,
        )
    except ClientError as error:
        return error.response["Error"]["Message"]
    return ""


def nothing_was_made() -> None:
    """Neither a stack nor a table."""
    stacks = client("cloudformation").describe_stacks()["Stacks"]
    made = [it["StackName"] for it in stacks if it["StackName"] == STACK]
    tables = [name for name in client("dynamodb").list_tables()["TableNames"] if name.startswith(STACK)]
    expect(not made and not tables, f"something was made: {made} {tables}")
