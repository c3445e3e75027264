"""The simulated Brightpearl keeps payments and contacts as the vendor does."""

from collections.abc import Iterator

import pytest

from tests.contract.brightpearl_account import Account

SALES = "order-service/sales-order"
PAYMENTS = "accounting-service/customer-payment"


@pytest.fixture
def account() -> Iterator[Account]:
    with Account() as account:
        yield account


def _payment(order: int, **changes: object) -> dict[str, object]:
    payment: dict[str, object] = {
        "transactionRef": "PAY-1",
        "paymentMethodCode": "CARD",
        "paymentType": "RECEIPT",
        "orderId": order,
        "currencyIsoCode": "GBP",
        "amountPaid": "5.00",
        "paymentDate": "2026-07-02T11:15:00+01:00",
    }
    return payment | changes


def test_payments_move_the_payment_status(account: Account) -> None:
    order = account.post(SALES, account.sale())
    assert account.order(order)["orderPaymentStatus"] == "UNPAID"
    account.post(PAYMENTS, _payment(order))
    assert account.order(order)["orderPaymentStatus"] == "PARTIALLY_PAID"
    rest = account.post(PAYMENTS, _payment(order, transactionRef="PAY-2", amountPaid=7.0))
    assert account.order(order)["orderPaymentStatus"] == "PAID"
    assert account.call("DELETE", f"{PAYMENTS}/{rest}").json() == {}
    assert account.order(order)["orderPaymentStatus"] == "PARTIALLY_PAID"
    rows = account.search(f"{PAYMENTS}-search", orderId=str(order))
    assert [(row["transactionRef"], row["amountPaid"]) for row in rows] == [("PAY-1", "5.0000")]


def test_transaction_reference_is_taken_once_per_method(account: Account) -> None:
    order = account.post(SALES, account.sale())
    account.post(PAYMENTS, _payment(order))
    assert account.errors("POST", PAYMENTS, _payment(order))[0] == 400
    assert account.post(PAYMENTS, _payment(order, paymentMethodCode="CASH"))


@pytest.mark.parametrize(
    "change",
    [
        {"paymentMethodCode": "COINS"},
        {"paymentType": "GIFT"},
        {"transactionRef": "x" * 65},
        {"orderId": 9_999},
        {"amountPaid": "0"},
        {"paymentDate": None},
    ],
    ids=lambda change: str(change)[:40],
)
def test_wrong_payment_is_refused(account: Account, change: dict[str, object]) -> None:
    order = account.post(SALES, account.sale())
    assert account.errors("POST", PAYMENTS, _payment(order, **change))[0] == 400
    assert account.order(order)["orderPaymentStatus"] == "UNPAID"


def _contact(account: Account, email: str) -> int:
    lines = {"addressLine1": "1 High St", "countryIsoCode": "GBR"}
    address = account.post("contact-service/postal-address", lines)
    body = {
        "firstName": "Ann",
        "lastName": "Example",
        "postAddressIds": {"DEF": address, "BIL": address, "DEL": address},
        "communication": {"emails": {"PRI": {"email": email}}},
    }
    return int(account.post("contact-service/contact", body))


def test_two_contacts_may_share_an_email(account: Account) -> None:
    ids = [_contact(account, "ann@example.com"), _contact(account, "Ann@example.com")]
    rows = account.search("contact-service/contact-search", primaryEmail="ann@EXAMPLE.com")
    assert [row["contactId"] for row in rows] == ids


def test_contact_is_patched_and_found_by_its_new_email(account: Account) -> None:
    contact = _contact(account, "ann@example.com")
    patch = [{"op": "replace", "path": "/communication/emails/PRI/email", "value": "a@b.example"}]
    assert account.call("PATCH", f"contact-service/contact/{contact}", patch).is_success
    assert account.search("contact-service/contact-search", primaryEmail="ann@example.com") == []
    (found,) = account.get(f"contact-service/contact/{contact}")
    assert found["communication"]["emails"]["PRI"]["email"] == "a@b.example"


def test_contact_needs_an_address_and_short_names(account: Account) -> None:
    status, codes = account.errors("POST", "contact-service/contact", {"firstName": "x" * 33})
    assert (status, len(codes)) == (400, 5)
    assert account.errors("GET", "contact-service/contact/99999") == (404, ["CMNC-404"])
