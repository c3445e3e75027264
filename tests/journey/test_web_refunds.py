"""Money given back in the web shop: one sales credit each, and no money moved by us."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from tests.journey.books import Books
from tests.journey.house import keeping_house
from tests.journey.web import FLOWS, WebShop

ORDERS, REFUNDS = FLOWS["order"], FLOWS["refund"]


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebShop]:
    """A merchant with a web shop that sells mugs."""
    with keeping_house(tmp_path_factory.mktemp("web"), shops=("woocommerce",)) as house:
        shop = WebShop(house=house)
        shop.offer("Mug", "MUG-1", price={"RETAIL": "12.00", "COST": "4.00"}, stock=500)
        yield shop
        assert shop.money_moved() == []


@pytest.fixture
def books(web: WebShop) -> Books:
    """The merchant's ERP."""
    return web.books


def test_part_of_an_order_is_a_credit_of_its_sales_order(web: WebShop, books: Books) -> None:
    order, row = web.bought("MUG-1", quantity=3)

    refund = web.refund(order, pieces=2)
    shown = web.wait_for("refund", refund, "Synced")

    credit = books.credit(shown)
    assert str(credit["parentId"]) == row["columns"]["target_order_id"]
    assert books.credit_total(shown) == Decimal("24.00")
    assert [Decimal(one["quantity"]) for one in credit["rows"]] == [Decimal(2)]
    assert shown["columns"]["refund_id"] == str(refund)
    assert shown["columns"]["order_id"] == str(order)
    assert shown["columns"]["target_order_id"] == row["columns"]["target_order_id"]
    assert shown["columns"]["total"] == {"amount": "24.00", "currency": "GBP"}
    assert [Decimal(paid[2]) for paid in books.paid_back(shown)] == [Decimal("24.00")]


def test_whole_order_and_its_shipping_are_given_back(web: WebShop, books: Books) -> None:
    order, row = web.bought(
        "MUG-1",
        shipping_lines=[{"method_id": "flat_rate", "method_title": "Post", "total": "5.00"}],
    )
    lines = [
        {
            "id": one["id"],
            "quantity": one.get("quantity", 0),
            "refund_total": one["total"],
            "refund_tax": [{"id": t["id"], "refund_total": t["total"]} for t in one["taxes"]],
        }
        for kind in ("line_items", "shipping_lines")
        for one in web.order(order)[kind]
    ]

    refund = web.shop.refund(order, line_items=lines)

    shown = web.wait_for("refund", refund, "Synced")
    assert books.credit_total(shown) == Decimal("18.00")
    assert web.order(order)["status"] == "refunded"
    web.wait_for("order", order, "Synced")
    assert books.total(row) == Decimal("18.00")


def test_money_without_goods_is_a_credit_too(web: WebShop, books: Books) -> None:
    order, _ = web.bought("MUG-1")

    refund = web.shop.refund(order, amount="2.50", reason="Scratched.")

    shown = web.wait_for("refund", refund, "Synced")
    assert books.credit_total(shown) == Decimal("2.50")
    assert all("productId" not in one for one in books.credit(shown)["rows"])


def test_returned_goods_are_on_every_shelf_again(web: WebShop) -> None:
    product = web.offer("Jug", "JUG-1", price={"RETAIL": "12.00", "COST": "4.00"}, stock=9)
    order, _ = web.bought("JUG-1", quantity=3)
    web.house.settle()
    assert (web.in_stock("JUG-1"), web.house.on_hand(product)) == (6, 6)

    refund = web.refund(order, pieces=3)

    web.wait_for("refund", refund, "Synced")
    web.house.settle()
    assert (web.in_stock("JUG-1"), web.house.on_hand(product)) == (9, 9)


def test_goods_the_erp_cannot_value_are_credited_and_the_row_says_what_to_do(
    web: WebShop, books: Books
) -> None:
    web.offer("Heirloom", "HEIR-1", price={"RETAIL": "12.00"}, stock=5)
    order, _ = web.bought("HEIR-1")

    refund = web.refund(order)

    row = web.wait_for("refund", refund, "Synced")
    assert books.credit_total(row) == Decimal("12.00")
    told = web.house.detail(row)["attempts"][0]["detail"]
    assert "No goods were put back into stock" in told
    assert "Receive the credit" in told


