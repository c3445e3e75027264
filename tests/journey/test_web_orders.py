"""Orders of the web shop at the ERP: what they hold, and their statuses both ways."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from local.platforms.woocommerce.world import Coupon
from tests.journey.books import Books, amount
from tests.journey.house import keeping_house, wait_until
from tests.journey.web import FLOWS, WebShop

ORDERS = FLOWS["order"]


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebShop]:
    """A merchant with a web shop that sells mugs and bowls."""
    folder: Path = tmp_path_factory.mktemp("web")
    with keeping_house(folder, shops=("woocommerce",)) as house:
        shop = WebShop(house=house)
        shop.offer("Mug", "MUG-1", price={"RETAIL": "12.00"}, stock=500)
        shop.offer("Bowl", "BOWL-1", price={"RETAIL": "30.00"}, stock=500)
        yield shop


@pytest.fixture
def books(web: WebShop) -> Books:
    """The merchant's ERP."""
    return web.books


def test_order_holds_lines_shipping_fees_taxes_and_the_payment(web: WebShop, books: Books) -> None:
    with web.shop.lock:
        web.shop.world.coupons["ten"] = Coupon(code="ten", kind="percent", amount=Decimal(10))
    order, row = web.bought(
        "MUG-1",
        "BOWL-1",
        coupon_lines=[{"code": "ten"}],
        shipping_lines=[{"method_id": "flat_rate", "method_title": "Post", "total": "5.00"}],
        fee_lines=[{"name": "Gift wrap", "total": "2.50"}],
    )

    shown = web.order(order)
    assert shown["total"] == "46.80"
    assert row["columns"]["order_id"] == str(order)
    assert row["columns"]["total"] == {"amount": "46.80", "currency": "GBP"}
    assert books.total(row) == Decimal("46.80")
    assert books.amounts(row) == {
        "Mug": (Decimal("9.00"), Decimal("1.80")),
        "Bowl": (Decimal("22.50"), Decimal("4.50")),
        "Post": (Decimal("5.00"), Decimal("1.00")),
        "Gift wrap": (Decimal("2.50"), Decimal("0.50")),
    }
    assert books.order(row)["externalRef"] == str(order)
    payments = [(method, amount(paid)) for _, method, paid in web.house.payments(row)]
    assert payments == [("CARD", Decimal("46.80"))]
    assert books.contacts("ada@example.org") == [books.contact_of(row)]


def test_gift_card_that_was_used_is_a_payment_of_its_own(web: WebShop, books: Books) -> None:
    web.house.map(ORDERS, "payment_method", gift_card="GIFT_CARD")
    order = web.buy("BOWL-1", status="pending")
    with web.shop.lock:
        web.shop.orders.use_gift_card(order, "XYZ", Decimal("10.00"))
    web.shop.set_order_status(order, "processing")

    row = web.wait_for(
        "order", order, "Synced", fits=lambda row: row["outcome"] != "not_applicable"
    )

    payments = {(method, amount(paid)) for _, method, paid in web.house.payments(row)}
    assert web.order(order)["total"] == "20.00"
    assert books.total(row) == Decimal("30.00")
    assert payments == {("CARD", Decimal("20.00")), ("GIFT_CARD", Decimal("10.00"))}


def test_order_is_processing_while_the_erp_is_slow(web: WebShop) -> None:
    web.house.vendors.brightpearl.fail_next(
        mode="slow", delay_s=1.5, path="sales-order", method="POST"
    )
    order = web.buy("MUG-1")

    web.wait_for("order", order, "Processing", "sending")

    web.wait_for("order", order, "Synced")


def test_cancelled_in_the_shop_is_cancelled_at_the_erp(web: WebShop, books: Books) -> None:
    order, row = web.bought("MUG-1")
    assert books.status_of(row) == "New order"

    web.shop.set_order_status(order, "cancelled")

    wait_until(lambda: books.status_of(row) == "Cancelled", "a cancelled sales order")
    after = web.wait_for(
        "order", order, "Synced", fits=lambda one: one["updated_at"] > row["updated_at"]
    )
    assert after["received_at"] == row["received_at"]
    assert web.house.payments(row) == []


def test_status_changed_at_the_erp_follows_in_the_shop(web: WebShop, books: Books) -> None:
    order, row = web.bought("MUG-1")

    books.set_status(row, "Completed")

    wait_until(lambda: web.order(order)["status"] == "completed", "a completed order")
    after = web.wait_for(
        "order", order, "Synced", fits=lambda one: one["updated_at"] > row["updated_at"]
    )
    assert after["received_at"] == row["received_at"]
    web.house.settle()
    assert books.status_of(row) == "Completed"


def test_cancelled_at_the_erp_is_cancelled_in_the_shop(web: WebShop, books: Books) -> None:
    order, row = web.bought("MUG-1")

    books.set_status(row, "Cancelled")

    wait_until(lambda: web.order(order)["status"] == "cancelled", "a cancelled order")
    web.house.settle()
    web.wait_for("order", order, "Synced")
    assert books.status_of(row) == "Cancelled"


