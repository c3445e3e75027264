"""The dispatcher and what it does once in a while for every consumer."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest

from chalicelib.connectors.catalog import OFFERS
from chalicelib.domain.causes import mapping_cause
from chalicelib.domain.log import Execution, ExecutionState, RowQuery, RunType, Trigger
from chalicelib.domain.ports import Change
from chalicelib.domain.protocol import Request
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.rows import RowName
from chalicelib.domain.setup import PollState, Release
from chalicelib.domain.statuses import Kind, Status
from chalicelib.flows import dispatch, runs
from chalicelib.flows.bulk import start_resync
from chalicelib.flows.door import request_many
from chalicelib.flows.imports import start_import
from chalicelib.flows.sweeps import sweep_of
from tests.toy import CONSUMER, Toy, open_toy
from tests.toy_platforms import PRODUCTS, STOCK, PowerCutError

OTHER = "other-shirts"


@pytest.fixture
def toy() -> Iterator[Toy]:
    with open_toy() as toy:
        toy.set_up()
        yield toy


def tick(toy: Toy, seconds: float = 50) -> None:
    """Let the next minute's tick run."""
    toy.pass_s(60)
    dispatch.tick(toy.services, deadline=toy.soon(seconds))


def run_of(toy: Toy, execution: Execution) -> Execution:
    found = toy.services.log.read_execution(execution.consumer, execution.id)
    assert found is not None
    return found


def executions(toy: Toy, consumer: str = CONSUMER) -> list[Execution]:
    return list(toy.services.log.list_executions(consumer, limit=50).items)


# --- a tick ---------------------------------------------------------------------------------------


def test_tick_runs_due_polls_and_ends_their_runs(toy: Toy) -> None:
    toy.shop.edit("1")
    tick(toy)
    toy.work()
    assert toy.row("1").status is Status.SYNCED
    tick(toy)
    [run] = executions(toy)
    assert (run.state, run.counts["synced"]) == (ExecutionState.SUCCESS, 1)
    for _ in range(3):
        tick(toy)
    assert len(toy.shop.asked) == 1
    tick(toy)
    assert len(toy.shop.asked) == 2  # five minutes later, and not before


def test_tick_goes_on_with_imports_and_resyncs_until_they_end(toy: Toy) -> None:
    toy.shop.edit("1")
    toy.fail("1")
    imported = start_import(toy.services, CONSUMER, PRODUCTS, ids=["1"], by="a person")
    tick(toy)
    toy.work()
    tick(toy)
    assert run_of(toy, imported).state is ExecutionState.ERROR
    toy.till.fails.clear()
    query = RowQuery(consumer=CONSUMER, lanes=[PRODUCTS])
    resync = start_resync(toy.services, query, by="a person")
    tick(toy)
    toy.work()
    tick(toy)
    assert run_of(toy, resync).state is ExecutionState.SUCCESS


def test_tick_runs_releases_and_releases_backlogs(toy: Toy) -> None:
    toy.shop.edit("1", category="hats")
    ask(toy, toy.name("1"))
    toy.work()
    toy.map_category("hats", "Hats")
    tick(toy)
    toy.work()
    assert toy.row("1").status is Status.SYNCED
    toy.services.log.flag_backlog(CONSUMER, "till", now=toy.at)
    toy.services.cache.forget(CONSUMER)
    toy.shop.edit("2")
    ask(toy, toy.name("2"))
    assert toy.row("2").reason is Reason.THROTTLED
    tick(toy)
    toy.work()
    assert toy.row("2").status is Status.SYNCED


def ask(toy: Toy, *names: RowName) -> None:
    kinds = {PRODUCTS: Kind.PRODUCT, STOCK: Kind.STOCK}
    asked = [Request(name=name, kind=kinds[name.flow], by="webhook") for name in names]
    request_many(toy.services, asked)


def test_failing_platform_of_one_consumer_stops_nobody_else(toy: Toy) -> None:
    toy.set_up(OTHER)
    toy.shop.edit("1")
    toy.shop.faults = [SyncFailure(Reason.RETRYING, "Shop answered 503.")]
    tick(toy)
    states = {executions(toy, consumer)[0].state for consumer in (CONSUMER, OTHER)}
    assert states == {ExecutionState.ERROR, ExecutionState.RUNNING}


