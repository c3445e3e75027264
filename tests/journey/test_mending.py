"""What holds or fails a row can be mended by what the row says."""

from local.demo.merchant import PRODUCTS, UNMAPPED
from tests.journey.house import House


def test_saving_a_mapping_frees_exactly_the_rows_that_wait_for_it(house: House) -> None:
    house.map(PRODUCTS, "category", Lamps=None)
    candles = [house.add_product(f"Candle {n}", f"CAN-{n}", category=UNMAPPED) for n in range(3)]
    lamp = house.add_product("Lamp", "LAMP-1", category="Lamps")
    for product in candles:
        row = house.wait_for("product", product, "Pending", "needs_mapping")
        assert UNMAPPED in row["sentence"]
        assert row["cause"] == f"mapping:{PRODUCTS}:category:{UNMAPPED}"
    house.settle()
    before = house.wait_for("product", lamp, "Pending", "needs_mapping")
    asked = house.api.get(f"{house.base}/mappings/{PRODUCTS}/category")
    waiting = {one["value"]: one for one in asked["unmapped"]}
    assert {value: one["rows"] for value, one in waiting.items()} == {UNMAPPED: 3, "Lamps": 1}

    house.map(PRODUCTS, "category", Candles=waiting[UNMAPPED]["suggestion"])

    for product in candles:
        house.wait_for("product", product, "Synced")
        house.wait_for("stock", product, "Synced")
    after = house.row("product", lamp)
    assert after is not None
    assert (after["reason"], after["attempts"]) == ("needs_mapping", before["attempts"])


def test_product_without_category_can_be_classified_alone(house: House) -> None:
    alone, other = (house.add_product(f"Thing {n}", f"TH-{n}", category=None) for n in (1, 2))
    for product in (alone, other):
        row = house.wait_for("product", product, "Pending", "needs_mapping")
        assert "no category" in row["sentence"]

    books = house.vendors.tills.category_ids["Books"]
    path = f"{house.base}/mappings/{PRODUCTS}/category"
    house.api.put(path, {"records": {str(alone): books}})

    house.wait_for("product", alone, "Synced")
    held = house.row("product", other)
    assert held is not None
    assert held["reason"] == "needs_mapping"


def test_name_that_square_refuses_is_mended_at_the_source_and_synced_again(house: House) -> None:
    product = house.add_product("N" * 520, "LONG-1")
    failed = house.wait_for("product", product, "Failed", "rejected_by_target")
    assert failed["code"] == 400
    assert "name" in failed["sentence"]
    assert "512" in failed["sentence"]

    house.vendors.brightpearl.sender.configure(lose_next=1)  # the button does it, not the event
    house.vendors.brightpearl.edit_product(product, name="Novel")
    house.resync(failed)
    synced = house.wait_for("product", product, "Synced")

    attempts = house.detail(synced)["attempts"]
    assert [one["status"] for one in attempts] == ["Synced", "Failed"]
    assert "512" in attempts[1]["detail"]
    assert synced["columns"]["name"] == "Novel"


def test_bad_product_does_not_harm_its_neighbours_in_a_batch(house: House) -> None:
    brightpearl = house.vendors.brightpearl
    with brightpearl.batch():
        good = [house.add_product(f"Mug {n}", f"MUG-{n}") for n in range(9)]
        bad = house.add_product("N" * 520, "LONG-1")

    house.wait_for("product", bad, "Failed", "rejected_by_target")
    for product in good:
        house.wait_for("product", product, "Synced")


def test_missing_setting_is_named_and_filling_it_in_frees_the_rows(house: House) -> None:
    house.sell_ready("Mug", "MUG-1")
    flow = "square-orders-to-brightpearl"
    house.configure(flow, walk_in_customer=None)
    sale = house.sell("MUG-1")
    row = house.wait_for("order", sale, "Pending", "needs_settings")
    assert row["cause"] == f"setting:{flow}:walk_in_customer"
    assert "Walk-in customer" in row["sentence"]
    assert row["columns"]["total"] == {"amount": "20.00", "currency": "GBP"}

    house.configure(flow, walk_in_customer=str(house.vendors.erp.walk_in))

    synced = house.wait_for("order", sale, "Synced")
    order = house.sales_order(synced)
    assert order["parties"]["customer"]["contactId"] == house.vendors.erp.walk_in
