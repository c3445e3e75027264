"""Sales of the simulated Lightspeed: the caller's id, changes, states, stock, returns."""

from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest

from tests.contract.lightspeed_store import Json, Store, open_store


@pytest.fixture
def store() -> Iterator[Store]:
    with open_store() as made:
        yield made


def create(store: Store, body: Json) -> Json:
    answer = store.call("POST", "sales", body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["data"])


def stock(store: Store, product_id: str) -> int:
    return int(store.lightspeed.stock(product_id, store.leeds))


# Creating


def test_a_sale_is_stored_under_the_callers_id_and_reference(store: Store) -> None:
    product, sale_id = store.product(), str(uuid4())
    source = store.sale(product)["source"] | {"type": "elsewhere", "id": "100123"}

    create(store, store.sale(product, id=sale_id, source=source, date="2026-08-01T10:02:11Z"))

    sale = store.get(f"sales/{sale_id}")["data"]
    assert (sale["state"], sale["date"]) == ("closed", "2026-08-01T10:02:11Z")
    assert sale["source"]["id"] == "100123"
    assert sale["source"]["outlet_id"] == store.leeds
    assert sale["source"]["author"] == {"id": store.demo.user_id}
    assert sale["invoice_number"] == "LE-1"
    assert sale["customer_id"] == store.lightspeed.customers.walk_in
    assert sale["totals"]["price"] == pytest.approx(33.34)
    assert sale["totals"]["tax"] == pytest.approx(6.66)
    assert sale["totals"]["price_incl_tax"] == pytest.approx(40)
    assert sale["line_items"][0]["tax"]["total"] == pytest.approx(6.66)
    assert sale["payments"][0]["type"]["name"] == "Card"
    assert "version" not in sale
    assert sale["_metadata"]["version"] > 2**31


def test_a_lost_answer_is_found_again_by_the_callers_id(store: Store) -> None:
    product, sale_id = store.product(), str(uuid4())
    store.lightspeed.fail_next(mode="drop_after", path="/sales", method="POST")
    assert store.call("GET", f"sales/{sale_id}").status_code == 404

    with pytest.raises(httpx.RemoteProtocolError):
        store.call("POST", "sales", store.sale(product, id=sale_id))

    assert store.get(f"sales/{sale_id}")["data"]["id"] == sale_id
    assert store.call("POST", "sales", store.sale(product, id=sale_id)).status_code == 409
    assert stock(store, product) == 8


def test_a_repeated_id_can_be_ignored_or_add_to_the_sale(store: Store) -> None:
    product, sale_id = store.product(), str(uuid4())
    body = store.sale(product, id=sale_id)
    create(store, body)

    store.lightspeed.repeated_sale = "ignore"
    assert len(create(store, body)["payments"]) == 1
    store.lightspeed.repeated_sale = "update"
    assert len(create(store, body)["payments"]) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"state": "done"},
        {"state": None},
        {"source": {}},
        {"source": None},
        {"attributes": ["gift"]},
        {"attributes": ["onaccount", "layby"]},
        {"attributes": ["pickup", "delivery"]},
        {"id": "100123"},
        {"customer_id": str(uuid4())},
        {"date": "yesterday"},
        {"line_items": [{"product": {"id": str(uuid4())}}]},
        {"payments": [{"amount": 1, "type": {"config_id": "cash"}}]},
        {"payments": [{"amount": "1"}]},
        {"pricing": {"adjustments": [{"type": "GIFT", "amount": {"type": "FIXED", "value": "1"}}]}},
    ],
)
def test_a_sale_that_is_wrong_is_refused_and_not_stored(store: Store, change: Json) -> None:
    answer = store.call("POST", "sales", store.sale(store.product()) | change)

    assert answer.status_code == 400
    assert answer.json()["message"]
    assert store.get("sales")["data"] == []


@pytest.mark.parametrize(
    "change",
    [
        {"quantity": "2"},
        {"quantity": None},
        {"pricing": {}},
        {"tax": None},
        {"tax": {"id": "x", "amount": 1}},
    ],
)
def test_a_line_needs_quantity_price_and_tax(store: Store, change: Json) -> None:
    product = store.product()
    line = store.line(product) | change
    assert store.call("POST", "sales", store.sale(product, line_items=[line])).status_code == 400


