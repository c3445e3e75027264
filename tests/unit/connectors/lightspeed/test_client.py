"""Answers of Lightspeed: numbers keep their digits, texts their characters."""

from decimal import Decimal

import pytest

from chalicelib.connectors.http import Answer
from chalicelib.connectors.lightspeed.client import decoded, rows_in
from chalicelib.connectors.lightspeed.feed import mark_of
from chalicelib.connectors.lightspeed.models import moment
from chalicelib.domain.reasons import Reason, SyncFailure


def answer(body: bytes) -> Answer:
    return Answer(status=200, headers={}, body=body)


def test_numbers_are_decimals_of_their_digits() -> None:
    found = decoded(answer(b'{"price": 16.666666666666666667, "version": 59780745}'))

    assert found == {"price": Decimal("16.666666666666666667"), "version": 59780745}


def test_an_empty_answer_is_an_empty_object() -> None:
    assert decoded(answer(b" ")) == {}


def test_half_a_character_never_gets_further() -> None:
    found = decoded(answer(b'{"name": ["\\ud83d\\ude00", "\\ud83d"], "\\udc00": 1}'))

    assert found["name"][0] == "\U0001f600"
    assert "\ud83d" not in found["name"][1]
    assert all(name.isprintable() or name == "\ufffd" for name in found)
    str(found).encode()


@pytest.mark.parametrize("body", [b"<html>", b'{"a": ', b"[" * 100_000])
def test_what_is_no_json_is_tried_again(body: bytes) -> None:
    with pytest.raises(SyncFailure) as failed:
        decoded(answer(body))

    assert (failed.value.reason, failed.value.error_code) == (Reason.RETRYING, "not_json")


def test_rows_stand_under_data_or_alone_and_odd_ones_are_left_out() -> None:
    assert rows_in({"data": [{"id": "a"}, None, 7]}) == [{"id": "a"}]
    assert rows_in([{"id": "a"}, "x"]) == [{"id": "a"}]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-08-01T10:02:11Z", "2026-08-01T10:02:11+00:00"),
        ("2026-08-01T12:02:11+02:00", "2026-08-01T12:02:11+02:00"),
        ("2026-08-01 10:02:11", "2026-08-01T10:02:11+00:00"),
        ("yesterday", None),
        (7, None),
    ],
)
def test_a_time_is_aware(text: object, expected: str | None) -> None:
    found = moment(text)

    assert (found.isoformat() if found else None) == expected


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_an_answer_that_nests_without_end_is_no_answer(opening: bytes) -> None:
    closing = b"]" if opening == b"[" else b"}"
    body = opening * 900 + b'"\\ud83d"' + closing * 900
    with pytest.raises(SyncFailure):
        decoded(answer(body))


def test_a_mark_of_too_many_digits_is_none() -> None:
    assert mark_of({"id": "a", "version": "1" * 5000}).version == 0
