"""Id sets are read and written as Brightpearl does, and bounded."""

import pytest

from chalicelib.connectors.brightpearl.idsets import (
    IdSetError,
    format_id_set,
    is_id,
    parse_id_set,
    split_into_chunks,
)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("8", ["8"]),
        ("5,1,9", ["5", "1", "9"]),
        ("1-4", ["1", "2", "3", "4"]),
        ("1-3,99,202", ["1", "2", "3", "99", "202"]),
        ("5.1.9", ["5", "1", "9"]),
        (" 1 - 2 , 4 ", ["1", "2", "4"]),
        ("7-7", ["7"]),
        ("1-3,2-4", ["1", "2", "3", "4"]),
    ],
)
def test_id_set_is_expanded(text: str, ids: list[str]) -> None:
    assert parse_id_set(text) == ids


@pytest.mark.parametrize(
    "text", ["", "*", "a", "0", "-1", "1-", "-", "5-1", "1,,2", "01", "1;2", "1e3", "²", "9" * 19]
)
def test_text_that_is_no_id_set_is_refused(text: str) -> None:
    with pytest.raises(IdSetError):
        parse_id_set(text)


@pytest.mark.parametrize("text", ["1-10001", "1-999999999999999999", "1-9999,20000-20005"])
def test_too_many_ids_are_refused_before_they_are_made(text: str) -> None:
    with pytest.raises(IdSetError, match="10000"):
        parse_id_set(text)


def test_as_many_ids_as_allowed_are_expanded() -> None:
    assert len(parse_id_set("1-10000")) == 10_000


@pytest.mark.parametrize(
    ("ids", "text"),
    [
        (["8"], "8"),
        (["9", "1", "5"], "1,5,9"),
        (["1", "2", "3", "99", "202"], "1-3,99,202"),
        (["3", "2", "2", "1"], "1-3"),
        (["10", "9", "100"], "9-10,100"),
        ([], ""),
    ],
)
def test_ids_are_written_compactly(ids: list[str], text: str) -> None:
    assert format_id_set(ids) == text


def test_what_was_written_is_read_back() -> None:
    ids = [str(number) for number in range(1, 400) if number % 7]
    assert parse_id_set(format_id_set(ids)) == ids


def test_chunks_hold_each_id_once_and_keep_both_limits() -> None:
    ids = [str(number) for number in range(10**17, 10**17 + 2_000, 3)]
    chunks = split_into_chunks(ids)
    assert [id_ for chunk in chunks for id_ in chunk.ids] == ids
    assert all(len(chunk.ids) <= 200 and len(chunk.text) <= 1_500 for chunk in chunks)
    assert all(parse_id_set(chunk.text) == list(chunk.ids) for chunk in chunks)


def test_texts_that_are_no_ids_are_left_out_of_calls() -> None:
    assert [chunk.ids for chunk in split_into_chunks(["2", "x", "0", "1", "2"])] == [("1", "2")]
    assert split_into_chunks([]) == []


@pytest.mark.parametrize(("text", "answer"), [("1", True), ("0", False), ("1 ", False)])
def test_id_is_a_whole_number_above_zero(text: str, answer: bool) -> None:
    assert is_id(text) is answer
