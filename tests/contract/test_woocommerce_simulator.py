"""Callers, the site's moods and the controls of the simulated WooCommerce, over HTTP."""

import time
from collections.abc import Iterator

import httpx
import pytest

from local.platforms.woocommerce.auth import sign
from tests.contract.woo_shop import Json, Shop, code, open_shop


@pytest.fixture
def shop() -> Iterator[Shop]:
    with open_shop() as made:
        yield made


AUTH_ERROR = (401, "woocommerce_rest_authentication_error")
ANONYMOUS = (401, "woocommerce_rest_cannot_view")


# Who may call


def test_an_unknown_key_is_as_good_as_none_and_a_wrong_secret_is_told(shop: Shop) -> None:
    key = shop.merchant.key

    assert code(shop.client().get("orders")) == ANONYMOUS
    assert code(shop.client("ck_none", key.secret).get("orders")) == ANONYMOUS
    assert code(shop.client(key.key, "cs_wrong").get("orders")) == AUTH_ERROR
    assert shop.http.get("orders").status_code == 200


def test_a_key_may_come_in_the_query(shop: Shop) -> None:
    key = shop.merchant.key
    params = {"consumer_key": key.key, "consumer_secret": key.secret}

    assert shop.client().get("orders", params=params).status_code == 200
    params["consumer_secret"] = "cs_wrong"
    assert code(shop.client().get("orders", params=params)) == AUTH_ERROR


def test_a_shop_without_https_ignores_basic_without_saying_why(shop: Shop) -> None:
    shop.woo.https_only = True

    assert code(shop.http.get("orders")) == ANONYMOUS
    assert code(shop.client(shop.merchant.key.key, "cs_wrong").get("orders")) == ANONYMOUS


def test_a_key_that_may_only_read_is_unauthorized_to_write(shop: Shop) -> None:
    key = shop.woo.add_key("read")
    reader = shop.client(key.key, key.secret)

    assert reader.get("products").status_code == 200
    assert code(reader.post("products", json={"name": "Cup"})) == AUTH_ERROR


VECTOR = {
    "oauth_consumer_key": "ck_demo",
    "oauth_nonce": "abc123",
    "oauth_signature_method": "HMAC-SHA256",
    "oauth_timestamp": "1700000000",
    "per_page": "2",
}


def test_the_signature_of_a_known_call_is_the_known_one() -> None:
    url = "http://127.0.0.1:8899/wp-json/wc/v3/orders"

    made = sign("GET", url, VECTOR, secret="cs_demo")

    assert made == "M2Ru60S7QQMR3Pfukn0REicQRV6efyW6ziOXSNea+Fk="


def signed(shop: Shop, **change: str) -> dict[str, str]:
    params = VECTOR | {
        "oauth_consumer_key": shop.merchant.key.key,
        "oauth_timestamp": str(int(shop.clock().timestamp())),
    }
    params |= change
    url = f"{shop.woo.base_url}/wp-json/wc/v3/orders"
    return params | {"oauth_signature": sign("GET", url, params, secret=shop.merchant.key.secret)}


def test_a_signed_call_is_let_in_once_and_for_a_quarter_of_an_hour(shop: Shop) -> None:
    shop.woo.https_only = True
    early, late = signed(shop), signed(shop, oauth_nonce="later")
    ask = shop.client().get

    assert ask("orders", params=early).status_code == 200
    assert code(ask("orders", params=early)) == AUTH_ERROR
    shop.clock.advance(15 * 60 + 1)
    assert code(ask("orders", params=late)) == AUTH_ERROR


def test_a_signature_covers_every_parameter_and_none_may_be_missing(shop: Shop) -> None:
    ask = shop.client().get
    changed = signed(shop) | {"per_page": "3"}
    without = {name: value for name, value in signed(shop).items() if name != "oauth_nonce"}

    assert code(ask("orders", params=changed)) == AUTH_ERROR
    missing = (401, "woocommerce_rest_authentication_missing_parameter")
    assert code(ask("orders", params=without)) == missing


def test_a_signature_may_come_in_a_header(shop: Shop) -> None:
    params = signed(shop)
    per_page = params.pop("per_page")
    fields = ", ".join(f'{name}="{httpx.QueryParams({"": v})!s}"' for name, v in params.items())
    header = "OAuth " + fields.replace('"=', '"')

    answer = shop.client().get(
        "orders", params={"per_page": per_page}, headers={"Authorization": header}
    )

    assert answer.status_code == 200


# Paths


def test_a_shop_may_live_in_a_folder() -> None:
    with open_shop("/shop") as shop:
        assert shop.woo.shop_url.endswith("/shop")
        assert shop.http.get("products").status_code == 200
        lost = httpx.get(f"{shop.woo.base_url}/wp-json/wc/v3/products")
        assert (lost.status_code, lost.headers["Content-Type"][:9]) == (404, "text/html")


@pytest.mark.parametrize("path", ["nothing", "orders/1/fulfillments", "orders/one"])
def test_an_unknown_path_has_no_route(shop: Shop, path: str) -> None:
    assert code(shop.http.get(path)) == (404, "rest_no_route")


