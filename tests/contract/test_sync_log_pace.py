"""Rate windows, backlogs, leases, releases and pending units."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from tests.builders import CONSUMER, NOW, make_release, make_units
from tests.contract import stores as under_contract
from tests.contract.stores import World

clock, stores, world = under_contract.clock, under_contract.stores, under_contract.world


def take(world: World, count: int, *, limit: int = 10, connection: str = "square") -> bool:
    return world.log.take_calls(
        CONSUMER, connection, count, limit=limit, window_s=60, now=world.clock()
    )


def correct(world: World, left: int) -> None:
    world.log.set_calls_left(CONSUMER, "square", left, limit=10, window_s=60, now=world.clock())


def test_calls_are_taken_until_the_window_is_empty(world: World) -> None:
    assert [take(world, count) for count in (4, 4, 3, 2, 1)] == [True, True, False, True, False]
    assert take(world, 10, connection="brightpearl")


def test_a_new_window_is_full(world: World) -> None:
    assert take(world, 10)
    world.clock.pass_s(59)
    assert not take(world, 1)

    world.clock.pass_s(1)

    assert take(world, 10)
    assert not take(world, 1)


def test_a_batch_larger_than_a_window_takes_a_whole_fresh_one(world: World) -> None:
    assert take(world, 12)
    assert not take(world, 1)
    world.clock.pass_s(60)
    assert take(world, 1)
    assert not take(world, 12)


def test_a_worker_whose_clock_is_behind_takes_nothing_of_the_next_window(world: World) -> None:
    world.clock.pass_s(60)
    assert take(world, 1)

    world.clock.pass_s(-1)

    assert not take(world, 1)


def test_the_vendors_own_count_corrects_the_window(world: World) -> None:
    take(world, 1)
    correct(world, 2)
    assert not take(world, 3)
    assert take(world, 2)

    correct(world, 5)

    assert take(world, 5)
    assert not take(world, 1)


def test_the_vendors_count_of_a_window_without_calls_holds_too(world: World) -> None:
    correct(world, 0)
    assert not take(world, 1)

    world.clock.pass_s(60)

    assert take(world, 10)


def test_a_backlogged_connection_is_known_until_the_flag_is_taken_down(world: World) -> None:
    world.log.flag_backlog(CONSUMER, "square", now=world.clock())
    world.log.flag_backlog("an|other", "square@2", now=world.clock())
    assert world.log.is_backlogged(CONSUMER, "square")
    assert not world.log.is_backlogged(CONSUMER, "brightpearl")
    assert sorted(world.log.list_backlogged(limit=5)) == [
        ("an|other", "square@2"),
        (CONSUMER, "square"),
    ]

    later = world.clock.pass_s(1)
    world.log.clear_backlog(CONSUMER, "square", flagged_before=later)
    world.log.clear_backlog(CONSUMER, "never", flagged_before=later)

    assert not world.log.is_backlogged(CONSUMER, "square")
    assert world.log.list_backlogged(limit=5) == [("an|other", "square@2")]
    assert world.stores.log_table.get_many([(f"W|{CONSUMER}|never", "~")]) == [None]


def test_a_connection_that_was_flagged_again_keeps_its_flag(world: World) -> None:
    world.log.flag_backlog(CONSUMER, "square", now=world.clock())
    looked = world.clock.pass_s(1)
    world.log.flag_backlog(CONSUMER, "square", now=world.clock.pass_s(1))

    world.log.clear_backlog(CONSUMER, "square", flagged_before=looked)

    assert world.log.is_backlogged(CONSUMER, "square")


def test_the_flag_and_the_window_of_a_connection_do_not_disturb_each_other(world: World) -> None:
    take(world, 10)
    world.log.flag_backlog(CONSUMER, "square", now=world.clock())
    assert not take(world, 1)
    world.clock.pass_s(60)
    take(world, 1)

    assert world.log.is_backlogged(CONSUMER, "square")


def test_a_lease_has_one_holder_until_it_ends(world: World) -> None:
    def lease(holder: str, key: str = "writer:square", *, for_s: int = 30) -> bool:
        until = world.clock() + timedelta(seconds=for_s)
        return world.log.take_lease(key, holder, until=until, now=world.clock())

    assert lease("a")
    assert not lease("b")
    assert lease("b", "writer:another")
    world.clock.pass_s(20)
    assert lease("a")  # renewed
    world.clock.pass_s(20)
    assert not lease("b")
    world.clock.pass_s(10)
    assert lease("b")
    assert not lease("a")


def test_a_lease_that_is_renewed_for_long_does_not_expire_before(world: World) -> None:
    now = world.clock()
    world.log.take_lease("k", "a", until=now + timedelta(seconds=30), now=now)
    world.log.take_lease("k", "a", until=now + timedelta(days=9), now=now)

    later = world.clock.pass_s(5 * 24 * 3600)

    assert not world.log.take_lease("k", "b", until=later + timedelta(days=1), now=later)


def test_a_lease_is_given_back_by_its_holder_alone(world: World) -> None:
    until = world.clock() + timedelta(seconds=30)
    world.log.take_lease("k", "a", until=until, now=world.clock())

    world.log.end_lease("k", "b")
    assert not world.log.take_lease("k", "b", until=until, now=world.clock())
    world.log.end_lease("k", "a")

    assert world.log.take_lease("k", "b", until=until, now=world.clock())
    world.log.end_lease("none", "a")


def test_releases_are_listed_when_they_are_due_oldest_first(world: World) -> None:
    releases = [
        make_release("r2", due_at=NOW + timedelta(seconds=2)),
        make_release("r1", due_at=NOW + timedelta(seconds=1), consumer="another"),
        make_release("r3", due_at=NOW + timedelta(seconds=300)),
    ]
    world.log.put_releases(releases)

    due = world.log.list_releases(due_before=NOW + timedelta(seconds=60), limit=5)

    assert due == [releases[1], releases[0]]
    assert world.log.list_releases(due_before=NOW + timedelta(seconds=60), limit=1) == due[:1]
    assert world.log.list_releases(due_before=NOW, limit=5) == []


def test_a_release_is_replaced_until_it_is_deleted(world: World) -> None:
    release = make_release()
    world.log.put_releases([release])
    later = replace(release, runs=1, cursor="c", due_at=NOW + timedelta(seconds=120))
    world.log.put_releases([later])
    end = NOW + timedelta(days=1)

    assert world.log.list_releases(due_before=NOW + timedelta(seconds=60), limit=5) == []
    assert world.log.list_releases(due_before=end, limit=5) == [later]
    world.log.delete_release(release)
    assert world.log.list_releases(due_before=end, limit=5) == []


def test_units_of_an_order_are_set_and_cleared(world: World) -> None:
    first = [make_units("A", Decimal("1.5")), make_units("A", Decimal(-2), location="LOC2")]
    second = [make_units("B", Decimal(3))]
    world.log.put_units(CONSUMER, "square", "A", [make_units("A", Decimal(9))])
    world.log.put_units(CONSUMER, "square", "A", first)
    world.log.put_units(CONSUMER, "square", "B", second)

    assert world.log.list_units(CONSUMER, "square", limit=50) == [*first, *second]
    world.log.put_units(CONSUMER, "square", "A", [])
    world.log.put_units(CONSUMER, "square", "none", [])

    assert world.log.list_units(CONSUMER, "square", limit=50) == second
    assert world.log.list_units(CONSUMER, "square@2", limit=50) == []
    assert world.log.list_units("another", "square", limit=50) == []
