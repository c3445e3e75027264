"""How DynamoDB Local is started, what it is given, and how it ends."""

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from local.aws.dynamodb_local import running
from local.aws.tables import Tables, read_definition

ROOT = Path(__file__).parents[2]
END_AT_MOST_S = 10


def run_beside(
    *command: str, folder: Path = ROOT, **environment: str
) -> "subprocess.CompletedProcess[str]":
    """Run a command as `make test-dynamodb-local` does, from a checkout."""
    return subprocess.run(
        [sys.executable, "-m", "local.aws", *command],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def can_connect(host: str, port: int | None) -> bool:
    try:
        socket.create_connection((host, port or 0), timeout=5).close()
    except OSError:
        return False
    return True


def test_it_listens_on_loopback_alone_and_ends_with_its_block() -> None:
    with running() as endpoint:
        port = urlsplit(endpoint).port
        assert can_connect("127.0.0.1", port)
        # Another address of this machine: reached if it listened on all of them.
        assert not can_connect("127.0.0.2", port)

    assert not can_connect("127.0.0.1", port)


def test_a_command_finds_its_url_and_its_status_is_passed_on() -> None:
    done = run_beside("/bin/sh", "-c", "echo $SYNCLOG_TEST_DYNAMODB; exit 3")

    assert done.returncode == 3
    assert done.stdout.startswith("http://127.0.0.1:")


def has_java(folder: Path, version: str = "17.0.1", *, compiles: bool = True) -> None:
    """Put a Java into a folder that only tells its version."""
    folder.mkdir()
    for name in ("java", "javac") if compiles else ("java",):
        program = folder / name
        program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
        program.chmod(0o755)


def test_without_java_it_says_what_to_install() -> None:
    done = run_beside("true", PATH="")

    assert done.returncode == 1
    assert "Java 17" in done.stderr
    assert "apt-get install openjdk-17-jdk-headless maven" in done.stderr


def test_an_older_java_is_named(tmp_path: Path) -> None:
    has_java(tmp_path / "bin", "1.8.0_292")

    assert "bin/java is older" in run_beside("true", PATH=str(tmp_path / "bin")).stderr


def test_a_java_that_cannot_compile_is_not_enough(tmp_path: Path) -> None:
    has_java(tmp_path / "bin", compiles=False)

    assert "a JDK" in run_beside("true", PATH=str(tmp_path / "bin")).stderr


def test_without_maven_a_first_start_says_what_to_install(tmp_path: Path) -> None:
    # A checkout that has fetched nothing yet.
    ignored = shutil.ignore_patterns("ministack", "__pycache__")
    shutil.copytree(ROOT / "local" / "aws", tmp_path / "local" / "aws", ignore=ignored)
    has_java(tmp_path / "bin")

    done = run_beside("true", folder=tmp_path, PATH=str(tmp_path / "bin"))

    assert done.returncode == 1
    assert "needs Maven" in done.stderr


def test_it_ends_when_whoever_started_it_is_killed() -> None:
    command = [sys.executable, "-m", "local.aws", "/bin/sh", "-c", "echo $SYNCLOG_TEST_DYNAMODB"]
    hanging = [*command[:-1], f"{command[-1]}; exec cat"]
    with subprocess.Popen(
        hanging, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout is not None
        port = urlsplit(starter.stdout.readline().strip()).port
        assert can_connect("127.0.0.1", port)
        starter.kill()
    over = time.monotonic() + END_AT_MOST_S

    while can_connect("127.0.0.1", port):
        assert time.monotonic() < over, "it is still there"


def test_without_a_command_it_says_how_to_use_it() -> None:
    done = run_beside()

    assert done.returncode == 2
    assert "python -m local.aws" in done.stderr


def test_the_tables_are_those_of_the_template(client: Any, tables: Tables) -> None:
    log = client.describe_table(TableName=tables.log)["Table"]
    registry = client.describe_table(TableName=tables.registry)["Table"]

    for table in (log, registry):
        indexes = {one["IndexName"]: one for one in table["GlobalSecondaryIndexes"]}
        assert indexes.keys() == {"list", "wait"}
        assert {one["Projection"]["ProjectionType"] for one in indexes.values()} == {"KEYS_ONLY"}
        assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert log["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert "StreamSpecification" not in registry


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_a_stage_is_part_of_each_name(stage: str) -> None:
    names = {parameters["TableName"] for parameters in read_definition(stage).values()}

    assert names == {f"synclog-{stage}-log", f"synclog-{stage}-registry"}
