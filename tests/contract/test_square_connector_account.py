"""The account at Square: check, choices, tokens, webhooks made and read; against the simulator."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from chalicelib.connectors.square import OFFER
from chalicelib.connectors.square.account import SCOPES
from chalicelib.connectors.square.webhooks import EVENT_TYPES
from chalicelib.domain.platforms import Choice, Delivery, WebhookRead, WebhookRefusedError
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.statuses import Kind
from local.platforms.square.demo import add_categories
from tests.contract.simulators import Receiver
from tests.contract.square_connection import Connected, connect

ADDRESS = "https://hooks.example.com/webhooks/square/t0ken"


@pytest.fixture
def at() -> Iterator[Connected]:
    with connect() as connected:
        yield connected


def with_credentials(at: Connected, **credentials: str) -> Connected:
    """Return the connection with these credentials besides its own."""
    both = {**at.account.credentials, **credentials}
    return replace(at, account=replace(at.account, credentials=both))


def test_a_good_account_is_told_by_its_name(at: Connected) -> None:
    check = at.platform().check()

    assert (check.ok, check.account, list(check.problems)) == (True, "London Soho", [])


def test_missing_permissions_are_all_named_at_once(at: Connected) -> None:
    at.square.add_token("POOR", scopes=("ORDERS_READ", "ITEMS_READ", "MERCHANT_PROFILE_READ"))

    check = with_credentials(at, access_token="POOR").platform().check()

    assert not check.ok
    for scope in set(SCOPES) - {"ORDERS_READ", "ITEMS_READ", "MERCHANT_PROFILE_READ"}:
        assert scope in check.problems[0]


def test_a_refused_token_is_a_problem_and_not_an_error(at: Connected) -> None:
    check = with_credentials(at, access_token="WRONG").platform().check()

    assert not check.ok
    assert "reconnect" in check.problems[0]


def test_a_check_that_square_does_not_answer_says_nothing(at: Connected) -> None:
    at.square.down()

    with pytest.raises(SyncFailure) as failed:
        at.platform().check()

    assert failed.value.reason is Reason.RETRYING


def test_an_account_without_an_active_location_is_of_no_use(at: Connected) -> None:
    for location in at.square.world.locations.values():
        closed = replace(location, status="INACTIVE")
        at.square.world.locations[location.id] = closed

    check = at.platform().check()

    assert not check.ok
    assert "location" in check.problems[0]


def test_people_pick_active_locations_and_categories_by_name(at: Connected) -> None:
    at.square.add_location("Closed", status="INACTIVE")
    add_categories(at.square, [f"Category {number:03}" for number in range(150)])
    platform = at.platform()

    names = [one.name for one in platform.list_choices("locations")]
    categories = platform.list_choices("categories")

    assert names == list(at.shop.merchant.location_ids)
    assert len(categories) == 151
    assert Choice(id=at.category, name="Shirts") in categories


def test_taxes_are_picked_by_their_name_and_tenders_by_their_type(at: Connected) -> None:
    tax = {"type": "TAX", "id": "#t", "tax_data": {"name": "VAT"}}
    assert at.shop.upsert([tax]).status_code == 200
    platform = at.platform()

    assert platform.list_choices("taxes") == [Choice(id="VAT", name="VAT")]
    tenders = platform.list_choices("tender_types")
    assert Choice(id="CASH", name="Cash") in tenders
    assert Choice(id="EXCHANGE", name="Goods taken in exchange") in tenders
    with pytest.raises(LookupError):
        platform.list_choices("moods")


@pytest.mark.parametrize("pkce", [False, True], ids=["code flow", "PKCE"])
def test_tokens_are_renewed_and_rotate_where_square_rotates_them(at: Connected, pkce: bool) -> None:
    grant = at.square.oauth.add_grant(pkce=pkce)
    secret = {} if pkce else {"client_secret": at.square.oauth.client_secret}
    connected = with_credentials(
        at,
        client_id=at.square.oauth.client_id,
        refresh_token=grant["refresh_token"],
        **secret,
    )

    renewed = connected.platform().refresh_tokens()

    assert (renewed["refresh_token"] == grant["refresh_token"]) is not pkce
    assert renewed["expires_at"]
    assert with_credentials(at, **renewed).platform().check().ok


def test_a_refused_refresh_token_takes_the_connection_down(at: Connected) -> None:
    connected = with_credentials(
        at, client_id=at.square.oauth.client_id, refresh_token="WRONG", client_secret="WRONG"
    )

    with pytest.raises(SyncFailure) as failed:
        connected.platform().refresh_tokens()

    assert failed.value.reason is Reason.CONNECTION_DOWN
    assert "WRONG" not in failed.value.detail


@pytest.mark.parametrize("token", ["", " "])
def test_an_account_without_a_token_is_told_to_connect(at: Connected, token: str) -> None:
    check = with_credentials(at, access_token=token).platform().check()

    assert not check.ok
    assert "no access token" in check.problems[0]
    assert len(at.square.calls) == 0


def test_a_personal_token_cannot_be_renewed_and_says_so(at: Connected) -> None:
    with pytest.raises(SyncFailure) as failed:
        at.platform().refresh_tokens()

    assert failed.value.reason is Reason.CONNECTION_DOWN
    assert "client_id and refresh_token" in failed.value.detail
    assert len(at.square.calls) == 0


def test_a_webhook_is_registered_once(at: Connected) -> None:
    first = at.platform().ensure_webhooks(ADDRESS)
    second = with_credentials(at, **first).platform().ensure_webhooks(ADDRESS)

    made = subscriptions(at)
    assert len(made) == 1
    assert (made[0].notification_url, set(made[0].event_types)) == (ADDRESS, set(EVENT_TYPES))
    assert first == {
        "signature_key": made[0].signature_key,
        "merchant_id": at.shop.merchant.merchant_id,
    }
    assert second == {}


def subscriptions(at: Connected) -> list:
    return list(at.square.webhooks.subscriptions.values())


def test_a_webhook_that_was_switched_off_is_mended(at: Connected) -> None:
    kept = at.platform().ensure_webhooks(ADDRESS)
    one = subscriptions(at)[0]
    one.enabled, one.event_types = False, ["payment.created"]

    again = with_credentials(at, **kept).platform().ensure_webhooks(ADDRESS)

    assert again == {}
    assert one.enabled
    assert set(one.event_types) == set(EVENT_TYPES)


def test_a_webhook_from_before_customers_and_refunds_hears_of_them_too(at: Connected) -> None:
    kept = at.platform().ensure_webhooks(ADDRESS)
    (one,) = subscriptions(at)
    one.event_types = [name for name in EVENT_TYPES if name.startswith(("order", "payment"))]

    assert with_credentials(at, **kept).platform().ensure_webhooks(ADDRESS) == {}

    assert subscriptions(at) == [one]
    assert {"customer.deleted", "refund.updated"} <= set(one.event_types)


def test_doubles_are_removed_and_foreign_webhooks_left_alone(at: Connected) -> None:
    other = "https://hooks.example.com/another"
    for address in (ADDRESS, ADDRESS, other):
        at.square.subscribe(address)

    kept = at.platform().ensure_webhooks(ADDRESS)

    assert sorted(one.notification_url for one in subscriptions(at)) == [other, ADDRESS]
    ours = next(one for one in subscriptions(at) if one.notification_url == ADDRESS)
    assert kept["signature_key"] == ours.signature_key


def test_a_rotated_key_is_learned(at: Connected) -> None:
    kept = at.platform().ensure_webhooks(ADDRESS)
    subscriptions(at)[0].signature_key = "another-key"

    again = with_credentials(at, **kept).platform().ensure_webhooks(ADDRESS)

    assert again == {"signature_key": "another-key"}


def test_what_the_simulator_sends_is_read_as_the_order_that_changed(at: Connected) -> None:
    with Receiver() as receiver:
        address = f"{receiver.base_url}/webhooks/square/t0ken"
        connected = with_credentials(at, **at.platform().ensure_webhooks(address))
        order_id = at.square.sell(at.places[0], [(None, 1, 500)])
        at.square.edit(order_id, [(None, 2, 500)])
        deliveries = [
            Delivery(headers=one.headers, query={}, body=one.body, address=address)
            for one in receiver.wait_for(3)
        ]

        read = [OFFER.read_webhook(connected.account, one) for one in deliveries]

    changes = [change for one in read for change in one.changes]
    assert {(change.kind, change.record) for change in changes} == {(Kind.ORDER, order_id)}
    order = at.orders().fetch_many([order_id])[order_id]
    assert [change.version for change in changes] == [None, None, order.version]


def test_a_seller_who_takes_the_access_away_is_noticed(at: Connected) -> None:
    with Receiver() as receiver:
        address = f"{receiver.base_url}/webhooks/square/t0ken"
        connected = with_credentials(at, **at.platform().ensure_webhooks(address))
        at.square.oauth.revoke_all()
        one = receiver.wait_for(1)[0]
        delivery = Delivery(headers=one.headers, query={}, body=one.body, address=address)

        assert OFFER.read_webhook(connected.account, delivery) == WebhookRead(revoked=True)

        wrong = replace(delivery, address=address + "/")
        with pytest.raises(WebhookRefusedError):
            OFFER.read_webhook(connected.account, wrong)
