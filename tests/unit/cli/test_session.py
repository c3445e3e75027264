"""Where the address and the key come from, and what happens when an answer is not a yes."""

import json
import re
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.conftest import Run
from tests.unit.cli.stand_in import ADMIN_KEY, CONSUMER, VIEWER_KEY, StandIn

COMMANDS = [
    ["consumers", "list"],
    ["connect", "list"],
    ["flows", "list"],
    ["mappings", "list"],
    ["logs", "list"],
    ["groups"],
    ["executions", "list"],
    ["dlq", "show"],
    ["keys", "list"],
]


def write_demo(folder: Path, url: str, **fields: Any) -> None:
    content = {"url": url, "operator_key": ADMIN_KEY, "consumer": CONSUMER, "platforms": {}}
    (folder / "demo.json").write_text(json.dumps({**content, **fields}))


def test_the_demos_file_is_used_when_nothing_is_given(run: Run, url: str, tmp_path: Path) -> None:
    write_demo(tmp_path, url)
    result = run("logs", "list", environ={})
    assert (result.exit_code, result.stdout) == (0, "No row matches.\n")


def test_the_demos_key_is_not_sent_to_another_address(run: Run, url: str, tmp_path: Path) -> None:
    write_demo(tmp_path, "http://127.0.0.1:1")
    result = run("logs", "list", "--consumer", CONSUMER, environ={"SYNCLOG_URL": url})
    assert result.exit_code == 2
    assert "No key" in result.stderr


@pytest.mark.parametrize("content", ["{", "[]", "\udce4"], ids=["cut", "a list", "no text"])
def test_a_broken_demo_file_is_named(run: Run, tmp_path: Path, content: str) -> None:
    (tmp_path / "demo.json").write_text(content, errors="surrogateescape")
    result = run("logs", "list", environ={})
    assert result.exit_code == 2
    assert "demo.json" in re.sub(r"\s", "", result.stderr)


def test_options_win_over_the_environment(run: Run, url: str) -> None:
    environ = {"SYNCLOG_URL": "http://127.0.0.1:1", "SYNCLOG_KEY": "old", "SYNCLOG_CONSUMER": "x"}
    options = ("--url", url, "--key", ADMIN_KEY, "--consumer", CONSUMER)
    assert run(*options, "logs", "list", environ=environ).exit_code == 0
    assert run("logs", "list", *options, environ=environ).exit_code == 0


def test_json_may_stand_before_the_command(run: Run) -> None:
    assert json.loads(run("--json", "logs", "list").stdout)["items"] == []


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_json_is_the_only_thing_on_stdout(run_json: Any, command: list[str]) -> None:
    assert isinstance(run_json(*command)["items"], list)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_an_empty_list_is_said_in_words(run: Run, api: StandIn, command: list[str]) -> None:
    api.consumers = {CONSUMER: api.consumers[CONSUMER]}
    result = run(*command)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.strip()


