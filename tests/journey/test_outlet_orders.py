"""Sales at the outlets' tills as sales orders of the ERP."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.journey.books import Books, amount
from tests.journey.house import keeping_house, wait_until
from tests.journey.outlets import FLOWS, Shops

ORDERS = FLOWS["order"]


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shops]:
    """A merchant with two outlets on Lightspeed that sell mugs and bowls."""
    with keeping_house(tmp_path_factory.mktemp("outlets"), shops=("lightspeed",)) as house:
        found = Shops(house=house)
        found.offer("Mug", "MUG-1", price={"RETAIL": "12.00"}, stock=500)
        found.offer("Bowl", "BOWL-1", price={"RETAIL": "19.99"}, stock=500)
        yield found


@pytest.fixture
def books(shops: Shops) -> Books:
    """The merchant's ERP."""
    return shops.books


def test_sale_is_a_sales_order_to_the_minor_unit(shops: Shops, books: Books) -> None:
    sale, row = shops.sold({"MUG-1": 2, "BOWL-1": 1}, outlet=1)

    shown = shops.sale(sale)
    assert amount(shown["totals"]["price_incl_tax"]) == Decimal("43.99")
    assert row["columns"]["order_id"] == sale
    assert row["columns"]["total"] == {"amount": "43.99", "currency": "GBP"}
    assert row["columns"]["source"] == "Lightspeed · York"
    assert books.total(row) == Decimal("43.99")
    order = books.order(row)
    assert order["warehouseId"] == shops.outlets.warehouses[1]
    assert books.contact_of(row) == shops.house.vendors.erp.walk_in
    payments = [(method, amount(paid)) for _, method, paid in shops.house.payments(row)]
    assert payments == [("CASH", Decimal("43.99"))]


def test_sale_is_found_by_its_invoice_number(shops: Shops) -> None:
    sale, row = shops.sold({"MUG-1": 1})
    number = shops.sale(sale)["invoice_number"]

    found = shops.house.rows(q=number)

    assert number.startswith("LE-")
    assert [one["id"] for one in found] == [row["id"]]
    assert row["columns"]["order_number"] == number


def test_sale_is_processing_while_the_erp_is_slow(shops: Shops) -> None:
    shops.house.vendors.brightpearl.fail_next(
        mode="slow", delay_s=1.5, path="sales-order", method="POST"
    )
    sale = shops.sell({"MUG-1": 1})

    shops.wait_for("order", sale, "Processing", "sending")

    row = shops.wait_for("order", sale, "Synced")
    assert shops.house.sales_order(row)


def test_order_is_shown_whole_with_both_ids(shops: Shops) -> None:
    sale, row = shops.sold({"MUG-1": 2})

    shown = shops.house.detail(row)

    ids = {link["platform"]: link["id"] for link in shown["row"]["links"]}
    assert ids == {"lightspeed": sale, "brightpearl": row["columns"]["target_order_id"]}
    assert [line["sku"] for line in shown["record"]["lines"]] == ["MUG-1"]
    assert [one["method"] for one in shown["record"]["payments"]] == ["Cash"]


@pytest.mark.parametrize(
    ("attributes", "told"), [(["onaccount"], "on account"), (["layby"], "layby")]
)
def test_unpaid_sale_waits_naming_why_until_it_is_paid(
    shops: Shops, books: Books, attributes: list[str], told: str
) -> None:
    sale = shops.sell({"MUG-1": 1}, state="pending", attributes=attributes, paid=False)
    left = shops.wait_for("order", sale, "Synced")
    assert (left["outcome"], left["verified"]) == ("not_applicable", False)
    assert told in shops.house.detail(left)["attempts"][0]["detail"]
    assert books.orders(sale) == []

    shops.tills.change_sale(sale, "closed", paid=True)

    row = shops.wait_for(
        "order", sale, "Synced", fits=lambda one: one["outcome"] != "not_applicable"
    )
    assert books.total(row) == Decimal("12.00")


def test_unpaid_sale_is_exported_where_the_merchant_wants_it(shops: Shops, books: Books) -> None:
    shops.house.configure(ORDERS, unpaid_orders="export")
    _, row = shops.sold({"MUG-1": 1}, state="pending", attributes=["onaccount"], paid=False)
    shops.house.configure(ORDERS, unpaid_orders="wait")

    assert books.total(row) == Decimal("12.00")
    assert shops.house.payments(row) == []


def test_parked_sale_is_a_draft_until_it_is_closed(shops: Shops, books: Books) -> None:
    sale = shops.sell({"MUG-1": 1}, state="parked", paid=False)
    left = shops.wait_for("order", sale, "Synced")
    assert left["outcome"] == "not_applicable"
    assert "draft" in shops.house.detail(left)["attempts"][0]["detail"]
    assert books.orders(sale) == []

    shops.tills.change_sale(sale, "closed", paid=True)

    shops.wait_for("order", sale, "Synced", fits=lambda one: one["outcome"] != "not_applicable")
    assert len(books.orders(sale)) == 1


