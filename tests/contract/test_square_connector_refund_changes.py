"""Square's refunds listed by change, to the end, and told by webhooks."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from chalicelib.connectors.square import OFFER
from chalicelib.domain.platforms import Delivery
from chalicelib.domain.reasons import SyncFailure
from chalicelib.domain.statuses import Kind
from tests.contract.simulators import Receiver
from tests.contract.square_connection import Connected, connect
from tests.contract.square_refunds import LONG_AGO, fetched, walk
from tests.contract.test_square_connector_account import with_credentials


@pytest.fixture
def at() -> Iterator[Connected]:
    with connect() as connected:
        yield connected


def test_a_pending_refund_that_is_completed_is_news(at: Connected) -> None:
    sale = at.square.sell(at.places[0], [(None, 1, 1000)])
    (refund_id,) = at.square.refund(sale, status="PENDING")
    pending = fetched(at, refund_id)
    at.shop.clock.advance(90)
    at.square.settle_refund(refund_id)

    (change,) = walk(at, since=at.shop.clock() - timedelta(seconds=30))

    assert change.record == refund_id
    assert change.version == fetched(at, refund_id).version
    assert change.version is not None
    assert change.version > pending.version


def test_changes_are_listed_to_the_end_for_all_places_oldest_first(at: Connected) -> None:
    made = []
    for number in range(230):
        at.shop.clock.advance(1)
        sale = at.square.sell(at.places[number % 3], [(None, 1, 100)])
        made += at.square.refund(sale)
    at.square.repeat_pages = 1

    changes = walk(at)

    assert list(dict.fromkeys(one.record for one in changes)) == made
    columns = changes[0].columns
    assert columns["refund_id"] == made[0]
    assert columns["total"] == {"amount": "1.00", "currency": "GBP"}
    assert changes[0].updated_at is not None


def test_a_refund_of_last_year_that_settles_now_is_listed(at: Connected) -> None:
    sale = at.square.sell(at.places[0], [(None, 1, 100)])
    (refund_id,) = at.square.refund(sale, status="PENDING")
    at.shop.clock.advance(380 * 24 * 3600)
    at.square.settle_refund(refund_id, "FAILED")

    assert [one.record for one in walk(at, since=at.shop.clock())] == [refund_id]


def test_only_changes_of_the_period_are_listed(at: Connected) -> None:
    sale = at.square.sell(at.places[0], [(None, 3, 100)])
    ids = []
    for _ in range(3):
        at.shop.clock.advance(3600)
        ids += at.square.refund(sale, [(1, 1)])
    start = at.shop.clock() - timedelta(minutes=90)

    assert [one.record for one in walk(at, since=start)] == ids[1:]
    until = at.shop.clock() - timedelta(minutes=30)
    assert [one.record for one in walk(at, since=start, until=until)] == [ids[1]]


def test_a_list_that_goes_in_a_circle_is_given_up(at: Connected) -> None:
    sale = at.square.sell(at.places[0], [(None, 150, 100)])
    for _ in range(150):
        at.square.refund(sale, [(1, 1)])
    at.square.repeat_pages = 50

    with pytest.raises(SyncFailure) as failed:
        walk(at)

    assert failed.value.error_code == "page_repeats"


@pytest.mark.parametrize("token", ["refunds.!!", "exchanges.!!", "nonsense"])
def test_a_page_that_is_not_ours_starts_the_slice_again(at: Connected, token: str) -> None:
    with pytest.raises(SyncFailure) as failed:
        at.refunds().list_changes(since=LONG_AGO, until=None, page=token)

    assert failed.value.error_code == "cursor_expired"


def test_every_step_of_a_refund_is_heard_by_webhook_with_its_own_version(at: Connected) -> None:
    with Receiver() as receiver:
        address = f"{receiver.base_url}/webhooks/square/t0ken"
        connected = with_credentials(at, **at.platform().ensure_webhooks(address))
        sale = at.square.sell(at.places[0], [(None, 1, 500)])
        (refund_id,) = at.square.refund(sale, status="PENDING")
        at.shop.clock.advance(60)
        at.square.settle_refund(refund_id)
        read = [
            OFFER.read_webhook(
                connected.account,
                Delivery(headers=one.headers, query={}, body=one.body, address=address),
            )
            for one in receiver.wait_for(5)
        ]

    changes = [one for each in read for one in each.changes if one.kind is Kind.REFUND]
    assert [one.record for one in changes] == [refund_id] * 2
    versions = sorted(one.version or 0 for one in changes)
    assert versions[0] < versions[1] == fetched(at, refund_id).version
    assert changes[0].columns["refund_id"] == refund_id


def test_a_list_without_refunds_says_how_far_it_was_read(at: Connected) -> None:
    now = at.account.http.now()
    page = at.refunds().list_changes(since=now - timedelta(days=30), until=None, page=None)
    assert (list(page.changes), page.page) == ([], None)
    assert page.read_until is not None
    assert now - timedelta(minutes=16) < page.read_until <= now - timedelta(minutes=14)
