"""Customers come from Square: read by id, listed by change; gone, merged and nameless ones."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.connectors.square import OFFER
from chalicelib.domain.platforms import Changed, ChangePage, Delivery
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Customer
from chalicelib.domain.statuses import Kind
from tests.contract.simulators import Receiver
from tests.contract.square_connection import Connected, connect
from tests.contract.test_square_connector_account import with_credentials

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def at() -> Iterator[Connected]:
    with connect() as connected:
        yield connected


def fetched(at: Connected, customer_id: str) -> Customer:
    customer = at.customers().fetch_many([customer_id])[customer_id]
    assert isinstance(customer, Customer)
    return customer


def pages(
    at: Connected, since: datetime = LONG_AGO, until: datetime | None = None
) -> list[ChangePage]:
    """Read all pages of changes, each from a connector of its own, as polls do."""
    read: list[ChangePage] = []
    for _ in range(50):
        page = read[-1].page if read else None
        read.append(at.customers().list_changes(since=since, until=until, page=page))
        if read[-1].page is None:
            return read
    raise AssertionError("the list does not end")


def walk(at: Connected, since: datetime = LONG_AGO) -> list[Changed]:
    return [change for page in pages(at, since) for change in page.changes]


def test_a_customer_is_read_with_name_address_and_version(at: Connected) -> None:
    ada = at.square.add_customer(
        given_name="Ada",
        family_name="Byron",
        company_name="Engines Ltd",
        email_address="ada@example.com",
        phone_number="+441225000000",
        address={
            "address_line_1": "1 High Street",
            "address_line_2": "Flat 2",
            "locality": "Bath",
            "administrative_district_level_1": "Somerset",
            "postal_code": "BA1 1AA",
            "country": "GB",
        },
    )

    customer = fetched(at, ada)

    assert (customer.id, customer.name, customer.company) == (ada, "Ada Byron", "Engines Ltd")
    assert (customer.email, customer.phone) == ("ada@example.com", "+441225000000")
    assert customer.address == {
        "line1": "1 High Street",
        "line2": "Flat 2",
        "city": "Bath",
        "state": "Somerset",
        "postcode": "BA1 1AA",
        "country": "GB",
    }
    assert (customer.source, customer.deleted, customer.merged_into) == ("Square", False, None)


def test_the_version_rises_with_every_change_and_is_the_lists(at: Connected) -> None:
    ada = at.square.add_customer(given_name="Ada")
    before = fetched(at, ada).version
    at.shop.clock.advance(1)
    at.square.change_customer(ada, given_name="", company_name="Engines Ltd")

    after = fetched(at, ada)

    assert before is not None
    assert after.version is not None
    assert after.version > before
    assert after.name == "Engines Ltd"
    assert [(one.record, one.version, one.updated_at) for one in walk(at)] == [
        (ada, after.version, after.updated_at)
    ]


def test_who_is_deleted_or_unknown_is_told_as_deleted(at: Connected) -> None:
    ada, bob = (at.square.add_customer(given_name=name) for name in ("Ada", "Bob"))
    at.square.delete_customer(ada)

    read = at.customers().fetch_many([ada, "UNKNOWN", bob, ada])

    assert list(read) == [ada, "UNKNOWN", bob]
    assert [one.deleted for one in read.values()] == [True, True, False]
    assert read[ada].name == ""


def test_what_can_be_no_id_is_told_as_deleted_without_a_call(at: Connected) -> None:
    read = at.customers().fetch_many(["", "../locations", "x" * 300])

    assert [one.deleted for one in read.values()] == [True] * 3
    assert len(at.square.calls) == 0


@pytest.mark.parametrize("resolves", [False, True], ids=["says not found", "shows the new one"])
def test_who_was_merged_is_gone_and_names_the_new_profile_where_square_does(
    at: Connected, resolves: bool
) -> None:
    ada, bob = (at.square.add_customer(given_name=name) for name in ("Ada", "Bob"))
    at.square.merged_ids_resolve = resolves
    both = at.square.merge_customers([ada, bob])

    read = at.customers().fetch_many([ada, both])

    assert (read[ada].deleted, read[ada].merged_into) == (True, both if resolves else None)
    assert (read[both].given_name, read[both].deleted) == ("Ada", False)


def test_one_who_cannot_be_shown_now_is_not_taken_for_deleted(at: Connected) -> None:
    ada = at.square.add_customer(given_name="Ada")
    broken = {"errors": [{"category": "API_ERROR", "code": "SERVICE_UNAVAILABLE"}]}
    at.square.fail_next(200, path="/v2/customers", body={"responses": {ada: broken}})

    failure = at.customers().fetch_many([ada])[ada]

    assert isinstance(failure, SyncFailure)
    assert failure.reason is Reason.RETRYING


def test_one_who_is_missing_in_the_answer_is_not_taken_for_deleted(at: Connected) -> None:
    ada = at.square.add_customer(given_name="Ada")
    at.square.fail_next(200, path="/v2/customers", body={})

    assert isinstance(at.customers().fetch_many([ada])[ada], SyncFailure)


def test_one_that_cannot_be_read_does_not_harm_the_others(at: Connected) -> None:
    ada, bob = (at.square.add_customer(given_name=name) for name in ("Ada", "Bob"))
    shown = {ada: {"customer": {"id": ada, "given_name": 7}}, bob: {"customer": {"id": bob}}}
    at.square.fail_next(200, path="/v2/customers", body={"responses": shown})

    read = at.customers().fetch_many([ada, bob])

    assert isinstance(read[ada], SyncFailure)
    assert (read[ada].reason, read[ada].field) == (Reason.UNSUPPORTED, "given_name")
    assert isinstance(read[bob], Customer)


def test_a_hundred_and_fifty_customers_are_two_calls(at: Connected) -> None:
    ids = [at.square.add_customer(given_name=f"Ada {number}") for number in range(150)]

    assert list(at.customers().fetch_many(ids)) == ids
    assert len(at.square.calls) == 2


def test_all_changes_are_listed_once_to_the_end(at: Connected) -> None:
    made = []
    for number in range(230):
        at.shop.clock.advance(1)
        made.append(at.square.add_customer(given_name=f"Ada {number}"))
    at.square.change_customer(made[0], given_name="Zoe")

    read = pages(at)

    assert sorted(one.record for page in read for one in page.changes) == sorted(made)
    assert len(read) == 3
    columns = read[0].changes[-1].columns
    assert columns == {"name": "Zoe", "email": "", "phone": "", "source": "Square"}


def test_only_the_last_page_tells_times_because_square_cannot_sort_by_change(
    at: Connected,
) -> None:
    for number in range(150):
        at.square.add_customer(given_name=f"Ada {number}")

    first, last = pages(at)

    assert {one.updated_at is None for one in first.changes} == {True}
    assert {one.updated_at is None for one in last.changes} == {False}
    assert all(one.version for page in (first, last) for one in page.changes)


def test_a_customer_who_changes_while_the_list_is_read_moves_nobody_out_of_it(
    at: Connected,
) -> None:
    made = [at.square.add_customer(given_name=f"Ada {number}") for number in range(150)]
    first = at.customers().list_changes(since=LONG_AGO, until=None, page=None)
    at.shop.clock.advance(60)
    for one in first.changes[:40]:
        at.square.change_customer(one.record, given_name="Zoe")

    second = at.customers().list_changes(since=LONG_AGO, until=None, page=first.page)

    seen = {one.record for page in (first, second) for one in page.changes}
    assert seen == set(made)


def test_only_changes_of_the_period_are_listed(at: Connected) -> None:
    made = []
    for name in ("Ada", "Bob", "Cleo"):
        at.shop.clock.advance(3600)
        made.append(at.square.add_customer(given_name=name))
    since = at.shop.clock() - timedelta(minutes=90)
    until = at.shop.clock() - timedelta(minutes=30)

    assert sorted(one.record for one in walk(at, since)) == sorted(made[1:])
    assert [one.record for page in pages(at, since, until) for one in page.changes] == [made[1]]


def test_a_profile_that_names_nobody_is_listed_once_it_does(at: Connected) -> None:
    nobody = at.square.add_customer(creation_source="INSTANT_PROFILE")
    before = walk(at)
    at.shop.clock.advance(1)
    at.square.change_customer(nobody, given_name="Ada")

    assert before == []
    assert [one.record for one in walk(at)] == [nobody]


def test_an_order_of_a_profile_that_names_nobody_is_a_walk_ins(at: Connected) -> None:
    nobody = at.square.add_customer(creation_source="INSTANT_PROFILE")
    order_id = at.square.sell(at.places[0], [(None, 1, 500)], customer=nobody)

    assert at.orders().fetch_many([order_id])[order_id].customer is None


def test_a_list_that_goes_in_a_circle_is_given_up(at: Connected) -> None:
    for number in range(150):
        at.square.add_customer(given_name=f"Ada {number}")
    at.square.repeat_pages = 50

    with pytest.raises(SyncFailure) as failed:
        walk(at)

    assert failed.value.error_code == "page_repeats"


def test_a_list_whose_cursor_expired_is_read_again(at: Connected) -> None:
    for number in range(150):
        at.square.add_customer(given_name=f"Ada {number}")
    page = at.customers().list_changes(since=LONG_AGO, until=None, page=None).page
    at.square.cursor_life_s = 300
    at.shop.clock.advance(301)

    for token in (page, "not ours"):
        with pytest.raises(SyncFailure) as failed:
            at.customers().list_changes(since=LONG_AGO, until=None, page=token)
        assert failed.value.error_code == "cursor_expired"


def test_without_the_permission_the_whole_call_says_so(at: Connected) -> None:
    at.square.fail_next(403, path="/v2/customers")

    with pytest.raises(SyncFailure) as failed:
        at.customers().fetch_many(["ADA"])

    assert failed.value.reason is Reason.AUTH_REJECTED
    assert "CUSTOMERS_READ" in failed.value.detail


def test_what_people_do_to_customers_is_heard_by_webhook(at: Connected) -> None:
    with Receiver() as receiver:
        address = f"{receiver.base_url}/webhooks/square/t0ken"
        connected = with_credentials(at, **at.platform().ensure_webhooks(address))
        ada, bob = (at.square.add_customer(given_name=name) for name in ("Ada", "Bob"))
        at.square.add_customer(creation_source="INSTANT_PROFILE")
        at.square.change_customer(ada, given_name="Zoe")
        both = at.square.merge_customers([ada, bob])
        at.square.delete_customer(both)
        read = [
            OFFER.read_webhook(
                connected.account,
                Delivery(headers=one.headers, query={}, body=one.body, address=address),
            )
            for one in receiver.wait_for(8)
        ]

    changes = [change for one in read for change in one.changes]
    assert {one.kind for one in changes} == {Kind.CUSTOMER}
    assert sorted({one.record for one in changes}) == sorted([ada, bob, both])
    merged = {one.record for one in changes if one.columns.get("merged_into") == both}
    assert merged == {ada, bob}
    assert sum(bool(one.ignored) for one in read) == 1
