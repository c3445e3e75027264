"""Starts MiniStack on loopback, in a process and a temporary folder of its own."""

import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import httpx
from botocore.config import Config

HOME = Path("build/ministack")  #: its virtual environment; ``make test-deploy`` makes it
REGION = "eu-west-1"
ACCOUNT = "000000000000"
OWNER = "test"  #: what MiniStack takes as the account's own key and secret
STARTS_WITHIN_S = 60.0
ENDS_WITHIN_S = 10.0
LOOK_EVERY_S = 0.1
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder with a name of chance is made in it
ROOM = 4 * 1024**3
#: Nothing of the caller's AWS account may reach the emulator, so it gets an environment of its own.
PASSED_ON = ("PATH", "LANG", "LC_ALL")


class NotStartedError(Exception):
    """MiniStack did not come up; the message names its log."""


@dataclass(frozen=True, kw_only=True)
class MiniStack:
    """MiniStack while it runs."""

    port: int
    folder: Path  #: temporary; it unpacks its functions there
    log: Path

    @property
    def url(self) -> str:
        """Where AWS's own interfaces listen."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What lets a program reach this emulator, and nothing else, as the account's owner."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": OWNER,
            "AWS_SECRET_ACCESS_KEY": OWNER,
        }

    def client(self, service: str) -> Any:
        """Return a boto3 client that reaches nothing but this emulator, as the account's owner."""
        return _client(self.url, service)


@cache
def _client(url: str, service: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=OWNER,
        aws_secret_access_key=OWNER,
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
    )


@contextmanager
def ministack(folder: Path | None = None) -> Iterator[MiniStack]:
    """Run MiniStack until the block ends; its functions end with it.

    Args:
        folder: keeps its log and data; None takes a temporary folder.

    Raises:
        NotStartedError: it did not answer in time.
    """
    with tempfile.TemporaryDirectory(prefix="synclog-ministack-", dir=_quick_place()) as temporary:
        home = folder or Path(temporary)
        port = free_port()
        log = home / "ministack.log"
        with log.open("wb") as out:
            process = subprocess.Popen(  # noqa: S603 - the program of our own virtual environment
                [HOME.resolve() / "bin" / "ministack"],
                env=_environment(os.environ, port, Path(temporary)),
                cwd=temporary,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            found = MiniStack(port=port, folder=Path(temporary), log=log)
            _wait_for(found, process)
            yield found
        finally:
            _end(process)


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody has at the moment."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _quick_place() -> Path | None:
    """Return a file system in memory that may hold programs and has room; None if there is none.

    MiniStack unpacks the whole package for each process of a function; on a disk that is what a
    cold start mostly waits for.
    """
    if not MEMORY.is_dir():
        return None
    found = os.statvfs(MEMORY)
    has_room = found.f_bavail * found.f_frsize >= ROOM
    return MEMORY if has_room and not found.f_flag & os.ST_NOEXEC else None


def _environment(own: Mapping[str, str], port: int, folder: Path) -> dict[str, str]:
    return {
        **{name: own[name] for name in PASSED_ON if name in own},
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LAMBDA_EXECUTOR": "local",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AUTH": "true",  # functions may do what their roles allow, and nothing else
    }


def _wait_for(found: MiniStack, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(f"{found.url}/_ministack/health", trust_env=False).is_success:
                return
        except httpx.TransportError:
            time.sleep(LOOK_EVERY_S)
    raise NotStartedError(f"MiniStack did not start:\n{found.log.read_text(errors='replace')}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the emulator and the functions it started: they are one group of processes."""
    for name in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, name)
            process.wait(ENDS_WITHIN_S)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue
