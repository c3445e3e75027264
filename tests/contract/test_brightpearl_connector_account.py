"""The Brightpearl connector checks accounts, offers choices, renews tokens, subscribes, listens."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.connectors.brightpearl import OFFER
from chalicelib.domain.platforms import Delivery
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.statuses import Kind
from tests.contract.brightpearl_account import Receiver
from tests.contract.brightpearl_connection import Connected, connect

OURS = "https://hooks.example.com/webhooks/brightpearl/long-random-secret"


@pytest.fixture
def connected() -> Iterator[Connected]:
    with connect() as found:
        yield found


# the check


def test_account_that_works_is_healthy(connected: Connected) -> None:
    found = connected.platform().check()
    assert (found.ok, found.account, list(found.problems)) == (True, "acme", [])
    assert len(connected.simulator.calls_to("/public-api/")) == 9


def test_missing_permissions_are_named_and_leave_the_connection_up(connected: Connected) -> None:
    paths = (
        "order-service/order-search",
        "order-service/order-status",
        "warehouse-service/goods-note/goods-out-search",
        "integration-service/webhook",
    )
    for path in paths:
        connected.simulator.access.forbidden.add(("", path))
    found = connected.platform().check()
    assert found.ok
    assert [problem.partition(":")[0] for problem in found.problems] == [
        "Reading orders",
        "Reading order statuses",
        "Reading goods-out notes",
        "Reading webhooks",
    ]


def test_account_that_may_read_nothing_does_not_work(connected: Connected) -> None:
    connected.simulator.access.forbidden.add(("", ""))
    found = connected.platform().check()
    assert (found.ok, len(found.problems)) == (False, 9)


def test_refused_token_is_told_once(connected: Connected) -> None:
    connected.simulator.access.revoke_everything()
    found = connected.platform().check()
    assert not found.ok
    assert len(found.problems) == 1
    assert len(connected.simulator.calls_to("/public-api/")) == 1


def test_everything_that_is_not_filled_in_is_named_at_once() -> None:
    settings = {"account": "", "app_ref": ""}
    with connect(settings=settings, credentials={"client_id": "x"}) as connected:
        assert len(connected.platform().check().problems) == 3
        assert connected.simulator.calls_to("/public-api/") == []


@pytest.mark.parametrize("fault", [{"status": 503}, {"mode": "drop_before"}])
def test_check_of_an_account_that_is_not_reached_says_nothing_about_it(
    connected: Connected, fault: dict[str, Any]
) -> None:
    connected.simulator.fail_next(**fault)
    with pytest.raises(SyncFailure) as caught:
        connected.platform().check()
    assert caught.value.reason is Reason.RETRYING


# choices


def test_every_word_of_the_offer_has_choices(connected: Connected) -> None:
    platform = connected.platform()
    found = {what: platform.list_choices(what) for what in OFFER.choices}
    assert all(found.values())
    names = {what: {choice.id: choice.name for choice in found[what]} for what in found}
    assert names["price_lists"] == {"2": "Retail (GBP)", "3": "Trade (GBP)"}
    assert names["warehouses"][str(connected.shop.shop)] == "High Street"
    assert names["tax_codes"]["T20"] == "T20 UK VAT at the standard rate"
    assert names["payment_methods"]["CARD"] == "Card at the till"
    assert names["nominal_codes"]["4000"] == "Sales (4000)"
    assert "Cancelled" in names["order_statuses"].values()
    assert names["shipping_methods"]["2"] == "DPD Next Day"
    assert not set(names["order_statuses"]) & set(names["credit_statuses"])


def test_choices_and_ports_that_are_not_offered_are_lookup_errors(connected: Connected) -> None:
    platform = connected.platform()
    for ask in (
        lambda: platform.list_choices("colours"),
        lambda: platform.source(Kind.CUSTOMER),
        lambda: platform.target(Kind.PRODUCT, {}),
    ):
        with pytest.raises(LookupError):
            ask()


# OAuth


def _oauth(connected: Connected, *, secret: str = "s") -> dict[str, str]:
    app = connected.simulator.register_app(connected.simulator.app_ref, "dev", secret=secret)
    grant = connected.simulator.grant(app)
    return {
        "access_token": grant.access_token,
        "refresh_token": grant.refresh_token,
        "client_secret": secret,
        "dev_ref": "dev",
    }


def _with(connected: Connected, credentials: Mapping[str, str], **settings: str) -> Any:
    """Open the connector on the same account with other credentials."""
    account = connected.account
    known = {**account.connection.settings, **settings}
    connection = replace(account.connection, settings=known)
    return OFFER.open(replace(account, credentials=credentials, connection=connection))


def test_oauth_tokens_are_accepted_and_carry_the_installation(connected: Connected) -> None:
    platform = _with(connected, _oauth(connected))
    assert platform.check().ok
    assert platform.api.instance_id == 21


@pytest.mark.parametrize(
    "spelling", ["", "/token/{account}", "/{account}/oauth/token", "/oauth/token"]
)
def test_tokens_are_exchanged_at_every_spelling_of_the_endpoint(
    connected: Connected, spelling: str
) -> None:
    url = connected.simulator.base_url + spelling if spelling else ""
    given = _oauth(connected)
    platform = _with(connected, given, token_url=url)
    changed = platform.refresh_tokens()
    assert changed["access_token"] != given["access_token"]
    assert changed["refresh_token"] != given["refresh_token"]
    expires_at = datetime.fromisoformat(changed["expires_at"])
    assert expires_at == connected.shop.clock() + timedelta(days=7)
    assert _with(connected, {**given, **changed}).check().ok


def test_installation_seen_in_a_header_is_kept_with_the_tokens(connected: Connected) -> None:
    platform = _with(connected, _oauth(connected))
    platform.check()
    assert platform.refresh_tokens()["installation_instance_id"] == "21"


@pytest.mark.parametrize("change", [{"refresh_token": "old"}, {"client_secret": "wrong"}])
def test_refused_refresh_takes_the_connection_down(
    connected: Connected, change: dict[str, str]
) -> None:
    platform = _with(connected, {**_oauth(connected), **change})
    with pytest.raises(SyncFailure) as caught:
        platform.refresh_tokens()
    assert caught.value.reason is Reason.CONNECTION_DOWN
    assert caught.value.cause == "connection:brightpearl"
    assert caught.value.error_code in ("invalid_grant", "invalid_client")


def test_connection_without_refresh_token_says_so(connected: Connected) -> None:
    with pytest.raises(SyncFailure) as caught:
        connected.platform().refresh_tokens()
    assert caught.value.reason is Reason.CONNECTION_DOWN


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"status": 500}, Reason.RETRYING),
        ({"mode": "html"}, Reason.RETRYING),
        ({"status": 200, "body": {}}, Reason.RETRYING),
        ({"mode": "drop_before"}, Reason.OUTCOME_UNKNOWN),
    ],
)
def test_refresh_that_stumbles_leaves_the_connection_up(
    connected: Connected, fault: dict[str, Any], reason: Reason
) -> None:
    platform = _with(connected, _oauth(connected))
    connected.simulator.fail_next(**fault, path="/token")
    with pytest.raises(SyncFailure) as caught:
        platform.refresh_tokens()
    assert caught.value.reason is reason


def test_tokens_and_secrets_are_not_in_the_exchanges(connected: Connected) -> None:
    given = _oauth(connected, secret="client-secret-value")
    changed = _with(connected, given).refresh_tokens()
    kept = str([vars(one) for one in connected.account.http.trace.exchanges])
    for secret in (given["refresh_token"], changed["access_token"], "client-secret-value"):
        assert secret not in kept


# webhooks


def _subscriptions(connected: Connected) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = connected.shop.get("integration-service/webhook")
    return found


def test_each_subscription_is_made_with_the_settings_we_need(connected: Connected) -> None:
    assert connected.platform().ensure_webhooks(OURS) == {}
    found = _subscriptions(connected)
    events = ["product", "order.modified.order-status", "goods-out-note"]
    assert [one["subscribeTo"] for one in found] == events
    for one in found:
        assert (one["uriTemplate"], one["httpMethod"]) == (OURS, "POST")
        assert (one["qualityOfService"], one["idSetAccepted"]) == (1, True)


def test_second_run_changes_nothing(connected: Connected) -> None:
    connected.platform().ensure_webhooks(OURS)
    before = _subscriptions(connected)
    connected.platform().ensure_webhooks(OURS)
    assert _subscriptions(connected) == before


def test_doubles_go_wrong_settings_are_replaced_others_are_left(connected: Connected) -> None:
    connected.platform().ensure_webhooks(OURS)
    right = _subscriptions(connected)
    for change in (
        {},
        {"qualityOfService": 0},
        {"idSetAccepted": False},
        {"subscribeTo": "product.modified.on-hand-modified"},
        {"subscribeTo": "order"},
        {"uriTemplate": "https://elsewhere.example.com/hook"},
    ):
        body = {name: value for name, value in right[0].items() if name != "id"}
        connected.shop.post("integration-service/webhook", body | change)
    connected.platform().ensure_webhooks(OURS)
    left = _subscriptions(connected)
    assert left[:3] == right
    assert [one["uriTemplate"] for one in left[3:]] == ["https://elsewhere.example.com/hook"]


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_subscription_that_was_deleted_is_made_again(connected: Connected, gone: int) -> None:
    connected.platform().ensure_webhooks(OURS)
    before = _subscriptions(connected)
    connected.shop.call("DELETE", f"integration-service/webhook/{before[gone]['id']}")
    connected.platform().ensure_webhooks(OURS)
    events = sorted(one["subscribeTo"] for one in _subscriptions(connected))
    assert events == sorted(one["subscribeTo"] for one in before)


@pytest.mark.parametrize(
    "change",
    [
        {"bodyTemplate": "${resource-id}"},
        {"qualityOfService": 0},
        {"idSetAccepted": False},
        {"subscribeTo": "product.modified"},
    ],
)
def test_subscription_with_a_wrong_setting_is_replaced(
    connected: Connected, change: dict[str, Any]
) -> None:
    connected.platform().ensure_webhooks(OURS)
    first, *others = _subscriptions(connected)
    body = {name: value for name, value in first.items() if name != "id"}
    connected.shop.call("DELETE", f"integration-service/webhook/{first['id']}")
    connected.shop.post("integration-service/webhook", body | change)
    connected.platform().ensure_webhooks(OURS)
    *kept, found = _subscriptions(connected)
    assert kept == others
    assert {name: value for name, value in found.items() if name != "id"} == body


def _received(connected: Connected, receiver: Receiver) -> list[tuple[Kind, str]]:
    """Deliver what waits, and return what our reader makes of everything received so far."""
    assert connected.simulator.drain_webhooks()
    deliveries = [
        Delivery(headers={}, query={}, body=body.encode(), address=f"{receiver.url}/hook")
        for body in receiver.bodies
    ]
    receiver.bodies.clear()
    read = [OFFER.read_webhook(connected.account, delivery) for delivery in deliveries]
    return [(one.kind, one.record) for found in read for one in found.changes]


@pytest.fixture
def receiver(connected: Connected) -> Iterator[Receiver]:
    receiver = Receiver()
    connected.platform().ensure_webhooks(f"{receiver.url}/hook")
    yield receiver
    receiver.stop()


def test_what_the_simulator_sends_of_products_is_read(
    connected: Connected, receiver: Receiver
) -> None:
    with connected.simulator.batch():
        ids = [connected.shop.product(sku=f"S{n}") for n in range(4)]
    connected.simulator.edit_product(ids[0], name="Tall mug")
    every = [str(id_) for id_ in ids]
    assert sorted(_received(connected, receiver)) == sorted(
        [(Kind.PRODUCT, id_) for id_ in every]
        + [(Kind.STOCK, id_) for id_ in every]
        + [(Kind.PRODUCT, every[0])]
    )


def test_what_the_simulator_sends_of_orders_is_their_status_alone(
    connected: Connected, receiver: Receiver
) -> None:
    orders = [int(connected.shop.post("order-service/sales-order", connected.shop.sale()))]
    orders += [int(connected.shop.post("order-service/sales-order", connected.shop.sale()))]
    patch = [{"op": "replace", "path": "/reference", "value": "NEW"}]
    connected.shop.call("PATCH", f"order-service/order/{orders[0]}", patch)
    assert _received(connected, receiver) == []
    statuses = connected.shop.merchant.statuses
    with connected.simulator.batch():
        for order in orders:
            connected.simulator.set_order_status(order, statuses["Cancelled"])
    assert _received(connected, receiver) == [(Kind.ORDER, str(order)) for order in orders]
    body = {"orderStatusId": statuses["Paid"]}
    connected.shop.call("PUT", f"order-service/order/{orders[0]}/status", body)
    assert _received(connected, receiver) == [(Kind.ORDER, str(orders[0]))]


def test_what_the_simulator_sends_of_goods_is_read_once_it_matters(
    connected: Connected, receiver: Receiver
) -> None:
    order, _ = connected.shop.order_of(connected.shop.product())
    note = connected.simulator.send_out(order)

    def shipments() -> list[str]:
        return [id_ for kind, id_ in _received(connected, receiver) if kind is Kind.SHIPMENT]

    assert shipments() == [str(note)]
    for code in ("PRI", "PIC", "UPI", "PAC"):
        connected.simulator.mark_note(note, code)
    assert shipments() == []
    connected.simulator.mark_note(note)
    assert shipments() == [str(note)]
    connected.simulator.set_tracking(note, "PARCEL-1")
    assert shipments() == [str(note)]
    gone = connected.simulator.send_out(connected.shop.order_of(connected.shop.product())[0])
    connected.simulator.delete_note(gone)
    assert shipments() == [str(gone), str(gone)]