def test_defect_is_raised_after_the_others_had_their_turn(toy: Toy) -> None:
    toy.set_up(OTHER)
    toy.shop.edit("1")
    toy.shop.faults = [PowerCutError()]
    with pytest.raises(PowerCutError):
        tick(toy)
    assert [toy.find("1", consumer=c) is not None for c in (CONSUMER, OTHER)].count(True) == 1


def test_what_does_not_fit_into_a_tick_waits_for_the_next(toy: Toy) -> None:
    for number in range(20):
        toy.shop.edit(f"{number:02}")
    toy.shop.page_s = 15
    tick(toy, seconds=20)
    asked = len(toy.shop.asked)
    assert asked <= 2
    for _ in range(10):
        tick(toy, seconds=20)
    assert all(toy.row(f"{number:02}").is_owed for number in range(20))


# --- polls keep pace ------------------------------------------------------------------------------


def due_polls(toy: Toy) -> int:
    return len(toy.services.registry.list_due_polls(before=toy.soon(1), limit=1000))


def test_polls_of_many_consumers_run_at_the_same_time(toy: Toy) -> None:
    toy.set_up(OTHER)
    both = Barrier(2, timeout=10)
    toy.shop.between = both.wait  # the first waits until the second asks too
    dispatch.run_due_polls(toy.services, deadline=toy.soon(50), threads=2)
    assert (len(toy.shop.asked), due_polls(toy)) == (2, 0)


def test_all_polls_that_are_due_have_their_turn_in_one_tick(toy: Toy) -> None:
    ghosts = [
        PollState(consumer=f"ghost-{n:03}", flow=PRODUCTS, next_at=toy.at) for n in range(250)
    ]
    for ghost in ghosts:
        toy.services.registry.save(Change(puts=[ghost]))
    assert dispatch.run_due_polls(toy.services, deadline=toy.soon(50)) is False
    assert due_polls(toy) == 0


def test_polls_that_fail_first_do_not_keep_the_others_from_their_turn(toy: Toy) -> None:
    broken = [f"shop-{number:03}" for number in range(dispatch.POLLS_TOGETHER)]
    for consumer in broken:
        toy.set_up(consumer)
    toy.pass_s(1)
    toy.set_up(OTHER)
    toy.shop.edit("1")
    toy.shop.faults = [PowerCutError() for _ in range(len(broken) + 1)]
    with pytest.raises(PowerCutError):
        dispatch.run_due_polls(toy.services, deadline=toy.soon(50))
    assert toy.row("1", consumer=OTHER).is_owed
    assert due_polls(toy) == len(broken) + 1


def test_no_poll_begins_without_time_for_a_page_and_the_rest_is_left(toy: Toy) -> None:
    for number in range(5):
        toy.set_up(f"shop-{number}")
    toy.shop.page_s = 15
    assert dispatch.run_due_polls(toy.services, deadline=toy.soon(35)) is True
    assert (len(toy.shop.asked), due_polls(toy)) == (2, 4)
    toy.services.registry.save(Change(deletes=[toy.connection("shop", "shop-4")]))
    assert dispatch.run_due_polls(toy.services, deadline=toy.soon(9)) is True
    assert due_polls(toy) == 4  # none was looked at


def test_long_poll_goes_on_when_the_others_had_their_turn(toy: Toy) -> None:
    for number in range(12):
        toy.shop.edit(f"{number:02}")
    toy.pass_s(1)
    toy.set_up(OTHER)
    toy.shop.page_s = 15
    assert dispatch.run_due_polls(toy.services, deadline=toy.soon(200)) is False
    pages = [page for _, _, page in toy.shop.asked]
    assert pages == [None, None, "3", "3", "6", "6", "9", "9"]


# --- the pace of real platforms -------------------------------------------------------------------


@pytest.fixture(params=OFFERS)
def real(request: pytest.FixtureRequest, toy: Toy) -> Toy:
    """Keep to a real platform's own pace, while the clock goes on as it does."""
    pace = OFFERS[request.param].pace
    offers = {name: replace(offer, pace=pace) for name, offer in toy.services.offers.items()}
    toy.services = replace(toy.services, offers=offers, now=lambda: toy.pass_s(0.001))
    return toy