def test_voided_sale_is_cancelled_at_the_erp_and_its_goods_are_back(
    shops: Shops, books: Books
) -> None:
    product = shops.offer("Jug", "JUG-1", stock=9)
    sale, row = shops.sold({"JUG-1": 2})

    shops.tills.change_sale(sale, "voided")

    wait_until(lambda: books.status_of(row) == "Cancelled", "a cancelled sales order")
    after = shops.wait_for("order", sale, "Synced")
    assert after["received_at"] == row["received_at"]
    shops.house.settle()
    left = shops.house.ask_brightpearl(f"warehouse-service/product-availability/{product}")
    assert left[str(product)]["total"]["onHand"] == 9
    assert shops.in_stock("JUG-1") == 9


def test_fifty_sales_to_nobody_make_no_customer(shops: Shops, books: Books) -> None:
    contacts = books.contact_count()
    sales = [shops.sell({"MUG-1": 1}, outlet=n % 2) for n in range(50)]

    rows = [shops.wait_for("order", sale, "Synced") for sale in sales]

    assert {books.contact_of(row) for row in rows} == {shops.house.vendors.erp.walk_in}
    assert shops.house.rows(kind="customer") == []
    assert books.contact_count() == contacts


def test_sale_to_somebody_is_of_their_contact(shops: Shops, books: Books) -> None:
    buyer = shops.tills.add_customer(
        first_name="Ada", last_name="Byron", email="ada@example.org", phone="0113 496 0000"
    )

    _, row = shops.sold({"MUG-1": 1}, customer=buyer)

    shops.wait_for("customer", buyer, "Synced")
    assert books.contacts("ada@example.org") == [books.contact_of(row)]
    assert row["columns"]["email"] == "ada@example.org"


def test_sale_whose_webhook_was_lost_is_found_by_the_poll(shops: Shops, books: Books) -> None:
    shops.tills.sender.configure(lose_next=9)
    sale = shops.sell({"MUG-1": 1})
    shops.tills.sender.configure(lose_next=0)

    shops.house.poll_now(ORDERS)

    shops.wait_for("order", sale, "Synced")
    assert len(books.orders(sale)) == 1


def test_unmapped_tax_holds_the_sale_until_it_is_mapped(shops: Shops) -> None:
    path = f"{shops.house.base}/mappings/{ORDERS}/tax"
    shops.house.api.put(path, {"entries": {}, "default": None})
    sale = shops.sell({"MUG-1": 1})
    held = shops.wait_for("order", sale, "Pending", "needs_mapping")
    assert "VAT" in held["sentence"]
    assert held["columns"]["total"] == {"amount": "12.00", "currency": "GBP"}

    shops.house.map(ORDERS, "tax", VAT="T20")

    shops.wait_for("order", sale, "Synced")


def test_sale_that_failed_is_synced_by_its_button(shops: Shops, books: Books) -> None:
    shops.house.vendors.brightpearl.fail_next(400, path="sales-order", method="POST")
    sale = shops.sell({"MUG-1": 1})
    failed = shops.wait_for("order", sale, "Failed", "rejected_by_target")
    assert failed["remedy"]
    assert failed["received_at"]
    assert failed["synced_at"] is None

    shops.house.resync(failed)

    row = shops.wait_for("order", sale, "Synced")
    assert row["attempts"] == failed["attempts"] + 1
    assert len(books.orders(sale)) == 1


def test_tip_discount_and_change_add_up_at_the_erp(shops: Shops, books: Books) -> None:
    sale = shops.ring_up(
        "MUG-1", 3, tip="2.50", percent_off="10", payments={"Card": "20.00", "Cash": "15.50"}
    )

    row = shops.wait_for("order", sale, "Synced")

    assert amount(shops.sale(sale)["totals"]["price_incl_tax"]) == Decimal("35.50")
    assert books.total(row) == Decimal("35.50")
    assert books.amounts(row)["Tip"] == (Decimal("2.50"), Decimal(0))
    assert sum(books.amounts(row)["Mug"]) == Decimal("33.00")
    payments = {(method, amount(paid)) for _, method, paid in shops.house.payments(row)}
    assert payments == {("CARD", Decimal("20.00")), ("CASH", Decimal("15.50"))}


def test_gift_card_that_was_sold_is_booked_to_its_own_code(shops: Shops, books: Books) -> None:
    shops.house.configure(ORDERS, gift_card_nominal_code="4009")
    sale = shops.ring_up("MUG-1", 1, gift_card="GC-1", payments={"Cash": "12.00"})

    row = shops.wait_for("order", sale, "Synced")

    lines = books.order(row)["orderRows"].values()
    assert [line["nominalCode"] for line in lines] == ["4009"]


def test_sale_on_a_day_before_the_start_date_makes_no_sales_order(
    shops: Shops, books: Books
) -> None:
    before = shops.house.api.get(f"{shops.house.base}/flows/{ORDERS}")["settings"]["start_date"]
    shops.house.configure(ORDERS, start_date=(datetime.now(UTC) + timedelta(days=1)).isoformat())
    sale = shops.sell({"MUG-1": 1})

    row = shops.wait_for("order", sale, "Synced")
    shops.house.configure(ORDERS, start_date=before)

    assert (row["outcome"], row["verified"]) == ("not_applicable", False)
    assert books.orders(sale) == []
