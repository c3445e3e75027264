"""Commands of the installation: dead letters and the doctor."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.conftest import Run
from tests.unit.cli.stand_in import ADMIN_KEY, CONSUMER, NOW, VIEWER_KEY, Json, StandIn


def make_letter(number: int, **fields: Any) -> Json:
    return {
        "consumer": CONSUMER,
        "flow": "f",
        "row": f"row-{number}",
        "reason": "gave_up",
        "failed_at": NOW,
        **fields,
    }


def test_dead_letters_are_counted_and_listed(run: Run, api: StandIn) -> None:
    api.letters = [make_letter(number) for number in range(3)]
    lines = run("dlq", "show").stdout.splitlines()
    assert lines[0] == "Letters: records=3, stock=0; the oldest failed now"
    assert lines[2].split() == [CONSUMER, "f", "row-0", "gave_up", "now"]


def test_the_age_of_the_oldest_letter_is_that_of_the_whole_list(run: Run, api: StandIn) -> None:
    api.letters = [make_letter(1), make_letter(2, failed_at="2026-11-19T12:00:00Z")]
    lines = run("dlq", "show", "--limit", "1").stdout.splitlines()
    assert lines[0] == "Letters: records=2, stock=0; the oldest failed 3 d ago"
    assert len(lines) == 3


def test_letters_whose_rows_recovered_are_counted_and_told_apart(run: Run, api: StandIn) -> None:
    api.letters = [make_letter(1, reason="recovered")]
    lines = run("dlq", "show").stdout.splitlines()
    assert lines == ["Letters: records=1, stock=0", f"None of {CONSUMER} whose row still fails."]


def test_a_redrive_goes_on_in_slices_until_none_is_left(run: Run, api: StandIn) -> None:
    api.letters = [make_letter(number) for number in range(120)]
    api.letters[5]["reason"] = "recovered"
    result = run("dlq", "redrive", "--per-second", "10")
    assert api.letters == []
    assert "119 requested again, 1 dropped" in result.stdout
    assert "120/120" in result.stderr


def test_a_redrive_stops_at_its_most(run_json: Any, api: StandIn) -> None:
    api.letters = [make_letter(number) for number in range(120)]
    answer = run_json("dlq", "redrive", "--max", "70", "--per-second", "10")
    assert answer == {"received": 70, "requested": 70, "dropped": 0}
    assert len(api.letters) == 50


def test_a_redrive_of_one_consumer_leaves_the_others(run: Run, api: StandIn) -> None:
    api.letters = [make_letter(1), make_letter(2, consumer="bistro")]
    result = run("dlq", "redrive", "--consumer", "bistro")
    assert result.exit_code == 0
    assert [letter["row"] for letter in api.letters] == ["row-1"]


def test_a_redrive_without_a_named_consumer_takes_all(run: Run, url: str, api: StandIn) -> None:
    api.letters = [make_letter(1), make_letter(2, consumer="bistro")]
    run("dlq", "redrive", environ={"SYNCLOG_URL": url, "SYNCLOG_KEY": ADMIN_KEY})
    assert api.letters == []


def test_a_redrive_of_nothing_ends_at_once(run_json: Any) -> None:
    assert run_json("dlq", "redrive") == {"received": 0, "requested": 0, "dropped": 0}


def test_pruning_deletes_letters_of_rows_that_recovered(run: Run, api: StandIn) -> None:
    api.letters = [make_letter(1), make_letter(2, reason="recovered")]
    assert run("dlq", "prune").stdout.startswith("1 deleted")
    assert [letter["row"] for letter in api.letters] == ["row-1"]


@pytest.mark.parametrize("value", ["0", "10001", "many"])
def test_a_redrive_of_an_impossible_number_is_a_usage_error(run: Run, value: str) -> None:
    assert run("dlq", "redrive", "--max", value).exit_code == 2


@pytest.fixture
def healthy(api: StandIn) -> StandIn:
    api.connections["square"] = {"name": "square", "health": {"status": "healthy"}}
    api.flows["f"] = {"name": "f", "enabled": True, "ready": True, "missing": []}
    return api


def levels(answer: Json) -> dict[str, str]:
    return {check["what"]: check["level"] for check in answer["checks"]}


@pytest.mark.usefixtures("healthy")
def test_the_doctor_finds_a_healthy_installation_healthy(run: Run) -> None:
    result = run("doctor")
    assert result.exit_code == 0, result.output
    assert {line.split()[0] for line in result.stdout.splitlines()} == {"ok"}
    assert "It works, with the role admin." in result.stdout


@pytest.mark.usefixtures("healthy")
def test_the_doctor_asks_every_consumer_unless_one_is_named(
    run_json: Any, url: str, api: StandIn
) -> None:
    api.consumers["bistro"] = {"id": "bistro", "name": "Bistro"}
    everyone = run_json("doctor", environ={"SYNCLOG_URL": url, "SYNCLOG_KEY": ADMIN_KEY})
    assert levels(everyone)["bistro: failed"] == "ok"
    assert "bistro: failed" not in levels(run_json("doctor"))


def test_the_doctor_fails_on_a_broken_connection_and_says_what_to_do(
    run: Run, healthy: StandIn
) -> None:
    healthy.credentials["square"] = {"token": "revoked"}
    result = run("doctor")
    assert result.exit_code == 1
    assert "fail  corner-shirts: connection square: down" in result.stdout
    assert "`connect set square` with new credentials" in result.stdout


def test_the_doctor_warns_about_what_a_person_must_do(run_json: Any, healthy: StandIn) -> None:
    healthy.flows["f"].update(ready=False, missing=["category mapping"])
    healthy.groups = [
        {
            "type": "cause",
            "key": "mapping:f:category:Hats",
            "count": 12,
            "remedy": "Map Hats.",
            "first_at": "2026-11-19T00:00:00Z",
        },
        {"type": "failure", "key": "f1", "count": 3},
    ]
    healthy.letters = [make_letter(1)]
    healthy.rows = [
        {"status": "Pending", "reason": "queued", "received_at": "2026-11-20T00:00:00Z",
         "requested_at": "2026-11-22T09:00:00Z"},
        {"status": "Pending", "reason": "needs_mapping", "received_at": "2026-11-20T00:00:00Z",
         "requested_at": "2026-11-20T09:00:00Z"},
    ]  # fmt: skip
    answer = run_json("doctor")
    warned = {check["what"]: check for check in answer["checks"] if check["level"] == "warn"}
    assert set(warned) == {
        "corner-shirts: flow f",
        "corner-shirts: held",
        "corner-shirts: failed",
        "corner-shirts: waiting",
        "Dead letters",
    }
    assert warned["corner-shirts: flow f"]["todo"] == "Missing: category mapping"
    assert warned["corner-shirts: held"]["todo"] == "Map Hats."
    assert (
        "wait for mapping:f:category:Hats, the oldest since 3 d"
        in (warned["corner-shirts: held"]["found"])
    )
    assert "the oldest since 3 h" in warned["corner-shirts: waiting"]["found"]


@pytest.mark.usefixtures("healthy")
def test_the_doctor_tells_a_viewer_from_an_operator(run_json: Any, url: str) -> None:
    environ = {"SYNCLOG_URL": url, "SYNCLOG_KEY": VIEWER_KEY}
    answer = run_json("doctor", environ=environ)
    key = next(check for check in answer["checks"] if check["what"] == "Key")
    assert "role viewer" in key["found"]
    assert "ask an admin" in key["todo"]
    assert levels(answer)["corner-shirts: connection square"] == "ok"


FORBIDDEN = b'{"error": {"code": "role", "message": "Not for this key."}}'


@pytest.mark.usefixtures("healthy")
def test_the_doctor_looks_at_the_keys_own_consumer_when_it_may_list_none(
    run: Run, api: StandIn, url: str, tmp_path: Path
) -> None:
    content = {"url": url, "operator_key": ADMIN_KEY, "consumer": CONSUMER}
    (tmp_path / "demo.json").write_text(json.dumps(content))
    api.fail_next("/v1/consumers", 403, FORBIDDEN)
    result = run("doctor", environ={})
    assert result.exit_code == 0, result.output
    assert "ok    corner-shirts: connection square" in result.stdout


def test_the_doctor_fails_when_no_consumer_is_known_and_none_may_be_listed(
    run: Run, api: StandIn, url: str
) -> None:
    api.fail_next("/v1/consumers", 403, FORBIDDEN)
    result = run("doctor", environ={"SYNCLOG_URL": url, "SYNCLOG_KEY": ADMIN_KEY})
    assert result.exit_code == 1
    assert "fail  Key: Not for this key. (403 role)" in result.stdout


def test_the_doctor_advises_to_prune_letters_whose_rows_recovered(
    run: Run, healthy: StandIn
) -> None:
    healthy.letters = [make_letter(1, reason="recovered")]
    assert "No row fails any more" in run("doctor").stdout


def test_the_doctor_goes_on_after_a_call_that_fails(run: Run, healthy: StandIn) -> None:
    healthy.fail_next("/flows", 500, b'{"error": {"code": "defect", "message": "Broken."}}')
    result = run("doctor")
    assert result.exit_code == 1
    assert "fail  corner-shirts: flows: Broken. (500 defect)" in result.stdout
    assert "ok    Dead letters: None." in result.stdout


@pytest.mark.parametrize("key", [None, "unknown"])
def test_the_doctor_fails_without_a_good_key(run: Run, url: str, key: str | None) -> None:
    environ = {"SYNCLOG_URL": url} | ({"SYNCLOG_KEY": key} if key else {})
    result = run("doctor", environ=environ)
    assert result.exit_code == 1
    assert "ok    API" in result.stdout
    assert "fail  Key" in result.stdout


def test_the_doctor_says_when_the_api_is_not_well(run: Run, healthy: StandIn) -> None:
    healthy.health = "degraded"
    result = run("doctor")
    assert result.exit_code == 1
    assert "fail  API" in result.stdout


def test_the_doctor_asks_for_a_first_consumer(run_json: Any, url: str, api: StandIn) -> None:
    api.consumers.clear()
    environ = {"SYNCLOG_URL": url, "SYNCLOG_KEY": ADMIN_KEY}
    assert levels(run_json("doctor", environ=environ))["Consumers"] == "warn"