def test_poll_asks_platforms_that_have_the_pace_of_real_ones(real: Toy) -> None:
    real.shop.edit("1")
    dispatch.run_due_polls(real.services, deadline=real.soon(57))
    assert real.row("1").requested_by == "poll"


def test_full_sweep_asks_platforms_that_have_the_pace_of_real_ones(real: Toy) -> None:
    state = PollState(consumer=CONSUMER, flow=sweep_of(STOCK), next_at=real.at)
    real.services.registry.save(Change(puts=[state]))
    real.switch(STOCK, on=True)
    asked = len(real.shop.asked)
    dispatch.run_due_polls(real.services, deadline=real.soon(57))
    assert len(real.shop.asked) == asked + 3  # two flows and the sweep of one


def test_import_of_a_period_asks_platforms_that_have_the_pace_of_real_ones(real: Toy) -> None:
    real.shop.edit("1", at=real.at - timedelta(hours=1))
    period = (real.at - timedelta(days=1), real.at)
    start_import(real.services, CONSUMER, PRODUCTS, period=period, by="a person")
    dispatch.continue_runs(real.services, deadline=real.soon(57))
    assert real.row("1").requested_by == "import"


def test_slow_poll_gives_way_after_two_calls(real: Toy) -> None:
    real.set_up(OTHER)
    for number in range(30):
        real.shop.edit(f"{number:02}")
    real.shop.page_s = 15
    dispatch.run_due_polls(real.services, deadline=real.soon(57))
    assert all(real.find("00", consumer=one) for one in (CONSUMER, OTHER))


# --- runs -----------------------------------------------------------------------------------------


def test_one_run_is_worked_by_one_dispatcher_at_a_time(toy: Toy) -> None:
    run = start_import(toy.services, CONSUMER, PRODUCTS, ids=["1"], by="a person")
    toy.services.log.take_lease(
        f"run/{CONSUMER}/{run.id}", "another", until=toy.soon(200), now=toy.at
    )
    tick(toy)
    assert toy.find("1") is None


def test_runs_of_many_consumers_go_on_at_the_same_time(toy: Toy) -> None:
    toy.set_up(OTHER)
    period = (toy.at - timedelta(days=1), toy.at)
    for consumer in (CONSUMER, OTHER):
        start_import(toy.services, consumer, PRODUCTS, period=period, by="a person")
    both = Barrier(2, timeout=10)
    toy.shop.between = both.wait
    dispatch.continue_runs(toy.services, deadline=toy.soon(50), threads=2)
    assert len(toy.shop.asked) == 2


def test_releases_leave_runs_the_time_for_a_call(real: Toy) -> None:
    for number in range(400):
        cause = mapping_cause(PRODUCTS, "category", f"hats-{number}")
        release = Release(consumer=CONSUMER, cause=cause, id=f"{number:03}", due_at=real.at)
        real.services.log.put_releases([release])
    period = (real.at - timedelta(days=1), real.at)
    start_import(real.services, CONSUMER, PRODUCTS, period=period, by="a person")
    slow = replace(real.services, now=lambda: real.pass_s(0.2))
    dispatch.tend(slow, deadline=real.soon(57))
    assert len(real.shop.asked) == 1


def test_run_of_a_poll_that_nobody_goes_on_with_ends(toy: Toy) -> None:
    orphan = runs.begin(
        toy.services,
        consumer=CONSUMER,
        flow=PRODUCTS,
        type=RunType.POLL,
        trigger=Trigger.SCHEDULE,
        by="poll",
    )
    tick(toy)
    assert run_of(toy, orphan).state is ExecutionState.RUNNING
    tick(toy)
    tick(toy)
    ended = run_of(toy, orphan)
    assert (ended.state, ended.messages[0].text) == (
        ExecutionState.ERROR,
        "The run was interrupted.",
    )


def test_run_of_a_long_poll_is_not_taken_for_an_orphan(toy: Toy) -> None:
    for number in range(30):
        toy.shop.edit(f"{number:02}")
    toy.shop.page_s = 15
    for _ in range(4):
        tick(toy, seconds=20)
    [run] = executions(toy)
    assert (run.state, run.collecting) == (ExecutionState.RUNNING, True)
