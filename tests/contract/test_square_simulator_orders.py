"""Orders of the simulated Square: searches, the till, sums that add up."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest

from local.platforms.square.fields import stamp
from local.platforms.square.money import spread
from tests.contract.square_shop import Json, Shop, amount, code, open_shop


@pytest.fixture
def shop() -> Iterator[Shop]:
    with open_shop() as made:
        yield made


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"location_ids": ["nowhere"]},
        {"query": {"filter": {"date_time_filter": {"updated_at": {"start_at": "2020-01-01Z"}}}}},
        {
            "query": {
                "filter": {
                    "date_time_filter": {
                        "updated_at": {"start_at": "2020-01-01T00:00:00Z"},
                        "created_at": {"start_at": "2020-01-01T00:00:00Z"},
                    }
                },
                "sort": {"sort_field": "UPDATED_AT"},
            }
        },
    ],
    ids=["no-location", "unknown", "no-sort", "two-times"],
)
def test_a_search_of_orders_that_breaks_a_rule_is_refused(shop: Shop, body: Json) -> None:
    if "query" in body:
        body = {"location_ids": shop.places, **body}

    assert shop.post("orders/search", body).status_code == 400


def test_a_search_of_orders_takes_ten_locations_and_keeps_to_them(shop: Shop) -> None:
    here = shop.square.sell(shop.places[0], [(None, 1, 100)])
    shop.square.sell(shop.places[1], [(None, 1, 100)])

    found = shop.post("orders/search", {"location_ids": shop.places[:1] * 10}).json()
    refused = shop.post("orders/search", {"location_ids": shop.places[:1] * 11})

    assert [one["id"] for one in found["orders"]] == [here]
    assert code(refused) == (400, "ARRAY_LENGTH_TOO_LONG")


def test_bounds_of_a_search_of_orders_are_inclusive(shop: Shop) -> None:
    first = shop.square.sell(shop.places[0], [(None, 1, 100)])
    shop.clock.advance(1)
    second = shop.square.sell(shop.places[0], [(None, 1, 100)])

    bounds = {
        "start_at": shop.order(first)["updated_at"],
        "end_at": shop.order(first)["updated_at"],
    }
    body = {
        "location_ids": shop.places,
        "query": {
            "filter": {"date_time_filter": {"updated_at": bounds}},
            "sort": {"sort_field": "UPDATED_AT", "sort_order": "ASC"},
        },
    }
    assert [one["id"] for one in shop.post("orders/search", body).json()["orders"]] == [first]
    bounds["end_at"] = shop.order(second)["updated_at"]
    found = shop.post("orders/search", body).json()["orders"]
    assert [one["id"] for one in found] == [first, second]


def test_an_order_that_changes_during_a_walk_is_left_to_the_next_one(shop: Shop) -> None:
    made = []
    for _ in range(4):
        made.append(shop.square.sell(shop.places[0], [(None, 1, 100)], state="OPEN"))
        shop.clock.advance(1)
    updated = {"updated_at": {"start_at": "2020-01-01T00:00:00Z"}}
    body: Json = {
        "location_ids": shop.places,
        "limit": 2,
        "query": {
            "filter": {"date_time_filter": updated},
            "sort": {"sort_field": "UPDATED_AT", "sort_order": "ASC"},
        },
    }
    first = shop.post("orders/search", body).json()
    shop.clock.advance(1)
    shop.square.edit(made[0], state="COMPLETED")

    second = shop.post("orders/search", body | {"cursor": first["cursor"]}).json()

    assert [one["id"] for one in first["orders"] + second["orders"]] == made
    assert "cursor" not in second


def test_an_offline_sale_keeps_its_time_and_arrives_now(shop: Shop) -> None:
    sold_at = shop.clock() - timedelta(hours=30)

    order = shop.order(shop.square.sell(shop.places[0], [(None, 1, 100)], created_at=sold_at))

    assert order["created_at"] == stamp(sold_at)
    assert order["updated_at"] == stamp(shop.clock())


def test_a_later_payment_completes_an_open_order(shop: Shop) -> None:
    order_id = shop.square.sell(shop.places[0], [(None, 1, 900)], state="OPEN", paid=False)
    before = shop.order(order_id)
    shop.clock.advance(60)

    shop.square.pay(order_id, kind="CASH")

    after = shop.order(order_id)
    assert ("tenders" in before, amount(before, "net_amount_due_money")) == (False, 900)
    assert (after["state"], amount(after, "net_amount_due_money")) == ("COMPLETED", 0)
    assert [one["type"] for one in after["tenders"]] == ["CASH"]
    assert after["updated_at"] > before["updated_at"]


def test_a_cancelled_order_gives_its_goods_back(shop: Shop) -> None:
    variation = shop.make()
    shop.count(variation, "10")
    order_id = shop.square.sell(shop.places[0], [(variation, 4)], state="OPEN")
    assert shop.square.stock(variation, shop.places[0]) == 6

    shop.square.cancel(order_id)

    assert shop.order(order_id)["state"] == "CANCELED"
    assert shop.square.stock(variation, shop.places[0]) == 10


def test_an_edited_order_has_new_lines_and_takes_other_goods(shop: Shop) -> None:
    variation = shop.make()
    shop.count(variation, "10")
    order_id = shop.square.sell(shop.places[0], [(variation, 4)])

    shop.square.edit(order_id, [(variation, 1), (None, 1, 250)])

    order = shop.order(order_id)
    assert amount(order, "total_money") == 1250
    assert shop.square.stock(variation, shop.places[0]) == 9


def test_enum_values_of_tomorrow_come_on_demand(shop: Shop) -> None:
    order_id = shop.square.sell(shop.places[0], [(None, 1, 100)])
    shop.square.unknown_enums = True

    assert shop.order(order_id)["tenders"][0]["type"] == "TENDER_OF_TOMORROW"
    listed = shop.http.get("/v2/catalog/list").json()["objects"]
    assert listed[-1]["type"] == "TYPE_OF_TOMORROW"


@pytest.mark.parametrize("tax_type", ["ADDITIVE", "INCLUSIVE"])
@pytest.mark.parametrize("discount", [0, 333, "10%", 99_999], ids=str)
@pytest.mark.parametrize("extras", [{}, {"tip": 150, "service_charge": 275, "rounding": -1}])
def test_the_parts_of_an_order_add_up_to_its_total(
    shop: Shop, tax_type: str, discount: int | str, extras: Json
) -> None:
    lines = [(None, "3", 333), (None, "0.5", 1999), (None, 1, 1)]
    order = shop.order(
        shop.square.sell(
            shop.places[0], lines, tax_type=tax_type, tax="17.5", discount=discount, **extras
        )
    )

    line_totals = sum(amount(line, "total_money") for line in order["line_items"])
    assert all(amount(line, "total_money") >= 0 for line in order["line_items"])
    charges = sum(amount(one, "total_money") for one in order.get("service_charges", []))
    rounding = order.get("rounding_adjustment", {"amount_money": {"amount": 0}})
    tip = amount(order, "total_tip_money")
    assert amount(order, "total_money") == (
        line_totals + charges + tip + amount(rounding, "amount_money")
    )
    for total, part in (("total_tax_money", "taxes"), ("total_discount_money", "discounts")):
        applied = sum(amount(one, "applied_money") for one in order.get(part, []))
        assert amount(order, total) == applied
        assert applied == sum(amount(line, total) for line in order["line_items"])
    assert sum(amount(one, "amount_money") for one in order["tenders"]) == amount(
        order, "total_money"
    )


def test_tax_is_inside_or_on_top_of_the_net_amount(shop: Shop) -> None:
    def line(tax_type: str) -> Json:
        order_id = shop.square.sell(
            shop.places[0], [(None, 1, 1200)], tax=20, tax_type=tax_type, discount=200
        )
        return dict(shop.order(order_id)["line_items"][0])

    inside, on_top = line("INCLUSIVE"), line("ADDITIVE")
    assert (amount(inside, "total_money"), amount(inside, "total_tax_money")) == (1000, 167)
    assert (amount(on_top, "total_money"), amount(on_top, "total_tax_money")) == (1200, 200)


def test_a_total_can_be_made_not_to_add_up(shop: Shop) -> None:
    order = shop.order(shop.square.sell(shop.places[0], [(None, 1, 1000)], total_off_by=7))

    assert amount(order, "total_money") == 1007
    assert amount(order["line_items"][0], "total_money") == 1000


@pytest.mark.parametrize(
    ("whole", "weights"), [(100, [1, 1, 1]), (7, [10, 0, 3]), (0, [5]), (5, [0, 0]), (9, [])]
)
def test_a_spread_amount_is_neither_more_nor_less(whole: int, weights: list[int]) -> None:
    assert sum(spread(whole, weights)) == (whole if weights else 0)


def test_a_currency_without_decimals_is_kept_whole(shop: Shop) -> None:
    tokyo = shop.square.add_location("Tokyo", currency="JPY", country="JP", tax_percent=Decimal(10))

    order = shop.order(shop.square.sell(tokyo, [(None, 1, 1100)]))

    assert order["total_money"] == {"amount": 1100, "currency": "JPY"}
    assert amount(order["line_items"][0], "gross_sales_money") == 1000
