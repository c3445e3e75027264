"""Which lines of an order left with a parcel."""

from decimal import Decimal
from typing import Any

import pytest

from chalicelib.connectors.woocommerce.shipped_lines import items_of
from chalicelib.domain.reasons import SyncFailure
from chalicelib.domain.records import Fulfilment, ShippedLine
from tests.contract.simulators import Clock
from tests.contract.woo_connection import sent

ORDER: dict[str, Any] = {
    "line_items": [
        {"id": 1, "product_id": 10, "variation_id": 0, "quantity": 2, "sku": "A"},
        {"id": 2, "product_id": 20, "variation_id": 21, "quantity": 3, "sku": "B"},
        {"id": 3, "product_id": 10, "variation_id": 0, "quantity": 5, "sku": "A"},
    ]
}


def parcel(*lines: tuple[str, str, str], completes: bool = False) -> Fulfilment:
    shipped = tuple(
        ShippedLine(product_id=id_, quantity=Decimal(quantity), sku=sku)
        for id_, quantity, sku in lines
    )
    return sent(1, Clock()(), lines=shipped, completes=completes).desired


@pytest.mark.parametrize(
    ("lines", "items"),
    [
        ([("21", "1", "")], {2: 1}),
        ([("10", "4", "")], {1: 2, 3: 2}),
        ([("10", "4", ""), ("10", "9", "")], {1: 2, 3: 5}),
        ([("unknown", "1", "B")], {2: 1}),
        ([("unknown", "1", ""), ("21", "2", "")], {2: 2}),
    ],
)
def test_pieces_fill_lines_in_their_order(
    lines: list[tuple[str, str, str]], items: dict[int, int]
) -> None:
    assert {one["item_id"]: one["qty"] for one in items_of(ORDER, parcel(*lines))} == items


def test_a_parcel_that_names_nothing_and_completes_has_everything() -> None:
    assert [one["qty"] for one in items_of(ORDER, parcel(completes=True))] == [2, 3, 5]


def test_a_parcel_of_other_goods_is_a_conflict() -> None:
    with pytest.raises(SyncFailure, match="compare"):
        items_of(ORDER, parcel(("99", "1", "")))
