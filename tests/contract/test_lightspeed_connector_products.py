"""Products go to Lightspeed: found, made once, kept in step, hidden and brought back."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.money import Money
from chalicelib.domain.platforms import Done
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Listing
from chalicelib.domain.statuses import Kind, Outcome
from tests.contract.lightspeed_connection import Connected, connect, linked, wanted


@pytest.fixture
def at() -> Iterator[Connected]:
    with connect() as connected:
        yield connected


def made(at: Connected, listing: Listing | None = None) -> Done:
    """Sync a listing that is new; returns where it went."""
    listing = listing or at.listing()
    done = at.sync(wanted(listing))[listing.product_id]
    assert isinstance(done, Done), done.detail
    return done


def only(results: dict[str, Any]) -> Any:
    (result,) = results.values()
    return result


def test_a_product_is_made_and_verified(at: Connected) -> None:
    done = made(at, at.listing(barcode="5012345678900"))

    shown = at.read(done.target_id)
    assert (done.outcome, done.verified, done.awaiting) == (Outcome.CREATED, True, False)
    assert (done.version, done.parent_id) == (str(shown["version"]), shown["family_id"])
    assert (shown["name"], shown["sku"]) == ("Linen shirt 1", "LIN-1")
    assert (shown["price_including_tax"], shown["description"]) == (24.95, "<p>Summer linen</p>")
    codes = [(one["type"], one["code"]) for one in shown["product_codes"]]
    assert codes == [("CUSTOM", "LIN-1"), ("EAN", "5012345678900")]
    assert shown["source_id"] == "1001"


def test_what_was_made_is_found_equal_and_not_written_again(at: Connected) -> None:
    done = made(at)
    at.till.calls.clear()

    found = only(at.target(Kind.PRODUCT).find_many([linked(at.listing(), done)]))

    assert (found.target_id, found.equal, found.live, found.ours) == (
        done.target_id,
        True,
        True,
        True,
    )
    assert at.calls("products") == 1


def test_a_change_is_written_and_nothing_else_is(at: Connected) -> None:
    done = made(at, at.listing(barcode="5012345678900"))
    codes = [*at.read(done.target_id)["product_codes"], {"type": "CUSTOM", "code": "SHELF-9"}]
    body = {"details": {"product_codes": codes, "supply_price": 7.5}}
    assert at.store.call("PUT", f"products/{done.target_id}", body).status_code == 200
    dearer = at.listing(barcode="5012345678900", sku="LIN-1A", price=Money(Decimal("31.50"), "GBP"))

    again = only(at.sync(linked(dearer, done)))

    shown = at.read(done.target_id)
    assert (again.outcome, again.verified) == (Outcome.UPDATED, True)
    assert (shown["sku"], shown["price_including_tax"]) == ("LIN-1A", 31.5)
    assert [one["code"] for one in shown["product_codes"]] == [
        "LIN-1A",
        "5012345678900",
        "SHELF-9",
    ]
    assert shown["supply_price"] == 7.5
    assert len(at.products()) == 1


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"item_name": "Hemp shirt"}, "name", "Hemp shirt"),
        ({"description_html": "<b>New</b>"}, "description", "<b>New</b>"),
        ({"tracked": False}, "has_inventory", False),
    ],
    ids=["name", "description", "stock tracking"],
)
def test_a_common_field_is_brought_in_step(
    at: Connected, changes: dict[str, Any], field: str, value: Any
) -> None:
    done = made(at)

    again = only(at.sync(linked(at.listing(**changes), done)))

    assert (again.outcome, again.verified) == (Outcome.UPDATED, True)
    assert at.read(done.target_id)[field] == value


def test_a_product_whose_stock_is_not_counted_is_made_so(at: Connected) -> None:
    done = made(at, at.listing(tracked=False))

    assert done.verified
    assert at.read(done.target_id)["has_inventory"] is False


def test_a_category_is_set_and_one_that_is_gone_is_named(at: Connected) -> None:
    shirts = at.till.account.add_category("Shirts")
    done = made(at, at.listing(category=shirts))
    gone = at.listing(category="00000000-0000-0000-0000-000000000000")

    failure = only(at.sync(linked(gone, done)))

    assert at.read(done.target_id)["product_category"]["id"] == shirts
    assert (failure.reason, failure.field) == (Reason.MISSING_AT_TARGET, "category")
    assert "category mapping" in failure.detail


def test_a_sku_found_there_is_adopted(at: Connected) -> None:
    theirs = at.store.product("lin-1", price=9)

    done = made(at)

    assert (done.target_id, done.outcome, done.verified) == (theirs, Outcome.ADOPTED, True)
    assert at.read(theirs)["price_including_tax"] == 24.95
    assert len(at.products()) == 1


def test_a_product_that_is_right_already_is_adopted_without_a_write(at: Connected) -> None:
    theirs = made(at).target_id
    at.till.calls.clear()

    done = made(at)

    assert (done.target_id, done.outcome, done.verified) == (theirs, Outcome.ADOPTED, True)
    assert at.calls("products", "PUT") == 0


def test_a_sku_that_two_products_carry_is_a_conflict_that_names_both(at: Connected) -> None:
    twins = [at.store.product("LIN-1"), at.store.product("LIN-1", name="Other")]

    failure = only(at.sync(wanted(at.listing())))

    assert (failure.reason, failure.field) == (Reason.CONFLICT, "sku")
    assert all(one in failure.detail for one in twins)


def test_two_records_of_one_sku_are_told_and_made_once(at: Connected) -> None:
    results = at.sync(wanted(at.listing(1)), wanted(at.listing(2, sku="lin-1")))

    assert results["1001"].outcome is Outcome.CREATED
    assert results["1002"].error_code == "sku_used_twice"


def test_a_sku_of_a_product_that_another_record_has_is_told(at: Connected) -> None:
    done = made(at)
    other = wanted(at.listing(2, sku="lin-1"))

    results = at.sync(linked(at.listing(), done), other)

    assert results["1001"].equal
    assert results["1002"].error_code == "sku_used_twice"


def test_many_skus_are_looked_up_in_one_call(at: Connected) -> None:
    rows = [wanted(at.listing(number)) for number in range(40)]
    at.sync(*rows)
    at.till.calls.clear()

    found = at.target(Kind.PRODUCT).find_many(rows)

    assert all(one.equal and not one.ours for one in found.values())
    assert at.calls("search") == 1
    assert at.calls() == 2


def test_what_the_search_does_not_show_yet_is_not_made_twice(at: Connected) -> None:
    theirs = made(at).target_id
    at.till.fail_next(200, path="/search", body={"data": []})

    done = made(at)

    assert (done.target_id, done.outcome) == (theirs, Outcome.ADOPTED)
    assert len(at.products()) == 1


def test_an_archived_product_is_hidden_and_comes_back(at: Connected) -> None:
    done = made(at)

    hidden = only(at.sync(linked(at.listing(archived=True), done)))
    assert (hidden.verified, hidden.outcome) == (True, Outcome.UPDATED)
    assert "hidden" in hidden.detail
    assert at.read(done.target_id)["is_active"] is False
    found = only(at.target(Kind.PRODUCT).find_many([linked(at.listing(archived=True), done)]))
    assert (found.equal, found.live) == (True, True)

    shown = only(at.sync(linked(at.listing(), done)))
    assert shown.verified
    assert at.read(done.target_id)["is_active"] is True


def test_an_archived_product_that_never_was_there_is_left_so(at: Connected) -> None:
    done = made(at, at.listing(archived=True))

    assert done.outcome is Outcome.NOT_APPLICABLE
    assert at.calls("products") == 0
    assert at.products() == []


def test_a_product_deleted_there_is_not_found_and_made_anew(at: Connected) -> None:
    done = made(at)
    at.till.delete("products", done.target_id)
    row = linked(at.listing(), done)

    assert at.target(Kind.PRODUCT).find_many([row]) == {}
    at.till.shows_deleted = True
    assert at.target(Kind.PRODUCT).find_many([row]) == {}
    again = only(at.sync(row))
    assert again.outcome is Outcome.CREATED
    assert again.target_id != done.target_id


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"sku": ""}, "sku", "give it one"),
        ({"price": Money(Decimal("5"), "EUR")}, "price", "GBP"),
        ({"tax_included": False}, "price", "with tax"),
        ({"options": dict.fromkeys("ABCD", "x")}, "options", "3"),
    ],
    ids=["no SKU", "another currency", "prices without tax", "four options"],
)
def test_what_lightspeed_cannot_hold_is_said_before_it_is_sent(
    at: Connected, changes: dict[str, Any], field: str, says: str
) -> None:
    at.till.calls.clear()

    failure = only(at.sync(wanted(at.listing(**changes))))

    assert isinstance(failure, SyncFailure)
    assert (failure.reason, failure.field) == (Reason.UNSUPPORTED, field)
    assert says in failure.detail
    assert at.calls("products", "POST") == 0


def test_a_store_that_keeps_prices_without_tax_gets_them_so(at: Connected) -> None:
    at.till.account.tax_exclusive = True
    done = made(at, at.listing(tax_included=False))

    assert done.verified
    assert at.read(done.target_id)["price_excluding_tax"] == 24.95


def test_a_lost_answer_to_a_creation_never_makes_a_second_product(at: Connected) -> None:
    at.till.fail_next(mode="drop_after", path="/products", method="POST")
    row = wanted(at.listing())

    failure = only(at.sync(row))
    assert failure.reason is Reason.OUTCOME_UNKNOWN
    done = only(at.sync(replace(row, unclear=True)))

    assert (done.outcome, done.verified) == (Outcome.ADOPTED, True)
    assert len(at.products()) == 1


def test_many_changes_are_read_back_together(at: Connected) -> None:
    rows = [wanted(at.listing(number)) for number in range(8)]
    there = at.sync(*rows)
    dearer = Money(Decimal("31.50"), "GBP")
    changed = [linked(at.listing(n, price=dearer), there[f"{1000 + n}"]) for n in range(8)]
    found = at.target(Kind.PRODUCT).find_many(changed)
    at.till.calls.clear()

    done = at.target(Kind.PRODUCT).write_many([(one, found[one.record]) for one in changed])

    assert all(one.verified for one in done.values())
    assert at.calls("products", "PUT") == 8
    assert at.calls("products", "GET") == 2


def test_a_write_that_does_not_show_is_not_verified(at: Connected) -> None:
    done = made(at)
    other = linked(at.listing(price=Money(Decimal("31.50"), "GBP")), done)
    at.till.fail_next(200, path="/products/", method="PUT", body={"data": {}})

    again = only(at.sync(other))

    assert not again.verified
    assert "price" in again.detail


def test_free_text_that_lightspeed_cleans_is_no_difference_after_a_write(at: Connected) -> None:
    done = made(at)
    text = at.listing(description_html="Card 4111 1111 1111 1111")
    at.till.fail_next(200, path="/products/", method="PUT", body={"data": {}})

    assert only(at.sync(linked(text, done))).verified


def test_a_refused_product_fails_alone(at: Connected) -> None:
    there = at.sync(wanted(at.listing(1)), wanted(at.listing(2)))
    at.till.fail_next(422, path="/products/", method="PUT", body={"errors": {"sku": ["taken"]}})
    dearer = Money(Decimal("31.50"), "GBP")
    rows = [linked(at.listing(n, price=dearer), there[f"{1000 + n}"]) for n in (1, 2)]

    results = at.sync(*rows)

    first = results["1001"]
    assert (first.reason, first.field, first.code) == (Reason.REJECTED_BY_TARGET, "sku", 422)
    assert "taken" in first.detail
    assert results["1002"].verified


def test_a_throttled_batch_sends_nothing_more(at: Connected) -> None:
    at.till.fail_next(429, path="/products", method="POST", retry_after="60")
    rows = [wanted(at.listing(number)) for number in range(3)]

    results = at.sync(*rows)

    assert {one.reason for one in results.values()} == {Reason.THROTTLED}
    assert at.calls("products", "POST") == 1
