"""Webhooks of Lightspeed: registered once, mended, read from what the simulator sends."""

from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest

from chalicelib.connectors.lightspeed import OFFER
from chalicelib.connectors.lightspeed.webhooks import EVENT_TYPES
from chalicelib.domain.platforms import Changed, Delivery, WebhookRead, WebhookRefusedError
from chalicelib.domain.statuses import Kind
from tests.contract.lightspeed_connection import Connected, connect

ADDRESS = "http://127.0.0.1:9/webhooks/lightspeed/t0ken"
OTHERS = "http://127.0.0.1:9/others"


@pytest.fixture
def at() -> Iterator[Connected]:
    """A connection of an application, whose webhooks are signed; nothing leaves the simulator."""
    with connect(application=True) as connected:
        connected.till.sender.auto = False
        yield connected


def hooks(at: Connected) -> list[tuple[str, str, bool]]:
    rows = at.store.get("webhooks")["data"]
    return sorted((one["type"], one["url"], one["active"]) for one in rows)


def told(at: Connected) -> list[WebhookRead]:
    """Read everything the simulator is about to send."""
    waiting = at.till.sender.waiting()
    return [
        OFFER.read_webhook(
            at.account,
            Delivery(
                headers={name.lower(): value for name, value in one.headers.items()},
                query={},
                body=one.body,
                address=ADDRESS,
            ),
        )
        for one in waiting
    ]


def changes(at: Connected) -> list[Changed]:
    return [change for read in told(at) for change in read.changes]


OURS = sorted((kind, ADDRESS, True) for kind in EVENT_TYPES)


def test_our_address_is_registered_for_each_type_we_need(at: Connected) -> None:
    assert at.platform().ensure_webhooks(ADDRESS) == {}
    assert hooks(at) == OURS


def test_registering_again_changes_nothing(at: Connected) -> None:
    at.platform().ensure_webhooks(ADDRESS)
    at.till.calls.clear()

    at.platform().ensure_webhooks(ADDRESS)

    assert hooks(at) == OURS
    assert at.calls("webhooks", "POST") + at.calls("webhooks", "PUT") == 0


def test_what_was_switched_off_is_switched_on_and_what_was_removed_comes_back(
    at: Connected,
) -> None:
    at.platform().ensure_webhooks(ADDRESS)
    at.till.webhooks.switch_off(ADDRESS)
    gone = next(row for row in at.till.webhooks.feed.live() if row.data["type"] == "sale.update")
    at.till.webhooks.feed.delete(gone.id)

    at.platform().ensure_webhooks(ADDRESS)

    assert hooks(at) == OURS


def test_doubles_of_ours_go_and_those_of_others_stay(at: Connected) -> None:
    at.store.call("POST", "webhooks", {"type": "sale.update", "url": OTHERS})
    at.platform().ensure_webhooks(ADDRESS)
    feed = at.till.webhooks.feed
    for row in list(feed.live()):
        feed.put(dict(row.data))

    at.platform().ensure_webhooks(ADDRESS)

    assert [one for one in hooks(at) if one[1] == ADDRESS] == OURS
    assert len([one for one in hooks(at) if one[1] == OTHERS]) == 2


def test_a_webhook_that_exists_after_all_is_as_good(at: Connected) -> None:
    at.platform().ensure_webhooks(ADDRESS)
    at.till.webhooks.switch_off(ADDRESS)
    at.till.fail_next(200, path="/webhooks", method="GET", body={"data": []})

    at.platform().ensure_webhooks(ADDRESS)

    assert hooks(at) == OURS


def test_a_sale_is_told_as_an_order_of_its_version(at: Connected) -> None:
    at.platform().ensure_webhooks(ADDRESS)
    at.store.product("MUG")
    sale = at.till.sell("Leeds", {"MUG": 1})

    (change,) = changes(at)

    assert (change.kind, change.record) == (Kind.ORDER, sale)
    assert change.version == at.order(sale).version
    assert change.columns == {"order_id": sale, "source": "Lightspeed"}


