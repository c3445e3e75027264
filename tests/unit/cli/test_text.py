"""Times, lengths and values as people read them."""

from datetime import UTC, datetime

import pytest

from cli.text import ago, plain, span, took

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("2026-11-22T11:59:18Z", "42 s ago"),
        ("2026-11-22T11:56:01Z", "3 min ago"),
        ("2026-11-22T09:59:00Z", "2 h ago"),
        ("2026-11-19T12:00:00Z", "3 d ago"),
        ("2026-11-22T12:02:00+00:00", "in 2 min"),
        ("2026-11-22T13:00:00+01:00", "now"),
        ("2026-11-22T11:00:00", "1 h ago"),
        (None, ""),
        ("soon", "soon"),
    ],
)
def test_a_time_is_told_from_now(moment: str | None, words: str) -> None:
    assert ago(moment, NOON) == words


@pytest.mark.parametrize(("seconds", "words"), [(0.4, "0 s"), (59.9, "59 s"), (86_400, "1 d")])
def test_a_length_is_rounded_down_to_its_largest_unit(seconds: float, words: str) -> None:
    assert span(seconds) == words


def test_what_still_runs_has_no_length() -> None:
    assert took("2026-11-22T11:00:00Z", None) == ""


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"amount": "1990", "currency": "JPY"}, "1990 JPY"),
        ({"a": True, "b": [1, None]}, "a: yes, b: 1, "),
        ("a\x1b[2Jb\u202ec", "a [2Jb c"),
        (None, ""),
        (0, "0"),
    ],
)
def test_values_are_one_harmless_line(value: object, words: str) -> None:
    assert plain(value) == words