def test_the_index_lists_namespaces_and_plain_permalinks_know_no_key(shop: Shop) -> None:
    assert "wc/v3" in httpx.get(f"{shop.woo.base_url}/wp-json/").json()["namespaces"]

    key = shop.merchant.key
    plain = httpx.get(f"{shop.woo.base_url}/?rest_route=/wc/v3/orders", auth=(key.key, key.secret))

    assert code(plain) == ANONYMOUS


def test_a_shop_tells_its_currency_taxes_and_version(shop: Shop) -> None:
    assert shop.get("settings/general/woocommerce_currency")["value"] == "GBP"
    assert shop.get("settings/tax/woocommerce_prices_include_tax")["value"] == "no"
    assert [one["rate"] for one in shop.get("taxes")] == ["20.0000"]
    assert shop.get("system_status")["environment"]["version"] == "9.9.5"


def test_a_body_that_is_no_json_is_refused(shop: Shop) -> None:
    assert code(shop.http.post("orders", content=b"{")) == (400, "rest_invalid_json")


# The site's moods


def test_maintenance_is_a_page_that_says_when_to_come_back(shop: Shop) -> None:
    shop.woo.maintenance = True

    answer = shop.http.get("orders")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "600")
    assert answer.headers["Content-Type"].startswith("text/html")


def test_a_plugin_answers_with_html_or_writes_before_the_json(shop: Shop) -> None:
    shop.woo.plugin = "page"
    assert shop.http.post("products", json={"name": "Cup"}).status_code == 403

    shop.woo.plugin = "notice"
    made = shop.http.post("products", json={"name": "Cup"})
    shop.woo.plugin = ""

    assert made.status_code == 201
    with pytest.raises(ValueError, match="Expecting value"):
        made.json()
    assert len(shop.get("products", search="Cup")) == 1


def test_a_slow_shop_has_done_its_work_when_the_caller_gives_up(shop: Shop) -> None:
    shop.woo.slow_s = 0.3
    with pytest.raises(httpx.ReadTimeout):
        shop.http.post("products", json={"name": "Cup"}, timeout=0.1)
    shop.woo.slow_s = 0.0

    assert len(shop.get("products", search="Cup")) == 1


@pytest.mark.parametrize("retry_after_s", [None, 7], ids=["without-header", "with-header"])
def test_the_host_limits_calls_with_a_page(shop: Shop, retry_after_s: int | None) -> None:
    shop.woo.limit_calls(2, retry_after_s=retry_after_s)

    answers = [shop.http.get("orders") for _ in range(3)]
    shop.clock.advance(1)

    assert [one.status_code for one in answers] == [200, 200, 429]
    assert answers[2].headers.get("Retry-After") == (retry_after_s and str(retry_after_s))
    assert shop.http.get("orders").status_code == 200


def test_a_lost_answer_may_have_made_a_second_order(shop: Shop) -> None:
    shop.woo.fail_next(mode="drop_after", path="orders")
    body = {"line_items": [{"product_id": shop.merchant.mug, "quantity": 1}]}
    with pytest.raises(httpx.RemoteProtocolError):
        shop.http.post("orders", json=body)

    shop.http.post("orders", json=body)

    assert len(shop.get("orders")) == 2


def test_a_fault_answers_in_the_vendors_envelope(shop: Shop) -> None:
    shop.woo.fail_next(500)

    answer = shop.http.get("orders")

    assert code(answer) == (500, "internal_server_error")
    assert answer.json()["data"] == {"status": 500}


# Controls over HTTP


def test_people_can_run_the_shop_over_http(shop: Shop) -> None:
    sim = f"{shop.woo.base_url}/_sim"
    made = httpx.post(f"{sim}/add_product", json={"name": "Cup", "regular_price": "4"}).json()
    line = {"product_id": made["id"], "quantity": 2}
    order = httpx.post(f"{sim}/buy", json={"lines": [line]}).json()["order"]
    httpx.post(f"{sim}/refund", json={"order": order, "amount": "1.00"})
    httpx.post(f"{sim}/set_order_status", json={"order": order, "status": "completed"})

    shown = shop.get(f"orders/{order}")

    assert (shown["status"], shown["total"]) == ("completed", "9.60")
    assert [one["total"] for one in shown["refunds"]] == ["-1.00"]
    assert httpx.get(f"{sim}/state").json()["orders"] == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("behave", {"moods": 1}),
        ("add_key", {"permissions": "all"}),
        ("refund", {"order": 1}),
        ("add_coupon", {"code": "X", "amount": "1", "kind": "bogof"}),
    ],
)
def test_a_wrong_control_says_what_is_wrong(shop: Shop, path: str, body: Json) -> None:
    answer = httpx.post(f"{shop.woo.base_url}/_sim/{path}", json=body)

    assert answer.status_code == 400
    assert answer.json()["error"]


def test_answers_are_slow_by_the_wall_clock_only_when_asked(shop: Shop) -> None:
    httpx.post(f"{shop.woo.base_url}/_sim/behave", json={"slow_s": 0.05})
    started = time.monotonic()

    shop.get("orders")

    assert time.monotonic() - started >= 0.05
