"""The real SAM CLI, with the samconfig.toml that is shipped."""

import subprocess
from pathlib import Path
from shlex import quote

from checks import expect

CONFIG = Path(__file__).resolve().parents[2] / "samconfig.toml"
TIMEOUT = 600


def run(command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a command of SAM to its end, whatever that is."""
    return subprocess.run(
        ["sam", command, "--config-file", str(CONFIG), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )


def must(command: str, *arguments: str) -> str:
    """The same, and it must succeed."""
    done = run(command, *arguments)
    expect(done.returncode == 0, f"sam {command} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def package(template: Path, packaged: Path) -> None:
    """Uploads what was built, once for all deployments of a run."""
    must("package", "--template-file", str(template), "--output-template-file", str(packaged), "--resolve-s3")


def arguments(packaged: Path, stack: str, environment: str, parameters: dict[str, str]) -> list[str]:
    """How a stack is deployed; capabilities, tags and buckets are samconfig.toml's."""
    overrides = [f"{name}={quote(value)}" for name, value in parameters.items()]
    return [
        "--config-env", environment, "--template-file", str(packaged), "--stack-name", stack,
        "--no-confirm-changeset", "--parameter-overrides", *overrides,
    ]  # fmt: skip


def deploy(packaged: Path, stack: str, environment: str, parameters: dict[str, str]) -> None:
    """`sam deploy`, which must succeed."""
    must("deploy", *arguments(packaged, stack, environment, parameters))


def refuses(packaged: Path, stack: str, environment: str, parameters: dict[str, str]) -> str:
    """`sam deploy`, which must fail; gives what it says."""
    done = run("deploy", *arguments(packaged, stack, environment, parameters))
    expect(done.returncode != 0, f"sam deploy accepted {parameters}:\n{done.stdout}")
    return done.stdout


def delete(stack: str, region: str) -> None:
    """`sam delete`, which must succeed."""
    must("delete", "--stack-name", stack, "--region", region, "--no-prompts")
