"""Counts by quarter of an hour; counts that went wrong are mended, late ones are left alone."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from chalicelib.domain.statuses import Kind, Outcome, Status
from chalicelib.store.table import update
from tests.builders import CONSUMER, PRODUCTS
from tests.contract import stores as under_contract
from tests.contract.stores import World

clock, stores, world = under_contract.clock, under_contract.stores, under_contract.world

DAY = datetime(2026, 11, 22, tzinfo=UTC)


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


def slots(world: World, begin: datetime, end: datetime) -> Counter[tuple[str, str, int | None]]:
    """Return the counts by quarter, status and code."""
    found = world.log.count_slots(CONSUMER, listed_from=begin, listed_to=end)
    return Counter(
        {(f"{one.begins_at:%d %H:%M}", one.status.value, one.code): one.count for one in found}
    )


def test_rows_are_counted_by_the_quarter_they_are_listed_in(world: World) -> None:
    world.clock.at = DAY - timedelta(microseconds=1)
    world.sync("1", code=200)
    world.clock.at = DAY
    world.sync("2", code=200)
    world.sync("3", code=200)
    world.fail("4", code=400)
    world.clock.pass_s(15 * 60)
    world.request("5")

    assert slots(world, DAY - timedelta(days=1), DAY + timedelta(days=1)) == {
        ("21 23:45", "Synced", 200): 1,
        ("22 00:00", "Synced", 200): 2,
        ("22 00:00", "Failed", 400): 1,
        ("22 00:15", "Pending", None): 1,
    }


def test_a_period_holds_the_quarter_it_begins_with_and_not_the_one_it_ends_with(
    world: World,
) -> None:
    for number in range(4):
        world.clock.at = DAY + timedelta(minutes=15 * number)
        world.sync(f"{number}", code=200)
    begin, end = DAY + timedelta(minutes=15), DAY + timedelta(minutes=45)

    assert slots(world, begin, end) == {
        ("22 00:15", "Synced", 200): 1,
        ("22 00:30", "Synced", 200): 1,
    }
    assert slots(world, DAY - timedelta(days=9), DAY) == {}
    assert slots(world, end, begin) == {}


def test_a_row_that_moves_on_is_counted_where_it_stands(world: World) -> None:
    world.clock.at = DAY
    world.fail("1", code=400)
    world.sync("1", code=200)

    assert slots(world, DAY, DAY + timedelta(days=1)) == {("22 00:00", "Synced", 200): 1}


def test_what_a_rule_left_alone_is_counted_by_itself(world: World) -> None:
    world.sync("1")
    world.sync("2", outcome=Outcome.NOT_APPLICABLE)
    world.sync("3", outcome=Outcome.NOT_APPLICABLE)

    found = world.log.count_slots(
        CONSUMER, listed_from=world.clock() - timedelta(hours=1), listed_to=world.clock.pass_s(60)
    )

    assert {one.not_applicable: one.count for one in found} == {False: 1, True: 2}
    assert {(one.flow, one.kind) for one in found} == {(PRODUCTS, Kind.PRODUCT)}
