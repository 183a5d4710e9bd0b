"""Drives a deployment from `sam deploy` to `sam delete`: `drive.py <built template> <scratch folder>`."""

import sys
from pathlib import Path

import deliveries
import edge
import emulated
import gradual
import refusals
import restore
import routes
import sam
import stack
from checks import Failed, failed
from deployment import Deployment, client
from tenant import Tenant

STACK = "postern-dev"
ENVIRONMENT = "dev"
SENDER = "login@example.com"


def architecture(template: Path) -> str:
    """What the binaries were built for; byte 18 of an ELF header says so."""
    machine = next(template.parent.glob("*/bootstrap")).read_bytes()[18]
    return {0x3E: "x86_64", 0xB7: "arm64"}[machine]


def main(template: Path, scratch: Path) -> None:
    shipped, packaged = scratch / "shipped.yaml", scratch / "packaged.yaml"
    sam.package(template, shipped)
    emulated.adapt(shipped, packaged)
    parameters = {
        "Architecture": architecture(template),
        "MailFrom": SENDER,
        "TenantName": "Deployed Demo",
        "DeletionProtection": "false",
        "LogLevel": "debug",
    }
    client("sesv2").create_email_identity(EmailIdentity=SENDER)
    refusals.check(packaged)
    gradual.check(shipped)
    sam.deploy(packaged, STACK, ENVIRONMENT, parameters)

    deployment = Deployment(STACK)
    stack.check(deployment)
    routes.check(deployment)
    tenant = Tenant(deployment)
    tenant.initialise()
    tenant.furnish()
    tenant.enrols_email()
    secret, code = tenant.enrols_app()
    tenant.rotate()
    deliveries.check(tenant)
    edge.check(deployment)
    stack.state(deployment, secret)

    routes.follow(deployment, "debug")
    restore.lost_and_back(deployment, packaged, ENVIRONMENT, {**parameters, "LogLevel": "info"})
    routes.follow(deployment, "info")
    tenant.uses_app(secret, code)
    deliveries.mails_a_link(tenant)

    resources = deployment.resources()
    sam.delete(STACK, stack.REGION)
    stack.gone(deployment, resources)


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), Path(sys.argv[2]))
    except Failed as error:
        failed(error)
        sys.exit(1)
