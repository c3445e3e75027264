"""The simulated Brightpearl keeps sales credits, their goods and contacts as the vendor does."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.brightpearl_account import Account

CREDITS = "order-service/sales-credit"
SALES = "order-service/sales-order"
PAYMENTS = "accounting-service/customer-payment"


@pytest.fixture
def account() -> Iterator[Account]:
    with Account() as account:
        yield account


def test_credit_is_an_order_of_its_own_type_with_a_parent(account: Account) -> None:
    order = account.post(SALES, account.sale())
    credit = account.post(CREDITS, account.sale(parentId=str(order), externalRef="R-1"))
    there = account.order(credit)
    assert (there["orderTypeCode"], there["parentOrderId"]) == ("SC", order)
    assert there["totalValue"]["total"] == "12.0000"
    assert there["shippingStatusCode"] == "NST"
    rows = account.search("order-service/order-search", parentOrderId=str(order))
    assert [(row["orderId"], row["orderTypeId"]) for row in rows] == [(credit, 3)]
    assert [row["salesOrderId"] for row in account.search("order-service/sales-order-search")] == [
        order
    ]


@pytest.mark.parametrize("parent", [9_999, "x", "credit"])
def test_parent_must_be_an_order(account: Account, parent: object) -> None:
    if parent == "credit":
        parent = account.post(CREDITS, account.sale())
    assert account.errors("POST", CREDITS, account.sale(parentId=parent))[0] == 400


def test_pair_of_references_is_unique_among_credits_only(account: Account) -> None:
    pair = {"externalRef": "X-1", "installedIntegrationInstanceId": 77}
    account.post(SALES, account.sale(**pair))
    credit = account.post(CREDITS, account.sale(**pair))
    assert account.call("POST", CREDITS, account.sale(**pair)).json() == {}
    account.simulator.world.behaviour.repeat_answers_id = True
    assert account.post(CREDITS, account.sale(**pair)) == credit
    assert len(account.search("order-service/order-search", externalRef="X-1")) == 2


def test_credits_are_read_by_a_call_of_their_own_in_part(account: Account) -> None:
    order = account.post(SALES, account.sale())
    credit = account.post(CREDITS, account.sale(parentId=order))
    (found,) = account.get(f"{CREDITS}/{credit}")
    assert (found["parentId"], found["total"]["gross"]) == (order, "12.0000")
    assert found["rows"][0]["net"] == "10.0000"
    answer = account.call("GET", f"{CREDITS}/{order},{credit}")
    assert answer.status_code == 207
    assert [one["id"] for one in answer.json()["response"]] == [credit]
    assert [one["code"] for one in answer.json()["errors"]] == ["CMNC-404"]
    assert account.get(f"{CREDITS}/{order}") == []


def test_money_out_pays_a_credit(account: Account) -> None:
    credit = account.post(CREDITS, account.sale())
    payment = {
        "paymentMethodCode": "CARD",
        "paymentType": "PAYMENT",
        "orderId": credit,
        "currencyIsoCode": "GBP",
        "amountPaid": "5.00",
        "paymentDate": "2026-07-02T11:15:00+01:00",
    }
    account.post(PAYMENTS, payment)
    assert account.order(credit)["orderPaymentStatus"] == "PARTIALLY_PAID"
    account.post(PAYMENTS, payment | {"amountPaid": "7.00"})
    assert account.order(credit)["orderPaymentStatus"] == "PAID"


def test_closed_credit_is_invoiced_and_cannot_change(account: Account) -> None:
    order = account.post(SALES, account.sale())
    credit = account.post(CREDITS, account.sale())
    assert account.errors("POST", f"{CREDITS}/{order}/close") == (404, ["CMNC-404"])
    assert account.call("POST", f"{CREDITS}/{credit}/close").json() == {}
    there = account.order(credit)
    assert there["invoices"][0]["invoiceReference"] == "SC-1"
    row = next(iter(there["orderRows"]))
    assert account.errors("DELETE", f"order-service/order/{credit}/row/{row}")[0] == 400


def _credit_of(account: Account, product: int, quantity: int = 2) -> tuple[int, int]:
    row = {
        "productId": product,
        "quantity": str(quantity),
        "taxCode": "T20",
        "net": "10.00",
        "tax": "2.00",
    }
    credit = account.post(CREDITS, account.sale(rows=[row]))
    return credit, int(next(iter(account.order(credit)["orderRows"])))


def _note(account: Account, product: int, row: int, **changes: Any) -> dict[str, Any]:
    moved = {
        "productId": product,
        "purchaseOrderRowId": row,
        "quantity": changes.pop("quantity", 2),
        "destinationLocationId": account.shop,
        "productValue": {"currency": "GBP", "value": "4.10"},
    }
    note = {"transfer": False, "warehouseId": account.shop, "goodsMoved": [moved]}
    return note | changes


def test_goods_in_note_brings_stock_back_once_per_reference(account: Account) -> None:
    product = account.product(stock=10)
    credit, row = _credit_of(account, product, 4)
    there = account.order(credit)
    assert (there["shippingStatusCode"], there["allocationStatusCode"]) == ("NST", "ANR")
    path = f"warehouse-service/order/{credit}/goods-note/goods-in"
    note = account.post(path, _note(account, product, row, userBatchReference="B-1"))
    assert account.level(product) == (12, 0, 12)
    again = account.errors("POST", path, _note(account, product, row, userBatchReference="B-1"))
    assert again[0] == 400
    found = account.get(path)
    assert list(found) == [str(note)]
    assert found[str(note)]["orderId"] == credit
    assert account.get(f"{path}/{note + 1}") == {}
    assert account.level(product) == (12, 0, 12)


@pytest.mark.parametrize(
    "change",
    [
        {"quantity": 3},
        {"quantity": 0},
        {"warehouseId": 99},
        {"goodsMoved": []},
        {"row": 1},
        {"other": True},
    ],
    ids=lambda change: str(change),
)
def test_wrong_goods_in_note_moves_nothing(account: Account, change: dict[str, Any]) -> None:
    product, other = account.product(stock=10), account.product(stock=10, sku="OTHER")
    credit, row = _credit_of(account, product)
    moved = other if change.pop("other", False) else product
    note = _note(account, moved, change.pop("row", row), **change)
    path = f"warehouse-service/order/{credit}/goods-note/goods-in"
    assert account.errors("POST", path, note)[0] == 400
    assert account.level(product) == account.level(other) == (10, 0, 10)


def test_contact_search_finds_texts_that_contain_the_email(account: Account) -> None:
    short = account.simulator.add_contact("Ann", "A", email="ann@example.com")
    long = account.simulator.add_contact("Jo", "B", email="JoAnn@example.com")
    account.simulator.world.contacts.by_id[long].role = "supplier"
    rows = account.search("contact-service/contact-search", primaryEmail="Ann@example.com")
    assert [(row["contactId"], row["isSupplier"]) for row in rows] == [
        (short, False),
        (long, True),
    ]


def test_contact_patch_adds_what_is_missing_and_replaces_what_is_there(account: Account) -> None:
    contact = account.simulator.add_contact("Ann", "A", email="ann@example.com")
    path = f"contact-service/contact/{contact}"
    phone = {"path": "/communication/telephones/PRI", "value": "1"}
    assert account.errors("PATCH", path, [phone | {"op": "replace"}])[0] == 400
    assert account.call("PATCH", path, [phone | {"op": "add"}]).is_success
    changed = account.call("PATCH", path, [phone | {"op": "replace", "value": "2"}]).json()
    assert changed["response"]["communication"]["telephones"] == {"PRI": "2"}


def test_address_belongs_to_one_contact(account: Account) -> None:
    first = account.simulator.add_contact("Ann", "A")
    second = account.simulator.add_contact("Bob", "B")
    lines = {"addressLine1": "1 High St", "countryIsoCode": "GBR"}
    address = account.post("contact-service/postal-address", lines)
    body = [{"postalAddressId": address, "type": "DEF"}]
    path = "contact-service/contact/{}/postal-address"
    assert account.call("PUT", path.format(first), body).json() == {}
    there = account.get(f"contact-service/contact/{first}")[0]
    assert there["postalAddresses"][str(address)]["addressLine1"] == "1 High St"
    assert account.errors("PUT", path.format(second), body)[0] == 400
    wrong = [{"postalAddressId": address, "type": "HOME"}]
    assert account.errors("PUT", path.format(first), wrong)[0] == 400
