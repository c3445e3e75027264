"""Commands that set a merchant up: consumers, connections, keys."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.conftest import Run
from tests.unit.cli.stand_in import CONSUMER, VIEWER_KEY, StandIn


def test_consumers_are_found_by_a_part_of_their_name(run: Run, api: StandIn) -> None:
    api.consumers["bistro"] = {"id": "bistro", "name": "Bistro Nord", "time_zone": "Europe/Oslo"}
    result = run("consumers", "list", "--q", "bist")
    assert "Bistro Nord" in result.stdout
    assert CONSUMER not in result.stdout


def test_a_search_without_result_says_so(run: Run) -> None:
    assert run("consumers", "list", "--q", "zzz").stdout == "No consumer has that name.\n"


def test_every_page_of_a_list_is_joined(run_json: Any, api: StandIn) -> None:
    for number in range(450):
        name = f"c{number}"
        api.consumers[name] = {"id": name, "name": name, "time_zone": "Europe/Oslo"}
    answer = run_json("consumers", "list")
    assert len(answer["items"]) == 451
    assert (answer["next"], answer["previous"]) == (None, None)


def test_a_consumer_is_shown_with_all_its_fields(run: Run) -> None:
    result = run("consumers", "show", CONSUMER)
    assert "Corner Shirts" in result.stdout
    assert "Europe/London" in result.stdout


def test_an_added_consumer_is_there(run: Run, api: StandIn) -> None:
    result = run("consumers", "add", "bar", "--name", "Bar", "--time-zone", "Asia/Jakarta")
    assert result.exit_code == 0
    assert api.consumers["bar"] == {"id": "bar", "name": "Bar", "time_zone": "Asia/Jakarta"}


def test_every_wrong_field_is_named(run: Run) -> None:
    result = run("consumers", "add", "b b", "--name", "Bar", "--time-zone", "here")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        "Error: The consumer cannot be made. (422 invalid)",
        "  time_zone: is no IANA name",
        "  id: too short, has blanks",
    ]


def test_deleting_a_consumer_asks_first(run: Run, api: StandIn) -> None:
    result = run("consumers", "delete", CONSUMER, input="n\n")
    assert result.exit_code == 1
    assert CONSUMER in api.consumers


def test_deleting_a_consumer_with_yes_does_not_ask(run: Run, api: StandIn) -> None:
    assert run("consumers", "delete", CONSUMER, "--yes").exit_code == 0
    assert CONSUMER not in api.consumers


def test_a_script_is_not_asked_but_told_about_yes(run: Run, api: StandIn) -> None:
    result = run("consumers", "delete", CONSUMER, "--json", input="y\n")
    assert result.exit_code == 2
    assert "add --yes" in result.stderr
    assert CONSUMER in api.consumers


def test_an_answer_without_body_is_an_empty_document(run_json: Any) -> None:
    assert run_json("consumers", "delete", CONSUMER, "--yes") == {}


def test_a_connection_is_made_from_settings_files_and_prompts(
    run: Run, api: StandIn, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("from-the-file\n")
    result = run(
        *("connect", "set", "square", "--base-url", "http://127.0.0.1:9"),
        *("--setting", "location=L1", "--setting", "settle_s:=2"),
        *("--credential", "token=typed-secret", "--credential", f"key=@{tmp_path / 'secret'}"),
        *("--credential", "signature"),
        input="asked-secret\n",
    )
    assert result.exit_code == 0, result.stderr
    assert api.connections["square"]["settings"] == {"location": "L1", "settle_s": 2}
    assert api.connections["square"]["platform"] == "square"
    assert api.credentials["square"] == {
        "token": "typed-secret",
        "key": "from-the-file",
        "signature": "asked-secret",
    }
    for secret in api.credentials["square"].values():
        assert secret not in result.output


def test_a_change_keeps_what_it_does_not_name(run: Run, api: StandIn) -> None:
    run(
        "connect",
        "set",
        "shop2",
        "--platform",
        "shopee",
        "--setting",
        "a=1",
        "--base-url",
        "http://x",
    )
    run("connect", "set", "shop2", "--setting", "b=2")
    assert api.connections["shop2"]["platform"] == "shopee"
    assert api.connections["shop2"]["base_url"] == "http://x"
    assert api.connections["shop2"]["settings"] == {"a": "1", "b": "2"}


def test_a_credential_file_that_is_missing_is_named_and_nothing_is_sent(
    run: Run, api: StandIn
) -> None:
    result = run("connect", "set", "square", "--credential", "token=@/nowhere/at/all")
    assert result.exit_code == 2
    assert "'token' cannot be read: /nowhere/at/all" in result.stderr
    assert api.connections == {}


def test_a_secret_given_twice_is_refused_without_being_repeated(run: Run) -> None:
    result = run("connect", "set", "s", "--credential", "t=hush1", "--credential", "t=hush2")
    assert result.exit_code == 2
    assert "given twice" in result.stderr
    assert "hush" not in result.output


def test_connections_are_listed_with_their_health_and_webhooks(run: Run, api: StandIn) -> None:
    told = {"health": "healthy", "webhooks": "missing"}
    api.connections["square"] = {"name": "square", "platform": "square", **told}
    result = run("connect", "list")
    assert result.stdout.split() == [
        *("Connection", "Platform", "Health", "Webhooks", "Address", "Checked"),
        *("square", "square", "healthy", "missing"),
    ]


def test_a_connection_is_shown(run: Run, api: StandIn) -> None:
    api.connections["square"] = {"name": "square", "settings": {"location": "L1"}}
    assert "location: L1" in run("connect", "show", "square").stdout


def test_where_to_sign_in_is_told(run: Run, api: StandIn) -> None:
    back = "https://sync.example/connect/square/callback"
    api.connections["square-2"] = {"sign_in": {"missing": [], "redirect_address": back}}
    assert run("connect", "open", "square-2").stdout == (
        f"https://sync.example/connect/square/start?consumer={CONSUMER}&connection=square-2\n"
    )


@pytest.mark.parametrize(
    ("sign_in", "why"),
    [
        (None, "no page to sign in at"),
        ({"missing": ["Application id"], "redirect_address": "https://x/"}, "Application id"),
        ({"missing": [], "redirect_address": ""}, "SYNCLOG_PUBLIC_URL"),
    ],
    ids=["no page", "something missing", "no address"],
)
def test_where_nobody_can_sign_in_it_says_why(
    run: Run, api: StandIn, sign_in: object, why: str
) -> None:
    api.connections["square"] = {"name": "square", "sign_in": sign_in}
    result = run("connect", "open", "square")
    assert (result.exit_code, result.stdout) == (1, "")
    assert why in result.stderr


def test_a_check_that_works_ends_well(run: Run, api: StandIn) -> None:
    api.connections["square"] = {"name": "square"}
    result = run("connect", "check", "square")
    assert (result.exit_code, result.stdout) == (0, "square: healthy\n")


def test_a_check_that_fails_says_why_and_ends_with_1(run: Run, api: StandIn) -> None:
    api.connections["square"] = {"name": "square"}
    api.credentials["square"] = {"token": "revoked"}
    result = run("connect", "check", "square")
    assert result.exit_code == 1
    assert result.stdout == "square: down The platform refuses the token.\n"


def test_a_failed_check_is_one_document_for_scripts(run: Run, api: StandIn) -> None:
    api.connections["square"] = {"name": "square"}
    api.credentials["square"] = {"token": "revoked"}
    result = run("connect", "check", "square", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["health"]["status"] == "down"


def test_a_removed_connection_is_gone(run: Run, api: StandIn) -> None:
    api.connections["square"] = {"name": "square"}
    assert run("connect", "remove", "square", "--yes").exit_code == 0
    assert api.connections == {}


def test_an_unknown_connection_is_refused_with_404(run: Run) -> None:
    result = run("connect", "remove", "nope", "--yes")
    assert result.exit_code == 1
    assert result.stderr == "Error: There is no such thing. (404 not_found)\n"


def test_a_new_key_is_shown_once_and_belongs_to_the_named_consumer(run: Run, api: StandIn) -> None:
    result = run("keys", "create", "--name", "till", "--role", "viewer")
    assert result.stdout.splitlines()[-1] == "sk-shown-once"
    assert api.keys["k1"] == {"id": "k1", "consumer": CONSUMER, "role": "viewer", "name": "till"}
    assert "sk-shown-once" not in run("keys", "list").stdout


def test_a_key_without_a_named_consumer_is_the_operators(run: Run, url: str, api: StandIn) -> None:
    environ = {"SYNCLOG_URL": url, "SYNCLOG_KEY": "admin-key-1"}
    run("keys", "create", "--name", "ops", "--role", "admin", environ=environ)
    assert api.keys["k1"]["consumer"] is None
    assert "(operator)" in run("keys", "list").stdout


def test_a_revoked_key_is_gone(run: Run, api: StandIn) -> None:
    api.keys["k1"] = {"id": "k1", "role": "viewer"}
    assert run("keys", "revoke", "k1", "--yes").exit_code == 0
    assert api.keys == {}


def test_a_role_that_does_not_exist_is_a_usage_error(run: Run) -> None:
    result = run("keys", "create", "--name", "x", "--role", "king")
    assert result.exit_code == 2
    assert "viewer" in result.stderr


def test_a_viewer_is_refused_with_the_apis_sentence(run: Run, url: str) -> None:
    environ = {"SYNCLOG_URL": url, "SYNCLOG_KEY": VIEWER_KEY}
    result = run("keys", "list", environ=environ)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: A viewer may not do this. (403 role)\n"
