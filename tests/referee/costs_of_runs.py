"""What runs, rates, leases, releases, units, erasures and the stream's reader cost."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from chalicelib.domain.log import Execution
from tests.builders import (
    CONSUMER,
    PRODUCTS,
    make_attempt,
    make_exchange,
    make_execution,
    make_link,
    make_name,
    make_release,
    make_units,
)
from tests.referee.costs import Cases
from tests.referee.costs_of_rows import FAILED, claimed
from tests.referee.measured import Measured

cases = Cases()

SAVE_RUN = "save an execution"
RUNS = "one, a list, those running"
RUN_ROWS = "rows of a run"
CALLS = "take and correct calls"
BACKLOG = "backlog"
LEASES = "leases"
RELEASES = "releases"
UNITS = "units"
STREAM = "the stream's reader"

Asked = Callable[[], Any]


# Runs


def saved(house: Measured) -> Execution:
    """A run as it stands."""
    house.log.save_execution(make_execution())
    found = house.log.read_execution(CONSUMER, "e1")
    assert found is not None
    return found


@cases.costs(SAVE_RUN, "4 w, 2 w list, 2 w wait")
def a_new_run(house: Measured) -> Asked:
    return lambda: house.log.save_execution(make_execution())


@cases.costs(SAVE_RUN, "1 w")
def a_run_that_goes_on(house: Measured) -> Asked:
    run = saved(house)
    return lambda: house.log.save_execution(replace(run, counts={"requested": 10}))


@cases.costs(SAVE_RUN, "1 w, 1 w wait")
def a_run_that_ends(house: Measured) -> Asked:
    run = saved(house)
    return lambda: house.log.save_execution(replace(run, ended_at=house.clock()))


@cases.costs(RUNS, "1 r")
def one_run(house: Measured) -> Asked:
    saved(house)
    return lambda: house.log.read_execution(CONSUMER, "e1")


def five_runs(house: Measured) -> None:
    for number in range(5):
        house.log.save_execution(make_execution(f"e{number}"))


@cases.costs(RUNS, "5 r, 0.5 r list")
def five_runs_of_a_flow(house: Measured) -> Asked:
    five_runs(house)
    return lambda: house.log.list_executions(CONSUMER, flow=PRODUCTS, limit=50)


@cases.costs(RUNS, "6 r")
def five_runs_of_all_flows(house: Measured) -> Asked:
    five_runs(house)
    return lambda: house.log.list_executions(CONSUMER, limit=50)


@cases.costs(RUNS, "0.5 r wait")
def runs_that_have_not_ended(house: Measured) -> Asked:
    five_runs(house)
    return lambda: house.log.list_running(limit=50)


@cases.costs(RUN_ROWS, "10 w, 0.5 r")
def ten_rows_of_a_run_are_noted(house: Measured) -> Asked:
    saved(house)
    names = [make_name(f"P{number}") for number in range(10)]
    return lambda: house.log.put_execution_rows(CONSUMER, "e1", names)


@cases.costs(RUN_ROWS, "1 r")
def ten_rows_of_a_run_are_listed(house: Measured) -> Asked:
    ten_rows_of_a_run_are_noted(house)()
    return lambda: house.log.list_execution_rows(CONSUMER, "e1", limit=50)


# Rates, leases, releases, units


def take(house: Measured, count: int = 1) -> Asked:
    now = house.clock()
    return lambda: house.log.take_calls(CONSUMER, "square", count, limit=10, window_s=60, now=now)


@cases.costs(CALLS, "2 w, 1 w list")
def the_first_calls_of_a_connection(house: Measured) -> Asked:
    return take(house)


@cases.costs(CALLS, "1 w")
def calls_of_a_window(house: Measured) -> Asked:
    take(house)()
    return take(house)


@cases.costs(CALLS, "2 w")
def the_first_calls_of_a_window(house: Measured) -> Asked:
    take(house)()
    house.clock.pass_s(60)
    return take(house)


@cases.costs(CALLS, "1 w")
def calls_that_are_not_there(house: Measured) -> Asked:
    take(house)()
    return take(house, 10)


@cases.costs(CALLS, "1 w")
def calls_by_the_vendors_word(house: Measured) -> Asked:
    take(house)()
    now = house.clock()
    return lambda: house.log.set_calls_left(CONSUMER, "square", 5, limit=10, window_s=60, now=now)


@cases.costs(BACKLOG, "1 w, 1 w wait")
def a_connection_is_flagged(house: Measured) -> Asked:
    take(house)()
    return lambda: house.log.flag_backlog(CONSUMER, "square", now=house.clock())


@cases.costs(BACKLOG, "1 w, 1 w wait")
def its_flag_is_removed(house: Measured) -> Asked:
    house.log.flag_backlog(CONSUMER, "square", now=house.clock())
    house.clock.pass_s(1)
    return lambda: house.log.clear_backlog(CONSUMER, "square", flagged_before=house.clock())


@cases.costs(BACKLOG, "1 r, 0.5 r wait")
def is_it_flagged_and_which_are(house: Measured) -> Asked:
    house.log.flag_backlog(CONSUMER, "square", now=house.clock())
    return lambda: (house.log.is_backlogged(CONSUMER, "square"), house.log.list_backlogged(limit=9))


def lease(house: Measured, holder: str = "a") -> Asked:
    now = house.clock()
    until = now + timedelta(seconds=60)
    return lambda: house.log.take_lease("poll:x", holder, until=until, now=now)


@cases.costs(LEASES, "1 w")
def a_free_lease_is_taken(house: Measured) -> Asked:
    return lease(house)


@cases.costs(LEASES, "2 w")
def a_lease_is_renewed(house: Measured) -> Asked:
    lease(house)()
    return lease(house)


@cases.costs(LEASES, "1 w")
def a_lease_that_another_holds(house: Measured) -> Asked:
    lease(house)()
    return lease(house, "b")


@cases.costs(LEASES, "1 w")
def a_lease_is_given_back(house: Measured) -> Asked:
    lease(house)()
    return lambda: house.log.end_lease("poll:x", "a")


@cases.costs(RELEASES, "1 w, 1 w list, 1 w wait")
def a_release_is_put(house: Measured) -> Asked:
    return lambda: house.log.put_releases([make_release()])


@cases.costs(RELEASES, "1 w, 2 w wait")
def a_release_is_put_off(house: Measured) -> Asked:
    house.log.put_releases([make_release()])
    later = make_release(due_at=house.clock() + timedelta(seconds=60))
    return lambda: house.log.put_releases([later])


@cases.costs(RELEASES, "2 r, 0.5 r wait")
def two_releases_are_due(house: Measured) -> Asked:
    house.log.put_releases([make_release("r1"), make_release("r2")])
    before = house.clock() + timedelta(seconds=1)
    return lambda: house.log.list_releases(due_before=before, limit=50)


@cases.costs(RELEASES, "1 w, 1 w list, 1 w wait")
def a_release_is_done(house: Measured) -> Asked:
    house.log.put_releases([make_release()])
    return lambda: house.log.delete_release(make_release())


@cases.costs(UNITS, "1 w, 1 w list")
def units_of_a_new_order(house: Measured) -> Asked:
    units = [make_units("O1", number) for number in range(1, 4)]
    return lambda: house.log.put_units(CONSUMER, "square", "O1", units)


@cases.costs(UNITS, "1 w")
def units_of_an_order_that_is_known(house: Measured) -> Asked:
    units_of_a_new_order(house)()
    return units_of_a_new_order(house)


@cases.costs(UNITS, "1 r")
def units_that_were_not_taken(house: Measured) -> Asked:
    units_of_a_new_order(house)()
    return lambda: house.log.list_units(CONSUMER, "square", limit=50)


# All of a consumer; what the stream's reader writes


@cases.costs("erase", "8 w, 5 w list, 18 r, 6 r list")
def the_erasure_of_a_row_with_its_counts_link_and_exchange(house: Measured) -> Asked:
    house.world.sync()
    house.log.put_traces([make_attempt()], [make_exchange()])
    house.log.put_links([make_link()])
    house.follow()

    def erase() -> None:
        while not house.log.erase_consumer(CONSUMER, limit=1000):
            pass

    return erase


@cases.costs(STREAM, "12 w, 1 w list")
def ten_new_rows_share_their_counters_and_have_a_word_each(house: Measured) -> Asked:
    for number in range(10):
        house.world.request(f"P{number:04d}")
    return house.follow


@cases.costs(STREAM, "2 w")
def a_row_that_changes_its_status(house: Measured) -> Asked:
    house.world.request()
    house.follow()
    house.world.claim()
    return house.follow


@cases.costs(STREAM, "")
def a_row_that_is_as_it_was_when_the_batch_ends(house: Measured) -> Asked:
    house.world.sync()
    house.follow()
    house.world.sync()
    return house.follow


@cases.costs(STREAM, "3 w")
def a_row_that_fails_alike(house: Measured) -> Asked:
    house.world.fail("P0001")
    claimed(house, "P0002")
    house.follow()
    house.world.finish(house.world.read("P0002"), failed_at=house.clock(), **FAILED)
    return house.follow
