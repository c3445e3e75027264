"""Charts: bars whose parts add up, and the filter behind each part."""

from collections import Counter
from typing import Any

import pytest

from chalicelib.console.parts.charts import (
    LEFT_ALONE,
    STATES,
    Bar,
    count_days,
    count_states,
    draw,
    filter_of,
    short,
    state_of,
)

DAYS = [f"2026-11-{day:02}" for day in range(1, 31)]


def item(day: str, status: str, count: int, *, left_alone: bool = False) -> dict[str, Any]:
    return {"day": day, "status": status, "not_applicable": left_alone, "count": count}


def height_of(bar: Bar, state: str) -> int:
    return sum(part.height for part in bar.parts if part.state == state)


def test_rows_left_alone_are_no_part_of_the_green() -> None:
    items = [item(DAYS[0], "Synced", 3), item(DAYS[0], "Synced", 4, left_alone=True)]
    counts = count_days(DAYS[:2], items)
    assert counts == {DAYS[0]: {"synced": 3, LEFT_ALONE: 4}, DAYS[1]: {}}
    assert [state_of(one) for one in items] == ["synced", LEFT_ALONE]


def test_rows_of_a_day_that_stand_alike_are_added_up() -> None:
    items = [item(DAYS[0], "Failed", 3), item(DAYS[0], "Failed", 4)]
    assert count_days(DAYS[:1], items)[DAYS[0]]["failed"] == 7


def test_counts_of_a_flow_tell_the_ones_left_alone_from_the_rest() -> None:
    counts = [
        {"status": "Synced", "count": 10, "not_applicable": 4},
        {"status": "Failed", "count": 2, "not_applicable": 0},
        {"status": "Pending", "count": 0, "not_applicable": 0},
    ]
    assert count_states(counts) == {"synced": 6, LEFT_ALONE: 4, "failed": 2}


def test_highest_day_fills_the_plot_and_others_are_in_proportion() -> None:
    chart = draw({DAYS[0]: Counter(synced=100), DAYS[1]: Counter(synced=25, failed=25)})
    high, low = chart.bars
    assert height_of(high, "synced") == 4 * height_of(low, "synced")
    assert height_of(low, "synced") == height_of(low, "failed")


def test_parts_stand_on_each_other_from_the_ground_up() -> None:
    chart = draw({DAYS[0]: dict.fromkeys(reversed(STATES), 5)})
    [bar] = chart.bars
    assert [part.state for part in bar.parts] == list(STATES)
    ends = [part.y + part.height for part in bar.parts]
    assert ends == [chart.ground, *(part.y for part in bar.parts[:-1])]


def test_one_failed_row_among_thousands_is_seen_within_the_drawing() -> None:
    states = dict.fromkeys(STATES, 1) | {"synced": 100_000}
    [bar] = draw({DAYS[0]: states}).bars
    assert min(part.height for part in bar.parts) >= 3
    assert bar.top > 11, "there is no room for the number"


@pytest.mark.parametrize(("days", "named"), [(7, 7), (14, 7), (30, 8)])
def test_bars_stand_side_by_side_and_today_is_named(days: int, named: int) -> None:
    chart = draw({day: {"synced": 1} for day in DAYS[:days]})
    ends = [bar.x + chart.bar_width for bar in chart.bars]
    starts = [bar.x for bar in chart.bars]
    assert all(end < start for end, start in zip(ends, starts[1:], strict=False))
    assert all(abs(2 * (bar.middle - bar.x) - chart.bar_width) <= 1 for bar in chart.bars)
    assert (starts[0] >= 0, ends[-1] <= chart.width) == (True, True)
    assert chart.bars[-1].label == f"{days} Nov"
    assert sum(1 for bar in chart.bars if bar.label) == named


def test_bar_says_all_its_numbers() -> None:
    counts = {DAYS[0]: {"failed": 2, "synced": 1204, LEFT_ALONE: 1}, DAYS[1]: {}}
    full, empty = draw(counts).bars
    assert full.says == "Sun 1 Nov: 1,204 Synced, 1 Not applicable, 2 Failed"
    assert full.total == "1.2k"
    assert (empty.says, empty.total, empty.parts) == ("Mon 2 Nov: no rows", "", [])


def test_each_state_has_one_outline_with_a_box_for_each_day_it_occurs_on() -> None:
    chart = draw({DAYS[0]: {"synced": 4, "failed": 4}, DAYS[1]: {"failed": 8}})
    boxes = {state: outline.count("M") for state, outline in chart.layers.items()}
    assert boxes == {"synced": 1, "failed": 2}
    first = chart.bars[0].parts[0]
    assert chart.layers["synced"] == f"M17 {first.y}h32v{first.height}h-32z"


def test_chart_of_no_days_is_empty() -> None:
    assert (draw({}).bars, draw({}).layers) == ([], {})


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1.0k"),
        (1299, "1.2k"),
        (9999, "9.9k"),
        (10_000, "10k"),
        (999_999, "999k"),
        (1_000_000, "1.0M"),
        (45_600_000, "45M"),
    ],
)
def test_long_numbers_are_cut_to_fit_over_a_bar(number: int, said: str) -> None:
    assert short(number) == said


@pytest.mark.parametrize(
    ("state", "any_left_alone", "wanted"),
    [
        ("failed", True, {"status": "Failed"}),
        ("pending", False, {"status": "Pending"}),
        ("synced", False, {"status": "Synced"}),
        (LEFT_ALONE, True, {"status": "Synced", "outcome": "not_applicable"}),
    ],
)
def test_each_state_has_its_filter(
    state: str, any_left_alone: bool, wanted: dict[str, Any]
) -> None:
    assert filter_of(state, any_left_alone=any_left_alone) == wanted


def test_filter_of_synced_rows_leaves_those_out_that_were_left_alone() -> None:
    found = filter_of("synced", any_left_alone=True)
    assert found["status"] == "Synced"
    assert "created" in found["outcome"]
    assert "not_applicable" not in found["outcome"]
