"""Goods of a refund come back into Brightpearl's stock by one goods-in note, or not at all."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from chalicelib.domain.reasons import Reason
from chalicelib.domain.records import SalesCredit
from chalicelib.domain.statuses import Outcome
from tests.contract.brightpearl_connection import Connected, connect, reason_of
from tests.contract.brightpearl_refunds import create_credit, refund_of, sync_refund


@pytest.fixture
def connected() -> Iterator[Connected]:
    with connect() as found:
        yield found


def refund(connected: Connected, product: int, **changes: object) -> SalesCredit:
    return refund_of(connected, connected.line(product, key="BACK-1"), restock=True, **changes)


def test_goods_come_back_once_at_what_they_cost(connected: Connected) -> None:
    product = connected.shop.product(stock=10, price={"COST": "4.10", "RETAIL": "12.00"})
    wanted = refund(connected, product)
    done = create_credit(connected, wanted)
    assert connected.shop.level(product) == (12, 0, 12)
    path = f"warehouse-service/order/{done.target_id}/goods-note/goods-in"
    ((note,),) = (connected.shop.get(path).values(),)
    assert note["userBatchReference"] == f"credit-{done.target_id}"
    assert note["goodsMoved"][0]["productValue"]["value"] == "4.1000"
    assert sync_refund(connected, wanted, target_id=done.target_id).equal
    assert connected.shop.level(product) == (12, 0, 12)


def test_goods_that_do_not_come_back_leave_the_stock_alone(connected: Connected) -> None:
    product = connected.shop.product(stock=10, price={"COST": "4.10"})
    line = connected.line(product, key="BACK-1")
    create_credit(connected, refund_of(connected, line, restock=False))
    assert connected.shop.level(product) == (10, 0, 10)


def test_goods_without_a_cost_are_told_and_not_valued_by_guess(connected: Connected) -> None:
    product = connected.shop.product(stock=10, price={"RETAIL": "12.00"})
    done = create_credit(connected, refund(connected, product))
    assert f"product {product} has no price in a buying list" in done.detail
    assert connected.shop.level(product) == (10, 0, 10)
    connected.simulator.edit_product(product, price={"COST": "4.10"})
    mended = sync_refund(connected, refund(connected, product), target_id=done.target_id)
    assert (mended.outcome, mended.detail) == (Outcome.UPDATED, "")
    assert connected.shop.level(product) == (12, 0, 12)


def test_note_whose_answer_was_lost_is_not_written_twice(connected: Connected) -> None:
    product = connected.shop.product(stock=10, price={"COST": "4.10"})
    connected.simulator.fail_next(mode="drop_after", path="goods-in", method="POST")
    failure = sync_refund(connected, refund(connected, product))
    assert reason_of(failure) is Reason.OUTCOME_UNKNOWN
    assert sync_refund(connected, refund(connected, product), unclear=True).equal
    assert connected.shop.level(product) == (12, 0, 12)


def test_goods_in_note_of_an_old_credit_is_not_doubled_nor_complained_about() -> None:
    with connect(settings={"installation_instance_id": "77"}) as connected:
        product = connected.shop.product(stock=10, price={"COST": "4.10"})
        wanted = refund(connected, product)
        create_credit(connected, wanted)
        empty = connected.shop.call("GET", "order-service/order-search?externalRef=none")
        connected.simulator.fail_next(200, path="order-search", body=empty.json())
        again = sync_refund(connected, wanted)
        assert (again.verified, again.detail) == (True, "")
        assert connected.shop.level(product) == (12, 0, 12)


def test_goods_that_people_received_are_not_received_again(connected: Connected) -> None:
    product = connected.shop.product(stock=10, price={"COST": "4.10"})
    line = connected.line(product, key="BACK-1")
    done = create_credit(connected, refund_of(connected, line))
    row = next(iter(connected.there(done.target_id)["orderRows"]))
    moved = {
        "productId": product,
        "purchaseOrderRowId": int(row),
        "quantity": 2,
        "destinationLocationId": connected.shop.shop,
        "productValue": {"currency": "GBP", "value": "4.10"},
    }
    body = {"transfer": False, "warehouseId": connected.shop.shop, "goodsMoved": [moved]}
    connected.shop.post(f"warehouse-service/order/{done.target_id}/goods-note/goods-in", body)
    assert sync_refund(connected, refund(connected, product), target_id=done.target_id).equal
    assert connected.shop.level(product) == (12, 0, 12)


def test_cancelled_note_does_not_count(connected: Connected) -> None:
    product = connected.shop.product(stock=10, price={"COST": "4.10"})
    done = create_credit(
        connected, refund_of(connected, connected.line(product, key="BACK-1"), restock=False)
    )
    note = {"orderId": int(done.target_id), "goodsNoteStatus": "CANCELLED"}
    connected.simulator.fail_next(200, path="goods-in", body={"response": {"1": note}})
    sync_refund(connected, refund(connected, product), target_id=done.target_id)
    assert connected.shop.level(product) == (12, 0, 12)


def test_parts_of_a_bundle_come_back_and_its_own_row_does_not(connected: Connected) -> None:
    mug = connected.shop.product(stock=10, price={"COST": "4.10"})
    pair = connected.shop.product(name="Pair", sku="PAIR", stock=0, components=[(mug, 2)])
    line = connected.line(pair, key="BACK-1", quantity=Decimal(1))
    wanted = refund_of(connected, line, restock=True)
    done = create_credit(connected, wanted)
    assert (done.verified, done.detail) == (True, "")
    assert connected.shop.level(mug) == (12, 0, 12)
    assert sync_refund(connected, wanted, target_id=done.target_id).equal


def test_untracked_product_and_free_text_have_no_goods(connected: Connected) -> None:
    product = connected.shop.product(stock=0, tracked=False)
    lines = (connected.line(product, key="BACK-1"), connected.line(key="BACK-2"))
    done = create_credit(connected, refund_of(connected, *lines, restock=True))
    assert (done.outcome, done.detail) == (Outcome.CREATED, "")
    assert connected.calls("goods-in", "POST") == 0


def test_part_of_a_piece_is_refused(connected: Connected) -> None:
    product = connected.shop.product(stock=10)
    half = connected.line(product, key="BACK-1", quantity=Decimal("0.5"))
    assert reason_of(sync_refund(connected, refund_of(connected, half))) is Reason.UNSUPPORTED


def test_refund_of_fewer_pieces_than_came_back_is_a_conflict(connected: Connected) -> None:
    product = connected.shop.product(stock=10, price={"COST": "4.10"})
    done = create_credit(connected, refund(connected, product))
    fewer = connected.line(product, key="BACK-1", quantity=Decimal(1))
    failure = sync_refund(
        connected, refund_of(connected, fewer, restock=True), target_id=done.target_id
    )
    assert reason_of(failure) is Reason.CONFLICT
    assert "came back into stock" in failure.detail


def test_refusal_of_the_note_is_told_and_the_credit_is_kept(connected: Connected) -> None:
    product = connected.shop.product(stock=10, price={"COST": "4.10"})
    connected.simulator.fail_next(400, path="goods-in", method="POST")
    done = create_credit(connected, refund(connected, product))
    assert done.detail.startswith("No goods were put back into stock.")
    assert done.verified
