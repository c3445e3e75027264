"""Webhooks that are lost, doubled and late; stock and sales that cross."""

from datetime import UTC, datetime, timedelta
from random import Random

import httpx
import pytest

from local.demo.merchant import ORDERS, PRODUCTS, STOCK
from local.demo.waiting import Patience
from tests.journey.house import House, wait_until


def test_sale_whose_webhook_was_lost_is_found_by_the_poll(house: House) -> None:
    house.sell_ready("Mug", "MUG-1")
    house.vendors.square.sender.configure(lose_next=2)
    sale = house.sell("MUG-1")

    house.poll_now(ORDERS)

    row = house.wait_for("order", sale, "Synced")
    assert house.sales_order(row)["externalRef"] == sale


def test_product_whose_webhook_was_lost_is_found_by_the_poll(house: House) -> None:
    house.vendors.brightpearl.sender.configure(lose_next=1)
    product = house.add_product("Mug", "MUG-1")

    house.poll_now(PRODUCTS)

    house.wait_for("product", product, "Synced")
    house.wait_for("stock", product, "Synced")


def test_sale_that_nobody_told_of_is_found_by_an_import_of_the_day(house: House) -> None:
    house.sell_ready("Mug", "MUG-1")
    house.vendors.square.sender.configure(lose_next=2)
    sale = house.sell("MUG-1")
    since = (datetime.now(UTC) - timedelta(hours=1)).isoformat()

    run = house.api.post(f"{house.base}/flows/{ORDERS}/executions", {"from": since})

    house.wait_for("order", sale, "Synced")
    address = f"{house.base}/executions/{run['id']}"
    wait_until(lambda: house.api.get(address)["state"] == "Success", "end of the import")
    counts = house.api.get(address)["counts"]
    assert (counts["found"], counts["synced"]) == (1, 1)


def test_deliveries_that_come_five_times_and_backwards_make_one_order(house: House) -> None:
    house.sell_ready("Mug", "MUG-1")
    house.vendors.square.sender.configure(duplicates=5, delay_s=0.2, reorder=True)

    sales = [house.sell("MUG-1") for _ in range(3)]

    for sale in sales:
        house.wait_for("order", sale, "Synced")
    assert house.vendors.square.sender.drain(10)
    for sale in sales:
        house.wait_for("order", sale, "Synced")
    references = [
        order.external_ref for order in house.vendors.brightpearl.world.orders.by_id.values()
    ]
    assert sorted(references) == sorted(sales)


def test_forged_webhook_is_refused_and_leaves_nothing(house: House) -> None:
    address = house.api.get(f"{house.base}/connections/square")["webhook_address"]
    forged = {"type": "payment.updated", "merchant_id": house.vendors.tills.merchant_id}
    with httpx.Client(trust_env=False) as http:
        answer = http.post(
            address, json=forged, headers={"x-square-hmacsha256-signature": "bm90aGluZw=="}
        )

    assert answer.status_code == 401
    assert house.rows() == []


def test_count_from_the_erp_never_puts_sold_goods_back(house: House) -> None:
    product = house.sell_ready("Mug", "MUG-1", stock=10)
    brightpearl = house.vendors.brightpearl
    brightpearl.fail_next(503, times=1000, path="sales-order")
    sale = house.sell("MUG-1")
    house.wait_for("order", sale, "Failed", "gave_up")
    assert house.in_stock("MUG-1") == 9

    brightpearl.set_stock(product, house.vendors.erp.warehouses[0], 12)
    wait_until(lambda: house.in_stock("MUG-1") == 11, "11 mugs at the till")
    house.settle()
    assert house.in_stock("MUG-1") == 11

    brightpearl.clear_faults()
    house.resync(house.rows(kind="order")[0])
    house.wait_for("order", sale, "Synced")
    house.settle()
    assert (house.in_stock("MUG-1"), house.on_hand(product)) == (11, 11)


@pytest.mark.parametrize("seed", range(3))
def test_sales_and_counts_that_cross_leave_both_sides_equal(house: House, seed: int) -> None:
    chance = Random(seed)
    product = house.sell_ready("Mug", "MUG-1", stock=50)
    for _ in range(12):
        house.sell("MUG-1")
        if chance.random() < 0.3:
            stock = chance.randint(50, 60)
            house.vendors.brightpearl.set_stock(product, house.vendors.erp.warehouses[0], stock)
        Patience().pass_time(chance.choice((0, 0.05, 0.2)))

    wait_until(lambda: len(house.rows(kind="order", status="Synced")) == 12, "12 orders")
    house.settle()
    row = house.wait_for("stock", product, "Synced")
    assert house.in_stock("MUG-1") == house.on_hand(product)
    assert row["columns"]["quantity"] == str(house.on_hand(product))


def test_unmapped_warehouse_holds_the_stock_until_it_is_mapped(house: House) -> None:
    product = house.sell_ready("Mug", "MUG-1", stock=5)
    airport = str(house.vendors.erp.warehouses[2])
    location = list(house.vendors.tills.location_ids.values())[2]
    house.map(STOCK, "location", **{airport: None})

    house.vendors.brightpearl.set_stock(product, int(airport), 4)
    row = house.wait_for("stock", product, "Pending", "needs_mapping")
    assert airport in row["sentence"]

    house.map(STOCK, "location", **{airport: location})
    house.wait_for("stock", product, "Synced")
    assert house.in_stock("MUG-1", shop=2) == 4


def test_log_says_which_location_failed_and_the_others_are_right(house: House) -> None:
    product = house.sell_ready("Mug", "MUG-1", stock=5)
    shops = list(house.vendors.tills.location_ids.values())
    house.vendors.square.refuse_counts_at(shops[1])

    with house.vendors.brightpearl.batch():
        for number, warehouse in enumerate(house.vendors.erp.warehouses):
            house.vendors.brightpearl.set_stock(product, warehouse, 6 + number)
    row = house.wait_for("stock", product, "Failed", "rejected_by_target")

    fates = {one["location"]: one["status"] for one in row["columns"]["locations"]}
    assert fates == {shops[0]: "Synced", shops[1]: "Failed", shops[2]: "Synced"}
    assert (house.in_stock("MUG-1", shop=0), house.in_stock("MUG-1", shop=2)) == (6, 8)


def test_count_that_runs_while_an_order_is_written_is_made_again(house: House) -> None:
    product = house.sell_ready("Mug", "MUG-1", stock=20)
    house.vendors.brightpearl.fail_next(
        mode="slow", delay_s=1, path="customer-payment", method="POST"
    )  # the goods are reserved by then, and the event about them is on its way

    sale = house.sell("MUG-1", created_at=datetime.now(UTC) - timedelta(seconds=30))
    house.wait_for("order", sale, "Synced")

    house.settle()
    assert (house.in_stock("MUG-1"), house.on_hand(product)) == (19, 19)


def test_count_between_two_tries_of_an_order_is_made_again(house: House) -> None:
    product = house.sell_ready("Mug", "MUG-1", stock=20)
    house.vendors.brightpearl.fail_next(400, path="customer-payment", method="POST")
    sale = house.sell("MUG-1", created_at=datetime.now(UTC) - timedelta(seconds=30))
    failed = house.wait_for("order", sale, "Failed", "rejected_by_target")
    house.settle()

    house.resync(failed)

    house.wait_for("order", sale, "Synced")
    house.settle()
    assert (house.in_stock("MUG-1"), house.on_hand(product)) == (19, 19)
