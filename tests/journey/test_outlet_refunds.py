"""Returns and exchanges at the outlets' tills: one sales credit each."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from tests.journey.books import Books, amount
from tests.journey.house import keeping_house
from tests.journey.outlets import FLOWS, Shops

ORDERS, REFUNDS = FLOWS["order"], FLOWS["refund"]


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shops]:
    """A merchant with two outlets on Lightspeed that sell mugs and bowls."""
    with keeping_house(tmp_path_factory.mktemp("outlets"), shops=("lightspeed",)) as house:
        found = Shops(house=house)
        found.offer("Mug", "MUG-1", price={"RETAIL": "12.00", "COST": "4.00"}, stock=500)
        found.offer("Bowl", "BOWL-1", price={"RETAIL": "19.99", "COST": "6.00"}, stock=500)
        yield found


@pytest.fixture
def books(shops: Shops) -> Books:
    """The merchant's ERP."""
    return shops.books


def test_return_is_a_credit_of_its_sales_order(shops: Shops, books: Books) -> None:
    sale, row = shops.sold({"MUG-1": 2, "BOWL-1": 1})

    refund = shops.tills.take_back(sale, {"MUG-1": 1})
    shown = shops.wait_for("refund", refund, "Synced")

    credit = books.credit(shown)
    assert str(credit["parentId"]) == row["columns"]["target_order_id"]
    assert books.credit_total(shown) == Decimal("12.00")
    assert shown["columns"]["refund_id"] == refund
    assert shown["columns"]["order_id"] == sale
    assert shown["columns"]["target_order_id"] == row["columns"]["target_order_id"]
    assert shown["columns"]["total"] == {"amount": "12.00", "currency": "GBP"}
    assert [amount(paid) for _, _, paid in books.paid_back(shown)] == [Decimal("12.00")]


def test_return_of_a_whole_sale_is_no_order_of_its_own(shops: Shops, books: Books) -> None:
    sale, row = shops.sold({"BOWL-1": 3})

    refund = shops.tills.take_back(sale)

    shown = shops.wait_for("refund", refund, "Synced")
    assert books.credit_total(shown) == books.total(row) == Decimal("59.97")
    shops.house.settle()
    order = shops.row("order", refund)
    assert order is None or order["outcome"] == "not_applicable"
    assert books.orders(refund) == []


def test_returned_goods_are_on_the_shelf_again(shops: Shops) -> None:
    product = shops.offer("Jug", "JUG-1", price={"RETAIL": "8.00", "COST": "2.00"}, stock=9)
    sale, _ = shops.sold({"JUG-1": 2})
    shops.house.settle()
    assert shops.in_stock("JUG-1") == 7

    refund = shops.tills.take_back(sale, {"JUG-1": 1})

    shops.wait_for("refund", refund, "Synced")
    shops.house.settle()
    left = shops.house.ask_brightpearl(f"warehouse-service/product-availability/{product}")
    assert (shops.in_stock("JUG-1"), left[str(product)]["total"]["onHand"]) == (8, 8)


def test_webhook_five_times_and_resyncs_make_one_credit(shops: Shops, books: Books) -> None:
    sale, _ = shops.sold({"MUG-1": 1})
    before = len(books.credits())
    shops.tills.sender.configure(duplicates=5)
    refund = shops.tills.take_back(sale)
    row = shops.wait_for("refund", refund, "Synced")
    shops.tills.sender.configure(duplicates=1)

    for _ in range(2):
        shops.house.resync(row)
        row = shops.wait_for(
            "refund", refund, "Synced", fits=lambda one, n=row["attempts"]: one["attempts"] > n
        )

    shops.house.settle()
    assert len(books.credits()) == before + 1
    assert len(books.paid_back(row)) == 1


def test_refund_whose_order_nobody_told_of_syncs_once_the_poll_finds_it(
    shops: Shops, books: Books
) -> None:
    shops.tills.sender.configure(lose_next=1)
    sale = shops.sell({"MUG-1": 1})
    shops.tills.sender.configure(lose_next=0)

    refund = shops.tills.take_back(sale)
    shown = shops.wait_for("refund", refund, "Synced")

    row = shops.wait_for("order", sale, "Synced")
    assert str(books.credit(shown)["parentId"]) == row["columns"]["target_order_id"]


