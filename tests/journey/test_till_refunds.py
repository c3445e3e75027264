"""Money given back at the tills on Square: one sales credit each."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from local.demo.joining.square import ORDERS, REFUNDS
from tests.journey.books import Books, amount
from tests.journey.house import House, keeping_house, wait_until


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A merchant with tills on Square that sell mugs and bowls."""
    with keeping_house(tmp_path_factory.mktemp("tills")) as found:
        for name, price in (("Mug", "12.00"), ("Bowl", "30.00")):
            prices = {"RETAIL": price, "COST": "4.00"}
            found.sell_ready(name, f"{name.upper()}-1", price=prices, stock=500)
        yield found


@pytest.fixture
def books(house: House) -> Books:
    """The merchant's ERP."""
    return Books(house=house)


def test_part_of_a_sale_is_a_credit_of_its_sales_order(house: House, books: Books) -> None:
    sale = house.sell("MUG-1", "BOWL-1")
    row = house.wait_for("order", sale, "Synced")

    refund = house.vendors.square.refund(sale, [(1, 1)])[0]
    shown = house.wait_for("refund", refund, "Synced")

    credit = books.credit(shown)
    assert str(credit["parentId"]) == row["columns"]["target_order_id"]
    assert books.credit_total(shown) == Decimal("12.00")
    assert shown["columns"]["refund_id"] == refund
    assert shown["columns"]["order_id"] == sale
    assert shown["columns"]["total"] == {"amount": "12.00", "currency": "GBP"}


def test_whole_sale_with_its_tip_is_given_back(house: House, books: Books) -> None:
    sale = house.sell("BOWL-1", tip=150)
    row = house.wait_for("order", sale, "Synced")

    refund = house.vendors.square.refund(sale, tip=150)[0]

    shown = house.wait_for("refund", refund, "Synced")
    assert books.credit_total(shown) == books.total(row) == Decimal("31.50")
    assert [amount(paid) for _, _, paid in books.paid_back(shown)] == [Decimal("31.50")]


def test_returned_goods_are_on_the_shelf_again(house: House) -> None:
    prices = {"RETAIL": "8.00", "COST": "2.00"}
    product = house.sell_ready("Jug", "JUG-1", price=prices, stock=9)
    sale = house.sell("JUG-1")
    house.wait_for("order", sale, "Synced")
    house.settle()

    refund = house.vendors.square.refund(sale)[0]

    house.wait_for("refund", refund, "Synced")
    house.settle()
    assert (house.in_stock("JUG-1"), house.on_hand(product)) == (9, 9)


def test_money_without_goods_is_a_credit_too(house: House, books: Books) -> None:
    sale = house.sell("MUG-1")
    house.wait_for("order", sale, "Synced")

    refund = house.vendors.square.refund(sale, amount=250)[0]

    shown = house.wait_for("refund", refund, "Synced")
    assert books.credit_total(shown) == Decimal("2.50")


def test_refund_that_is_pending_waits_and_one_that_fails_makes_no_credit(
    house: House, books: Books
) -> None:
    sale = house.sell("MUG-1", "BOWL-1")
    house.wait_for("order", sale, "Synced")
    before = len(books.credits())
    good = house.vendors.square.refund(sale, [(1, 1)], status="PENDING")[0]
    bad = house.vendors.square.refund(sale, [(2, 1)], status="PENDING")[0]
    for one in (good, bad):
        waiting = house.wait_for("refund", one, "Synced")
        assert (waiting["outcome"], waiting["verified"]) == ("not_applicable", False)
    assert len(books.credits()) == before

    house.vendors.square.settle_refund(good)
    house.vendors.square.settle_refund(bad, "FAILED")

    house.wait_for("refund", good, "Synced", fits=lambda one: one["outcome"] != "not_applicable")
    house.settle()
    assert len(books.credits()) == before + 1
    failed = house.wait_for("refund", bad, "Synced")
    assert "no money moved" in house.detail(failed)["attempts"][0]["detail"]


def test_webhook_five_times_and_resyncs_make_one_credit(house: House, books: Books) -> None:
    sale = house.sell("MUG-1")
    house.wait_for("order", sale, "Synced")
    before = len(books.credits())
    house.vendors.square.sender.configure(duplicates=5)
    refund = house.vendors.square.refund(sale)[0]
    row = house.wait_for("refund", refund, "Synced")
    house.vendors.square.sender.configure(duplicates=1)

    for _ in range(2):
        house.resync(row)
        row = house.wait_for(
            "refund", refund, "Synced", fits=lambda one, n=row["attempts"]: one["attempts"] > n
        )

    house.settle()
    assert len(books.credits()) == before + 1
    assert len(books.paid_back(row)) == 1


def test_refund_of_a_sale_that_nobody_told_of_is_held_until_a_poll_finds_it(
    house: House, books: Books
) -> None:
    house.settle()
    house.vendors.square.sender.configure(lose_next=99)
    sale = house.sell("MUG-1")
    refund = house.vendors.square.refund(sale)[0]
    house.vendors.square.sender.configure(lose_next=0)
    house.poll_now(REFUNDS)
    held = house.wait_for("refund", refund, "Pending", "needs_record")
    assert sale in held["sentence"]
    assert held["columns"]["credit_id"] is None

    house.poll_now(ORDERS)

    row = house.wait_for("order", sale, "Synced")
    shown = house.wait_for("refund", refund, "Synced")
    assert str(books.credit(shown)["parentId"]) == row["columns"]["target_order_id"]


def test_return_without_a_receipt_is_a_credit_of_no_order(house: House, books: Books) -> None:
    location = next(iter(house.vendors.tills.location_ids.values()))

    refund = house.vendors.square.take_back(location, [{"sku": "MUG-1", "quantity": 1}])

    row = house.wait_for("refund", refund, "Synced")
    assert books.credit(row).get("parentId") is None
    assert books.credit(row)["customerId"] == house.vendors.erp.walk_in
    assert books.credit_total(row) == Decimal("12.00")


@pytest.mark.parametrize(
    ("back", "sold", "difference"), [("BOWL-1", "MUG-1", "-18.00"), ("MUG-1", "BOWL-1", "18.00")]
)
def test_exchange_keeps_the_books_even(
    house: House, books: Books, back: str, sold: str, difference: str
) -> None:
    sale = house.sell(back)
    house.wait_for("order", sale, "Synced")
    before = set(books.credits())

    made = house.vendors.square.exchange(sale, None, [{"sku": sold, "quantity": 1}])["order"]
    house.poll_now(ORDERS)
    house.poll_now(REFUNDS)  # no event tells of an exchange that gives no money back

    order = house.wait_for("order", made, "Synced")
    wait_until(lambda: len(set(books.credits()) - before) == 1, "one sales credit")
    credit = house.ask_brightpearl(
        f"order-service/sales-credit/{next(iter(set(books.credits()) - before))}"
    )[0]
    assert books.total(order) - amount(credit["total"]["gross"]) == Decimal(difference)
    house.settle()
    assert len(set(books.credits()) - before) == 1