def test_tips_and_discounts_of_a_sale_are_no_lines_but_count(store: Store) -> None:
    adjustments = [
        {"type": "TIP", "amount": {"type": "FIXED", "value": "5"}},
        {"type": "DISCOUNT", "amount": {"type": "PERCENT", "value": "10"}},
    ]
    body = store.sale(store.product(), pricing={"adjustments": adjustments})

    sale = create(store, body)

    assert [one["total"] for one in sale["adjustments"]] == [5, pytest.approx(-3.334)]
    assert len(sale["line_items"]) == 1
    assert sale["totals"]["price"] == pytest.approx(33.34 + 5 - 3.334)


def test_a_discount_is_in_the_price_unless_told_otherwise(store: Store) -> None:
    product = store.product()
    line = store.line(product) | {"pricing": {"price": 10, "discount": 4}}
    body = store.sale(product, line_items=[line])

    assert create(store, body)["line_items"][0]["pricing"]["total"] == 20
    store.lightspeed.price_has_discount = False
    assert create(store, body)["line_items"][0]["pricing"]["total"] == 12


def test_what_looks_like_a_card_number_vanishes_without_a_word(store: Store) -> None:
    note = "card 4111 1111 1111 1111 order 1042"
    assert create(store, store.sale(store.product(), note=note))["note"] == "card  order 1042"


# Changing


def test_a_payment_without_its_id_is_added_each_time(store: Store) -> None:
    sale = create(store, store.sale(store.product(), state="pending", payments=[]))
    path, body = f"sales/{sale['id']}", {"payments": [store.payment(15)]}

    first = store.call("PUT", path, body).json()["data"]["payments"]
    second = store.call("PUT", path, body).json()["data"]["payments"]
    corrected = {"payments": [{"id": second[1]["id"], "amount": 25}]}
    third = store.call("PUT", path, corrected).json()["data"]["payments"]

    assert [len(first), len(second), len(third)] == [1, 2, 2]
    assert [one["amount"] for one in third] == [15, 25]


def test_a_line_with_its_id_is_changed_and_one_without_is_added(store: Store) -> None:
    product = store.product()
    sale = create(store, store.sale(product, state="parked"))
    line_id = sale["line_items"][0]["id"]
    lines = [{"id": line_id, "quantity": 5}, store.line(product, 1)]

    changed = store.call("PUT", f"sales/{sale['id']}", {"line_items": lines}).json()["data"]

    assert [one["quantity"] for one in changed["line_items"]] == [5, 1]
    assert changed["totals"]["price"] == pytest.approx(6 * 16.67)


def test_a_closed_sale_can_only_be_voided_and_then_nothing(store: Store) -> None:
    sale = create(store, store.sale(store.product()))
    path = f"sales/{sale['id']}"

    assert store.call("PUT", path, {"state": "pending"}).status_code == 422
    assert store.call("PUT", path, {"state": "voided"}).status_code == 200
    assert store.call("PUT", path, {"state": "closed"}).status_code == 422
    assert store.get(path)["data"]["state"] == "voided"


@pytest.mark.parametrize(
    ("state", "attributes", "left"),
    [
        ("parked", [], 10),
        ("pending", [], 10),
        ("pending", ["layby"], 10),
        ("pending", ["onaccount"], 8),
        ("closed", [], 8),
        ("closed", ["onaccount"], 8),
        ("voided", [], 10),
    ],
)
def test_closed_sales_and_those_on_account_take_from_stock(
    store: Store, state: str, attributes: list[str], left: int
) -> None:
    product = store.product()
    create(store, store.sale(product, state=state, attributes=attributes))
    assert stock(store, product) == left


def test_stock_follows_a_sale_through_its_states(store: Store) -> None:
    product = store.product()
    levels = []
    path = f"sales/{create(store, store.sale(product, state='parked'))['id']}"
    for body in (
        {"state": "pending", "attributes": ["onaccount"]},
        {"state": "closed"},
        {"note": "nothing new"},
        {"state": "voided"},
    ):
        assert store.call("PUT", path, body).status_code == 200
        levels.append(stock(store, product))

    assert levels == [8, 8, 8, 10]


def test_voiding_a_sale_does_not_bring_back_the_stock_of_a_deleted_product(store: Store) -> None:
    product = store.product()
    path = f"sales/{create(store, store.sale(product))['id']}"
    store.call("DELETE", f"products/{product}")

    assert store.call("PUT", path, {"state": "voided"}).status_code == 200

    assert store.call("POST", "inventory", {}).json() == []
    levels = store.call("POST", "inventory", {"include_deleted": True}).json()
    assert [one["current_inventory_level"] for one in levels] == [10, 0]


