"""Causes: exact keys of what held rows wait for."""

import pytest

from chalicelib.domain.causes import (
    connection_cause,
    flow_cause,
    mapping_cause,
    parts_of,
    rate_cause,
    record_cause,
    setting_cause,
)

CAUSES = {
    "mapping": (mapping_cause("f", "category", "Shirts"), "mapping:f:category:Shirts"),
    "setting": (setting_cause("f", "walk_in_customer"), "setting:f:walk_in_customer"),
    "connection": (connection_cause("square"), "connection:square"),
    "record": (record_cause("product", "1007"), "record:product:1007"),
    "flow": (flow_cause("f@square-2"), "flow:f@square-2"),
    "rate": (rate_cause("square", 0, 3), "rate:square:0:3"),
}


@pytest.mark.parametrize(("cause", "text"), CAUSES.values(), ids=CAUSES.keys())
def test_cause_reads_as_it_is_written_down(cause: str, text: str) -> None:
    assert cause == text


@pytest.mark.parametrize("value", ["A:B", "", "50%", "a/b c", "Größe", "%3A"])
def test_odd_values_stay_one_part(value: str) -> None:
    assert parts_of(mapping_cause("f", "category", value)) == ("mapping", "f", "category", value)


def test_no_value_is_a_value_of_its_own() -> None:
    assert mapping_cause("f", "tax", "") != mapping_cause("f", "tax", " ")