def test_a_return_is_told_as_a_refund_and_an_exchange_as_both(at: Connected) -> None:
    at.platform().ensure_webhooks(ADDRESS)
    for sku in ("MUG", "JAR"):
        at.store.product(sku)
    at.till.sell("Leeds", {"MUG": -1})
    swapped = at.till.sell("Leeds", {"JAR": 1, "MUG": -1})

    found = changes(at)

    assert [one.kind for one in found] == [Kind.REFUND, Kind.ORDER, Kind.REFUND]
    assert {one.record for one in found[1:]} == {swapped}


def test_a_customer_is_told_and_the_walk_in_is_not(at: Connected) -> None:
    at.platform().ensure_webhooks(ADDRESS)
    ann = at.till.add_customer(first_name="Ann", email="ann@example.com")
    at.till.customers.feed.touch(at.till.customers.feed.rows[at.till.customers.walk_in])

    first, second = told(at)

    assert [(one.kind, one.record) for one in first.changes] == [(Kind.CUSTOMER, ann)]
    assert first.changes[0].columns == {}
    assert (list(second.changes), second.ignored) == (
        [],
        "The customer stands for people without a name.",
    )


@pytest.mark.parametrize("kind", ["product.update", "inventory.update", "register_closure.create"])
def test_events_of_what_we_write_ourselves_are_ignored_with_a_reason(
    at: Connected, kind: str
) -> None:
    at.store.product("MUG")
    at.store.call("POST", "webhooks", {"type": kind, "url": ADDRESS}, token=_token(at))
    at.till.set_stock(at.products()[0]["id"], at.store.leeds, 3)
    at.store.call("PUT", f"products/{at.products()[0]['id']}", {"details": {"supply_price": 3}})
    at.till.till.close_register("Leeds")

    (read,) = told(at)

    assert (list(read.changes), bool(read.ignored)) == ([], True)
    assert "do not know" not in read.ignored


def _token(at: Connected) -> str:
    return at.account.credentials["access_token"]


@pytest.mark.parametrize("form", ["hex", "base64"])
def test_both_forms_of_a_signature_are_right(at: Connected, form: str) -> None:
    at.till.signature_form = form
    at.platform().ensure_webhooks(ADDRESS)
    at.till.add_customer(first_name="Ann")

    assert len(changes(at)) == 1


def test_a_signature_of_another_application_is_refused(at: Connected) -> None:
    at.platform().ensure_webhooks(ADDRESS)
    at.till.add_customer(first_name="Ann")

    with pytest.raises(WebhookRefusedError, match="wrong"):
        told(at.with_credentials(client_secret="another"))


def test_an_unsigned_delivery_is_refused_unless_it_may_be_so(at: Connected) -> None:
    at.store.call("POST", "webhooks", {"type": "customer.update", "url": ADDRESS})
    at.till.add_customer(first_name="Ann")

    with pytest.raises(WebhookRefusedError, match="missing"):
        told(at)
    assert len(changes(at.with_settings(require_signature="no"))) == 1
    assert len(changes(at.with_credentials(client_secret=""))) == 1
    with pytest.raises(WebhookRefusedError, match="secret"):
        told(at.with_credentials(client_secret="").with_settings(require_signature="yes"))


def test_a_delivery_that_comes_twice_tells_the_same_twice(at: Connected) -> None:
    at.platform().ensure_webhooks(ADDRESS)
    at.till.sender.configure(duplicates=2)
    at.till.add_customer(first_name="Ann")

    first, second = changes(at)

    assert first == second


def test_the_simulators_form_holds_more_than_the_payload(at: Connected) -> None:
    at.platform().ensure_webhooks(ADDRESS)
    at.till.add_customer(first_name="Ann")

    (one,) = at.till.sender.waiting()

    assert set(parse_qs(one.body.decode())) == {"payload", "domain_prefix", "environment"}
