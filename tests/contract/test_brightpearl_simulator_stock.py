"""The simulated Brightpearl takes stock as the vendor does: reserves, sends out, corrects."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.brightpearl_account import Account


@pytest.fixture
def account() -> Iterator[Account]:
    with Account() as account:
        yield account


def _products(row: int, product: int, quantity: int) -> list[dict[str, int]]:
    return [{"productId": product, "salesOrderRowId": row, "quantity": quantity}]


def _reserve(account: Account, order: int, row: int, product: int, quantity: int = 2) -> Any:
    path = f"warehouse-service/order/{order}/reservation/warehouse/{account.shop}"
    return account.call("POST", path, {"products": _products(row, product, quantity)})


def _send_out(account: Account, order: int, row: int, product: int, quantity: int = 2) -> int:
    warehouse = {"warehouseId": account.shop, "products": _products(row, product, quantity)}
    path = f"warehouse-service/order/{order}/goods-note/goods-out"
    (note,) = account.post(path, {"warehouses": [warehouse], "priority": False})
    return int(note)


SHIPPED = {"events": [{"eventCode": "SHW", "occured": "2026-07-02T10:15:00.000Z"}]}


def test_reservation_takes_from_on_hand_and_leaves_in_stock(account: Account) -> None:
    product = account.product(stock=10)
    order, row = account.order_of(product)
    assert account.order(order)["allocationStatusCode"] == "ANA"
    assert _reserve(account, order, row, product).json() == {}
    assert account.level(product) == (10, 2, 8)
    assert account.order(order)["allocationStatusCode"] == "AAA"
    assert _reserve(account, order, row, product).status_code == 400
    account.call("DELETE", f"warehouse-service/order/{order}/reservation")
    assert account.level(product) == (10, 0, 10)


def test_reservation_takes_what_there_is_and_fails_when_there_is_nothing(account: Account) -> None:
    product = account.product(stock=3)
    first, second, third = (account.order_of(product) for _ in range(3))
    assert _reserve(account, *first, product).is_success
    assert _reserve(account, *second, product).is_success
    assert account.level(product) == (3, 3, 0)
    assert account.order(second[0])["allocationStatusCode"] == "APA"
    assert _reserve(account, *third, product).status_code == 400


@pytest.mark.parametrize("quantity", [0, 3])
def test_reservation_of_a_wrong_quantity_is_refused(account: Account, quantity: int) -> None:
    product = account.product()
    order, row = account.order_of(product, 2)
    assert _reserve(account, order, row, product, quantity).status_code == 400
    assert account.level(product)[1] == 0


def test_unknown_product_in_a_reservation_has_its_code(account: Account) -> None:
    order, row = account.order_of(account.product())
    assert _reserve(account, order, row, 0).json()["errors"][0]["code"] == "WHSC-014"


def test_shipping_lowers_in_stock_and_completes_the_order(account: Account) -> None:
    product = account.product(stock=10)
    order, row = account.order_of(product)
    _reserve(account, order, row, product)
    note = _send_out(account, order, row, product)
    assert account.level(product) == (10, 2, 8)
    assert account.order(order)["shippingStatusCode"] == "SNS"
    account.post(f"warehouse-service/goods-note/goods-out/{note}/event", SHIPPED)
    assert account.level(product) == (8, 0, 8)
    assert account.order(order)["shippingStatusCode"] == "ASS"
    found = account.get(f"warehouse-service/order/*/goods-note/goods-out/{note}")[str(note)]
    assert (found["orderId"], found["status"]["shipped"]) == (order, True)
    assert [e["eventCode"] for e in found["events"]] == ["PRI", "PIC", "PAC", "SHW"]


def test_nothing_follows_the_shipping_of_a_note(account: Account) -> None:
    product = account.product()
    note = _send_out(account, *account.order_of(product), product)
    path = f"warehouse-service/goods-note/goods-out/{note}/event"
    account.post(path, SHIPPED)
    level = account.level(product)
    assert account.errors("POST", path, SHIPPED)[0] == 400
    assert account.level(product) == level


def test_event_for_an_older_version_of_the_note_is_refused(account: Account) -> None:
    product = account.product()
    note = _send_out(account, *account.order_of(product), product)
    path = f"warehouse-service/goods-note/goods-out/{note}/event"
    stale = account.call("POST", path, SHIPPED, headers={"If-Match": "0"})
    assert stale.status_code == 412
    assert account.call("POST", path, SHIPPED, headers={"If-Match": "1"}).is_success


def test_goods_out_needs_stock_and_open_pieces(account: Account) -> None:
    product = account.product(stock=1)
    order, row = account.order_of(product, 2)
    path = f"warehouse-service/order/{order}/goods-note/goods-out"
    part = {"warehouseId": account.shop, "products": _products(row, product, 2)}
    assert account.errors("POST", path, {"warehouses": [part]})[0] == 400
    account.simulator.set_stock(product, account.shop, 9)
    note = _send_out(account, order, row, product, 2)
    assert account.errors("POST", path, {"warehouses": [part]})[0] == 400
    assert account.call("DELETE", f"{path}/{note}").json() == {}
    assert account.level(product) == (9, 0, 9)


def test_stock_correction_is_applied_each_time_it_is_sent(account: Account) -> None:
    product = account.product(stock=10)
    path = f"warehouse-service/warehouse/{account.shop}/stock-correction"
    body = {"corrections": [{"productId": product, "quantity": -2, "reason": "Count"}]}
    account.post(path, body)
    account.post(path, body)
    assert account.level(product)[0] == 6


def test_cancelling_gives_reserved_stock_back(account: Account) -> None:
    product = account.product(stock=10)
    order, row = account.order_of(product)
    _reserve(account, order, row, product)
    status = {"orderStatusId": account.merchant.statuses["Cancelled"], "orderNote": {"text": "x"}}
    assert account.call("PUT", f"order-service/order/{order}/status", status).json() == {}
    assert account.order(order)["orderStatus"]["name"] == "Cancelled"
    assert account.level(product) == (10, 0, 10)
    assert len(account.get(f"order-service/order/{order}/note")) == 1


def test_order_with_a_payment_or_a_note_is_not_cancelled(account: Account) -> None:
    product = account.product()
    paid, (sent, row) = (
        account.post("order-service/sales-order", account.sale()),
        account.order_of(product),
    )
    payment = {
        "paymentMethodCode": "CARD",
        "paymentType": "RECEIPT",
        "orderId": paid,
        "currencyIsoCode": "GBP",
        "amountPaid": "5.00",
        "paymentDate": "2026-07-02T10:15:00.000Z",
    }
    account.post("accounting-service/customer-payment", payment)
    _send_out(account, sent, row, product)
    cancelled = {"orderStatusId": account.merchant.statuses["Cancelled"]}
    for order in (paid, sent):
        assert account.errors("PUT", f"order-service/order/{order}/status", cancelled)[0] == 400
