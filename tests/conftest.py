"""What holds for every test: no one's own environment, no network where none belongs."""

import os
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parent

#: Variables that would let a developer's own set-up, or AWS account, into a test.
FOREIGN_PREFIXES = ("AWS_", "SYNCLOG_", "POWERTOOLS_")

#: Unit tests that talk to a small server of their own on this machine.
LOOPBACK_FOLDERS = ("unit/cli",)

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})


class NetworkUsedError(Exception):
    """A unit test tried to reach a network."""


@pytest.fixture(scope="session", autouse=True)
def _clean_environment() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(FOREIGN_PREFIXES)]:
            patch.delenv(name)
        # boto3 would otherwise find the credentials of whoever runs the tests.
        patch.setenv("AWS_CONFIG_FILE", os.devnull)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield


@pytest.fixture(autouse=True)
def _zero_counters() -> None:
    # Only where something was counted: importing metrics for every test would cost start-up time.
    metrics = sys.modules.get("chalicelib.ops.metrics")
    if metrics is not None:
        metrics.reset()


@pytest.fixture(autouse=True)
def _network_of_its_folder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let unit tests reach nothing; those in ``LOOPBACK_FOLDERS`` this machine alone."""
    folder = request.path.parent.relative_to(TESTS).as_posix()
    if folder.split("/")[0] == "unit":
        allowed = LOOPBACK_HOSTS if folder in LOOPBACK_FOLDERS else frozenset()
        close_network(monkeypatch, allowed)


def close_network(monkeypatch: pytest.MonkeyPatch, allowed: frozenset[str]) -> None:
    """Refuse every outgoing connection and name look-up, except to the ``allowed`` hosts.

    Sockets within the machine that have no host (Unix, pairs) stay open: event loops need them.
    """

    def guarded(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(sock: socket.socket, address: Any, *rest: Any) -> Any:
            if sock.family in (socket.AF_INET, socket.AF_INET6):
                refuse_unless_allowed(address[0])
            return function(sock, address, *rest)

        return call

    def refuse_unless_allowed(host: str) -> None:
        if host not in allowed:
            raise NetworkUsedError(f"a unit test wants to reach {host!r}: use a stand-in instead")

    resolve = socket.getaddrinfo

    def guarded_resolve(host: str, *rest: Any, **options: Any) -> Any:
        refuse_unless_allowed(host)
        return resolve(host, *rest, **options)

    monkeypatch.setattr(socket.socket, "connect", guarded(socket.socket.connect))
    monkeypatch.setattr(socket.socket, "connect_ex", guarded(socket.socket.connect_ex))
    monkeypatch.setattr(socket, "getaddrinfo", guarded_resolve)
