"""Callers, faults and controls of the simulated Square, over HTTP."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.contract.square_shop import Json, Shop, amount, code, item, open_shop


@pytest.fixture
def shop() -> Iterator[Shop]:
    with open_shop() as made:
        yield made


# Who may call, and what is refused before anything is looked at


def test_a_call_without_a_known_token_is_unauthorized(shop: Shop) -> None:
    answer = httpx.get(f"{shop.square.base_url}/v2/locations")

    assert code(answer) == (401, "UNAUTHORIZED")
    assert answer.json()["errors"][0]["category"] == "AUTHENTICATION_ERROR"


def test_a_token_ends_at_its_time(shop: Shop) -> None:
    token = shop.square.add_token(expires_in_s=60)
    headers = {"Authorization": f"Bearer {token}"}

    assert shop.http.get("/v2/locations", headers=headers).status_code == 200
    shop.clock.advance(60)
    assert code(shop.http.get("/v2/locations", headers=headers)) == (401, "ACCESS_TOKEN_EXPIRED")


def test_a_missing_scope_is_forbidden_for_its_call_only(shop: Shop) -> None:
    token = shop.square.add_token(scopes=("ORDERS_READ",))
    headers = {"Authorization": f"Bearer {token}"}

    assert code(shop.http.get("/v2/payments", headers=headers)) == (403, "INSUFFICIENT_SCOPES")
    search = shop.http.post(
        "/v2/orders/search", json={"location_ids": shop.places}, headers=headers
    )
    assert search.status_code == 200


@pytest.mark.parametrize(
    ("content", "wanted"),
    [(b"{", "EXPECTED_JSON_BODY"), (b"[]", "EXPECTED_OBJECT"), (b"", "MISSING_REQUIRED_PARAMETER")],
    ids=["broken", "no-object", "empty"],
)
def test_a_body_that_is_no_json_object_is_refused(shop: Shop, content: bytes, wanted: str) -> None:
    assert code(shop.http.post("/v2/orders/search", content=content)) == (400, wanted)


def test_unknown_paths_and_methods_are_told_apart(shop: Shop) -> None:
    assert code(shop.http.get("/v2/nothing")) == (404, "NOT_FOUND")
    assert code(shop.http.get("/v2/orders/search/")) == (404, "NOT_FOUND")
    assert code(shop.http.delete("/v2/locations")) == (405, "METHOD_NOT_ALLOWED")


@pytest.mark.parametrize("retry_after_s", [None, 7], ids=["without-header", "with-header"])
def test_too_many_calls_are_limited(shop: Shop, retry_after_s: int | None) -> None:
    shop.square.limit_calls(2, retry_after_s=retry_after_s)

    answers = [shop.http.get("/v2/locations") for _ in range(3)]
    shop.clock.advance(1)

    assert [one.status_code for one in answers] == [200, 200, 429]
    assert answers[2].json()["errors"][0]["category"] == "RATE_LIMIT_ERROR"
    assert answers[2].headers.get("Retry-After") == (retry_after_s and str(retry_after_s))
    assert shop.http.get("/v2/locations").status_code == 200


# Faults on demand


@pytest.mark.parametrize(
    ("mode", "done"),
    [("drop_before", False), ("drop_after", True), ("half_body", True), ("hang", False)],
)
def test_a_connection_that_breaks_may_have_done_its_work(shop: Shop, mode: str, done: bool) -> None:
    shop.square.fail_next(mode=mode, path="batch-upsert")

    with pytest.raises(httpx.RemoteProtocolError):
        shop.upsert([item("A")])

    assert (len(shop.square.catalog.objects) > 1) is done


def test_a_lost_answer_is_given_again_for_the_same_key(shop: Shop) -> None:
    shop.square.fail_next(mode="drop_after", path="batch-upsert")
    with pytest.raises(httpx.RemoteProtocolError):
        shop.upsert([item("A")], key="once")

    again = shop.upsert([item("A")], key="once")

    assert again.status_code == 200
    items = [one for one in shop.square.catalog.views() if one.type == "ITEM"]
    assert [one.id for one in items] == [again.json()["objects"][0]["id"]]


@pytest.mark.parametrize(
    ("status", "wanted"),
    [(429, "RATE_LIMITED"), (500, "INTERNAL_SERVER_ERROR"), (503, "SERVICE_UNAVAILABLE")],
)
def test_a_fault_answers_in_the_vendors_envelope(shop: Shop, status: int, wanted: str) -> None:
    shop.square.fail_next(status, times=2, retry_after=3)

    first = shop.http.get("/v2/locations")

    assert code(first) == (status, wanted)
    assert first.headers["Retry-After"] == "3"
    assert shop.http.get("/v2/locations").status_code == status
    assert shop.http.get("/v2/locations").status_code == 200


def test_a_page_of_html_can_stand_in_for_json(shop: Shop) -> None:
    shop.square.fail_next(502, mode="html")

    answer = shop.http.get("/v2/locations")

    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html")


def test_a_vendor_that_is_down_answers_503_until_it_is_up(shop: Shop) -> None:
    assert shop.http.post("/_sim/down", json={}).status_code == 200
    assert shop.http.get("/v2/locations").status_code == 503

    shop.http.post("/_sim/down", json={"down": False})
    assert shop.http.get("/v2/locations").status_code == 200


# Controls over HTTP


def test_people_can_play_the_till_over_http(shop: Shop) -> None:
    shop.make("A")
    sim = f"{shop.square.base_url}/_sim"
    sold = {
        "location": "London Soho",
        "lines": [{"sku": "A-0", "quantity": "2"}, {"name": "Gift wrap", "price": 300}],
        "tip": 100,
        "state": "OPEN",
        "paid": False,
    }
    customer = httpx.post(f"{sim}/add_customer", json={"given_name": "Ann"}).json()["customer"]
    order_id = httpx.post(f"{sim}/sell", json=sold | {"customer": customer}).json()["order"]
    httpx.post(f"{sim}/pay", json={"order": order_id})

    order = shop.order(order_id)
    assert (order["state"], amount(order, "total_money")) == ("COMPLETED", 2400)
    assert order["customer_id"] == customer

    httpx.post(f"{sim}/edit", json={"order": order_id, "lines": [[None, 1, 500]]})
    assert amount(shop.order(order_id), "total_money") == 600
    httpx.post(f"{sim}/cancel", json={"order": order_id})
    assert shop.order(order_id)["state"] == "CANCELED"
    state = httpx.get(f"{sim}/state").json()
    assert [one["sku"] for one in state["variations"]] == ["A-0"]
    assert (state["orders"], state["customers"]) == (1, 1)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("sell", {"location": "Nowhere", "lines": []}),
        ("sell", {"lines": []}),
        ("sell", {"location": "London Soho", "lines": [{"sku": "none"}]}),
        ("sell", {"location": "London Soho", "lines": [[None, "many", 1]]}),
        ("pay", {"order": "nobody"}),
        ("behave", {"moods": 1}),
        ("fail", {"mode": "sulk"}),
        ("delete_catalog", {}),
        ("refund", {"order": "nowhere"}),
        ("change_customer", {"customer": "nobody", "given_name": "Ann"}),
        ("settle_refund", {"refund": "none"}),
    ],
)
def test_a_wrong_control_says_what_is_wrong(shop: Shop, path: str, body: Json) -> None:
    answer = httpx.post(f"{shop.square.base_url}/_sim/{path}", json=body)

    assert answer.status_code == 400
    assert answer.json()["error"]


def test_people_can_take_goods_back_and_mend_customers_over_http(shop: Shop) -> None:
    sim = f"{shop.square.base_url}/_sim"

    def play(verb: str, **body: Any) -> Any:
        answer = httpx.post(f"{sim}/{verb}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    variation = shop.make("A")
    shop.square.set_stock(variation, shop.places[0], 5)
    sale = play("sell", location="London Soho", lines=[[variation, 2, 1000]])["order"]
    (refund,) = play("refund", order=sale, lines=[[1, 1]], status="PENDING")["refunds"]
    play("settle_refund", refund=refund, status="FAILED")
    play("exchange", order=sale, back=[[1, 1]], lines=[{"price": 400}])
    play("take_back", location="London Soho", lines=[{"price": 250}], kind="CASH")
    ann, bo = (play("add_customer", given_name=name)["customer"] for name in ("Ann", "Bo"))
    play("change_customer", customer=ann, phone_number="+441225000000")
    both = play("merge_customers", customers=[ann, bo])["customer"]
    play("delete_customer", customer=both)

    assert shop.square.stock(variation, shop.places[0]) == 5
    listed = shop.http.get("/v2/refunds", params={"sort_order": "ASC"}).json()["refunds"]
    assert sorted((one["status"], amount(one, "amount_money")) for one in listed) == [
        ("COMPLETED", 250),
        ("COMPLETED", 600),
        ("FAILED", 1000),
    ]
    state = play("state")
    assert (state["refunds"], state["customers"]) == (3, 0)


def test_controls_do_not_count_as_calls_of_the_vendor(shop: Shop) -> None:
    shop.http.get("/v2/locations")
    httpx.post(f"{shop.square.base_url}/_sim/behave", json={"search_lag_s": 2})

    calls = httpx.get(f"{shop.square.base_url}/_sim/calls").json()["calls"]

    assert shop.square.search_lag_s == 2
    assert [(one["path"], one["status"]) for one in calls] == [("/v2/locations", 200)]
    assert [one.path for one in shop.square.calls_to("/v2/loc")] == ["/v2/locations"]
