"""Counts go to Lightspeed: absolute, a call a product, each outlet with its own fate."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from chalicelib.domain.platforms import Done
from chalicelib.domain.reasons import Part, Reason, SyncFailure
from chalicelib.domain.statuses import Kind, Outcome
from tests.contract.lightspeed_connection import Connected, connect, counted


@pytest.fixture
def at() -> Iterator[Connected]:
    with connect() as connected:
        connected.store.clock.advance(3600)
        yield connected


def write(at: Connected, *rows: Any) -> dict[str, Any]:
    return dict(at.target(Kind.STOCK).write_many([(row, None) for row in rows]))


def only(results: dict[str, Any]) -> Any:
    (result,) = results.values()
    return result


def stock(at: Connected, product: str) -> list[Decimal]:
    return [at.till.stock(product, place) for place in at.places]


def test_a_count_is_at_its_outlets_and_verified(at: Connected) -> None:
    mug = at.store.product("MUG")

    done = only(at.sync(counted(at, mug, "20", "0.5"), kind=Kind.STOCK))

    assert (done.outcome, done.verified, done.target_id) == (Outcome.UPDATED, True, mug)
    assert stock(at, mug) == [20, Decimal("0.5")]
    assert done.parts == (
        Part(name=at.places[0], quantity="20", ok=True),
        Part(name=at.places[1], quantity="0.5", ok=True),
    )


def test_what_was_counted_is_found_equal(at: Connected) -> None:
    mug = at.store.product("MUG")
    row = counted(at, mug, "20", "0")
    at.sync(row, kind=Kind.STOCK)

    found = only(at.target(Kind.STOCK).find_many([row]))

    assert (found.target_id, found.equal) == (mug, True)


def test_another_number_is_not_equal_and_an_unknown_product_is_absent(at: Connected) -> None:
    mug = at.store.product("MUG")

    found = at.target(Kind.STOCK).find_many([counted(at, mug, "4"), counted(at, str(uuid4()), "4")])

    assert list(found) == [f"p-{mug}"]
    assert not found[f"p-{mug}"].equal


def test_the_stock_of_a_hidden_product_is_read_too(at: Connected) -> None:
    mug = at.store.product("MUG")
    at.store.call("PUT", f"products/{mug}", {"details": {"is_active": False}})

    assert only(at.target(Kind.STOCK).find_many([counted(at, mug, "10")])).equal


def test_many_products_are_read_in_one_call_and_written_in_one_each(at: Connected) -> None:
    rows = [counted(at, at.store.product(f"P{number}"), "5", "6") for number in range(30)]
    at.till.calls.clear()

    results = write(at, *rows)

    assert all(one.verified for one in results.values())
    assert at.calls("products", "PUT") == 30
    assert at.calls("inventory_levels") == 2
    assert at.calls() <= 30 + 2 + 6


def test_only_what_differs_is_written(at: Connected) -> None:
    mug, jar = at.store.product("MUG"), at.store.product("JAR")
    at.till.calls.clear()

    results = write(at, counted(at, mug, "10", "0"), counted(at, jar, "10", "3"))

    assert all(one.verified for one in results.values())
    assert at.calls("products", "PUT") == 1
    assert stock(at, jar) == [10, 3]


def test_an_unknown_outlet_fails_alone(at: Connected) -> None:
    mug = at.store.product("MUG")
    nowhere = str(uuid4())

    failure = only(write(at, counted(at, mug, "5", "6", places=[at.store.leeds, nowhere])))

    assert isinstance(failure, SyncFailure)
    assert (failure.reason, failure.field) == (Reason.MISSING_AT_TARGET, "location")
    assert nowhere in failure.detail
    assert "location mapping" in failure.detail
    assert [(part.name, part.ok) for part in failure.parts] == [
        (at.store.leeds, True),
        (nowhere, False),
    ]
    assert stock(at, mug) == [5, 0]


def test_an_unknown_product_is_named_and_the_others_are_right(at: Connected) -> None:
    mug, gone = at.store.product("MUG"), str(uuid4())

    results = write(at, counted(at, gone, "5"), counted(at, mug, "5"))

    assert results[f"p-{gone}"].reason is Reason.MISSING_AT_TARGET
    assert gone in results[f"p-{gone}"].detail
    assert results[f"p-{mug}"].verified


def test_a_negative_count_is_sent_as_nothing_and_says_so(at: Connected) -> None:
    mug = at.store.product("MUG")

    done = only(at.sync(counted(at, mug, "-3"), kind=Kind.STOCK))

    assert done.verified
    assert stock(at, mug) == [0, 0]
    assert "less than nothing" in done.detail


def test_what_was_sold_after_the_count_is_taken_off_it(at: Connected) -> None:
    mug = at.store.product("MUG")
    row = counted(at, mug, "20", "4")
    at.store.clock.advance(20)
    at.till.sell("Leeds", {"MUG": 3})

    done = only(write(at, row))

    assert done.verified
    assert stock(at, mug) == [17, 4]
    assert done.parts[0].quantity == "20"


def test_what_the_source_took_off_already_is_not_taken_off_twice(at: Connected) -> None:
    mug = at.store.product("MUG")
    at.store.clock.advance(20)
    counted_at = at.store.clock() - timedelta(seconds=10)
    at.till.sell("Leeds", {"MUG": 3})
    # The source had 20, knows of the 3 already and so says 17.
    row = counted(at, mug, "17", counted_at=counted_at, sold_since={at.store.leeds: Decimal(3)})

    done = only(write(at, row))

    assert done.verified
    assert stock(at, mug)[0] == 17


def test_what_was_sold_before_the_count_is_in_it_already(at: Connected) -> None:
    mug = at.store.product("MUG")
    at.till.sell("Leeds", {"MUG": 3})
    at.store.clock.advance(60)

    write(at, counted(at, mug, "20"))

    assert stock(at, mug)[0] == 20


def test_goods_that_came_back_after_the_count_are_left_to_the_next_one(at: Connected) -> None:
    mug = at.store.product("MUG")
    sale = at.till.sell("Leeds", {"MUG": 3})
    at.store.clock.advance(60)
    row = counted(at, mug, "20")
    at.store.clock.advance(5)
    at.till.take_back(sale)

    done = only(write(at, row))

    assert done.verified
    assert stock(at, mug)[0] == 20


def test_a_sale_between_write_and_read_back_is_no_difference(at: Connected) -> None:
    mug = at.store.product("MUG")
    row = counted(at, mug, "20")
    at.store.clock.advance(5)
    at.till.after_next_change = lambda: at.till.sell("Leeds", {"MUG": 2})

    done = only(write(at, row))

    assert stock(at, mug)[0] == 18
    assert done.verified


def test_a_number_that_does_not_arrive_is_not_verified(at: Connected) -> None:
    mug = at.store.product("MUG")
    at.till.fail_next(200, path="/products/", method="PUT", body={"data": {}})

    done = only(write(at, counted(at, mug, "20")))

    assert isinstance(done, Done)
    assert not done.verified
    assert "shows 10 after 20" in done.detail


def test_a_list_of_levels_that_is_behind_is_asked_past(at: Connected) -> None:
    mug = at.store.product("MUG")
    old = {"product_id": mug, "location_id": at.store.leeds, "current_inventory_level": 10}
    at.till.after_next_change = lambda: at.till.fail_next(200, path="/inventory_levels", body=[old])

    done = only(write(at, counted(at, mug, "20")))

    assert done.verified


def test_a_write_without_an_answer_is_unknown_and_can_be_repeated(at: Connected) -> None:
    mug = at.store.product("MUG")
    row = counted(at, mug, "20")
    at.till.fail_next(mode="drop_after", path="/products/", method="PUT")

    failure = only(write(at, row))
    assert failure.reason is Reason.OUTCOME_UNKNOWN
    assert [part.ok for part in failure.parts] == [False]

    assert only(at.sync(row, kind=Kind.STOCK)).equal


def test_a_throttled_batch_tells_when_to_come_back(at: Connected) -> None:
    rows = [counted(at, at.store.product(f"P{number}"), "5") for number in range(3)]
    at.till.fail_next(429, path="/products/", method="PUT", retry_after="60")

    results = write(at, *rows)

    assert {one.reason for one in results.values()} == {Reason.THROTTLED}
    assert {one.retry_after_s for one in results.values()} == {60}
    assert at.calls("products", "PUT") == 1


def test_no_number_is_sent_while_it_is_not_known_what_was_sold(at: Connected) -> None:
    mug = at.store.product("MUG")
    at.till.fail_next(500, path="/sales", times=9)

    with pytest.raises(SyncFailure) as failed:
        write(at, counted(at, mug, "20"))

    assert failed.value.reason is Reason.RETRYING
    assert stock(at, mug)[0] == 10
