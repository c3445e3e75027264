"""Commands for transactions: the list with its filters, and one call whole."""

from typing import Any

import pytest

from tests.unit.cli.conftest import Run
from tests.unit.cli.stand_in import Json, StandIn


def make_call(number: int = 1, **fields: Any) -> Json:
    return {
        "id": f"call{number}",
        "platform": "square",
        "connection": "square",
        "method": "POST",
        "url": "https://connect.squareup.com/v2/catalog/batch-upsert",
        "status": 200,
        "at": "2026-11-22T11:57:00Z",
        "duration_ms": 41,
        "error": "",
        "execution": "run-1",
        "record": None,
        "correlations": ["abc"],
        **fields,
    }


def test_calls_are_listed_with_when_where_answer_and_duration(run: Run, api: StandIn) -> None:
    api.transactions = [make_call(), make_call(2, status=None, error="ReadTimeout")]
    first, second = run("transactions", "list").stdout.splitlines()[1:]
    for words in ("3 min ago", "square", "POST", " /v2/catalog", "200", "41 ms", "call1"):
        assert words in first
    assert "ReadTimeout" in second


def test_a_list_without_a_call_says_so(run: Run) -> None:
    assert "No call matches." in run("transactions", "list").stdout


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--platform", "square", "--platform", "shopify"), ["call1", "call3", "call4"]),
        (("--code", "404", "--code", "none"), ["call3", "call4"]),
        (("--execution", "run-2"), ["call2"]),
        (("--from", "60m"), ["call1", "call2", "call3"]),
        (("--to", "2026-11-22T11:30"), ["call4"]),
    ],
    ids=["platform", "code", "execution", "from", "to"],
)
def test_filters_reach_the_api(
    run_json: Any, api: StandIn, options: tuple[str, ...], expected: list[str]
) -> None:
    api.transactions = [
        make_call(1),
        make_call(2, platform="brightpearl", execution="run-2"),
        make_call(3, status=404),
        make_call(4, platform="shopify", status=None, at="2026-11-22T10:00:00Z"),
    ]
    answer = run_json("transactions", "list", *options)
    assert [call["id"] for call in answer["items"]] == expected


def test_the_list_ends_at_its_limit_and_all_reads_on(run: Run, run_json: Any, api: StandIn) -> None:
    api.transactions = [make_call(number) for number in range(250)]
    assert "3 calls; there are more" in run("transactions", "list", "--limit", "3").stderr
    assert len(run_json("transactions", "list", "--all")["items"]) == 250


def test_one_call_shows_both_sides_and_the_rows_it_was_made_for(run: Run, api: StandIn) -> None:
    sides = {
        "request": {"headers": {"accept": "json"}, "body": '{"name": "Shirt"}'},
        "response": {"headers": {}, "body": "refused\x1b[31m"},
        "rows": [{"id": "products.P1"}],
    }
    api.transactions = [make_call(record="P1", **sides)]
    shown = run("transactions", "show", "call1").stdout
    for words in ("products.P1", "run-1", "abc", "Request", "Shirt", "Response", "refused"):
        assert words in shown
    assert "\x1b[31m" not in shown


def test_a_call_that_is_not_there_says_so(run: Run) -> None:
    result = run("transactions", "show", "gone")
    assert result.exit_code == 1
    assert "There is no such thing. (404 not_found)" in result.stderr
