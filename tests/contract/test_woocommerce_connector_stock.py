"""Counts go to the shop as the number of this moment: absolute, whole, a hundred a call."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from chalicelib.domain.platforms import Done, Found, Wanted
from chalicelib.domain.reasons import Part, Reason, SyncFailure
from chalicelib.domain.records import Count
from chalicelib.domain.statuses import Kind, Outcome
from tests.contract.woo_connection import Connected, connect, counted


@pytest.fixture
def at() -> Iterator[Connected]:
    with connect() as connected:
        connected.shop.clock.advance(60)
        yield connected


def count(at: Connected, item: str, quantity: str, **more: str) -> Wanted[Count]:
    """Return a count of this moment."""
    return counted(item, quantity, at.shop.clock(), **more)


def sync(at: Connected, *rows: Wanted[Count]) -> dict[str, Done | Found | SyncFailure]:
    """Find and write counts."""
    return at.sync(*rows, kind=Kind.STOCK)


def stock(at: Connected, item: str) -> int:
    """Return what the shop has."""
    return int(at.product(item)["stock_quantity"])


def test_a_count_of_a_product_and_of_a_variation_is_there_and_verified(at: Connected) -> None:
    results = sync(at, count(at, at.mug, "21"), count(at, at.size_m, "7"))

    done = results[f"p-{at.mug}"]
    assert (done.outcome, done.verified, done.target_id) == (Outcome.UPDATED, True, at.mug)
    assert done.parts == (Part(name="shop", quantity="21", ok=True),)
    assert (stock(at, at.mug), stock(at, at.size_m)) == (21, 7)


def test_sisters_are_one_read_and_one_write_below_their_product(at: Connected) -> None:
    sizes = [str(one) for one in at.shop.merchant.sizes.values()]

    results = sync(at, *(count(at, one, "8") for one in sizes))

    assert all(one.verified for one in results.values())
    assert at.writes() == [f"/wc/v3/products/{at.shop.merchant.shirt}/variations/batch"]
    assert len(at.woo.calls) <= 8


def test_a_hundred_and_ten_products_are_two_writes(at: Connected) -> None:
    ids = [
        str(at.woo.add_product(name=f"P{n}", manage_stock=True, stock_quantity=1))
        for n in range(110)
    ]

    results = sync(at, *(count(at, one, "5") for one in ids))

    assert all(one.verified for one in results.values())
    assert at.writes() == ["/wc/v3/products/batch"] * 2


def test_an_equal_number_is_found_and_not_written(at: Connected) -> None:
    found = sync(at, count(at, at.mug, "10"))[f"p-{at.mug}"]

    assert (found.equal, at.writes()) == (True, [])


def test_a_number_that_became_equal_meanwhile_is_not_written(at: Connected) -> None:
    row = count(at, at.mug, "10")

    done = at.platform().target(Kind.STOCK, {}).write_many([(row, None)])[row.record]

    assert (done.outcome, done.verified, at.writes()) == (Outcome.UNCHANGED, True, [])
    assert done.parts == (Part(name="shop", quantity="10", ok=True),)


def test_a_product_nobody_counted_is_counted_from_now_on(at: Connected) -> None:
    plain = str(at.woo.add_product(name="Plain"))

    done = sync(at, count(at, plain, "0"))[f"p-{plain}"]

    assert done.verified
    assert (at.product(plain)["manage_stock"], stock(at, plain)) == (True, 0)


def test_a_fraction_is_cut_and_said(at: Connected) -> None:
    done = sync(at, count(at, at.mug, "2.75"))[f"p-{at.mug}"]

    assert (done.verified, stock(at, at.mug)) == (True, 2)
    assert "2 of 2.75" in done.detail


def test_what_was_sold_since_the_moment_of_counting_is_not_put_back(at: Connected) -> None:
    row = count(at, at.mug, "20")
    at.shop.clock.advance(3)
    at.woo.buy([{"product_id": int(at.mug), "quantity": 2}])

    done = sync(at, row)[row.record]

    assert (done.verified, stock(at, at.mug)) == (True, 18)


def test_what_the_source_took_off_already_is_not_taken_off_twice(at: Connected) -> None:
    row = count(at, at.mug, "18", since="2")
    at.shop.clock.advance(3)
    at.woo.buy([{"product_id": int(at.mug), "quantity": 2}])
    at.woo.buy([{"product_id": int(at.mug), "quantity": 1}])

    sync(at, row)

    assert stock(at, at.mug) == 17


def test_a_sale_before_the_moment_of_counting_is_the_sources_to_know(at: Connected) -> None:
    at.woo.buy([{"product_id": int(at.mug), "quantity": 2}])
    at.shop.clock.advance(3)

    sync(at, count(at, at.mug, "20"))

    assert stock(at, at.mug) == 20


def test_pieces_held_for_unpaid_orders_are_not_offered_again(at: Connected) -> None:
    order = at.woo.buy([{"product_id": int(at.mug), "quantity": 4}], status="on-hold")
    at.shop.clock.advance(600)

    done = sync(at, count(at, at.mug, "20"))[f"p-{at.mug}"]
    assert stock(at, at.mug) == 16
    assert "4 held" in done.detail

    at.woo.set_order_status(order, "cancelled")
    assert stock(at, at.mug) == 20


def test_a_cancelled_sale_takes_nothing(at: Connected) -> None:
    row = count(at, at.mug, "20")
    at.shop.clock.advance(3)
    order = at.woo.buy([{"product_id": int(at.mug), "quantity": 2}])
    at.woo.set_order_status(order, "cancelled")

    sync(at, row)

    assert stock(at, at.mug) == 20


def test_more_sold_than_there_is_leaves_nothing(at: Connected) -> None:
    row = count(at, at.mug, "1")
    at.shop.clock.advance(3)
    at.woo.buy([{"product_id": int(at.mug), "quantity": 5}])

    sync(at, row)

    assert stock(at, at.mug) == 0


def test_a_number_below_zero_is_sent_as_nothing_and_says_so(at: Connected) -> None:
    done = sync(at, count(at, at.mug, "-3"))[f"p-{at.mug}"]
    assert (stock(at, at.mug), "less than nothing" in done.detail) == (0, True)


def test_a_product_that_is_gone_or_in_the_bin_is_missing_and_the_others_are_counted(
    at: Connected,
) -> None:
    binned = str(at.woo.add_product(name="Old"))
    at.shop.http.delete(f"products/{binned}")

    results = sync(at, *(count(at, one, "3") for one in ("4711", binned, at.mug)))

    assert results["p-4711"].reason is Reason.MISSING_AT_TARGET
    assert results[f"p-{binned}"].reason is Reason.MISSING_AT_TARGET
    assert "bin" in results[f"p-{binned}"].detail
    assert results[f"p-{at.mug}"].verified


def test_a_variation_counted_at_its_product_says_how_to_mend_it(at: Connected) -> None:
    shirt = at.shop.merchant.shirt
    at.shop.http.put(f"products/{shirt}", json={"manage_stock": True, "stock_quantity": 9})
    path = f"products/{shirt}/variations/{at.size_m}"
    at.shop.http.put(path, json={"manage_stock": False})

    failure = sync(at, count(at, at.size_m, "3"))[f"p-{at.size_m}"]

    assert (failure.reason, "Manage stock?" in failure.detail) == (Reason.WRONG_STATE, True)


def test_a_whole_variable_product_is_not_counted(at: Connected) -> None:
    shirt = str(at.shop.merchant.shirt)
    assert sync(at, count(at, shirt, "3"))[f"p-{shirt}"].reason is Reason.CONFLICT


def test_a_location_other_than_the_shop_is_named(at: Connected) -> None:
    failure = sync(at, count(at, at.mug, "3", place="attic"))[f"p-{at.mug}"]
    assert (failure.reason, "attic" in failure.detail) == (Reason.MISSING_AT_TARGET, True)


def test_a_failed_call_gives_its_counts_back_with_their_part(at: Connected) -> None:
    at.woo.fail_next(500, path="products/batch")

    failure = sync(at, count(at, at.mug, "3"))[f"p-{at.mug}"]

    assert failure.reason is Reason.OUTCOME_UNKNOWN
    assert failure.parts[0].ok is False


def test_an_answer_with_another_number_is_not_verified(at: Connected) -> None:
    told = {"update": [{"id": int(at.mug), "manage_stock": True, "stock_quantity": 4}]}
    at.woo.fail_next(200, path="products/batch", body=told)

    done = sync(at, count(at, at.mug, "3"))[f"p-{at.mug}"]

    assert (done.verified, "4 after 3" in done.detail) == (False, True)


def test_a_throttled_shop_stops_sending_the_rest(at: Connected) -> None:
    ids = [str(at.woo.add_product(name=f"P{n}")) for n in range(150)]
    at.woo.fail_next(429, path="products/batch", retry_after=7)

    results = sync(at, *(count(at, one, "5") for one in ids))

    assert {one.reason for one in results.values()} == {Reason.THROTTLED}
    assert {one.retry_after_s for one in results.values() if isinstance(one, SyncFailure)} == {7}
    assert len(at.writes()) == 1


def test_a_count_keeps_its_moment_within_a_second(at: Connected) -> None:
    at.shop.clock.advance(0.4)
    row = count(at, at.mug, "20")
    at.woo.buy([{"product_id": int(at.mug), "quantity": 2}])  # the shop notes the whole second
    at.shop.clock.advance(1)
    at.woo.buy([{"product_id": int(at.mug), "quantity": 1}])

    sync(at, row)

    # The source is asked for sales up to the moment of counting by the shop's own times.
    assert stock(at, at.mug) == 19
    assert row.desired.counted_at - timedelta(seconds=1) < at.shop.clock()
