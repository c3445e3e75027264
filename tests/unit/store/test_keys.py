"""Keys: parts stay apart, order is kept, names come back."""

from datetime import UTC, datetime, timedelta, timezone
from random import Random

import pytest

from chalicelib.store import keys
from tests.builders import make_name

ALPHABET = "ab|/%~.\t\x00é日🧵 7C"


def texts(count: int) -> list[str]:
    rng = Random(11)
    return ["".join(rng.choices(ALPHABET, k=rng.randint(1, 8))) for _ in range(count)]


def test_an_escaped_part_comes_back_and_holds_nothing_reserved() -> None:
    for text in texts(500):
        part = keys.escape(text)
        assert keys.unescape(part) == text
        assert not set(part) & set("|/\t\x00")


def test_different_names_have_different_keys_and_come_back() -> None:
    parts = texts(600)
    names = {
        make_name(parts[n], flow=parts[n + 1], step=parts[n + 2] if n % 2 else None)
        for n in range(0, 600, 3)
    }

    pks = {keys.row_pk(name): name for name in names}

    assert len(pks) == len(names)
    assert all(keys.name_of(pk) == name for pk, name in pks.items())


def test_a_row_with_a_step_is_not_the_row_without() -> None:
    assert keys.row_pk(make_name("a", step="b")) != keys.row_pk(make_name("a|b"))


def test_times_as_text_compare_as_times() -> None:
    start = datetime(2026, 11, 22, 23, 59, 59, 999999, tzinfo=UTC)
    times = [start + timedelta(microseconds=n) for n in (0, 1, 10, 100_000, 10_000_000)]

    written = [keys.time_text(time) for time in times]

    assert written == sorted(written)
    assert {len(text) for text in written} == {27}
    assert [datetime.fromisoformat(text) for text in written] == times


def test_a_time_of_another_zone_is_written_in_utc() -> None:
    jakarta = datetime(2026, 11, 22, 7, 0, tzinfo=timezone(timedelta(hours=7)))

    assert keys.time_text(jakarta) == "2026-11-22T00:00:00.000000Z"


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        keys.time_text(datetime(2026, 11, 22))  # noqa: DTZ001 - the mistake this is about


@pytest.mark.parametrize("letter", ["a", "é", "日", "🧵"])
def test_a_bounded_part_fits_a_sort_key_and_stays_unique(letter: str) -> None:
    one, other = keys.bounded(letter * 2000 + "1"), keys.bounded(letter * 2000 + "2")

    assert one != other
    assert len(one.encode()) <= 600
    assert keys.bounded(letter * 40) == letter * 40