def test_webhook_five_times_and_resyncs_make_one_credit(web: WebShop, books: Books) -> None:
    order, _ = web.bought("MUG-1")
    before = len(books.credits())
    web.shop.sender.configure(duplicates=5)
    refund = web.refund(order)
    row = web.wait_for("refund", refund, "Synced")
    web.shop.sender.configure(duplicates=1)

    for _ in range(2):
        web.house.resync(row)
        row = web.wait_for(
            "refund", refund, "Synced", fits=lambda one, n=row["attempts"]: one["attempts"] > n
        )

    web.house.settle()
    assert len(books.credits()) == before + 1
    assert len(books.paid_back(row)) == 1


def test_refund_waits_for_its_order_and_syncs_by_itself(web: WebShop, books: Books) -> None:
    web.house.vendors.brightpearl.fail_next(400, times=9, path="sales-order", method="POST")
    order = web.buy("MUG-1")
    failed = web.wait_for("order", order, "Failed", "rejected_by_target")

    refund = web.refund(order)
    held = web.wait_for("refund", refund, "Pending", "needs_record")
    assert str(order) in held["sentence"]
    assert held["columns"]["credit_id"] is None

    web.house.vendors.brightpearl.clear_faults()
    web.house.resync(failed)

    row = web.wait_for("order", order, "Synced")
    shown = web.wait_for("refund", refund, "Synced")
    assert str(books.credit(shown)["parentId"]) == row["columns"]["target_order_id"]


def test_refund_that_no_webhook_told_of_is_found_by_the_poll(web: WebShop, books: Books) -> None:
    order, _ = web.bought("MUG-1")
    web.house.settle()
    web.shop.sender.configure(lose_next=5)
    refund = web.refund(order)
    web.shop.sender.configure(lose_next=0)
    assert web.house.row("refund", refund) is None

    web.house.poll_now(REFUNDS)

    shown = web.wait_for("refund", refund, "Synced")
    assert books.credit_total(shown) == Decimal("12.00")


def test_refund_of_an_order_that_both_webhooks_lost_is_held_until_a_poll(
    web: WebShop, books: Books
) -> None:
    web.shop.sender.configure(lose_next=10)
    order = web.buy("MUG-1")
    refund = web.refund(order)
    web.shop.sender.configure(lose_next=0)

    web.house.poll_now(REFUNDS)
    held = web.wait_for("refund", refund, "Pending", "needs_record")
    assert str(order) in held["sentence"]
    web.house.poll_now(ORDERS)

    web.wait_for("order", order, "Synced")
    shown = web.wait_for("refund", refund, "Synced")
    assert books.credit(shown)["parentId"]


def test_more_pieces_than_were_sold_are_not_credited_quietly(web: WebShop, books: Books) -> None:
    order, _ = web.bought("MUG-1")
    line = web.order(order)["line_items"][0]
    asked = {
        "id": line["id"],
        "quantity": 3,
        "refund_total": line["total"],
        "refund_tax": [{"id": tax["id"], "refund_total": tax["total"]} for tax in line["taxes"]],
    }

    refund = web.shop.refund(order, line_items=[asked])

    row = web.wait_for("refund", refund, "Synced")
    assert books.credit_total(row) == Decimal("12.00")


def test_failed_refund_shows_when_it_came_and_that_it_never_synced(web: WebShop) -> None:
    order, _ = web.bought("MUG-1")
    web.house.vendors.brightpearl.fail_next(400, path="sales-credit", method="POST")

    refund = web.refund(order)

    failed = web.wait_for("refund", refund, "Failed", "rejected_by_target")
    assert failed["received_at"]
    assert failed["synced_at"] is None
    assert failed["remedy"]
    web.house.vendors.brightpearl.clear_faults()
    web.house.resync(failed)
    assert web.wait_for("refund", refund, "Synced")["synced_at"]
