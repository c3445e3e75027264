"""Numbers that are no amount of anything: the record that holds one cannot be read, and says so."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.connectors.brightpearl import models as brightpearl
from chalicelib.connectors.lightspeed import models as lightspeed
from chalicelib.connectors.lightspeed import sale_models
from chalicelib.connectors.square import models as square
from chalicelib.connectors.woocommerce import models as woocommerce
from chalicelib.connectors.woocommerce.webhooks import _read
from chalicelib.domain.money import fit_number
from chalicelib.domain.reasons import Reason, SyncFailure

READERS: dict[str, Callable[[Any], object]] = {
    "woocommerce": lambda n: woocommerce.parse(
        woocommerce.OrderModel, {"id": 1, "total": n}, "order"
    ),
    "lightspeed": lambda n: sale_models.read_sale({"id": "a", "totals": {"price": n}}),
    "lightspeed level": lambda n: lightspeed.parse(
        lightspeed.LevelModel, {"product_id": "a", "current_inventory_level": n}, "level"
    ),
    "brightpearl": lambda n: brightpearl.read_as(brightpearl.Magnitude, {"magnitude": n}, "row"),
    "square": lambda n: square.parse(
        square.MoneyModel,
        {"amount": int(Decimal(n)) if len(n) < 6 and "-61" not in n else n, "currency": "GBP"},
        "order",
    ),
    "square quantity": lambda n: square.parse(square.CountModel, {"quantity": n}, "count"),
}


@pytest.mark.parametrize("number", ["1e15", "-1e15", "1e99", "1e-61", "1e99999999"])
@pytest.mark.parametrize("read", READERS.values(), ids=READERS.keys())
def test_a_number_beyond_all_money_cannot_be_read(
    read: Callable[[Any], object], number: str
) -> None:
    with pytest.raises(SyncFailure, match="cannot be read") as raised:
        read(number)
    assert raised.value.reason is Reason.UNSUPPORTED


@pytest.mark.parametrize("read", READERS.values(), ids=READERS.keys())
def test_the_largest_amount_can_be_read(read: Callable[[Any], object]) -> None:
    assert read("999999999999999")


def test_a_delivery_of_an_order_beyond_all_money_tells_its_id() -> None:
    content = {"id": 7, "total": "1e99", "currency": "GBP", "status": "processing"}
    assert [one.record for one in _read("order.updated", content).changes] == ["7"]


@pytest.mark.parametrize(
    "number",
    ["0", "-0.000000000001", "0E+5", "12.50", "33.33333333333333570180911920033395290374755859375"],
)
def test_ordinary_numbers_are_left_alone(number: str) -> None:
    assert str(fit_number(Decimal(number))) == str(Decimal(number))
