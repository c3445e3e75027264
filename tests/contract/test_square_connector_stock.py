"""Counts go to Square: absolute, a hundred a call, each location with its own fate."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest

from chalicelib.domain.platforms import Done
from chalicelib.domain.reasons import Part, Reason, SyncFailure
from chalicelib.domain.statuses import Kind, Outcome
from tests.contract.square_connection import Connected, connect, counted


@pytest.fixture
def at() -> Iterator[Connected]:
    with connect() as connected:
        connected.shop.clock.advance(60)
        yield connected


def test_a_count_is_in_stock_at_its_location_and_verified(at: Connected) -> None:
    variation = at.shop.make()

    done = at.sync(counted(at, variation, "20"), kind=Kind.STOCK)[f"p-{variation}"]

    assert (done.outcome, done.verified, done.target_id) == (Outcome.CREATED, True, variation)
    assert at.square.stock(variation, at.places[0]) == 20
    assert done.parts == (Part(name=at.places[0], quantity="20", ok=True),)


def test_a_hundred_counts_are_one_call(at: Connected) -> None:
    rows = [counted(at, at.shop.make(f"S{number}"), "5") for number in range(100)]

    results = at.stock().write_many([(row, None) for row in rows])

    assert all(result.verified for result in results.values())
    assert len(at.square.calls_to("/v2/inventory/changes")) == 1
    assert len(at.square.calls_to("/v2/inventory/counts")) == 0


def test_more_than_a_hundred_counts_are_several_calls(at: Connected) -> None:
    rows = [counted(at, at.shop.make(f"S{number}"), "5", "6", "7") for number in range(40)]

    results = at.stock().write_many([(row, None) for row in rows])

    assert all(result.verified for result in results.values())
    assert len(at.square.calls_to("/v2/inventory/changes")) == 2


def test_what_was_counted_is_found_equal(at: Connected) -> None:
    variation = at.shop.make()
    row = counted(at, variation, "20", "0")
    at.sync(row, kind=Kind.STOCK)

    found = at.stock().find_many([row])[row.record]

    assert (found.target_id, found.equal) == (variation, True)


def test_a_variation_nobody_counted_is_absent_and_another_number_is_not_equal(
    at: Connected,
) -> None:
    never, other = at.shop.make("A"), at.shop.make("B")
    at.square.set_stock(other, at.places[0], 3)

    found = at.stock().find_many([counted(at, never, "4"), counted(at, other, "4")])

    assert list(found) == [f"p-{other}"]
    assert not found[f"p-{other}"].equal


def test_only_stock_that_can_be_sold_is_compared(at: Connected) -> None:
    variation = at.shop.make()
    at.square.set_stock(variation, at.places[0], 4)
    at.square.unknown_enums = True  # counts in a state of tomorrow stand beside it

    found = at.stock().find_many([counted(at, variation, "4")])

    assert found[f"p-{variation}"].equal


def test_a_negative_count_is_sent_as_nothing_and_says_so(at: Connected) -> None:
    variation = at.shop.make()

    done = at.sync(counted(at, variation, "-3"), kind=Kind.STOCK)[f"p-{variation}"]

    assert done.verified
    assert at.square.stock(variation, at.places[0]) == 0
    assert "less than nothing" in done.detail


def test_a_refused_location_is_named_and_the_others_are_right(at: Connected) -> None:
    variation = at.shop.make()
    at.square.refuse_counts_at(at.places[1])

    failure = at.sync(counted(at, variation, "5", "6", "7"), kind=Kind.STOCK)[f"p-{variation}"]

    assert (failure.reason, failure.code) == (Reason.REJECTED_BY_TARGET, 400)
    assert at.places[1] in failure.detail
    assert [(part.name, part.ok) for part in failure.parts] == [
        (at.places[0], True),
        (at.places[1], False),
        (at.places[2], True),
    ]
    assert [at.square.stock(variation, place) for place in at.places] == [5, 0, 7]


def test_a_location_refused_inside_a_200_is_named_too(at: Connected) -> None:
    variation, other = at.shop.make("A"), at.shop.make("B")
    at.square.refuse_counts_at(at.places[1], partial=True)

    results = at.sync(
        counted(at, variation, "5", "6", "7"), counted(at, other, "1"), kind=Kind.STOCK
    )

    failure = results[f"p-{variation}"]
    assert failure.reason is Reason.REJECTED_BY_TARGET
    assert [part.ok for part in failure.parts] == [True, False, True]
    assert results[f"p-{other}"].verified


def test_an_unknown_variation_is_named_and_its_neighbours_are_counted(at: Connected) -> None:
    good = [at.shop.make(f"S{number}") for number in range(5)]
    rows = [counted(at, variation, "3") for variation in [*good[:2], "NOVARIATION", *good[2:]]]

    results = at.sync(*rows, kind=Kind.STOCK)

    failure = results.pop("p-NOVARIATION")
    assert failure.reason is Reason.MISSING_AT_TARGET
    assert "NOVARIATION" in failure.detail
    assert all(isinstance(one, Done) and one.verified for one in results.values())


def test_an_equal_count_is_written_again_when_something_was_sold_since_the_last(
    at: Connected,
) -> None:
    variation = at.shop.make()
    at.sync(counted(at, variation, "20"), kind=Kind.STOCK)
    at.shop.clock.advance(1)
    at.square.sell(at.places[0], [(variation, 3)])
    at.shop.clock.advance(1)

    done = at.sync(counted(at, variation, "20"), kind=Kind.STOCK)[f"p-{variation}"]

    assert done.verified
    assert at.square.stock(variation, at.places[0]) == 20


def test_a_sale_after_the_moment_of_counting_stays_sold_and_the_count_is_verified(
    at: Connected,
) -> None:
    variation = at.shop.make()
    counted_at = at.shop.clock()
    at.shop.clock.advance(2)
    at.square.sell(at.places[0], [(variation, 3)])
    at.shop.clock.advance(1)
    row = counted(at, variation, "20", counted_at=counted_at)

    done = at.sync(row, kind=Kind.STOCK)[row.record]

    assert at.square.stock(variation, at.places[0]) == 17
    assert done.verified


def test_a_lower_number_that_no_sale_explains_is_not_verified(at: Connected) -> None:
    variation = at.shop.make()
    counted_at = at.shop.clock()
    at.shop.clock.advance(2)
    at.square.set_stock(variation, at.places[0], 4)  # somebody counted the shelf
    at.shop.clock.advance(1)
    row = counted(at, variation, "20", counted_at=counted_at)

    done = at.sync(row, kind=Kind.STOCK)[row.record]

    assert not done.verified
    assert "4 after 20" in done.detail


def test_a_sale_that_was_cancelled_explains_nothing(at: Connected) -> None:
    variation = at.shop.make()
    counted_at = at.shop.clock()
    at.shop.clock.advance(2)
    at.square.cancel(at.square.sell(at.places[0], [(variation, 3)]))
    at.square.set_stock(variation, at.places[0], 17)
    row = counted(at, variation, "20", counted_at=counted_at)

    assert not at.sync(row, kind=Kind.STOCK)[row.record].verified


def test_a_count_ahead_of_squares_clock_is_sent_again_soon(at: Connected) -> None:
    variation = at.shop.make()
    ahead = at.shop.clock() + timedelta(seconds=5)

    failure = at.sync(counted(at, variation, "20", counted_at=ahead), kind=Kind.STOCK)

    assert failure[f"p-{variation}"].reason is Reason.RETRYING


def test_a_failed_call_fails_its_own_counts_and_not_those_already_done(at: Connected) -> None:
    rows = [counted(at, at.shop.make(f"S{number}"), "5") for number in range(110)]
    target = at.stock()
    at.square.fail_next(500, path="no-such-path")
    first, second = rows[:100], rows[100:]
    target.write_many([(row, None) for row in first])
    at.square.fail_next(500, path="/v2/inventory/changes")

    results = target.write_many([(row, None) for row in second])

    assert {one.reason for one in results.values()} == {Reason.OUTCOME_UNKNOWN}
    assert at.square.stock(rows[0].desired.variation_id, at.places[0]) == 5


def test_counts_the_answer_does_not_show_are_read_back(at: Connected) -> None:
    variation = at.shop.make()
    at.square.set_stock(variation, at.places[0], 20)
    at.square.fail_next(200, path="/v2/inventory/changes", body={"counts": []})

    row = counted(at, variation, "20")
    done = at.stock().write_many([(row, None)])[row.record]

    assert done.verified


def test_fractions_keep_their_places(at: Connected) -> None:
    variation = at.shop.make()

    done = at.sync(counted(at, variation, "2.50"), kind=Kind.STOCK)[f"p-{variation}"]

    assert (done.verified, done.parts[0].quantity) == (True, "2.5")
    assert at.square.stock(variation, at.places[0]) == Decimal("2.5")


def test_a_throttled_account_stops_sending_the_rest(at: Connected) -> None:
    rows = [counted(at, at.shop.make(f"S{number}"), "5") for number in range(150)]
    at.square.fail_next(429, path="/v2/inventory/changes", retry_after=7)

    results = at.stock().write_many([(row, None) for row in rows])

    assert {one.reason for one in results.values()} == {Reason.THROTTLED}
    assert {one.retry_after_s for one in results.values() if isinstance(one, SyncFailure)} == {7}
    assert len(at.square.calls_to("/v2/inventory/changes")) == 1
