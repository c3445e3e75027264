"""The pace of a connection: the platform's numbers, with what a merchant set over them."""

from typing import Any

import pytest

from chalicelib.domain.paces import TIMEOUT_AT_MOST_S, pace_of
from chalicelib.domain.platforms import Pace
from tests.builders import make_connection
from tests.toy_platforms import make_offer

OWN = make_offer("till", calls=600).pace


def pace(**settings: Any) -> Pace:
    return pace_of(make_offer("till", calls=600), make_connection(settings=settings))


def test_platforms_own_numbers_stand_where_nothing_is_set() -> None:
    assert pace() == OWN


def test_numbers_of_the_connection_go_over_the_platforms() -> None:
    set_up = pace(settle_s="5", timeout_s=3, awaiting_limit_s=60, awaiting_every_s="0.5")
    assert (set_up.settle_s, set_up.timeout_s) == (5, 3)
    assert (set_up.awaiting_limit_s, set_up.awaiting_every_s) == (60, 0.5)


@pytest.mark.parametrize("value", ["", None, "soon", "nan", "inf", 0, "-3", [], "1e999"])
def test_setting_that_is_no_number_above_zero_counts_as_absent(value: Any) -> None:
    assert pace(settle_s=value, timeout_s=value, calls_per_minute=value) == OWN


def test_wait_for_an_answer_is_short_enough_for_a_worker_to_begin() -> None:
    assert pace(timeout_s=300).timeout_s == TIMEOUT_AT_MOST_S < 57 / 2


@pytest.mark.parametrize(
    ("calls_per_minute", "calls"), [("60", 60), (90.5, 90), ("0.5", 1)], ids=["text", "part", "few"]
)
def test_calls_of_a_minute_become_those_of_a_window(calls_per_minute: Any, calls: int) -> None:
    assert pace(calls_per_minute=calls_per_minute).calls == calls
