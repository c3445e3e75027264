"""The command that shows how every consumer stands."""

from typing import Any

import pytest

from tests.unit.cli.conftest import Run
from tests.unit.cli.stand_in import Json, RefusalError, StandIn, route

LIMIT_MOST = 50


def make_standing(id: str, **changes: Any) -> Json:
    consumer = {"id": id, "name": id.title(), "time_zone": "UTC"}
    defaults: Json = {
        "consumer": consumer,
        "connections": {"healthy": 2, "down": 0, "unchecked": 0},
        "down": [],
        "failed": 0,
        "pending": 0,
        "oldest_waiting_at": None,
        "flows_on": 3,
        "not_ready": [],
        "silent": [],
    }
    return {**defaults, **changes}


STANDINGS: list[Json] = []  #: what the stand-in answers; each test fills it anew


@pytest.fixture(autouse=True)
def standings() -> list[Json]:
    STANDINGS.clear()
    return STANDINGS


@route("GET", "/v1/standings")
def list_standings(api: StandIn, query: dict[str, list[str]], **_: Any) -> tuple[int, Json]:
    if not 1 <= int(query["limit"][0]) <= LIMIT_MOST:
        raise RefusalError(422, "invalid", "The limit is too high.")
    text = query.get("q", [""])[0]
    return 200, api.page([one for one in STANDINGS if text in one["consumer"]["id"]], query)


def test_a_line_says_what_is_down_failed_waiting_not_ready_and_silent(
    run: Run, standings: list[Json]
) -> None:
    trouble = {
        "connections": {"healthy": 1, "down": 1, "unchecked": 1},
        "down": ["square"],
        "failed": 7,
        "pending": 12,
        "oldest_waiting_at": "2026-11-22T09:00:00Z",
        "not_ready": ["a-to-b"],
        "silent": ["b-to-c", "c-to-d"],
    }
    standings += [make_standing("acme", **trouble), make_standing("bistro")]

    lines = run("consumers", "standing", "--wide").stdout.splitlines()

    assert lines[0].split("  ")[0] == "Consumer"
    assert lines[1].split() == [
        *("acme", "1", "down", "(square),", "1", "unchecked,", "1", "healthy"),
        *("7", "12", "3", "h", "ago", "3", "a-to-b", "b-to-c,", "c-to-d"),
    ]
    assert lines[2].split() == ["bistro", "2", "healthy", "0", "0", "3"]


def test_a_consumer_without_connections_says_so(run: Run, standings: list[Json]) -> None:
    none = {"healthy": 0, "down": 0, "unchecked": 0}
    standings += [make_standing("acme", connections=none)]

    assert run("consumers", "standing").stdout.splitlines()[1].split()[:2] == ["acme", "none"]


def test_all_pages_are_joined_and_a_search_narrows_them(
    run_json: Any, standings: list[Json]
) -> None:
    standings += [make_standing(f"shop-{number:03d}") for number in range(120)]

    assert len(run_json("consumers", "standing")["items"]) == 120
    assert len(run_json("consumers", "standing", "--q", "shop-00")["items"]) == 10


def test_no_consumer_and_no_consumer_of_a_name_are_told_apart(run: Run) -> None:
    assert "`consumers add`" in run("consumers", "standing").stdout
    assert run("consumers", "standing", "--q", "x").stdout == "No consumer has that name.\n"


def test_a_connection_named_by_a_stranger_reaches_the_terminal_harmless(
    run: Run, standings: list[Json]
) -> None:
    down = {"healthy": 0, "down": 1, "unchecked": 0}
    standings += [make_standing("acme", connections=down, down=["x\x1b[31mdown"])]

    told = run("consumers", "standing", "--wide").stdout

    assert "1 down (x [31mdown)" in told
