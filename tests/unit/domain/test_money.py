"""Money: decimals of its currency, never mixed, never a float."""

from decimal import Decimal

import pytest

from chalicelib.domain.money import Money, exponent_of


def money(amount: str, currency: str = "GBP") -> Money:
    return Money(Decimal(amount), currency)


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (1990, "AUD", "19.90"),
        (1990, "JPY", "1990"),
        (1990, "KWD", "1.990"),
        (-5, "GBP", "-0.05"),
        (0, "JPY", "0"),
    ],
)
def test_minor_units_become_an_amount_and_back(minor: int, currency: str, text: str) -> None:
    amount = Money.from_minor(minor, currency)
    assert (amount.to_text(), amount.to_minor()) == (text, minor)
    assert amount.to_json() == {"amount": text, "currency": currency}


def test_unknown_currency_has_hundredths() -> None:
    assert exponent_of("XYZ") == 2


@pytest.mark.parametrize(
    ("amount", "currency", "rounded"),
    [
        ("0.125", "GBP", "0.13"),
        ("-0.125", "GBP", "-0.13"),
        ("2.5", "JPY", "3"),
        ("1.5", "JPY", "2"),
    ],
)
def test_halves_are_rounded_away_from_zero_everywhere(
    amount: str, currency: str, rounded: str
) -> None:
    one = money(amount, currency)
    assert one.rounded() == money(rounded, currency)
    assert one.to_text() == rounded


def test_sums_stay_exact() -> None:
    assert money("0.10") + money("0.20") == money("0.30")
    assert money("0.10") - money("0.30") == -money("0.20")


def test_currencies_never_mix() -> None:
    with pytest.raises(ValueError, match="GBP cannot be added to EUR"):
        _ = money("1", "EUR") + money("1")
    with pytest.raises(ValueError, match="GBP cannot be added to EUR"):
        _ = money("1", "EUR") - money("1")


def test_nothing_is_false_whatever_its_decimals() -> None:
    assert not money("0.00")
    assert not Money.zero("JPY")
    assert money("-0.01")


def test_people_read_amount_and_currency() -> None:
    assert str(money("58.7")) == "58.70 GBP"
