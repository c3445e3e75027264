"""A webhook comes in, the target is written, the row is Synced: both ways."""

from tests.journey.house import House


def test_product_group_becomes_one_item_with_a_variation_each(house: House) -> None:
    brightpearl = house.vendors.brightpearl
    with brightpearl.batch():
        small, large = (
            house.add_product("Oxford Shirt", f"OX-{size}", group=900, options=[("Size", size)])
            for size in ("S", "L")
        )

    rows = [house.wait_for("product", product, "Synced") for product in (small, large)]

    first, second = house.variation("OX-S"), house.variation("OX-L")
    item_ids = {one["item_variation_data"]["item_id"] for one in (first, second)}
    assert len(item_ids) == 1
    item = house.ask_square("GET", f"/v2/catalog/object/{item_ids.pop()}")["object"]
    assert item["item_data"]["name"] == "Oxford Shirt"
    assert first["item_variation_data"]["price_money"] == {"amount": 2000, "currency": "GBP"}
    assert [row["columns"]["sku"] for row in rows] == ["OX-S", "OX-L"]
    assert {row["columns"]["source"] for row in rows} == {"Brightpearl"}
    assert all(row["verified"] and row["synced_at"] for row in rows)


def test_stock_of_a_warehouse_is_in_stock_at_its_location(house: House) -> None:
    product = house.sell_ready("Mug", "MUG-1", stock=20)
    harbour = house.vendors.erp.warehouses[1]

    house.vendors.brightpearl.set_stock(product, harbour, 7)
    row = house.wait_for(
        "stock", product, "Synced", fits=lambda row: row["columns"]["quantity"] == "27"
    )

    assert (house.in_stock("MUG-1", shop=0), house.in_stock("MUG-1", shop=1)) == (20, 7)
    assert (row["columns"]["name"], row["columns"]["sku"]) == ("Mug", "MUG-1")


def test_sale_at_the_till_becomes_a_sales_order(house: House) -> None:
    house.sell_ready("Mug", "MUG-1")

    sale = house.sell("MUG-1", tip=150)
    row = house.wait_for("order", sale, "Synced")

    order = house.sales_order(row)
    assert row["columns"]["order_id"] == sale
    assert row["columns"]["total"] == {"amount": "21.50", "currency": "GBP"}
    assert order["externalRef"] == sale
    assert order["totalValue"]["total"] == "21.5000"
    assert order["parties"]["customer"]["contactId"] == house.vendors.erp.walk_in
