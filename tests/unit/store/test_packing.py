"""Long bodies as compressed text."""

import pytest

from chalicelib.store.packing import USUAL, pack, pack_call, to_json, unpack, unpack_call

CALL = {
    "url": "https://connect.example/v2/orders",
    "request_headers": {"authorization": "[hidden]", "content-type": "application/json"},
    "response_body": '{"id": "7", "name": "Café 日"}',
    "error": None,
}


def test_values_come_back() -> None:
    for value in (None, [], "", {"a": [1, 2.5, True, None, "é"]}):
        assert unpack(pack(value)) == value


def test_calls_come_back_by_the_number_of_the_text_they_were_packed_with() -> None:
    assert unpack_call(pack_call(CALL), USUAL) == CALL


def test_calls_of_before_come_back_without_a_number() -> None:
    assert unpack_call(pack(CALL), None) == CALL


def test_a_short_call_is_less_than_half_of_what_it_would_be_alone() -> None:
    assert len(pack_call(CALL)) < len(pack(CALL)) * 0.7
    assert len(pack({"a": "x" * 10_000})) < 100


def test_what_was_packed_before_this_version_can_still_be_read() -> None:
    kept = "q0bjA83LS00u0UutSMwtyEnVLzPSBwdlsVItAA=="

    assert unpack_call(kept, 1) == {"url": "https://connect.example/v2/orders"}


def test_an_unknown_text_is_a_defect() -> None:
    with pytest.raises(KeyError):
        unpack_call(pack_call(CALL), USUAL + 1)


def test_equal_values_are_equal_bytes() -> None:
    assert to_json({"b": 1, "a": "é"}) == to_json({"a": "é", "b": 1}) == '{"a":"é","b":1}'.encode()


def test_what_json_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="Out of range"):
        to_json(float("nan"))