# Returns


def test_each_return_call_makes_another_parked_sale_of_all_lines(store: Store) -> None:
    product = store.product()
    original = create(store, store.sale(product))
    path = f"sales/{original['id']}"

    first = store.call("POST", f"{path}/actions/return").json()["data"]
    second = store.call("POST", f"{path}/actions/return").json()["data"]

    assert first["state"] == "parked"
    assert first["return"]["is_return"] is True
    assert first["return"]["original_sale_id"] == original["id"]
    assert [line["quantity"] for line in first["line_items"]] == [-2]
    assert first["line_items"][0]["return"]["is_return"] is True
    assert first["totals"]["price_incl_tax"] == pytest.approx(-40)
    assert first["payments"] == []
    assert store.get(path)["data"]["return"]["return_sale_ids"] == [first["id"], second["id"]]
    assert stock(store, product) == 8


def test_a_return_is_closed_with_the_lines_to_keep(store: Store) -> None:
    mug, jar = store.product("MUG"), store.product("JAR")
    lines = [store.line(mug), store.line(jar)]
    original = create(store, store.sale(mug, line_items=lines))
    back = store.call("POST", f"sales/{original['id']}/actions/return").json()["data"]
    kept = {"id": back["line_items"][1]["id"], "quantity": -1}

    body = {"state": "closed", "line_items": [kept], "payments": [store.payment(-20)]}
    closed = store.call("PUT", f"sales/{back['id']}", body).json()["data"]

    assert [line["product"]["id"] for line in closed["line_items"]] == [jar]
    assert closed["totals"]["price_incl_tax"] == pytest.approx(-20)
    assert (stock(store, mug), stock(store, jar)) == (8, 9)


def test_an_exchange_holds_what_comes_back_and_what_goes_out(store: Store) -> None:
    mug, jar = store.product("MUG"), store.product("JAR", price=26)
    sale_id = store.lightspeed.sell("Leeds", {"MUG": -1, "JAR": 1})

    sale = store.get(f"sales/{sale_id}")["data"]

    assert [line["quantity"] for line in sale["line_items"]] == [-1, 1]
    assert [line["return"]["is_return"] for line in sale["line_items"]] == [True, False]
    assert sale["return"]["original_sale_id"] is None
    assert sale["payments"][0]["amount"] == pytest.approx(6)
    assert (stock(store, mug), stock(store, jar)) == (11, 9)


def test_only_a_closed_sale_is_returned(store: Store) -> None:
    parked = create(store, store.sale(store.product(), state="parked"))
    assert store.call("POST", f"sales/{parked['id']}/actions/return").status_code == 422
    assert store.call("POST", f"sales/{uuid4()}/actions/return").status_code == 404


def test_the_return_call_can_answer_in_the_older_shape(store: Store) -> None:
    store.lightspeed.legacy_return_answer = True
    original = create(store, store.sale(store.product()))

    back = store.call("POST", f"sales/{original['id']}/actions/return").json()["data"]

    assert (back["status"], back["return_for"]) == ("SAVED", original["id"])
    assert back["total_price"] == pytest.approx(-33.34)
    assert back["line_items"][0]["price_total"] == pytest.approx(-33.34)


# Finding


def test_sales_are_searched_by_date_state_and_product(store: Store) -> None:
    mug, jar = store.product("MUG"), store.product("JAR")
    first = create(store, store.sale(mug, date="2026-08-01T10:00:00Z"))["id"]
    second = create(store, store.sale(jar, date="2026-08-02T10:00:00Z", state="parked"))["id"]
    third = create(store, store.sale(jar, date="2026-08-03T08:00:00Z"))["id"]

    def found(**query: str) -> list[str]:
        return [one["id"] for one in store.get("search", type="sales", **query)["data"]]

    assert found() == [first, second, third]
    assert found(date_from="2026-08-02T00:00:00Z") == [second, third]
    assert found(date_to="2026-08-02T10:00:00Z") == [first, second]
    assert found(state="-parked") == [first, third]
    assert found(status="SAVED") == [second]
    assert found(product_id=jar, order_direction="desc") == [third, second]
    assert found(offset="1", page_size="1") == [second]
    assert found(invoice_number="LE-1") == [first]
    assert store.call("GET", "search").status_code == 400