def test_status_without_a_counterpart_changes_nothing_and_says_so(
    web: WebShop, books: Books
) -> None:
    order, row = web.bought("MUG-1")

    books.set_status(row, "Paid")

    def notes() -> list[str]:
        return [one["detail"] for one in web.house.detail(row)["attempts"]]

    wait_until(lambda: any("no counterpart" in text for text in notes()), "a note about it")
    web.wait_for("order", order, "Synced")
    assert web.order(order)["status"] == "processing"
    assert books.status_of(row) == "Paid"


def test_status_of_a_plugin_without_a_counterpart_changes_nothing_at_the_erp(
    web: WebShop, books: Books
) -> None:
    with web.shop.lock:
        web.shop.world.custom_statuses.append("being-engraved")
    order, row = web.bought("MUG-1")

    web.shop.set_order_status(order, "being-engraved")

    def notes() -> list[str]:
        return [one["detail"] for one in web.house.detail(row)["attempts"]]

    wait_until(lambda: any("being-engraved" in text for text in notes()), "a note about it")
    web.wait_for("order", order, "Synced")
    assert books.status_of(row) == "New order"


def test_unmapped_tax_holds_the_order_until_it_is_mapped(web: WebShop, books: Books) -> None:
    path = f"{web.house.base}/mappings/{ORDERS}/tax"
    web.house.api.put(path, {"entries": {}, "default": None})
    order = web.buy("MUG-1")
    held = web.wait_for("order", order, "Pending", "needs_mapping")
    assert "VAT" in held["sentence"]
    assert held["columns"]["total"] == {"amount": "12.00", "currency": "GBP"}
    assert books.orders(str(order)) == []

    web.house.map(ORDERS, "tax", VAT="T20")

    web.wait_for("order", order, "Synced")
    web.house.api.put(path, {"entries": {}, "default": "T20"})


def test_unpaid_order_waits_and_is_exported_once_it_is_paid(web: WebShop, books: Books) -> None:
    order = web.buy("MUG-1", status="on-hold")
    waiting = web.wait_for(
        "order", order, "Synced", fits=lambda row: row["outcome"] == "not_applicable"
    )
    assert waiting["verified"] is False
    assert books.orders(str(order)) == []

    web.shop.set_order_status(order, "processing")

    row = web.wait_for(
        "order", order, "Synced", fits=lambda row: row["outcome"] != "not_applicable"
    )
    assert books.orders(str(order)) == [int(row["columns"]["target_order_id"])]


def test_order_whose_webhook_was_lost_is_found_by_the_poll(web: WebShop, books: Books) -> None:
    web.shop.sender.configure(lose_next=2)
    order = web.buy("MUG-1")

    web.house.poll_now(ORDERS)

    web.wait_for("order", order, "Synced")
    assert len(books.orders(str(order))) == 1


def test_order_in_another_currency_keeps_it(web: WebShop, books: Books) -> None:
    order = web.buy("MUG-1", currency="EUR")

    row = web.wait_for("order", order, "Synced")

    assert row["columns"]["total"] == {"amount": "12.00", "currency": "EUR"}
    assert books.order(row)["currency"]["orderCurrencyCode"] == "EUR"


def test_order_in_the_bin_is_cancelled_at_the_erp(web: WebShop, books: Books) -> None:
    order, row = web.bought("MUG-1")

    with web.shop.lock:
        web.shop.orders.delete(order, force=False)

    wait_until(lambda: books.status_of(row) == "Cancelled", "a cancelled sales order")
    web.wait_for("order", order, "Synced")


def test_of_two_changes_at_once_the_shops_counts(web: WebShop, books: Books) -> None:
    order, row = web.bought("MUG-1")
    web.house.settle()
    brightpearl = web.house.vendors.brightpearl
    brightpearl.sender.configure(lose_next=9)
    brightpearl.best_effort_sender.configure(lose_next=9)
    books.set_status(row, "Cancelled")
    brightpearl.sender.configure(lose_next=0)
    brightpearl.best_effort_sender.configure(lose_next=0)

    web.shop.set_order_status(order, "completed")

    wait_until(lambda: books.status_of(row) == "Completed", "the shop's status at the ERP")
    web.house.settle()
    assert (books.status_of(row), web.order(order)["status"]) == ("Completed", "completed")


def test_order_changed_after_it_was_paid_is_a_conflict_with_both_amounts(
    web: WebShop, books: Books
) -> None:
    order, row = web.bought("MUG-1")
    line = web.order(order)["line_items"][0]["id"]

    with web.shop.lock:
        more = {"id": line, "quantity": 2, "subtotal": "20.00", "total": "20.00"}
        web.shop.orders.update(order, {"line_items": [more]})

    failed = web.wait_for("order", order, "Failed", "conflict")
    assert "12.00 GBP" in failed["sentence"]
    assert "24.00 GBP" in failed["sentence"]
    assert books.total(row) == Decimal("12.00")
