"""Filters of an address, as the API has them."""

import pytest

from chalicelib.console.parts.filters import chips_of, is_plain, to_api
from chalicelib.flows.setup.errors import InvalidError


@pytest.mark.parametrize(
    ("zone", "since", "until"),
    [
        ("UTC", "2026-11-02T00:00:00Z", "2026-11-03T00:00:00Z"),
        ("Asia/Jakarta", "2026-11-01T17:00:00Z", "2026-11-02T17:00:00Z"),
        ("America/New_York", "2026-11-02T05:00:00Z", "2026-11-03T05:00:00Z"),
    ],
)
def test_a_day_of_the_merchant_is_from_its_first_moment_to_the_next_days(
    zone: str, since: str, until: str
) -> None:
    found = to_api({"since": ["2026-11-02"], "until": ["2026-11-02"], "q": ["x"]}, zone)
    assert found == {"from": [since], "to": [until], "q": ["x"]}


def test_the_day_on_which_clocks_change_is_as_long_as_it_is() -> None:
    found = to_api({"since": ["2026-10-25"], "until": ["2026-10-25"]}, "Europe/London")
    assert found == {"from": ["2026-10-24T23:00:00Z"], "to": ["2026-10-26T00:00:00Z"]}


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "9999-12-31", "02/11/2026"])
def test_what_is_no_day_is_named(text: str) -> None:
    with pytest.raises(InvalidError) as raised:
        to_api({"until": [text]}, "UTC")
    assert [one.field for one in raised.value.problems] == ["until"]


def test_each_filter_can_be_taken_away_alone() -> None:
    filters = {"kind": ["order"], "code": ["400", "404"], "q": ["x"]}
    chips = chips_of(filters, hidden=("kind",))
    assert [(one.name, one.value) for one in chips] == [
        ("code", "400"),
        ("code", "404"),
        ("q", "x"),
    ]
    assert chips[0].without == {"kind": ["order"], "code": ["404"], "q": ["x"]}
    assert chips[2].without == {"kind": ["order"], "code": ["400", "404"], "q": []}


def test_counters_know_kinds_flows_and_statuses_alone() -> None:
    assert is_plain({"kind": ["order"], "status": ["Failed"], "flow": ["a"]})
    assert not is_plain({"kind": ["order"], "q": ["x"]})
    assert is_plain({})
