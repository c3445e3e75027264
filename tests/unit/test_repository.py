"""The checkout itself: sizes, words, pins, and documents that name what the code has."""

import ast
import json
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.ops.settings import PLACEHOLDER_SUFFIX, Settings, SettingsError, describe

ROOT = Path(__file__).parents[2]
CODE_FOLDERS = ("chalicelib", "local", "cli", "infra", "bench", "tests")
LONGEST_FILE = 400
LONGEST_FUNCTION = 60

#: Read by the command line, which is a program of its own.
SETTINGS_OF_THE_COMMAND_LINE = frozenset({"SYNCLOG_URL", "SYNCLOG_KEY", "SYNCLOG_CONSUMER"})

#: Put together from pieces, so that this file does not hold them.
UNFINISHED = re.compile(r"\b(?:" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX")) + r")\b")
DODGED = re.compile(
    "|".join((r"time\.sl" + r"eep\(", r"pytest\.sk" + "ip", r"mark\.sk" + "ip", "xf" + "ail"))
    + r"|unittest(?:\.| import )mo" + "ck"
)  # fmt: skip


def code_files() -> Iterator[Path]:
    yield from (path for path in [ROOT / "app.py"] if path.exists())
    for folder in CODE_FOLDERS:
        yield from sorted((ROOT / folder).glob("**/*.py"))


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def places_of(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    return [
        f"{named(path)}:{number}"
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]


def stages() -> dict[str, dict[str, str]]:
    """Return the environment of each stage of the configuration, shared variables included."""
    config = json.loads((ROOT / ".chalice/config.json").read_text(encoding="utf-8"))
    shared = config["environment_variables"]
    return {
        name: shared | stage["environment_variables"] for name, stage in config["stages"].items()
    }


def test_no_file_is_longer_than_a_reader_bears() -> None:
    lengths = {named(path): len(path.read_text("utf-8").splitlines()) for path in code_files()}

    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}
    assert lengths  # a wrong root would pass in silence


def test_no_function_is_longer_than_a_screen() -> None:
    lengths = {
        f"{named(path)}:{node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for path in code_files()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }

    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}


def test_nothing_is_marked_as_unfinished() -> None:
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("**/*.md"), ROOT / "Makefile"]

    assert places_of(UNFINISHED, [*code_files(), *documents]) == []


def test_no_test_waits_by_the_clock_dodges_or_patches() -> None:
    tests = [path for path in code_files() if named(path).startswith("tests/")]

    assert places_of(DODGED, tests) == []


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_pinned_and_has_a_reason(name: str) -> None:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    wanted = re.compile(r"-r requirements\.txt|[a-z0-9-]+==[0-9][0-9a-z.]*\s+# \S.*")

    assert [line for line in lines if line[:1] != "#" and not wanted.fullmatch(line)] == []


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_each_stage_holds_every_setting_and_no_other(stage: str) -> None:
    assert set(stages()[stage]) == {name for name, _, _ in describe()}


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_each_stage_only_lacks_what_a_deployment_fills_in(stage: str) -> None:
    environment = stages()[stage]
    placeholders = [name for name, value in environment.items() if PLACEHOLDER_SUFFIX in value]

    with pytest.raises(SettingsError) as caught:
        Settings.from_env(environment)

    assert sorted(one.name for one in caught.value.problems) == sorted(placeholders)


def test_the_stages_share_no_table_queue_or_key() -> None:
    dev, prod = stages()["dev"], stages()["prod"]
    shared = json.loads((ROOT / ".chalice/config.json").read_text("utf-8"))["environment_variables"]

    assert [name for name in dev if name not in shared and dev[name] == prod[name]] == []


def test_the_readme_lists_every_setting_with_its_default() -> None:
    expected = {name: default for name, default, _ in describe()}

    assert {name: text for name, text in readme_settings().items() if name in expected} == expected


def test_the_readme_lists_no_setting_that_is_gone() -> None:
    known = {name for name, _, _ in describe()} | SETTINGS_OF_THE_COMMAND_LINE

    assert readme_settings().keys() - known == set()


def readme_settings() -> dict[str, str]:
    """Map each setting in the README's tables to its default.

    A row begins with two cells: the name, and the default or nothing, both in backticks.
    """
    readme = ROOT / "README.md"
    assert readme.exists(), "README.md is missing"
    row = re.compile(r"^\|\s*`(SYNCLOG_\w+)`\s*\|\s*`?([^|`]*?)`?\s*\|", flags=re.MULTILINE)
    return dict(row.findall(readme.read_text(encoding="utf-8")))


def test_a_unit_test_reaches_no_network() -> None:
    with pytest.raises(Exception, match="use a stand-in"):
        socket.create_connection(("127.0.0.1", 9))
    with socket.socket() as one, pytest.raises(Exception, match="use a stand-in"):
        one.connect(("192.0.2.1", 80))
    with socket.socket() as one, pytest.raises(Exception, match="use a stand-in"):
        one.connect_ex(("192.0.2.1", 80))


def test_a_test_sees_no_settings_or_credentials_of_the_developer() -> None:
    # Started with SYNCLOG_HOME or AWS_ACCESS_KEY_ID set, as a developer may well do.
    assert [name for name in os.environ if name.startswith(("SYNCLOG_", "AWS_ACCESS"))] == []
    assert os.environ["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