def test_colour_is_used_on_terminals_and_no_color_is_honoured(
    run: Run, url: str, api: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.rows = [{"id": "row-1", "status": "Failed"}]
    known = {"SYNCLOG_URL": url, "SYNCLOG_KEY": ADMIN_KEY, "SYNCLOG_CONSUMER": CONSUMER}
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    coloured = "\x1b[31mFailed"
    assert coloured in run("logs", "list", environ=known).stdout
    assert coloured not in run("logs", "list", environ={**known, "NO_COLOR": "1"}).stdout
    assert "\x1b" not in run("logs", "list", "--json", environ=known).stdout


def test_an_unknown_key_is_refused_with_401(run: Run, url: str) -> None:
    result = run("consumers", "list", environ={"SYNCLOG_URL": url, "SYNCLOG_KEY": "wrong"})
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: This key is not known. (401 unknown_key)\n"


def test_a_command_below_a_consumer_asks_which(run: Run, url: str) -> None:
    result = run("logs", "list", environ={"SYNCLOG_URL": url, "SYNCLOG_KEY": ADMIN_KEY})
    assert result.exit_code == 2
    assert "Which consumer?" in result.stderr


def test_a_server_error_without_our_body_has_a_sentence(run: Run, api: StandIn) -> None:
    api.fail_next("/logs", 502, b"<html>Bad gateway</html>")
    result = run("logs", "list")
    assert result.exit_code == 1
    assert "answers 502 without an explanation" in result.stderr
    assert "html" not in result.stderr


def test_our_own_server_error_shows_its_sentence(run: Run, api: StandIn) -> None:
    api.fail_next("/logs", 500, b'{"error": {"code": "defect", "message": "A defect of ours."}}')
    assert run("logs", "list").stderr == "Error: A defect of ours. (500 defect)\n"


@pytest.mark.parametrize("body", [b"{", b"<html>", b'["a list"]', b"\xff"])
def test_an_answer_that_is_not_ours_is_a_sentence_not_a_traceback(
    run: Run, api: StandIn, body: bytes
) -> None:
    api.fail_next("/logs", 200, body)
    result = run("logs", "list")
    assert result.exit_code == 1
    assert "not with the JSON of Synclog's API" in result.stderr


def test_a_redirect_is_not_followed_with_the_key(run: Run, api: StandIn) -> None:
    api.fail_next("/logs", 302, headers={"Location": "http://127.0.0.1:1/"})
    result = run("logs", "list")
    assert result.exit_code == 1
    assert "Give --url the final address" in result.stderr


@pytest.mark.parametrize(
    ("details", "line"),
    [
        ([{"field": "limit", "message": "1 to 200"}], "  limit: 1 to 200"),
        (["limit is too high"], "  limit is too high"),
        ({"from": {"wanted": "a time"}}, "  from: wanted=a time"),
        ("limit", "  limit"),
    ],
    ids=["list of fields", "list of texts", "nested", "text"],
)
def test_details_are_shown_in_whatever_shape_they_come(
    run: Run, api: StandIn, details: object, line: str
) -> None:
    error = {"code": "invalid", "message": "Not so.", "details": details}
    api.fail_next("/logs", 422, json.dumps({"error": error}).encode())
    assert run("logs", "list").stderr.splitlines() == ["Error: Not so. (422 invalid)", line]


def test_a_busy_api_is_waited_for_as_long_as_it_says(run: Run, api: StandIn) -> None:
    waits: list[float] = []
    api.fail_next("/logs", 429, headers={"Retry-After": "7"})
    api.fail_next("/logs", 429)
    assert run("logs", "list", wait=waits.append).exit_code == 0
    assert waits == [7.0, 1.0]


def test_an_api_that_stays_busy_is_not_asked_for_ever(run: Run, api: StandIn) -> None:
    for _ in range(9):
        api.fail_next("/logs", 429, b'{"error": {"code": "busy", "message": "Slower, please."}}')
    assert "Slower, please. (429 busy)" in run("logs", "list").stderr


def test_an_address_where_nothing_listens_ends_with_3(run: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: refused for sure
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        result = run("logs", "list", "--url", url)
    assert (result.exit_code, result.stdout) == (3, "")
    assert f"Nothing answers at {url} (no connection)" in result.stderr


def test_a_connection_that_breaks_ends_with_3(run: Run, api: StandIn) -> None:
    api.hung_up = 1
    result = run("logs", "list")
    assert result.exit_code == 3
    assert "the connection broke" in result.stderr


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "ftp://x", "http://", "http://[", "http://x:y"])
def test_what_is_no_address_is_a_usage_error(run: Run, url: str) -> None:
    result = run("logs", "list", "--url", url)
    assert result.exit_code == 2
    assert "is no address" in result.stderr


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "schlüssel"])
def test_a_key_that_cannot_be_one_is_refused_without_being_shown(run: Run, key: str) -> None:
    result = run("logs", "list", "--key", key)
    assert result.exit_code == 2
    assert "Copy it once more" in result.stderr
    assert key not in result.output


def test_a_viewer_may_look(run: Run, url: str) -> None:
    environ = {"SYNCLOG_URL": url, "SYNCLOG_KEY": VIEWER_KEY, "SYNCLOG_CONSUMER": CONSUMER}
    assert run("logs", "list", environ=environ).exit_code == 0


def test_every_command_explains_itself(run: Run) -> None:
    for command in (["--help"], *([*words, "--help"] for words in COMMANDS), ["doctor", "-h"]):
        assert "Usage: " in run(*command).stdout
