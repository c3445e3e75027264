"""Deliveries of the shop: verified over the raw bytes, read, or ignored with a reason."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.connectors.woocommerce import OFFER
from chalicelib.domain.platforms import Delivery, WebhookRead, WebhookRefusedError
from chalicelib.domain.statuses import Kind
from tests.contract.simulators import Receiver
from tests.contract.woo_connection import Connected, connect

TOPICS = {"order.created", "order.deleted", "order.restored", "order.updated"}


@pytest.fixture
def at() -> Iterator[Connected]:
    with connect("/shop") as connected:
        yield connected


@pytest.fixture
def us() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


def listen(at: Connected, us: Receiver) -> None:
    """Register webhooks and keep the secret, as the service does."""
    given = at.platform().ensure_webhooks(us.base_url)
    at.account = replace(at.account, credentials={**at.account.credentials, **given})


def read(at: Connected, us: Receiver) -> list[WebhookRead]:
    """Let the queue run, and read what arrived."""
    us.got.clear()
    sent = at.woo.sender.flush()
    return [
        OFFER.read_webhook(
            at.account,
            Delivery(headers=one.headers, query={}, body=one.body, address=us.base_url),
        )
        for one in us.wait_for(sent)
    ]


def buy(at: Connected) -> int:
    return at.woo.buy([{"product_id": int(at.mug), "quantity": 1}])


def hooks(at: Connected) -> dict[str, str]:
    """Return the status of each webhook by its topic."""
    return {one["topic"]: one["status"] for one in at.shop.get("webhooks", per_page=100)}


def test_one_webhook_for_each_topic_is_registered_and_pings_are_answered(
    at: Connected, us: Receiver
) -> None:
    listen(at, us)

    assert hooks(at) == dict.fromkeys(TOPICS, "active")
    told = read(at, us)
    assert len(told) == 4
    assert all(one.ignored and not one.changes for one in told)


def test_a_changed_order_is_told_with_its_version_and_its_refunds(
    at: Connected, us: Receiver
) -> None:
    listen(at, us)
    order = buy(at)
    at.shop.clock.advance(5)
    refund = at.woo.refund(order, amount="1.00")

    changes = [change for one in read(at, us) for change in one.changes]

    orders = [one for one in changes if one.kind is Kind.ORDER]
    assert {one.record for one in orders} == {str(order)}
    assert orders[0].version == at.order(order).version
    assert orders[0].columns["total"] == {"amount": "12.00", "currency": "GBP"}
    assert {(one.kind, one.record) for one in changes} - {(Kind.ORDER, str(order))} == {
        (Kind.REFUND, str(refund))
    }


def test_an_order_put_into_the_bin_is_told_and_read_as_cancelled(
    at: Connected, us: Receiver
) -> None:
    order = buy(at)
    listen(at, us)
    read(at, us)
    at.shop.http.delete(f"orders/{order}")

    changes = [change for one in read(at, us) for change in one.changes]

    assert [(one.record, one.version) for one in changes] == [(str(order), None)]
    assert at.order(changes[0].record).state == "cancelled"


def test_an_order_that_was_gone_before_it_was_told_is_ignored(at: Connected, us: Receiver) -> None:
    listen(at, us)
    read(at, us)
    order = buy(at)
    at.shop.http.delete(f"orders/{order}", params={"force": True})

    told = read(at, us)

    assert [one.changes for one in told] == [(), ()]
    assert all("gone" in one.ignored for one in told)


def test_products_are_ignored_with_the_reason(at: Connected, us: Receiver) -> None:
    listen(at, us)
    secret = at.account.credentials["webhook_secret"]
    body = {"topic": "product.updated", "delivery_url": us.base_url, "secret": secret}
    at.shop.http.post("webhooks", json=body)
    read(at, us)
    at.woo.set_stock(int(at.mug), 4)

    assert [one.ignored[:8] for one in read(at, us)] == ["Products"]


def test_a_copy_of_the_shop_is_another_site(at: Connected, us: Receiver) -> None:
    listen(at, us)
    read(at, us)
    at.woo.world.home = "https://staging.shop.example"
    buy(at)

    told = read(at, us)

    assert all("another site" in one.ignored and not one.changes for one in told)


def test_a_delivery_with_another_secret_is_refused(at: Connected, us: Receiver) -> None:
    listen(at, us)
    read(at, us)
    at.account = replace(
        at.account, credentials={**at.account.credentials, "webhook_secret": "other"}
    )
    buy(at)
    with pytest.raises(WebhookRefusedError, match="wrong"):
        read(at, us)


def test_webhooks_that_are_right_are_left_alone(at: Connected, us: Receiver) -> None:
    listen(at, us)
    before = len(at.writes())
    listen(at, us)
    assert (before, len(at.writes())) == (4, 4)


def test_of_doubles_one_is_left_with_our_secret(at: Connected, us: Receiver) -> None:
    listen(at, us)
    theirs = {"topic": "order.updated", "delivery_url": us.base_url, "secret": "theirs"}
    at.woo.parts.webhooks.create(theirs)
    first = next(
        one for one in at.woo.parts.webhooks.by_id.values() if one.topic == theirs["topic"]
    )
    first.status = "disabled"

    listen(at, us)

    left = [one for one in at.woo.parts.webhooks.by_id.values() if one.topic == theirs["topic"]]
    assert [one.status for one in left] == ["active"]
    assert left[0].secret == at.account.credentials["webhook_secret"]


@pytest.mark.parametrize("status", ["disabled", "paused"])
def test_a_webhook_that_is_off_is_switched_on_with_our_secret(
    at: Connected, us: Receiver, status: str
) -> None:
    listen(at, us)
    hook = next(iter(at.woo.parts.webhooks.by_id.values()))
    hook.status, hook.secret = status, "typed by a person"

    listen(at, us)

    assert hooks(at)[hook.topic] == "active"
    assert hook.secret == at.account.credentials["webhook_secret"]


def test_a_webhook_the_shop_disabled_after_failures_is_on_again(
    at: Connected, us: Receiver
) -> None:
    listen(at, us)
    read(at, us)
    us.status = 500
    for _ in range(8):
        order = buy(at)
        at.woo.set_order_status(order, "completed")
        at.woo.sender.flush()
    assert "disabled" in hooks(at).values()

    listen(at, us)

    assert set(hooks(at).values()) == {"active"}


def test_without_a_known_secret_those_there_get_a_new_one(at: Connected, us: Receiver) -> None:
    listen(at, us)
    held = {**at.account.credentials, "webhook_secret": ""}
    at.account = replace(at.account, credentials=held)

    listen(at, us)
    buy(at)

    assert len(hooks(at)) == 4
    assert any(one.changes for one in read(at, us))


def test_a_topic_of_ours_that_is_not_needed_any_more_is_removed(
    at: Connected, us: Receiver
) -> None:
    body = {"topic": "product.updated", "delivery_url": us.base_url, "secret": "s"}
    at.shop.http.post("webhooks", json=body)
    theirs = {**body, "delivery_url": "https://elsewhere.example/"}
    at.shop.http.post("webhooks", json=theirs)

    listen(at, us)

    left = [one for one in at.shop.get("webhooks", per_page=100) if "product" in one["topic"]]
    assert [one["delivery_url"] for one in left] == ["https://elsewhere.example/"]


def test_a_poll_finds_what_was_never_delivered(at: Connected, us: Receiver) -> None:
    listen(at, us)
    at.woo.sender.configure(lose_next=100)
    order = buy(at)
    since = at.shop.clock() - timedelta(minutes=1)
    page = at.orders().list_changes(since=since, until=None, page=None)
    assert [one.record for one in page.changes] == [str(order)]
