"""Records laid out: what strangers wrote takes no longer to show than to read."""

from time import process_time

import pytest

from chalicelib.console.parts.sheets import number_value, to_value


def test_a_text_of_open_brackets_is_read_once() -> None:
    begun = process_time()
    assert to_value("<p>a</p>" + "<" * 300_000)
    assert process_time() - begun < 2


@pytest.mark.parametrize("number", ["1e30", "1e999999", "1e300000000", "-1e99", "1e-99999"])
def test_a_number_beyond_all_money_is_shown_as_it_is(number: str) -> None:
    found = number_value(number)
    assert found is not None
    assert len(found.text) < 100
    money = to_value({"amount": number, "currency": "GBP"})
    assert money is not None
    assert money.text == f"{number} GBP"


def test_ordinary_numbers_lose_zeros_that_say_nothing() -> None:
    assert [getattr(number_value(one), "text", None) for one in ("20.00", "0.50", "x")] == [
        "20",
        "0.5",
        "x",
    ]
