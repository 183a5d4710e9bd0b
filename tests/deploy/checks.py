"""How a run says what it saw, and how it fails."""

import sys
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# What arrives by a stream or a subscription takes its time on a loaded machine; nothing waits longer than it must.
PATIENCE = 60.0
BETWEEN = 0.2


class Failed(Exception):
    """Something is not as it must be."""


def expect(holds: object, what: str) -> None:
    """Fails unless something holds, and says what should."""
    if not holds:
        raise Failed(what)


def equal(found: object, wanted: object, what: str) -> None:
    """Fails unless two things are the same."""
    expect(found == wanted, f"{what}: found {found!r} instead of {wanted!r}")


def eventually(attempt: Callable[[], T | None], what: str) -> T:
    """What an attempt finds, as soon as it finds something."""
    deadline = time.monotonic() + PATIENCE
    while not (found := attempt()):
        expect(time.monotonic() < deadline, f"{what}: not seen in {PATIENCE:.0f} s")
        time.sleep(BETWEEN)
    return found


def passed(what: str) -> None:
    """A line for what was seen."""
    print(f"ok    {what}", flush=True)


def not_proven(what: str) -> None:
    """A line for what this emulator cannot show."""
    print(f"note  {what}", flush=True)


def failed(error: BaseException) -> None:
    """A line for what went wrong."""
    print(f"FAIL  {error}", file=sys.stderr, flush=True)
