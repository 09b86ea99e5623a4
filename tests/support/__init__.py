"""Real parts for tests: PostgreSQL, an SMTP listener, the server, a browser; and what they share."""

import fcntl
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

Found = TypeVar("Found")


def is_worker() -> bool:
    """Is this one of several test processes?"""
    return "PYTEST_XDIST_WORKER" in os.environ


def run_pid() -> int:
    """The process that lives as long as the whole run: our parent, if we are one of several."""
    return os.getppid() if is_worker() else os.getpid()


def shared_folder(factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this run see."""
    own = factory.getbasetemp()
    return own.parent if is_worker() else own


@contextmanager
def locked(folder: Path, name: str) -> Iterator[None]:
    """One process of the run at a time."""
    with (folder / f"{name}.lock").open("w") as door:
        fcntl.flock(door, fcntl.LOCK_EX)
        yield


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(
    found: Callable[[], Found | None], what: str, timeout: float = 10, every: float = 0.05
) -> Found:
    """What ``found`` returns once it is true; fail, saying what was awaited, after ``timeout`` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        seen = found()
        if seen:
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {what}")
        time.sleep(every)


def absent(what: str) -> None:
    """Skip for want of a part of the machine; ``make test`` wants them all, and fails."""
    if os.environ.get("MARELLE_TEST_EVERYTHING"):
        pytest.fail(f"{what}: not on this machine (python3 scripts/prepare.py test)")
    pytest.skip(f"{what}: not on this machine")
