"""The dispatcher and what it does once in a while for every consumer."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.connectors.catalog import OFFERS
from chalicelib.domain.causes import (
    connection_cause,
    flow_cause,
    mapping_cause,
    rate_cause,
    record_cause,
    setting_cause,
)
from chalicelib.domain.closings import finish
from chalicelib.domain.log import Execution, ExecutionState, Link, RowQuery, RunType, Trigger
from chalicelib.domain.ports import Change, QueueMessage
from chalicelib.domain.protocol import Request, claim
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.rows import RowName
from chalicelib.domain.setup import Health, PollState
from chalicelib.domain.statuses import Kind, Status
from chalicelib.flows import dispatch, housekeeping, runs
from chalicelib.flows.bulk import start_resync
from chalicelib.flows.door import request_many
from chalicelib.flows.imports import start_import
from chalicelib.flows.setup.account import Given
from chalicelib.flows.setup.connections import save_connection, webhook_address
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
    for _ in range(4):
        tick(toy)
    assert len(executions(toy)) == 2  # five minutes later, and not before


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


def test_one_run_is_worked_by_one_dispatcher_at_a_time(toy: Toy) -> None:
    run = start_import(toy.services, CONSUMER, PRODUCTS, ids=["1"], by="a person")
    toy.services.log.take_lease(
        f"run/{CONSUMER}/{run.id}", "another", until=toy.soon(200), now=toy.at
    )
    tick(toy)
    assert toy.find("1") is None


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


# --- rounds over all consumers --------------------------------------------------------------------


def test_round_visits_every_consumer_once_in_its_time(toy: Toy) -> None:
    for number in range(45):
        toy.set_up(f"shop-{number:02}")
    visited: list[str] = []

    def walk(seconds: float = 50) -> bool:
        return housekeeping.walk_consumers(
            toy.services, "a-round", 3600, visited.append, deadline=toy.soon(seconds)
        )

    assert walk() is False
    assert (len(visited), len(set(visited))) == (46, 46)
    walk()
    assert len(visited) == 46
    toy.pass_s(3600)
    walk()
    assert len(visited) == 92


def test_round_goes_on_where_its_time_was_over(toy: Toy) -> None:
    for number in range(45):
        toy.set_up(f"shop-{number:02}")
    visited: list[str] = []

    def visit(consumer: str) -> None:
        visited.append(consumer)
        toy.pass_s(1)

    def walk() -> bool:
        return housekeeping.walk_consumers(
            toy.services, "a-round", 3600, visit, deadline=toy.soon(5)
        )

    assert [walk(), walk(), walk()] == [True, True, False]
    assert (len(visited), len(set(visited))) == (46, 46)


def test_tokens_are_exchanged_by_the_dispatcher(toy: Toy) -> None:
    given = Given(credentials={"refresh_token": "refresh-1"})
    save_connection(toy.services, CONSUMER, "shop", given, loopback=True, by="test")
    tick(toy)
    assert toy.tokens.made == 2
    assert toy.connection().tokens_refreshed_at == toy.at


def test_failing_exchange_of_one_account_stops_no_other(toy: Toy) -> None:
    toy.set_up(OTHER)
    given = Given(credentials={"refresh_token": "refresh-1"})
    for consumer in (CONSUMER, OTHER):
        save_connection(toy.services, consumer, "shop", given, loopback=True, by="test")
    toy.tokens.faults = [SyncFailure(Reason.RETRYING, "Shop answered 503.")]
    tick(toy)
    exchanged = [toy.connection("shop", c).tokens_refreshed_at for c in (CONSUMER, OTHER)]
    assert exchanged == [None, toy.at]
    assert ("housekeeping_failed", "retrying") in toy.counted


def test_webhooks_are_mended_once_a_day(toy: Toy) -> None:
    tick(toy)
    addresses = {(n, webhook_address(toy.services, toy.connection(n))) for n in ("shop", "till")}
    assert set(toy.registered) == addresses
    tick(toy)
    assert len(toy.registered) == 2
    toy.pass_s(86_400)
    tick(toy)
    assert len(toy.registered) == 4


def test_account_that_is_down_is_not_called(toy: Toy) -> None:
    for name in ("shop", "till"):
        down = replace(toy.connection(name), health=Health.DOWN)
        toy.services.registry.save(Change(puts=[down]))
    tick(toy)
    assert toy.opened == 0


def test_dead_letters_are_pruned_each_hour(toy: Toy) -> None:
    ghost = QueueMessage(name=toy.name("ghost"), handled=1)
    tick(toy)
    toy.services.queue.send_many("records-dlq", [ghost])
    tick(toy)
    assert toy.messages("records-dlq") == 1
    toy.pass_s(3600)
    tick(toy)
    assert toy.messages("records-dlq") == 0


# --- causes that went away without anybody saying so ----------------------------------------------

CATEGORY = mapping_cause(PRODUCTS, "category", "hats")
LINK = Link(
    consumer=CONSUMER,
    kind="product",
    platform="shop",
    id="7",
    other_platform="till",
    other_id="T-7",
)


def hold(toy: Toy, cause: str, flow: str = PRODUCTS) -> None:
    """Hold a row under a cause."""
    name = toy.name("7", flow)
    ask(toy, name)
    deadline = toy.soon()
    [taken] = toy.services.log.write_rows(
        [claim(name, lease_id="w", deadline=deadline, settle_s=60, now=toy.at)]
    )
    assert taken.row is not None
    changes = {"status": Status.PENDING, "reason": Reason.NEEDS_MAPPING, "cause": cause}
    toy.services.log.write_rows([finish(taken.row, changes, toy.at)])


def released(toy: Toy) -> list[str]:
    due = toy.services.log.list_releases(due_before=toy.soon(), limit=50)
    return [release.cause for release in due]


def add_mapping(toy: Toy) -> None:
    known = toy.services.registry.read_mapping(CONSUMER, PRODUCTS, "category")
    assert known is not None
    toy.services.registry.save(Change(puts=[replace(known, entries={"hats": "Hats"})]))


def add_setting(toy: Toy) -> None:
    known = toy.services.registry.read_flow(CONSUMER, PRODUCTS)
    assert known is not None
    settings = {"start_date": "2026-01-01T00:00:00+00:00"}
    toy.services.registry.save(Change(puts=[replace(known, settings=settings)]))


def add_link(toy: Toy) -> None:
    toy.services.log.put_links([LINK])


def nothing(toy: Toy) -> None:
    """Leave everything as it is."""


def take_down(toy: Toy) -> None:
    down = replace(toy.connection("till"), health=Health.DOWN)
    toy.services.registry.save(Change(puts=[down]))


def switch_off(toy: Toy) -> None:
    known = toy.services.registry.read_flow(CONSUMER, PRODUCTS)
    assert known is not None
    toy.services.registry.save(Change(puts=[replace(known, enabled=False)]))


@pytest.mark.parametrize(
    ("cause", "happens", "is_released"),
    [
        pytest.param(CATEGORY, add_mapping, True, id="mapping saved"),
        pytest.param(CATEGORY, nothing, False, id="mapping missing"),
        pytest.param(setting_cause(PRODUCTS, "start_date"), add_setting, True, id="setting given"),
        pytest.param(setting_cause(PRODUCTS, "start_date"), nothing, False, id="setting missing"),
        pytest.param(record_cause("product", "7"), add_link, True, id="record linked"),
        pytest.param(record_cause("product", "7"), nothing, False, id="record not linked"),
        pytest.param(connection_cause("till"), nothing, True, id="connection works"),
        pytest.param(connection_cause("till"), take_down, False, id="connection down"),
        pytest.param(flow_cause(PRODUCTS), nothing, True, id="flow on"),
        pytest.param(flow_cause(PRODUCTS), switch_off, False, id="flow off"),
        pytest.param("day:till:2026-03-01", nothing, False, id="nobody can look it up"),
    ],
)
def test_cause_with_held_rows_is_checked_again_nightly(
    toy: Toy, cause: str, happens: Callable[[Toy], None], is_released: bool
) -> None:
    hold(toy, cause)
    happens(toy)
    housekeeping.recheck_causes(toy.services, deadline=toy.soon())
    assert released(toy) == ([cause] if is_released else [])


def test_throttled_rows_without_a_flag_are_found_by_the_nightly_check(toy: Toy) -> None:
    hold(toy, rate_cause("till", 2, 0))
    assert toy.services.log.list_backlogged(limit=10) == []
    housekeeping.recheck_causes(toy.services, deadline=toy.soon())
    assert list(toy.services.log.list_backlogged(limit=10)) == [(CONSUMER, "till")]
    assert released(toy) == []


def test_causes_are_checked_once_a_day(toy: Toy) -> None:
    tick(toy)
    hold(toy, CATEGORY)
    add_mapping(toy)
    tick(toy)
    assert toy.row("7").cause == CATEGORY
    toy.at += timedelta(days=1)
    tick(toy)
    tick(toy)
    assert toy.row("7").cause is None
