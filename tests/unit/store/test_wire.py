"""JSON values as DynamoDB's and back."""

from enum import StrEnum
from typing import Any

import pytest

from chalicelib.store.wire import from_wire, item_from_wire, item_to_wire, to_wire


class Colour(StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "wire"),
    [
        ("", {"S": ""}),
        (0, {"N": "0"}),
        (-(2**100), {"N": str(-(2**100))}),
        (1.5, {"N": "1.5"}),
        (1e-07, {"N": "1e-07"}),
        (True, {"BOOL": True}),
        (False, {"BOOL": False}),
        (None, {"NULL": True}),
        ([1, "a"], {"L": [{"N": "1"}, {"S": "a"}]}),
        ({"": {"b": []}}, {"M": {"\x00": {"M": {"b": {"L": []}}}}}),
    ],
    ids=repr,
)
def test_a_value_goes_there_and_comes_back(value: Any, wire: Any) -> None:
    assert to_wire(value) == wire
    assert from_wire(wire) == value
    assert type(from_wire(wire)) is type(value)


def test_a_tuple_is_a_list_and_a_member_of_an_enum_its_text() -> None:
    assert to_wire((1,)) == {"L": [{"N": "1"}]}
    assert to_wire(Colour.RED) == {"S": "red"}
    assert type(to_wire(Colour.RED)["S"]) is str


@pytest.mark.parametrize("value", [b"x", {1}, object()], ids=lambda value: type(value).__name__)
def test_what_is_no_json_value_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match=f"a {type(value).__name__} is no JSON value"):
        to_wire(value)


@pytest.mark.parametrize(
    ("number", "value"), [("7", 7), ("-7", -7), ("7.0", 7.0), ("1E+2", 100.0), ("2e-1", 0.2)]
)
def test_numbers_are_read_as_they_are_written(number: str, value: float) -> None:
    found = from_wire({"N": number})

    assert found == value
    assert type(found) is type(value)


def test_an_item_keeps_packed_text_as_bytes_and_leaves_out_what_is_absent() -> None:
    wire = item_to_wire({"pk": "p", "z": "aGVsbG8=", "none": None, "zz": "aGVsbG8="})

    assert wire == {"pk": {"S": "p"}, "z": {"B": b"hello"}, "zz": {"S": "aGVsbG8="}}
    assert item_from_wire(wire) == {"pk": "p", "z": "aGVsbG8=", "zz": "aGVsbG8="}


def test_packed_bytes_are_text_already_in_an_event_of_lambda() -> None:
    assert item_from_wire({"z": {"B": "aGVsbG8="}}) == {"z": "aGVsbG8="}


def test_an_item_without_packed_bytes_is_no_other() -> None:
    assert item_to_wire({"z": None, "a": 1}) == {"a": {"N": "1"}}
