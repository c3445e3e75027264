"""Bundles have no stock at Brightpearl: the connector counts what their parts allow."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Product, StockLevel
from tests.contract.brightpearl_connection import Connected, connect, reason_of


@pytest.fixture
def connected() -> Iterator[Connected]:
    with connect() as found:
        yield found


def _level(connected: Connected, number: int) -> StockLevel:
    found = connected.stock().fetch_many([str(number)])[str(number)]
    assert isinstance(found, StockLevel), repr(found)
    return found


def _product(connected: Connected, number: int) -> Product:
    found = connected.products().fetch_many([str(number)])[str(number)]
    assert isinstance(found, Product), repr(found)
    return found


def _bundle(connected: Connected, *parts: tuple[int, int], **fields: Any) -> int:
    made = {"name": "Gift set", "sku": "SET", "stock": 0, **fields}
    return connected.shop.product(components=parts, **made)


def _here(connected: Connected, number: int) -> Decimal | None:
    return _level(connected, number).on_hand.get(str(connected.shop.shop))


# which bundles


def test_bundles_of_parts_are_named_however_deep_in_one_call(connected: Connected) -> None:
    mug, card = connected.shop.product(), connected.shop.product(sku="B")
    alone = connected.shop.product(sku="C")
    pair = _bundle(connected, (mug, 2))
    crate = _bundle(connected, (pair, 6), sku="CRATE")
    letter = _bundle(connected, (card, 1), sku="LETTER")
    connected.simulator.calls.clear()
    found = connected.stock().list_wholes([str(mug), str(card), str(alone)])
    assert set(found) == {str(pair), str(crate), str(letter)}
    assert len(connected.simulator.calls) == 1


def test_product_of_no_bundle_is_part_of_nothing(connected: Connected) -> None:
    assert connected.stock().list_wholes([str(connected.shop.product())]) == []


# how many


@pytest.mark.parametrize(
    ("first", "second", "sets"),
    [(10, 9, 3), (10, 2, 0), (0, 9, 0), (3, 9, 1), (4, 3, 1), (100, 100, 33)],
)
def test_scarcest_part_says_how_many_there_are(
    connected: Connected, first: int, second: int, sets: int
) -> None:
    mug, card = connected.shop.product(stock=first), connected.shop.product(sku="B", stock=second)
    for product, pieces in ((mug, first), (card, second)):
        connected.simulator.set_stock(product, connected.shop.shop, pieces)
    bundle = _bundle(connected, (mug, 2), (card, 3))
    level = _level(connected, bundle)
    assert level.on_hand == {str(connected.shop.shop): Decimal(sets)}
    assert (level.tracked, level.name, level.sku) == (True, "Gift set", "SET")


def test_parts_have_to_be_in_one_warehouse(connected: Connected) -> None:
    here, there = connected.shop.merchant.warehouses[:2]
    mug, card = connected.shop.product(stock=6), connected.shop.product(sku="B", stock=0)
    connected.simulator.set_stock(mug, there, 4)
    connected.simulator.set_stock(card, there, 1)
    bundle = _bundle(connected, (mug, 2), (card, 1))
    assert _level(connected, bundle).on_hand == {str(here): Decimal(0), str(there): Decimal(1)}


@pytest.mark.parametrize(("on_hand", "at_most"), [(-1, -1), (-3, -2), (1, 0)])
def test_part_that_was_oversold_never_makes_bundles(
    connected: Connected, on_hand: int, at_most: int
) -> None:
    mug = connected.shop.product(stock=5)
    connected.simulator.world.stock.allocated[mug][connected.shop.shop] = 5 - on_hand
    assert _here(connected, _bundle(connected, (mug, 2))) == Decimal(at_most)


def test_part_whose_stock_is_not_counted_limits_nothing(connected: Connected) -> None:
    mug, wrapping = connected.shop.product(stock=5), connected.shop.product(sku="W", tracked=False)
    assert _here(connected, _bundle(connected, (mug, 2), (wrapping, 9))) == Decimal(2)


def test_bundle_of_nothing_that_is_counted_is_not_counted(connected: Connected) -> None:
    service = connected.shop.product(sku="S", tracked=False)
    bundle = _bundle(connected, (service, 1))
    assert (_level(connected, bundle).tracked, _product(connected, bundle).tracked) == (False,) * 2


def test_part_that_is_named_twice_counts_twice(connected: Connected) -> None:
    mug = connected.shop.product(stock=7)
    assert _here(connected, _bundle(connected, (mug, 1), (mug, 2))) == Decimal(2)


def test_bundle_of_bundles_is_counted_by_what_it_takes_in_all(connected: Connected) -> None:
    mug = connected.shop.product(stock=20)
    pair = _bundle(connected, (mug, 2), sku="PAIR")
    box = _bundle(connected, (pair, 3), (mug, 1), sku="BOX")
    crate = _bundle(connected, (pair, 4), sku="CRATE")
    assert _here(connected, pair) == Decimal(10)
    assert _here(connected, box) == Decimal(2)
    assert _here(connected, crate) == Decimal(2)


def test_bundle_of_itself_is_told(connected: Connected) -> None:
    good = connected.shop.product(stock=4)
    body = {
        "response": [
            {"id": 901, "composition": _made_of(902)},
            {"id": 902, "composition": _made_of(903)},
            {"id": 903, "composition": _made_of(904)},
            {"id": 904, "composition": _made_of(901)},
            {"id": good, "stock": {"stockTracked": True}},
        ]
    }
    connected.simulator.fail_next(200, path="product-service/product/", body=body)
    found = connected.stock().fetch_many(["901", "902", "903", "904", str(good)])
    for number in ("901", "902", "903", "904"):
        failure = found[number]
        assert isinstance(failure, SyncFailure)
        assert failure.error_code == "bundle_broken"
        assert f"Bundle {number} has the component {number}" in failure.detail
    assert isinstance(found[str(good)], StockLevel)


def _made_of(part: int) -> dict[str, Any]:
    return {"bundle": True, "bundleComponents": [{"productId": part, "productQuantity": 1}]}


def test_part_that_does_not_exist_is_told(connected: Connected) -> None:
    bundle = _bundle(connected, (connected.shop.product(), 1))
    body = {"response": [{"id": bundle, "composition": _made_of(999)}]}
    for source in (connected.stock(), connected.products()):
        connected.simulator.fail_next(200, path=f"product-service/product/{bundle}", body=body)
        failure = source.fetch_many([str(bundle)])[str(bundle)]
        assert reason_of(failure) is Reason.UNSUPPORTED
        assert f"Bundle {bundle} has the component 999" in failure.detail


# failures and calls


def test_part_that_could_not_be_read_is_no_guess(connected: Connected) -> None:
    mug, other = connected.shop.product(stock=5), connected.shop.product(sku="O", stock=3)
    bundle = _bundle(connected, (mug, 1))
    for source in (connected.stock(), connected.products()):
        connected.simulator.fail_next(500, path=f"product-service/product/{mug}")
        found = source.fetch_many([str(bundle), str(other)])
        assert reason_of(found[str(bundle)]) is Reason.RETRYING
        assert not isinstance(found[str(other)], SyncFailure)


def test_part_missing_from_the_availability_map_leaves_a_bundle_without_figures(
    connected: Connected,
) -> None:
    mug, card = connected.shop.product(stock=5), connected.shop.product(sku="B", stock=5)
    bundle = _bundle(connected, (mug, 1), (card, 1))
    connected.simulator.partial.next([card], path="product-availability")
    assert not _level(connected, bundle).tracked


def test_part_whose_level_could_not_be_read_is_tried_again(connected: Connected) -> None:
    mug = connected.shop.product(stock=5)
    bundle = _bundle(connected, (mug, 1))
    error = {"code": "CMNU-003", "message": "One of the ids could not be read"}
    body = {"response": {"1": {"warehouses": {}}}, "errors": [error]}
    connected.simulator.fail_next(207, path="product-availability", body=body)
    found = connected.stock().fetch_many([str(bundle)])
    assert reason_of(found[str(bundle)]) is Reason.RETRYING


def test_a_hundred_bundles_are_three_calls(connected: Connected) -> None:
    with connected.simulator.batch():
        parts = [connected.shop.product(sku=f"P{n}", stock=n) for n in range(1, 51)]
        bundles = [
            _bundle(connected, (parts[n % 50], 1), (parts[-1], 1), sku=f"S{n}") for n in range(100)
        ]
    before = connected.calls("/")
    found = connected.stock().fetch_many([str(number) for number in bundles])
    assert connected.calls("/") - before == 3
    here = str(connected.shop.shop)
    assert [found[str(number)].on_hand[here] for number in bundles[:49]] == list(range(1, 50))


def test_parts_in_the_same_batch_are_not_read_twice(connected: Connected) -> None:
    mug = connected.shop.product(stock=5)
    bundle = _bundle(connected, (mug, 1))
    before = connected.calls("/")
    found = connected.stock().fetch_many([str(mug), str(bundle)])
    assert connected.calls("/") - before == 2
    assert found[str(mug)].on_hand == found[str(bundle)].on_hand


# as a product, and sold


def test_bundle_of_something_counted_is_a_product_that_is_counted(connected: Connected) -> None:
    bundle = _bundle(connected, (connected.shop.product(), 1))
    assert _product(connected, bundle).tracked


@pytest.mark.parametrize(("wish", "level"), [("reserved", (10, 4, 6)), ("shipped", (6, 0, 6))])
def test_parts_of_a_sold_bundle_are_taken_from_stock(
    connected: Connected, wish: str, level: tuple[int, int, int]
) -> None:
    mug = connected.shop.product(stock=10)
    wrapping = connected.shop.product(sku="W", tracked=False)
    bundle = _bundle(connected, (mug, 2), (wrapping, 1))
    order = connected.order(connected.line(bundle), stock=wish)
    done = connected.create(order)
    assert (done.verified, done.taken, done.detail) == (True, True, "")
    assert connected.shop.level(mug) == level
    assert connected.sync_one(order, done.target_id).equal


def test_edited_bundle_takes_the_parts_it_needs_then(connected: Connected) -> None:
    mug, other = connected.shop.product(stock=10), connected.shop.product(sku="O", stock=5)
    line = connected.line(_bundle(connected, (mug, 2)))
    done = connected.create(connected.order(line, stock="reserved"))
    assert connected.shop.level(mug) == (10, 4, 6)
    edited = connected.order(replace(line, quantity=Decimal(3)), stock="reserved")
    changed = connected.sync_one(edited, done.target_id)
    assert (changed.verified, changed.taken) == (True, True)
    assert connected.shop.level(mug) == (10, 6, 4)
    instead = connected.order(connected.line(other, key="ELSE"), stock="reserved")
    changed = connected.sync_one(instead, done.target_id)
    assert (changed.verified, changed.taken) == (True, True)
    assert (connected.shop.level(mug), connected.shop.level(other)) == ((10, 0, 10), (5, 2, 3))
