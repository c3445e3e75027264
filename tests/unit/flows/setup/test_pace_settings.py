"""Numbers that a merchant sets over a platform's own pace."""

from typing import Any

import pytest

from chalicelib.connectors.square import OFFER
from chalicelib.flows.setup.account import Given, problems_of

NAMES = ("calls_per_minute", "settle_s", "timeout_s", "awaiting_every_s", "awaiting_limit_s")


def fields_refused(**settings: Any) -> list[str]:
    problems = problems_of(
        "square",
        OFFER,
        Given(settings=settings),
        platforms=("square",),
        platform_before="square",
        resulting={"access_token": "good", **settings},
        loopback=False,
    )
    return [problem.field for problem in problems]


@pytest.mark.parametrize("value", ["abc", 0, -4, "-4", "nan", "inf"])
def test_pace_that_is_no_number_above_zero_is_refused_by_name(value: Any) -> None:
    assert fields_refused(**dict.fromkeys(NAMES, value)) == [f"settings.{one}" for one in NAMES]


@pytest.mark.parametrize("value", [2, 0.5, "90", "", None])
def test_pace_that_is_a_number_or_taken_away_is_kept(value: Any) -> None:
    assert fields_refused(**dict.fromkeys(NAMES, value)) == []


def test_settings_that_are_no_pace_may_be_words() -> None:
    assert fields_refused(api_version="abc") == []
