"""A shop is reached wherever it lives, and what goes wrong on the way is told with its mend."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.connectors.woocommerce import OFFER
from chalicelib.domain.causes import connection_cause
from chalicelib.domain.reasons import Reason, SyncFailure
from tests.contract.woo_connection import Connected, connect, listing, wanted
from tests.contract.woo_shop import Json

WRITE = "products/batch"


@pytest.fixture
def at() -> Iterator[Connected]:
    with connect() as connected:
        yield connected


def read(at: Connected) -> SyncFailure:
    """Read an order, which goes wrong."""
    with pytest.raises(SyncFailure) as failed:
        at.orders().fetch_many(["42"])
    return failed.value


def write(at: Connected) -> SyncFailure:
    """Create a product, which goes wrong."""
    failure = at.sync(wanted(listing()))["1001"]
    assert isinstance(failure, SyncFailure)
    return failure


def refusal(code: str, message: str = "No.", data: Any = None) -> Json:
    return {"code": code, "message": message, "data": data}


# Where it is, and who we are


@pytest.mark.parametrize("folder", ["", "/shop"])
@pytest.mark.parametrize("behind", ["", "/", "/wp-json", "/wp-json/wc/v3/"])
def test_a_shop_is_reached_however_its_address_is_typed(folder: str, behind: str) -> None:
    with connect(folder, address=behind) as at:
        assert at.sync(wanted(listing()))["1001"].verified
        assert at.platform().check().ok


def test_a_missing_address_is_said() -> None:
    with connect() as at:
        nowhere = replace(at.account.connection, base_url="")
        http = replace(at.account.http, base_url="")
        at.account = replace(at.account, connection=nowhere, http=http)

        failure = read(at)

        assert (failure.reason, failure.error_code) == (Reason.CONNECTION_DOWN, "no_address")
        assert not at.platform().check().ok


def test_a_shop_over_plain_http_is_not_called() -> None:
    with connect() as at:
        insecure = replace(at.account.connection, base_url="http://shop.example")
        at.account = replace(at.account, connection=insecure)

        check = at.platform().check()

        assert (check.ok, "https://" in check.problems[0]) == (False, True)


def test_a_server_that_drops_the_header_takes_the_key_in_the_address() -> None:
    with connect() as at:
        at.woo.strips_authorization = True
        failure = read(at)
        assert failure.reason is Reason.CONNECTION_DOWN
    with connect(settings={"query_auth": "yes"}) as at:
        at.woo.strips_authorization = True
        assert at.orders().fetch_many(["42"]) == {}
        secret = at.account.credentials
        shown = repr([vars(one) for one in at.account.http.trace.exchanges])
        assert secret["consumer_key"] not in shown
        assert secret["consumer_secret"] not in shown
        assert "consumer_key=[hidden]" in shown


def test_a_401_that_hides_its_cause_names_all_of_them(at: Connected) -> None:
    at.woo.https_only = True  # WordPress is not told that the call came over HTTPS

    failure = read(at)

    assert (failure.reason, failure.cause) == (
        Reason.CONNECTION_DOWN,
        connection_cause("woocommerce"),
    )
    for word in ("unknown", "Authorization", "X-Forwarded-Proto", "Key in the address"):
        assert word in failure.detail


def test_a_wrong_secret_is_told_apart(at: Connected) -> None:
    held = {**at.account.credentials, "consumer_secret": "cs_wrong"}
    at.account = replace(at.account, credentials=held)
    failure = read(at)
    assert (failure.reason, "secret" in failure.detail) == (Reason.CONNECTION_DOWN, True)


def test_a_key_that_may_only_read_is_a_matter_of_permission(at: Connected) -> None:
    key = at.woo.add_key("read")
    held = {"consumer_key": key.key, "consumer_secret": key.secret}
    at.account = replace(at.account, credentials=held)

    failure = write(at)
    check = at.platform().check()

    assert failure.reason is Reason.AUTH_REJECTED
    assert (check.ok, "Read/Write" in check.problems[0]) == (False, True)


def test_a_refusal_in_another_language_of_a_write_is_one_of_permission(at: Connected) -> None:
    body = refusal("woocommerce_rest_authentication_error", "Das darf der Schlüssel nicht.")
    at.woo.fail_next(401, path=WRITE, body=body)
    assert write(at).reason is Reason.AUTH_REJECTED


def test_a_redirect_is_not_followed_and_names_the_right_address(at: Connected) -> None:
    moved = {"Location": "https://www.shop.example/wp-json/wc/v3/orders?consumer_key=ck_secret"}
    at.woo.fail_next(301, headers=moved)

    failure = read(at)

    assert (failure.error_code, at.platform().check().ok) == ("redirected", True)
    assert "https://www.shop.example" in failure.detail
    assert "ck_secret" not in failure.detail
    assert at.woo.calls[0].status == 301
    at.woo.fail_next(301, headers=moved)
    assert "www.shop.example" in at.platform().check().problems[0]


# What stands in between


def test_a_notice_of_a_plugin_before_the_json_is_passed_over(at: Connected) -> None:
    at.woo.plugin = "notice"

    done = at.sync(wanted(listing()))["1001"]

    assert done.verified
    assert len(at.shop.http.get("products", params={"sku": "LIN-1"}).content) > 10


def test_a_notice_before_a_refusal_does_not_hide_it(at: Connected) -> None:
    page = b"<br />\n<b>Warning</b>: x\n" + b'{"code":"rest_invalid_param","message":"No."}'
    at.woo.fail_next(400, path=WRITE, body=page)
    assert write(at).error_code == "rest_invalid_param"
    at.woo.fail_next(404, body=b"<b>Notice</b>\n[not json")
    assert read(at).error_code == "not_json"


def test_a_firewalls_page_is_asked_again(at: Connected) -> None:
    at.woo.plugin = "page"
    failure = read(at)
    assert (failure.reason, failure.error_code) == (Reason.RETRYING, "not_json")
    assert "firewall" in failure.detail or "security plugin" in failure.detail


def test_maintenance_is_asked_again_when_the_shop_says(at: Connected) -> None:
    at.woo.maintenance = True
    failure = read(at)
    assert (failure.reason, failure.code, failure.retry_after_s) == (Reason.RETRYING, 503, 600)


def test_a_host_that_counts_calls_is_obeyed(at: Connected) -> None:
    at.woo.limit_calls(1, retry_after_s=9)
    at.orders().fetch_many([])
    at.shop.http.get("orders")
    failure = read(at)
    assert (failure.reason, failure.retry_after_s) == (Reason.THROTTLED, 9)


@pytest.mark.parametrize(
    "fault",
    [
        {"mode": "html", "status": 404},
        {"status": 404, "body": refusal("rest_no_route")},
    ],
    ids=["page", "no route"],
)
def test_a_site_without_a_rest_api_says_what_to_look_at(at: Connected, fault: Json) -> None:
    at.woo.fail_next(**fault)
    failure = read(at)
    assert failure.reason is Reason.CONNECTION_DOWN
    assert "Permalinks" in failure.detail


def test_a_password_before_the_shop_is_told_apart_from_the_key(at: Connected) -> None:
    at.woo.fail_next(401, mode="html")
    failure = read(at)
    assert failure.reason is Reason.CONNECTION_DOWN
    assert "password" in failure.detail


def test_a_page_after_a_write_leaves_it_unknown_and_nothing_is_made_twice(at: Connected) -> None:
    at.woo.fail_next(200, mode="html", path=WRITE)
    assert write(at).reason is Reason.OUTCOME_UNKNOWN
    assert at.sync(wanted(listing(), unclear=True))["1001"].verified
    assert len(at.shop.ids("products", sku="LIN-1")) == 1


# What the shop's codes mean


@pytest.mark.parametrize(
    ("code", "status", "data", "reason"),
    [
        ("woocommerce_rest_cannot_create_order_refund", 500, 500, Reason.REJECTED_BY_TARGET),
        ("woocommerce_rest_invalid_order_id", 500, 404, Reason.MISSING_AT_TARGET),
        ("rest_invalid_param", 400, {"params": ["sku"]}, Reason.REJECTED_BY_TARGET),
        ("woocommerce_rest_cannot_edit", 403, {"status": 403}, Reason.AUTH_REJECTED),
        ("internal_server_error", 500, None, Reason.OUTCOME_UNKNOWN),
        ("anything", 503, None, Reason.OUTCOME_UNKNOWN),
        ("anything", 429, "x", Reason.THROTTLED),
    ],
)
def test_the_code_of_a_refusal_decides_whatever_stands_beside_it(
    at: Connected, code: str, status: int, data: Any, reason: Reason
) -> None:
    at.woo.fail_next(status, path=WRITE, body=refusal(code, data=data))
    failure = write(at)
    assert (failure.reason, failure.error_code) == (reason, code)


def test_the_field_of_a_refusal_is_named(at: Connected) -> None:
    data = {"status": 400, "params": {"regular_price": "Not a string."}}
    body = {"create": [{"id": 0, "error": refusal("rest_invalid_param", data=data)}]}
    at.woo.fail_next(200, path=WRITE, body=body)
    failure = write(at)
    assert (failure.reason, failure.field, failure.code) == (
        Reason.REJECTED_BY_TARGET,
        "regular_price",
        400,
    )


def test_an_entry_nothing_is_told_of_is_unknown(at: Connected) -> None:
    at.woo.fail_next(200, path=WRITE, body={"create": []})
    assert write(at).error_code == "not_told"


def test_a_slow_shop_is_given_up_in_time() -> None:
    with connect(timeout_s=0.2) as at:
        at.woo.slow_s = 1.0
        assert read(at).reason is Reason.RETRYING


# The account


def test_a_check_tells_who_the_shop_is_and_how_it_sells(at: Connected) -> None:
    at.woo.world.prices_include_tax = True

    check = at.platform().check()

    assert check.ok
    assert check.account == "Simulated shop · WooCommerce 9.9.5 · GBP · prices with tax"


def test_a_site_without_woocommerce_is_said(at: Connected) -> None:
    at.woo.fail_next(200, path="/wp-json/", body={"name": "Blog", "namespaces": ["wp/v2"]})
    check = at.platform().check()
    assert (check.ok, check.account) == (False, "Blog")
    assert "WooCommerce plugin" in check.problems[0]


def test_a_key_that_may_not_see_settings_is_a_problem_and_prices_are_sent_unchecked(
    at: Connected,
) -> None:
    body = refusal("woocommerce_rest_cannot_view", data={"status": 403})
    at.woo.fail_next(403, path="/settings/", body=body, times=2)
    check = at.platform().check()
    assert (check.ok, "settings" in check.problems[0]) == (False, True)

    at.woo.clear_faults()
    at.woo.fail_next(403, path="/settings/", body=body)
    assert at.sync(wanted(listing()))["1001"].verified


def test_an_empty_batch_that_is_refused_says_nothing_of_the_key(at: Connected) -> None:
    at.woo.fail_next(400, path=WRITE, body=refusal("rest_missing_callback_param"))
    assert at.platform().check().ok


def test_a_report_that_fails_is_done_without(at: Connected) -> None:
    at.woo.fail_next(500, path="/system_status")
    check = at.platform().check()
    assert (check.ok, "9.9.5" in check.account) == (True, False)


def test_what_people_pick_from(at: Connected) -> None:
    hats = at.shop.http.post("products/categories", json={"name": "Hats"}).json()["id"]
    at.shop.http.post("products/categories", json={"name": "Caps", "parent": hats})
    platform = at.platform()
    names = {what: [one.name for one in platform.list_choices(what)] for what in OFFER.choices}

    assert [one.id for one in platform.list_choices("locations")] == ["shop"]
    assert names["categories"] == ["Hats", "Hats > Caps", "Uncategorized"]
    assert names["taxes"] == ["VAT"]
    assert names["payment_methods"] == ["bacs", "cod", "Gift card"]
    assert "on-hold" in [one.id for one in platform.list_choices("order_statuses")]
