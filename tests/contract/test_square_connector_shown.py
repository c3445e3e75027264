"""What Square shows of a product: not yet, not everywhere, hidden, back; against the simulator."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from chalicelib.domain.platforms import Done
from chalicelib.domain.statuses import Outcome
from tests.contract.square_connection import Connected, connect, linked, wanted


@pytest.fixture
def at() -> Iterator[Connected]:
    with connect() as connected:
        yield connected


def created(at: Connected) -> Done:
    done = at.sync(wanted(at.listing()))["1001"]
    assert isinstance(done, Done)
    assert done.verified
    return done


def test_a_write_that_was_swallowed_is_awaited_and_not_synced(at: Connected) -> None:
    at.square.drop_catalog_writes = True

    done = at.sync(wanted(at.listing()))["1001"]

    assert (done.awaiting, done.verified) == (True, False)


def test_a_product_that_is_not_live_yet_is_awaited_and_then_found(at: Connected) -> None:
    at.square.catalog_live_after_s = 40

    done = at.sync(wanted(at.listing()))["1001"]
    row = linked(at.listing(), done)

    assert (done.awaiting, at.products().find_many([row])) == (True, {})
    at.shop.clock.advance(41)
    found = at.products().find_many([row])["1001"]
    assert (found.equal, found.live) == (True, True)


def test_a_change_that_is_not_live_yet_is_awaited(at: Connected) -> None:
    done = created(at)
    at.square.catalog_live_after_s = 40
    at.shop.clock.advance(1)

    again = at.sync(linked(at.listing(item_name="Other"), done))["1001"]

    assert (again.awaiting, again.verified) == (True, False)


def test_an_item_absent_at_a_wanted_location_is_not_live_and_gets_shown(at: Connected) -> None:
    done = created(at)
    at.square.edit_catalog(
        done.target_id, {}, present_at_all_locations=False, present_at_location_ids=at.places[2:]
    )
    row = linked(at.listing(), done)

    found = at.products().find_many([row])["1001"]
    again = at.sync(row)["1001"]

    assert (found.live, found.equal) == (False, False)
    assert again.verified
    shown = at.item_of(done.target_id)["item_data"]["variations"][0]["present_at_location_ids"]
    assert sorted(shown) == sorted(at.places)


def test_an_archived_product_is_hidden_and_never_deleted(at: Connected) -> None:
    done = created(at)
    row = linked(at.listing(archived=True), done)

    hidden = at.sync(row)["1001"]

    item = at.item_of(done.target_id)
    assert hidden.verified
    assert item["item_data"]["is_archived"]
    assert not item["item_data"]["variations"][0]["present_at_all_locations"]
    assert at.products().find_many([row])["1001"].equal


def test_a_product_that_is_no_longer_archived_comes_back(at: Connected) -> None:
    done = created(at)
    at.sync(linked(at.listing(archived=True), done))

    back = at.sync(linked(at.listing(), done))["1001"]

    item = at.item_of(done.target_id)
    assert back.verified
    assert not item["item_data"]["is_archived"]
    assert item["item_data"]["variations"][0]["present_at_location_ids"] == at.places[:2]


def test_an_archived_variation_leaves_its_siblings_on_sale(at: Connected) -> None:
    red = at.listing(1, item_key="group-3", item_name="Mug", variation_name="Red")
    blue = at.listing(2, item_key="group-3", item_name="Mug", variation_name="Blue")
    results = at.sync(wanted(red), wanted(blue))

    at.sync(linked(replace(red, archived=True), results["1001"]))

    assert not at.item_of(results["1001"].target_id)["item_data"]["is_archived"]
    assert at.products().find_many([linked(blue, results["1002"])])["1002"].live


def test_an_archived_product_that_was_never_there_is_not_made(at: Connected) -> None:
    done = at.sync(wanted(at.listing(archived=True)))["1001"]

    assert done.outcome is Outcome.NOT_APPLICABLE
    assert at.all_items() == []
