"""One sales order for each sale, once, equal to the minor unit, and kept in step."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from local.demo.merchant import ORDERS
from tests.journey.house import House, wait_until


def amount(text: Any) -> Decimal:
    """Read an amount as the ERP writes it."""
    return Decimal(str(text))


def test_lines_taxes_discounts_tips_and_payments_are_equal(house: House) -> None:
    house.sell_ready("Mug", "MUG-1", price={"RETAIL": "12.00"})
    house.sell_ready("Bowl", "BOWL-1", price={"RETAIL": "30.00"})
    buyer = house.vendors.square.add_customer(
        given_name="Ada", family_name="Byron", email_address="ada@example.org"
    )
    sale = house.sell(
        "MUG-1",
        "BOWL-1",
        customer=buyer,
        discount="10%",
        tip=250,
        tenders=[("CASH", 1780), ("CARD", 2250)],
    )

    row = house.wait_for("order", sale, "Synced")

    order = house.sales_order(row)
    lines = {line["productName"]: line for line in order["orderRows"].values()}
    rows = [line["rowValue"] for line in lines.values()]
    gross = [amount(r["rowNet"]["value"]) + amount(r["rowTax"]["value"]) for r in rows]
    assert sorted(gross) == [Decimal("2.50"), Decimal("10.80"), Decimal("27.00")]
    assert sum(amount(r["rowTax"]["value"]) for r in rows) == Decimal("6.30")
    assert amount(order["totalValue"]["total"]) == Decimal("40.30")
    assert row["columns"]["total"] == {"amount": "40.30", "currency": "GBP"}
    payments = {(method, amount(paid)) for _, method, paid in house.payments(row)}
    assert payments == {("CASH", Decimal("17.80")), ("CARD", Decimal("22.50"))}
    buyers = house.ask_brightpearl("contact-service/contact-search?primaryEmail=ada@example.org")
    assert [found[0] for found in buyers["results"]] == [order["parties"]["customer"]["contactId"]]
    assert order["warehouseId"] == house.vendors.erp.warehouses[0]


def test_whole_order_is_shown_with_its_lines_payments_and_both_ids(house: House) -> None:
    house.sell_ready("Mug", "MUG-1")
    sale = house.sell("MUG-1", tip=100, discount=200)

    shown = house.detail(house.wait_for("order", sale, "Synced"))

    record = shown["record"]
    assert [line["name"] for line in record["lines"]] == ["Mug · Regular"]
    assert record["tip"] == {"amount": "1.00", "currency": "GBP"}
    assert record["discount"] == {"amount": "2.00", "currency": "GBP"}
    assert len(record["payments"]) == 1
    ids = {link["platform"]: link["id"] for link in shown["row"]["links"]}
    assert ids["square"] == sale
    assert ids["brightpearl"] == shown["row"]["columns"]["target_order_id"]
    assert all(attempt["exchanges"] for attempt in shown["attempts"])


def test_customer_is_found_again_and_walk_ins_share_one_contact(house: House) -> None:
    house.sell_ready("Mug", "MUG-1")
    buyer = house.vendors.square.add_customer(
        given_name="Ada", family_name="Byron", email_address="ada@example.org"
    )
    contacts = len(house.vendors.brightpearl.world.contacts.by_id)
    sales = [house.sell("MUG-1", customer=buyer) for _ in range(2)]
    sales += [house.sell("MUG-1") for _ in range(3)]

    for sale in sales:
        house.wait_for("order", sale, "Synced")

    assert len(house.vendors.brightpearl.world.contacts.by_id) == contacts + 1


def test_later_payment_is_added(house: House) -> None:
    house.sell_ready("Mug", "MUG-1")
    sale = house.sell("MUG-1", tenders=[("CASH", 500)])
    row = house.wait_for("order", sale, "Synced")
    assert [amount(paid) for _, _, paid in house.payments(row)] == [Decimal("5.00")]

    house.vendors.square.pay(sale)

    wait_until(lambda: len(house.payments(row)) == 2, "second payment")
    assert sum(amount(paid) for _, _, paid in house.payments(row)) == Decimal("20.00")


def test_open_order_waits_until_it_is_paid(house: House) -> None:
    house.sell_ready("Mug", "MUG-1")
    sale = house.sell("MUG-1", state="OPEN", tenders=[("CASH", 500)])
    row = house.wait_for("order", sale, "Synced")
    assert (row["outcome"], row["verified"]) == ("not_applicable", False)
    assert not house.vendors.brightpearl.world.orders.by_id

    house.vendors.square.pay(sale)

    house.wait_for("order", sale, "Synced", fits=lambda row: row["outcome"] == "created")


def test_cancellation_follows_and_the_goods_are_back(house: House) -> None:
    product = house.sell_ready("Mug", "MUG-1", stock=20)
    sale = house.sell("MUG-1")
    row = house.wait_for("order", sale, "Synced")
    wait_until(lambda: house.on_hand(product) == 19, "19 mugs at the ERP")

    house.vendors.square.cancel(sale)

    wait_until(
        lambda: house.sales_order(row)["orderStatus"]["name"] == "Cancelled", "cancelled order"
    )
    house.wait_for("order", sale, "Synced")
    assert house.payments(row) == []
    house.settle()
    assert (house.on_hand(product), house.in_stock("MUG-1")) == (20, 20)


def test_order_edited_after_it_was_synced_is_corrected(house: House) -> None:
    house.sell_ready("Mug", "MUG-1")
    house.sell_ready("Bowl", "BOWL-1", price={"RETAIL": "30.00"})
    sale = house.sell("MUG-1")
    row = house.wait_for("order", sale, "Synced")

    house.vendors.square.edit(sale, [{"sku": "MUG-1"}, {"sku": "BOWL-1", "quantity": 2}])

    wait_until(
        lambda: amount(house.sales_order(row)["totalValue"]["total"]) == Decimal(80), "80 pounds"
    )
    house.wait_for(
        "order", sale, "Synced", fits=lambda row: row["columns"]["total"]["amount"] == "80.00"
    )
    assert len(house.vendors.brightpearl.world.orders.by_id) == 1


def test_invoiced_order_that_is_edited_is_a_conflict_with_both_totals(house: House) -> None:
    house.sell_ready("Mug", "MUG-1")
    sale = house.sell("MUG-1")
    row = house.wait_for("order", sale, "Synced")
    house.vendors.brightpearl.invoice(int(row["columns"]["target_order_id"]))

    house.vendors.square.edit(sale, [{"sku": "MUG-1", "quantity": 2}])

    failed = house.wait_for("order", sale, "Failed", "conflict")
    assert "20.00 GBP" in failed["sentence"]
    assert "40.00 GBP" in failed["sentence"]


def test_order_that_does_not_add_up_says_the_amounts(house: House) -> None:
    house.sell_ready("Mug", "MUG-1")
    sale = house.sell("MUG-1", total_off_by=137)

    failed = house.wait_for("order", sale, "Failed", "amounts_differ")

    for told in ("20.00 GBP", "21.37 GBP", "1.37 GBP"):
        assert told in failed["sentence"]
    assert not house.vendors.brightpearl.world.orders.by_id


def test_sale_of_a_till_that_was_offline_comes_days_late(house: House) -> None:
    house.sell_ready("Mug", "MUG-1")
    sold_at = datetime.now(UTC) - timedelta(days=2)
    sale = house.sell("MUG-1", created_at=sold_at)

    row = house.wait_for("order", sale, "Synced")

    placed = datetime.fromisoformat(house.sales_order(row)["placedOn"])
    assert abs(placed - sold_at) < timedelta(seconds=2)


def test_sale_before_the_start_date_makes_no_sales_order(house: House) -> None:
    house.sell_ready("Mug", "MUG-1")
    house.configure(ORDERS, start_date=datetime.now(UTC).isoformat())
    old = house.sell("MUG-1", created_at=datetime.now(UTC) - timedelta(days=1))
    new = house.sell("MUG-1")

    house.wait_for("order", new, "Synced")
    house.settle()

    left = house.wait_for("order", old, "Synced")
    assert (left["outcome"], left["verified"]) == ("not_applicable", False)
    assert old not in {
        o.external_ref for o in house.vendors.brightpearl.world.orders.by_id.values()
    }
