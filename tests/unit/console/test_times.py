"""Times as people read them."""

from datetime import UTC, datetime

import pytest

from chalicelib.console.times import Times

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        ("2026-11-02T09:29:56Z", "just now"),
        ("2026-11-02T09:30:04Z", "just now"),
        ("2026-11-02T09:29:55Z", "5 seconds ago"),
        ("2026-11-02T09:29:01Z", "59 seconds ago"),
        ("2026-11-02T09:29:00Z", "1 minute ago"),
        ("2026-11-02T08:30:01Z", "59 minutes ago"),
        ("2026-11-02T08:30:00Z", "1 hour ago"),
        ("2026-11-01T09:30:00Z", "1 day ago"),
        ("2026-10-04T09:30:00Z", "29 days ago"),
        ("2026-10-03T09:30:00Z", "3 Oct 2026"),
        ("2026-11-02T09:35:00Z", "in 5 minutes"),
        ("2026-11-02T11:30:00.000+00:00", "in 2 hours"),
    ],
)
def test_how_long_ago(moment: str, said: str) -> None:
    assert Times(now=NOW, zone="UTC").ago(moment) == said


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("UTC", "Mon 2 Nov 2026, 23:30:05 UTC"),
        ("Asia/Jakarta", "Tue 3 Nov 2026, 06:30:05 WIB"),
        ("Europe/London", "Mon 2 Nov 2026, 23:30:05 GMT"),
    ],
)
def test_the_exact_time_is_that_of_the_merchant(zone: str, said: str) -> None:
    assert Times(now=NOW, zone=zone).exact("2026-11-02T23:30:05.999Z") == said


def test_a_day_has_its_weekday() -> None:
    assert Times(now=NOW, zone="Asia/Jakarta").day("2026-11-02") == "Mon 2 Nov"


@pytest.mark.parametrize(
    ("milliseconds", "said"),
    [(0, "0 ms"), (999, "999 ms"), (1000, "1.0 s"), (59_940, "59.9 s"), (61_000, "1 min 1 s")],
)
def test_durations_are_in_the_unit_that_says_most(milliseconds: int, said: str) -> None:
    assert Times(now=NOW, zone="UTC").took(milliseconds) == said


def test_between_two_times() -> None:
    times = Times(now=NOW, zone="UTC")
    assert times.between("2026-11-02T09:00:00Z", "2026-11-02T09:00:02.500Z") == "2.5 s"
