"""The command ``history``: who changed what, and from which value to which."""

from typing import Any

from tests.unit.cli.conftest import Run
from tests.unit.cli.stand_in import Json, StandIn


def make_line(number: int = 1, **fields: Any) -> Json:
    return {
        "at": "2026-11-22T11:57:00Z",
        "who": "Kim",
        "what": "flow changed",
        "subject": f"orders-{number}",
        "old": {"enabled": True, "settings": {"tolerance": "0.01", "note": "x"}},
        "new": {"enabled": True, "settings": {"tolerance": "0.05", "note": "x"}},
        **fields,
    }


def test_a_change_shows_who_when_and_both_values_and_leaves_out_what_is_equal(
    run: Run, api: StandIn
) -> None:
    api.history = [make_line()]
    [_, line] = run("history").stdout.splitlines()
    for words in ("3 min ago", "Kim", "flow changed", "orders-1"):
        assert words in line
    assert "settings.tolerance: 0.01 → 0.05" in line
    assert "note" not in line
    assert "enabled" not in line


def test_what_was_done_without_a_value_before_shows_what_was_asked(run: Run, api: StandIn) -> None:
    api.history = [
        make_line(what="import", old=None, new={"ids": 3}),
        make_line(old=None, new=None),
    ]
    asked, nothing = run("history").stdout.splitlines()[1:]
    assert asked.endswith("ids: 3")
    assert nothing.endswith("orders-1")


def test_a_value_that_came_or_went_is_named(run: Run, api: StandIn) -> None:
    api.history = [make_line(old={"default": "A"}, new={"default": None, "entries": {"S": "9"}})]
    line = run("history", "--wide").stdout.splitlines()[1]
    assert "default: A → nothing" in line
    assert "entries: nothing → S: 9" in line


def test_the_list_ends_at_its_limit_and_all_reads_on(run: Run, run_json: Any, api: StandIn) -> None:
    api.history = [make_line(number) for number in range(250)]
    short = run("history", "--limit", "3")
    assert len(short.stdout.splitlines()) == 4
    assert "3 lines; there are more" in short.stderr
    assert len(run_json("history", "--all")["items"]) == 250


def test_no_history_says_so(run: Run) -> None:
    assert "Nobody has changed anything." in run("history").stdout
