"""Lightspeed's lists are walked by version: to the empty page, from the right start, for ever."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

import pytest

from chalicelib.domain.platforms import Changed
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.statuses import Kind
from tests.contract.lightspeed_connection import Connected, connect

HOUR_S = 3600


@pytest.fixture
def at() -> Iterator[Connected]:
    with connect() as connected:
        connected.store.product("MUG", stock=500)
        yield connected


def sell(at: Connected, count: int, apart_s: float = 0) -> list[str]:
    sold = []
    for _ in range(count):
        sold.append(at.till.sell("Leeds", {"MUG": 1}))
        at.store.clock.advance(apart_s)
    return sold


def ids(changes: Iterable[Changed]) -> list[str]:
    return [one.record for one in changes]


def test_a_list_never_stops_at_a_short_page(at: Connected) -> None:
    since = at.store.clock()
    sold = sell(at, 9)
    at.till.short_pages = 3

    pages = at.pages(Kind.ORDER, since=since)

    assert [len(page.changes) for page in pages] == [4, 2, 1, 2, 0]
    assert ids(change for page in pages for change in page.changes) == sold


def test_a_full_store_is_read_two_hundred_a_page(at: Connected) -> None:
    since = at.store.clock()
    sell(at, 205)

    pages = at.pages(Kind.ORDER, since=since)

    assert [len(page.changes) for page in pages] == [200, 5, 0]


def test_changes_have_lightspeeds_version_and_time(at: Connected) -> None:
    since = at.store.clock()
    sale = sell(at, 1)[0]

    (change,) = at.changes(Kind.ORDER, since=since)

    shown = at.store.get(f"sales/{sale}")["data"]
    assert change.version == shown["_metadata"]["version"]
    assert change.updated_at == at.store.clock()
    assert change.columns == {"order_id": sale, "source": "Lightspeed"}


def test_the_next_poll_goes_on_by_version_and_not_by_time(at: Connected) -> None:
    last = at.pages(Kind.ORDER)[-1]
    late = sell(at, 1)[0]
    row = at.till.sales.feed.rows[late]
    row.updated_at -= timedelta(days=9)  # a till that was offline has times of its own
    at.till.calls.clear()

    pages = at.pages(Kind.ORDER, page=last.resume)

    assert ids(pages[0].changes) == [late]
    assert at.calls("sales") == 2
    assert pages[-1].resume is not None
    assert pages[-1].resume != last.resume


def test_a_poll_tells_how_far_it_read_though_nothing_is_of_its_kind(at: Connected) -> None:
    since = at.store.clock()
    sell(at, 2, apart_s=60)

    pages = at.pages(Kind.REFUND, since=since)

    assert [list(page.changes) for page in pages] == [[]]
    assert pages[0].read_until == since + timedelta(seconds=60)


def test_a_poll_of_nothing_new_is_one_call(at: Connected) -> None:
    sell(at, 3)
    last = at.pages(Kind.ORDER)[-1]
    at.till.calls.clear()

    (page,) = at.pages(Kind.ORDER, page=last.resume)

    assert (list(page.changes), page.resume, at.calls()) == ([], last.resume, 1)


def add_customers(at: Connected, count: int) -> list[str]:
    """Add customers, one an hour; the last an hour ago."""
    made = []
    for number in range(count):
        made.append(at.till.add_customer(first_name=f"Ann {number}"))
        at.store.clock.advance(HOUR_S)
    return made


@pytest.mark.parametrize("back", [0, 1, 30, 59, 60, 61, 2000])
def test_the_start_is_found_by_halving_and_not_by_reading_all(at: Connected, back: int) -> None:
    made = add_customers(at, 60)
    since = at.store.clock() - timedelta(hours=back)
    at.till.calls.clear()

    found = ids(at.changes(Kind.CUSTOMER, since=since))

    assert found == made[max(0, 60 - back) :]
    assert at.calls("customers") <= 36


def test_the_start_among_sales_is_found_by_a_search(at: Connected) -> None:
    sold = sell(at, 60, apart_s=HOUR_S)
    at.till.calls.clear()

    found = ids(at.changes(Kind.ORDER, since=at.store.clock() - timedelta(hours=5)))

    assert found == sold[-5:]
    assert at.calls("search") <= 2
    assert at.calls("sales") <= 3


def test_a_start_is_found_without_a_search_that_works(at: Connected) -> None:
    sold = sell(at, 20, apart_s=HOUR_S)
    at.till.fail_next(400, path="/search", times=9)
    at.till.calls.clear()

    assert ids(at.changes(Kind.ORDER, since=at.store.clock() - timedelta(hours=5))) == sold[-5:]
    assert at.calls("sales") <= 36


def test_sales_from_long_before_a_quiet_time_are_left_out(at: Connected) -> None:
    sell(at, 5)
    at.store.clock.advance(400 * 24 * HOUR_S)
    since = at.store.clock()
    sold = sell(at, 2)

    assert ids(at.changes(Kind.ORDER, since=since)) == sold


def test_a_period_ends_before_its_end(at: Connected) -> None:
    sold = sell(at, 10, apart_s=HOUR_S)
    until = at.store.clock() - timedelta(hours=4)
    since = until - timedelta(hours=3)

    assert ids(at.changes(Kind.ORDER, since=since, until=until)) == sold[3:6]


def test_a_period_long_ago_is_not_read_to_the_present(at: Connected) -> None:
    since = at.store.clock()
    sold = sell(at, 3)
    until = at.store.clock() + timedelta(hours=1)
    at.store.clock.advance(5 * HOUR_S)
    sell(at, 450)
    at.till.calls.clear()

    assert ids(at.changes(Kind.ORDER, since=since, until=until)) == sold
    assert at.calls("sales") <= 4


def test_a_sale_that_changes_while_it_is_listed_comes_again_further_on(at: Connected) -> None:
    since = at.store.clock()
    sold = sell(at, 3)
    source = at.source(Kind.ORDER)
    first = source.list_changes(since=since, until=None, page=None)
    at.till.change_sale(sold[0], "voided")

    second = source.list_changes(since=since, until=None, page=first.page)

    assert ids(first.changes) == sold
    assert ids(second.changes) == [sold[0]]


@pytest.mark.parametrize("token", ["v", "-1", "12x", "v12v", "\u0661\u0662"])
def test_a_token_of_another_kind_starts_the_list_again(at: Connected, token: str) -> None:
    with pytest.raises(SyncFailure) as failed:
        at.source(Kind.ORDER).list_changes(since=at.store.clock(), until=None, page=token)

    assert (failed.value.reason, failed.value.error_code) == (Reason.RETRYING, "cursor_expired")


def test_a_list_that_does_not_get_on_is_given_up(at: Connected) -> None:
    same = {"data": [{"id": "x", "version": 5}], "version": {"min": 5, "max": 5}}
    at.till.fail_next(200, path="/sales", body=same, times=3)

    with pytest.raises(SyncFailure) as failed:
        at.source(Kind.ORDER).list_changes(since=at.store.clock(), until=None, page="v5")

    assert failed.value.error_code == "page_repeats"


def test_deleted_customers_are_listed_and_say_so(at: Connected) -> None:
    ann = at.till.add_customer(first_name="Ann", email="ann@example.com")
    at.store.clock.advance(HOUR_S)
    since = at.store.clock()
    at.till.delete("customers", ann)

    (change,) = at.changes(Kind.CUSTOMER, since=since)
    customer = at.source(Kind.CUSTOMER).fetch_many([ann])[ann]

    assert change.record == ann
    assert (customer.deleted, customer.email) == (True, "")
    at.till.shows_deleted = True
    assert at.source(Kind.CUSTOMER).fetch_many([ann])[ann].deleted


def test_the_walk_in_customer_is_never_listed_or_read(at: Connected) -> None:
    since = at.store.clock()
    walk_in = at.till.customers.walk_in
    ann = at.till.add_customer(first_name="Ann")

    assert ids(at.changes(Kind.CUSTOMER, since=since)) == [ann]
    assert at.source(Kind.CUSTOMER).fetch_many([walk_in]) == {}


def test_a_customer_is_read_with_address_and_names(at: Connected) -> None:
    ann = at.till.add_customer(
        first_name="Ann",
        last_name="Example",
        company_name="Example Ltd",
        email="ann@example.com",
        mobile="07700 900123",
        physical_address_1="1 High Street",
        physical_city="Leeds",
        physical_postcode="LS1 1AA",
        physical_country_id="GB",
    )

    customer = at.source(Kind.CUSTOMER).fetch_many([ann])[ann]

    assert (customer.name, customer.company) == ("Ann Example", "Example Ltd")
    assert (customer.email, customer.phone) == ("ann@example.com", "07700 900123")
    assert customer.address == {
        "line1": "1 High Street",
        "city": "Leeds",
        "postcode": "LS1 1AA",
        "country": "GB",
    }
    assert customer.version == at.till.customers.feed.rows[ann].version


def test_a_customer_with_a_letter_box_only_is_read_from_that(at: Connected) -> None:
    ann = at.till.add_customer(
        first_name="Ann", physical_country_id="GB", postal_address_1="PO Box 7", postal_city="York"
    )

    customer = at.source(Kind.CUSTOMER).fetch_many([ann])[ann]

    assert customer.address == {"line1": "PO Box 7", "city": "York"}
