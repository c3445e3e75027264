"""Counts that went wrong are mended, and counts that are only late are left alone."""

from collections import Counter

from chalicelib.domain.statuses import Status
from chalicelib.store.table import update
from tests.builders import CONSUMER, PRODUCTS
from tests.contract import stores as under_contract
from tests.contract.stores import World

clock, stores, world = under_contract.clock, under_contract.stores, under_contract.world


def counted(world: World) -> Counter[Status]:
    return Counter({one.status: one.count for one in world.log.count_now(CONSUMER)})


def miscount(world: World, **adds: int) -> None:
    """Make the counts of the lane wrong, as a stream that lost changes would."""
    assert counted(world)  # what is under way has been counted
    world.stores.log_table.write_many([update((f"N|{CONSUMER}|now", PRODUCTS), add=adds)])


def fill(world: World) -> Counter[Status]:
    world.sync("1")
    world.sync("2")
    world.fail("3")
    world.request("4")
    world.request("5")
    world.claim("5")
    return counted(world)


def test_a_difference_found_twice_is_mended(world: World) -> None:
    right = fill(world)
    miscount(world, S=5, F=-1, P=2)

    assert world.log.mend_counts(CONSUMER) == 0
    assert counted(world) != right
    assert world.log.mend_counts(CONSUMER) == 1

    assert counted(world) == right
    assert world.log.mend_counts(CONSUMER) == 0


def test_right_counts_are_left_alone_and_the_note_goes(world: World) -> None:
    right = fill(world)
    miscount(world, S=1)
    world.log.mend_counts(CONSUMER)
    miscount(world, S=-1)  # it was only late

    assert world.log.mend_counts(CONSUMER) == 0
    miscount(world, S=1)
    assert world.log.mend_counts(CONSUMER) == 0, "the first time again"

    assert counted(world) == right + Counter({Status.SYNCED: 1})


def test_another_difference_is_not_yet_believed(world: World) -> None:
    right = fill(world)
    miscount(world, S=1)
    world.log.mend_counts(CONSUMER)
    miscount(world, S=1)

    assert world.log.mend_counts(CONSUMER) == 0
    assert world.log.mend_counts(CONSUMER) == 1
    assert counted(world) == right


def test_what_moves_meanwhile_is_counted_on(world: World) -> None:
    right = fill(world)
    miscount(world, F=3)
    world.log.mend_counts(CONSUMER)
    world.sync("6")

    assert world.log.mend_counts(CONSUMER) == 1
    assert counted(world) == right + Counter({Status.SYNCED: 1})