def test_refund_waits_for_an_order_that_failed_and_syncs_by_itself(
    shops: Shops, books: Books
) -> None:
    shops.house.vendors.brightpearl.fail_next(400, times=9, path="sales-order", method="POST")
    sale = shops.sell({"MUG-1": 1})
    failed = shops.wait_for("order", sale, "Failed", "rejected_by_target")

    refund = shops.tills.take_back(sale)
    held = shops.wait_for("refund", refund, "Pending", "needs_record")
    assert sale in held["sentence"]
    assert held["columns"]["credit_id"] is None

    shops.house.vendors.brightpearl.clear_faults()
    shops.house.resync(failed)

    row = shops.wait_for("order", sale, "Synced")
    shown = shops.wait_for("refund", refund, "Synced")
    assert str(books.credit(shown)["parentId"]) == row["columns"]["target_order_id"]


def test_return_without_a_receipt_is_a_credit_of_no_order(shops: Shops, books: Books) -> None:
    refund = shops.sell({"MUG-1": -1})

    row = shops.wait_for("refund", refund, "Synced")

    credit = books.credit(row)
    assert credit.get("parentId") is None
    assert credit["customerId"] == shops.house.vendors.erp.walk_in
    assert books.credit_total(row) == Decimal("12.00")
    assert row["columns"]["order_id"] is None


def test_return_without_a_receipt_is_left_alone_by_setting(shops: Shops, books: Books) -> None:
    shops.house.configure(REFUNDS, without_order="leave")
    before = len(books.credits())

    refund = shops.sell({"MUG-1": -1})
    row = shops.wait_for("refund", refund, "Synced")
    shops.house.configure(REFUNDS, without_order="credit")

    assert (row["outcome"], row["verified"]) == ("not_applicable", False)
    assert "without a receipt" in shops.house.detail(row)["attempts"][0]["detail"]
    assert len(books.credits()) == before


@pytest.mark.parametrize(
    ("goods", "order_total", "refund_total"),
    [
        ({"BOWL-1": 1, "MUG-1": -1}, "19.99", "12.00"),
        ({"MUG-1": 1, "BOWL-1": -1}, "12.00", "19.99"),
        ({"MUG-1": 5, "BOWL-1": -3}, "60.00", "59.97"),
    ],
)
def test_exchange_is_an_order_and_a_refund_whose_difference_is_the_sale(
    shops: Shops, books: Books, goods: dict[str, int], order_total: str, refund_total: str
) -> None:
    sale = shops.sell(goods)

    order = shops.wait_for("order", sale, "Synced")
    refund = shops.wait_for("refund", sale, "Synced")

    total = amount(shops.sale(sale)["totals"]["price_incl_tax"])
    assert books.total(order) == Decimal(order_total)
    assert books.credit_total(refund) == Decimal(refund_total)
    assert books.total(order) - books.credit_total(refund) == total
    came = sum(amount(paid) for _, _, paid in shops.house.payments(order))
    went = sum(amount(paid) for _, _, paid in books.paid_back(refund))
    assert (came, went) == (Decimal(order_total), Decimal(refund_total))


def test_refund_of_more_than_remains_fails_naming_both_amounts(shops: Shops, books: Books) -> None:
    sale, _ = shops.sold({"MUG-1": 2})
    first = shops.tills.take_back(sale, {"MUG-1": 1})
    shops.wait_for("refund", first, "Synced")
    before = len(books.credits())

    second = shops.tills.take_back(sale)
    failed = shops.wait_for("refund", second, "Failed", "rejected_by_target")

    assert "24.00 GBP" in failed["sentence"]
    assert "12.00 GBP that is left" in failed["sentence"]
    assert len(books.credits()) == before


def test_failed_refund_says_why_and_is_synced_by_its_button(shops: Shops) -> None:
    sale, _ = shops.sold({"MUG-1": 1})
    shops.house.vendors.brightpearl.fail_next(400, times=9, path="sales-credit", method="POST")
    refund = shops.tills.take_back(sale)
    failed = shops.wait_for("refund", refund, "Failed", "rejected_by_target")
    assert failed["remedy"]
    assert failed["synced_at"] is None
    shops.house.settle()

    shops.house.vendors.brightpearl.clear_faults()
    shops.house.resync(failed)

    row = shops.wait_for("refund", refund, "Synced")
    assert row["columns"]["credit_id"]
    assert row["received_at"] == failed["received_at"]


def test_refund_is_processing_while_the_erp_is_slow(shops: Shops) -> None:
    sale, _ = shops.sold({"MUG-1": 1})
    shops.house.vendors.brightpearl.fail_next(
        mode="slow", delay_s=1.5, path="sales-credit", method="POST"
    )

    refund = shops.tills.take_back(sale)

    shops.wait_for("refund", refund, "Processing", "sending")
    shops.wait_for("refund", refund, "Synced")
