"""What every source promises of the records it is asked for."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from chalicelib.domain.money import Money
from chalicelib.domain.reasons import SyncFailure
from chalicelib.domain.records import Order, Refund
from chalicelib.domain.statuses import Kind
from tests.contract.connectors.entries import every_source
from tests.contract.connectors.suite import Running, SourceCase, fetch, id_of, is_gone

#: Ids no vendor gives, as they may stand in an old row or be typed by people.
BAD_IDS = ["", " ", "*", "0", "-1", "1/2", "1-99999999", "no such id", "ü", "../x", "x" * 300]
MONEY = (Kind.ORDER, Kind.REFUND)


@every_source(lambda case: case.fetched)
def test_records_are_given_by_their_ids(running: Running, case: SourceCase) -> None:
    ids = [case.make(running, number) for number in (1, 2, 3)]

    found = running.source(case.kind).fetch_many(ids)

    assert set(found) == set(ids)
    assert {key: id_of(record) for key, record in found.items()} == {one: one for one in ids}


@every_source(lambda case: case.fetched)
def test_nothing_asked_is_nothing_answered_without_a_call(
    running: Running, case: SourceCase
) -> None:
    assert dict(running.source(case.kind).fetch_many([])) == {}
    assert not running.account.http.trace.exchanges


@every_source(lambda case: case.fetched)
def test_a_record_that_is_asked_for_twice_is_given_once(running: Running, case: SourceCase) -> None:
    made = case.make(running, 1)

    found = running.source(case.kind).fetch_many([made, made])

    assert id_of(found[made]) == made
    assert len(found) == 1


@every_source(lambda case: case.fetched)
def test_unknown_records_are_absent_and_hold_up_nobody(running: Running, case: SourceCase) -> None:
    made = [case.make(running, number) for number in (1, 2)]

    found = fetch(running.source(case.kind), made[0], case.unknown, made[1])

    assert [id_of(found[one]) for one in made] == made
    assert is_gone(found.get(case.unknown))


@every_source(lambda case: case.fetched)
def test_an_id_that_is_none_fails_alone(running: Running, case: SourceCase) -> None:
    made = [case.make(running, number) for number in (1, 2)]

    for bad in BAD_IDS:
        found = fetch(running.source(case.kind), made[0], bad, made[1])

        assert {one: id_of(found.get(one)) for one in made} == {one: one for one in made}, bad
        answer = found.get(bad)
        assert isinstance(answer, SyncFailure) or is_gone(answer), bad
        assert set(found) <= {*made, bad}


@every_source(lambda case: case.fetched)
def test_ids_that_are_none_make_no_record(running: Running, case: SourceCase) -> None:
    made = case.make(running, 1)

    found = fetch(running.source(case.kind), *BAD_IDS, made)

    assert id_of(found.get(made)) == made
    assert not [
        one
        for key, one in found.items()
        if key != made and not isinstance(one, SyncFailure) and not is_gone(one)
    ]


@every_source(lambda case: case.fetched)
def test_a_record_that_changed_is_read_as_it_is_now(running: Running, case: SourceCase) -> None:
    made = case.make(running, 1)
    before = running.source(case.kind).fetch_many([made])[made]
    running.clock.advance(60)
    case.change(running, made)

    after = running.source(case.kind).fetch_many([made])[made]

    assert id_of(after) == made
    assert after != before


@every_source(lambda case: case.fetched and case.delete is not None)
def test_a_record_that_people_deleted_is_not_given_as_if_it_were_there(
    running: Running, case: SourceCase
) -> None:
    gone, stays = (case.make(running, number) for number in (1, 2))
    running.clock.advance(60)
    assert case.delete is not None
    case.delete(running, gone)

    found = fetch(running.source(case.kind), gone, stays)

    assert is_gone(found.get(gone))
    assert not is_gone(found.get(stays))


@every_source(lambda case: case.kind is Kind.CUSTOMER and case.delete is not None)
def test_a_customer_who_is_gone_is_known_by_the_id_alone(
    running: Running, case: SourceCase
) -> None:
    gone = case.make(running, 1)
    assert case.delete is not None
    case.delete(running, gone)

    found = running.source(case.kind).fetch_many([gone, case.unknown])

    for one in (gone, case.unknown):
        assert (found[one].id, found[one].deleted) == (one, True)
        assert (found[one].name, found[one].email, found[one].phone) == ("", "", "")


@every_source(lambda case: case.fetched)
def test_times_are_aware_and_money_is_decimal(running: Running, case: SourceCase) -> None:
    made = case.make(running, 1)

    values = list(_values_in(running.source(case.kind).fetch_many([made])[made]))

    assert values
    assert not [one for one in values if isinstance(one, float)]
    assert all(one.utcoffset() == timedelta(0) for one in values if isinstance(one, datetime))
    assert all(
        isinstance(one.amount, Decimal) and one.currency for one in values if isinstance(one, Money)
    )


@every_source(lambda case: case.kind in MONEY and case.fetched)
def test_the_parts_of_an_order_or_refund_add_up_to_its_total(
    running: Running, case: SourceCase
) -> None:
    made = case.make(running, 1)
    record = running.source(case.kind).fetch_many([made])[made]
    assert isinstance(record, Order | Refund)

    lines = [*record.lines, *getattr(record, "service_charges", ())]
    gross = sum((one.net.amount + one.tax.amount for one in lines), Decimal(0))

    assert gross + record.tip.amount + record.rounding.amount == record.total.amount
    assert all(one.amount.amount >= 0 for one in record.payments)
    assert {one.amount.currency for one in record.payments} <= {record.total.currency}


@every_source(lambda case: case.kind is Kind.ORDER and case.fetched)
def test_a_till_says_what_was_sold_since_a_moment(running: Running, case: SourceCase) -> None:
    case.make(running, 1)
    running.clock.advance(3600)
    since = running.clock()
    later = case.make(running, 2)

    sales = running.source(case.kind).list_sales(since=since)

    assert [one.id for one in sales] == [later]


def _values_in(value: Any) -> Iterator[Any]:
    """Yield everything a record holds, however deep."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from _values_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _values_in(inner)
    elif hasattr(value, "__dataclass_fields__"):
        yield value
        for inner in vars(value).values():
            yield from _values_in(inner)
    else:
        yield value
