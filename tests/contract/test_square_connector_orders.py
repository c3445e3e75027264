"""Orders come from Square: read by id, listed by change, added up, with customers and payments."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from chalicelib.domain.money import Money
from chalicelib.domain.platforms import Changed
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Order
from tests.contract.square_connection import Connected, connect

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def at() -> Iterator[Connected]:
    with connect() as connected:
        yield connected


def fetched(at: Connected, order_id: str) -> Order:
    order = at.orders().fetch_many([order_id])[order_id]
    assert isinstance(order, Order)
    return order


def gbp(amount: str) -> Money:
    return Money(Decimal(amount), "GBP")


def parts_of(order: Order) -> Decimal:
    """Add up what the flow adds up: lines, charges, tip, rounding."""
    lines = (line.net.amount + line.tax.amount for line in [*order.lines, *order.service_charges])
    return sum(lines, order.tip.amount + order.rounding.amount)


def walk(at: Connected, since: datetime = LONG_AGO) -> list[Changed]:
    """Read all pages of changes, each from a connector of its own, as polls do."""
    changes: list[Changed] = []
    page = None
    for _ in range(50):
        answer = at.orders().list_changes(since=since, until=None, page=page)
        changes += answer.changes
        page = answer.page
        if page is None:
            return changes
    raise AssertionError("the list does not end")


def test_a_sale_is_read_with_lines_tax_payment_and_total(at: Connected) -> None:
    variation = at.shop.make(name="Shirt")
    order_id = at.square.sell(at.places[0], [(variation, 2, 1200)], tip=100, service_charge=50)

    order = fetched(at, order_id)

    line = order.lines[0]
    assert (line.item_id, line.quantity, line.tax_name) == (variation, 2, "VAT")
    assert (line.net, line.tax) == (gbp("20.00"), gbp("4.00"))
    assert (order.state, order.location, order.source) == ("completed", at.places[0], "Square")
    assert (order.total, order.tip) == (gbp("25.50"), gbp("1.00"))
    payment = order.payments[0]
    assert (payment.method, payment.amount, payment.tip) == ("CARD", gbp("25.50"), gbp("1.00"))
    assert order.is_paid


@pytest.mark.parametrize("tax_type", ["INCLUSIVE", "ADDITIVE"])
@pytest.mark.parametrize("discount", [0, 333, "10%"])
def test_the_parts_of_an_order_add_up_to_its_total(
    at: Connected, tax_type: str, discount: int | str
) -> None:
    order_id = at.square.sell(
        at.places[0],
        [(None, 3, 999), (None, "0.5", 1234)],
        tax_type=tax_type,
        discount=discount,
        tip=77,
        service_charge=150,
        rounding=-2,
    )

    order = fetched(at, order_id)

    assert parts_of(order) == order.total.amount
    assert sum(line.tax.amount for line in order.lines) == order.tax.amount


def test_a_total_that_is_not_its_parts_is_passed_on_as_it_is(at: Connected) -> None:
    order = fetched(at, at.square.sell(at.places[0], [(None, 1, 999)], total_off_by=5))

    assert order.total.amount - parts_of(order) == Decimal("0.05")


def test_yen_have_no_decimals(at: Connected) -> None:
    tokyo = at.square.add_location("Tokyo", currency="JPY", country="JP")

    order = fetched(at, at.square.sell(tokyo, [(None, 1, 1990)]))

    assert order.total == Money(Decimal(1990), "JPY")
    assert order.lines[0].net + order.lines[0].tax == order.total


def test_a_line_without_a_product_is_carried_as_text(at: Connected) -> None:
    line = fetched(at, at.square.sell(at.places[0], [(None, 1, 500)])).lines[0]

    assert (line.item_id, line.name) == (None, "Custom amount")


def test_the_customer_comes_with_the_order(at: Connected) -> None:
    customer = at.square.add_customer(
        given_name="Ada",
        family_name="Byron",
        email_address="ada@example.com",
        address={"address_line_1": "1 High Street", "locality": "Bath", "country": "GB"},
    )
    order = fetched(at, at.square.sell(at.places[0], [(None, 1, 500)], customer=customer))

    assert order.customer is not None
    assert (order.customer.name, order.customer.email) == ("Ada Byron", "ada@example.com")
    assert order.customer.address == {"line1": "1 High Street", "city": "Bath", "country": "GB"}


def test_a_customer_who_was_deleted_or_merged_away_is_a_walk_in(at: Connected) -> None:
    order = fetched(at, at.square.sell(at.places[0], [(None, 1, 500)], customer="GONE"))

    assert order.customer is None


def test_a_hundred_orders_and_their_customers_are_two_calls(at: Connected) -> None:
    customer = at.square.add_customer(given_name="Ada")
    ids = [at.square.sell(at.places[0], [(None, 1, 500)], customer=customer) for _ in range(100)]

    orders = at.orders().fetch_many(ids)

    assert len(orders) == 100
    assert len(at.square.calls) == 2


def test_unknown_orders_are_absent(at: Connected) -> None:
    order_id = at.square.sell(at.places[0], [(None, 1, 500)])

    assert list(at.orders().fetch_many(["UNKNOWN", order_id])) == [order_id]


def test_without_the_permission_for_customers_only_orders_that_have_one_fail(
    at: Connected,
) -> None:
    with_customer = at.square.sell(at.places[0], [(None, 1, 500)], customer="ADA")
    walk_in = at.square.sell(at.places[0], [(None, 1, 500)])
    at.square.fail_next(403, path="/v2/customers")

    orders = at.orders().fetch_many([with_customer, walk_in])

    failure = orders[with_customer]
    assert isinstance(failure, SyncFailure)
    assert failure.reason is Reason.AUTH_REJECTED
    assert "CUSTOMERS_READ" in failure.detail
    assert isinstance(orders[walk_in], Order)


def test_an_order_that_cannot_be_read_does_not_harm_its_neighbours(at: Connected) -> None:
    good = at.shop.order(at.square.sell(at.places[0], [(None, 1, 500)]))
    bad = {**good, "id": "BAD", "line_items": [{"uid": "1", "quantity": "many"}]}
    at.square.fail_next(200, path="/v2/orders/batch-retrieve", body={"orders": [bad, good]})

    orders = at.orders().fetch_many(["BAD", good["id"]])

    failure = orders["BAD"]
    assert isinstance(failure, SyncFailure)
    assert (failure.reason, failure.field) == (Reason.UNSUPPORTED, "line_items.0.quantity")
    assert isinstance(orders[good["id"]], Order)


def test_unknown_enum_values_are_passed_through(at: Connected) -> None:
    at.square.unknown_enums = True

    order = fetched(at, at.square.sell(at.places[0], [(None, 1, 500)]))

    assert order.payments[0].method == "TENDER_OF_TOMORROW"


def test_changes_of_all_locations_come_oldest_first(at: Connected) -> None:
    ids = []
    for number in range(6):
        ids.append(at.square.sell(at.places[number % 3], [(None, 1, 500)]))
        at.shop.clock.advance(1)

    changes = walk(at)

    assert [change.record for change in changes] == ids
    first = changes[0]
    assert first.columns == {
        "order_id": ids[0],
        "total": {"amount": "5.00", "currency": "GBP"},
        "source": "Square",
    }
    order = fetched(at, ids[0])
    assert (first.version, first.updated_at) == (order.version, order.updated_at)


def test_since_is_inclusive_and_until_ends_the_list(at: Connected) -> None:
    start = at.shop.clock()
    ids = []
    for _ in range(3):
        ids.append(at.square.sell(at.places[0], [(None, 1, 500)]))
        at.shop.clock.advance(10)

    page = at.orders().list_changes(
        since=start + timedelta(seconds=10), until=start + timedelta(seconds=10), page=None
    )

    assert [change.record for change in page.changes] == [ids[1]]


def test_a_long_list_comes_in_pages_that_another_worker_can_continue(at: Connected) -> None:
    ids = {at.square.sell(at.places[0], [(None, 1, 500)]) for _ in range(1100)}

    changes = walk(at)

    assert {change.record for change in changes} == ids
    assert len(changes) == 1100
    assert len(at.square.calls_to("/v2/orders/search")) == 3


def test_more_than_ten_locations_are_all_read(at: Connected) -> None:
    more = [at.square.add_location(f"Shop {number}") for number in range(22)]
    ids = {at.square.sell(place, [(None, 1, 500)]) for place in [*at.places, *more]}

    assert {change.record for change in walk(at)} == ids


def test_inactive_locations_are_not_asked(at: Connected) -> None:
    closed = at.square.add_location("Closed", status="INACTIVE")
    at.square.sell(closed, [(None, 1, 500)])

    assert walk(at) == []


def test_a_page_that_repeats_a_few_times_loses_nothing(at: Connected) -> None:
    ids = {at.square.sell(at.places[0], [(None, 1, 500)]) for _ in range(600)}
    at.square.repeat_pages = 2

    assert {change.record for change in walk(at)} == ids


def test_a_page_that_repeats_for_ever_ends_with_an_error(at: Connected) -> None:
    for _ in range(501):
        at.square.sell(at.places[0], [(None, 1, 500)])
    at.square.repeat_pages = 1000

    with pytest.raises(SyncFailure) as failed:
        walk(at)

    assert failed.value.error_code == "page_repeats"


@pytest.mark.parametrize("token", ["nonsense", "bm90IGpzb24=", "eyJsb2NhdGlvbnMiOiAiWCJ9"])
def test_an_expired_or_foreign_page_token_starts_the_slice_again(at: Connected, token: str) -> None:
    with pytest.raises(SyncFailure) as failed:
        at.orders().list_changes(since=LONG_AGO, until=None, page=token)

    assert failed.value.error_code == "cursor_expired"


def test_a_cursor_that_expired_at_square_starts_the_slice_again(at: Connected) -> None:
    for _ in range(501):
        at.square.sell(at.places[0], [(None, 1, 500)])
    page = at.orders().list_changes(since=LONG_AGO, until=None, page=None).page
    at.square.cursor_life_s = 300
    at.shop.clock.advance(301)

    with pytest.raises(SyncFailure) as failed:
        at.orders().list_changes(since=LONG_AGO, until=None, page=page)

    assert (failed.value.reason, failed.value.error_code) == (Reason.RETRYING, "cursor_expired")


def test_sales_are_listed_once_and_as_they_are_now(at: Connected) -> None:
    order_id = at.square.sell(at.places[0], [(None, 1, 500)])
    at.shop.clock.advance(5)
    at.square.edit(order_id, [(None, 2, 500)])
    later = at.square.sell(at.places[1], [(None, 3, 500)], state="OPEN", paid=False)

    sales = at.orders().list_sales(since=LONG_AGO)

    assert {order.id: order.lines[0].quantity for order in sales} == {order_id: 2, later: 3}
    assert len(at.square.calls) == 2  # locations, then one page


def test_an_order_that_comes_on_two_pages_counts_once_as_last_seen(at: Connected) -> None:
    order_id = at.square.sell(at.places[0], [(None, 1, 500)])
    before = at.shop.order(order_id)
    at.square.edit(order_id, [(None, 2, 500)])
    pages = [
        {"orders": [before], "cursor": "NEXT"},
        {"orders": [at.shop.order(order_id)]},
    ]
    for page in pages:
        at.square.fail_next(200, path="/v2/orders/search", body=page)

    sales = at.orders().list_sales(since=LONG_AGO)

    assert [order.lines[0].quantity for order in sales] == [2]


def test_states_are_told_in_our_words(at: Connected) -> None:
    opened = at.square.sell(at.places[0], [(None, 1, 500)], state="OPEN", paid=False)
    cancelled = at.square.sell(at.places[0], [(None, 1, 500)])
    at.square.cancel(cancelled)

    assert fetched(at, opened).state == "open"
    assert not fetched(at, opened).is_paid
    assert fetched(at, cancelled).state == "cancelled"


def test_recorded_exchanges_hold_no_token_and_no_customer(at: Connected) -> None:
    customer = at.square.add_customer(given_name="Ada", email_address="ada@example.com")
    fetched(at, at.square.sell(at.places[0], [(None, 1, 500)], customer=customer))

    told = json.dumps([vars(one) for one in at.account.http.trace.exchanges], default=str)

    assert at.shop.merchant.token not in told
    assert "ada@example.com" not in told
    assert "Ada" not in told
