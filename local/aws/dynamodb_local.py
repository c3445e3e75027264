"""DynamoDB Local: AWS's own stand-in, the referee of everything we believe about DynamoDB.

It needs Java 17 and, the first time, Maven: ``pom.xml`` beside this file names the version, and
Maven fetches it as it is set up on this machine. It runs in memory, on loopback, and sends no
telemetry.
"""

import hashlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

HERE = Path(__file__).parent
POM = HERE / "pom.xml"
FETCHED = HERE.parents[1] / "build" / "dynamodb-local"
JAVA_AT_LEAST = 17
FETCH_AT_MOST_S = 600
END_AT_MOST_S = 10
ACCOUNT = "000000000000"
REGION = "eu-west-1"

_READY = re.compile(r"listening on (\d+)")
_VERSION = re.compile(r'version "(\d+)')


class NotInstalledError(Exception):
    """This machine lacks what DynamoDB Local needs; the message says what to install."""


@contextmanager
def running() -> Iterator[str]:
    """Run DynamoDB Local with no table in it, and give its URL; it ends with the ``with`` block.

    Should this process be killed, its standard input closes, and it ends too.
    """
    program = fetch()
    command = [
        *(_java(), "-XX:TieredStopAtLevel=1", "-Xmx1g"),
        *(f"-Djava.library.path={program}", "-cp", f"{program}/*"),
        *(str(HERE / "Loopback.java"), "-inMemory", "-disableTelemetry"),
    ]
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(  # noqa: S603 - our own words
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True
        )
        try:
            yield f"http://127.0.0.1:{_wait_for_port(process, said)}"
        finally:
            _end(process)


def connect(endpoint: str, service: str = "dynamodb") -> Any:
    """Return a client for DynamoDB Local: of its tables, or of its streams (``dynamodbstreams``).

    It keeps tables apart by region and access key; any will do.
    """
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(retries={"mode": "standard", "total_max_attempts": 1}),
    )


def fetch() -> Path:
    """Return the folder of the program; the first time it is fetched, about 50 MB.

    It is kept by the content of ``pom.xml``, so that another version is another folder.
    """
    folder = FETCHED / hashlib.sha256(POM.read_bytes()).hexdigest()[:12]
    if folder.exists():
        return folder
    maven = shutil.which("mvn")
    if maven is None:
        raise NotInstalledError(_needs("Maven to fetch it, and there is no `mvn`"))
    _java()
    FETCHED.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FETCHED) as scratch:
        part = Path(scratch) / "program"
        goal = ["dependency:copy-dependencies", f"-DoutputDirectory={part}"]
        command = [maven, "--batch-mode", "--quiet", "--file", str(POM), *goal]
        done = subprocess.run(  # noqa: S603 - our own words
            command, capture_output=True, text=True, timeout=FETCH_AT_MOST_S, check=False
        )
        if done.returncode:
            raise NotInstalledError(f"Maven could not fetch DynamoDB Local:\n{done.stdout}")
        try:
            part.rename(folder)
        except OSError:
            if not folder.exists():  # nobody else was faster
                raise
    return folder


def _java() -> str:
    """Return the Java to run with."""
    java = shutil.which("java")
    if java is None:
        raise NotInstalledError(_needs("Java 17, and there is no `java`"))
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    version = _VERSION.search(said.stderr)
    if version is None or int(version[1]) < JAVA_AT_LEAST:
        raise NotInstalledError(_needs(f"Java 17, and {java} is older"))
    if shutil.which("javac") is None:
        raise NotInstalledError(_needs("a JDK, and there is a JRE alone: no `javac`"))
    return java


def _needs(what: str) -> str:
    advice = "On Debian or Ubuntu: apt-get install openjdk-17-jdk-headless maven"
    return f"DynamoDB Local needs {what}. {advice}"


def _wait_for_port(process: "subprocess.Popen[str]", said: Any) -> str:
    """Wait until it listens; once it says so it answers."""
    lines = []
    for line in process.stdout or ():
        if ready := _READY.search(line):
            return ready[1]
        lines.append(line)
    said.seek(0)
    raise NotInstalledError(f"DynamoDB Local did not start:\n{''.join(lines)}{said.read()}")


def _end(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    try:
        process.communicate(timeout=END_AT_MOST_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
