"""Polls that find nothing leave their time and no execution; all others are told."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from chalicelib.domain.log import Exchange, Execution, ExecutionState
from chalicelib.domain.platforms import ChangePage
from chalicelib.domain.ports import Change
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.setup import Connection, PollState
from chalicelib.flows.polls import run_poll
from chalicelib.flows.services import Opened
from chalicelib.flows.sweeps import sweep_of
from tests.toy import CONSUMER, Toy, open_toy
from tests.toy_platforms import PRODUCTS, STOCK, Shop


@pytest.fixture
def toy() -> Iterator[Toy]:
    with open_toy() as toy:
        toy.set_up()
        yield toy


def poll(toy: Toy) -> bool:
    return run_poll(toy.services, CONSUMER, PRODUCTS, until=toy.soon(600))


def state(toy: Toy) -> PollState:
    found = toy.services.registry.read_poll(CONSUMER, PRODUCTS)
    assert found is not None
    return found


def runs_of(toy: Toy) -> list[Execution]:
    return list(toy.services.log.list_executions(CONSUMER, flow=PRODUCTS, limit=50).items)


def edit(toy: Toy, *ids: str, ago_s: float = 300) -> None:
    """Change products some time ago, one second after the other."""
    for number, id_ in enumerate(ids):
        toy.shop.edit(id_, at=toy.at - timedelta(seconds=ago_s - number))


def test_first_poll_of_a_flow_is_an_execution_even_if_it_finds_nothing(toy: Toy) -> None:
    poll(toy)
    [run] = runs_of(toy)
    assert (run.state, run.started_at) == (ExecutionState.SUCCESS, toy.at)


def test_poll_that_finds_nothing_to_request_is_no_execution_and_moves_on(toy: Toy) -> None:
    edit(toy, "1")
    poll(toy)
    toy.work()
    toy.pass_s(300)
    poll(toy)
    assert len(runs_of(toy)) == 1
    after = state(toy)
    assert (after.started_at, after.finished_at) == (toy.at, toy.at)
    assert after.next_at == toy.at + timedelta(seconds=300)
    assert after.cursor == toy.shop.things["1"].updated_at
    line = toy.noted[-1][1]
    assert (line["found"], line["requested"], line["execution"]) == (1, 0, None)
    assert toy.counted.count(("polls_run", "")) == 2


def test_first_poll_after_a_failure_is_an_execution_even_if_it_finds_nothing(toy: Toy) -> None:
    poll(toy)
    toy.shop.faults = [SyncFailure(Reason.RETRYING, "Shop answered 503.", code=503)]
    for _ in range(3):
        toy.pass_s(300)
        poll(toy)
    states = [run.state for run in runs_of(toy)]
    assert states == [ExecutionState.SUCCESS, ExecutionState.ERROR, ExecutionState.SUCCESS]


def open_labelled(toy: Toy) -> None:
    """Let each call say which execution it was made for, as real clients do."""

    def open_side(
        connection: Connection, until: Callable[[], datetime] | None, execution: str | None
    ) -> Opened:
        opened = toy.open(connection, until, execution)

        def take() -> list[Exchange]:
            return [replace(one, execution=execution) for one in opened.take_exchanges()]

        return replace(opened, take_exchanges=take)

    toy.services = replace(toy.services, open=open_side)


def test_calls_of_a_quiet_poll_are_transactions_of_no_execution(toy: Toy) -> None:
    open_labelled(toy)
    poll(toy)
    toy.pass_s(300)
    poll(toy)
    quiet, first = toy.services.log.list_exchanges(CONSUMER, limit=10).items
    assert (quiet.execution, first.execution) == (None, runs_of(toy)[0].id)
    assert quiet.correlations == (toy.noted[-1][1]["correlation"],)


def test_page_that_was_read_before_its_execution_was_opened_belongs_to_it(toy: Toy) -> None:
    open_labelled(toy)
    poll(toy)
    toy.pass_s(300)
    edit(toy, "1", ago_s=10)
    poll(toy)
    calls = toy.services.log.list_exchanges(CONSUMER, limit=10).items
    assert [call.execution for call in calls] == [run.id for run in runs_of(toy)]
    assert len(calls) == 2


def test_two_that_read_the_same_page_request_it_once(toy: Toy) -> None:
    poll(toy)
    toy.pass_s(300)
    edit(toy, "1", ago_s=10)
    both = iter([True])
    toy.shop.between = lambda: next(both, None) and poll(toy)
    assert poll(toy) is False
    assert len(toy.shop.asked) == 3
    assert toy.row("1").requested == 1
    assert len(runs_of(toy)) == 2


def test_quiet_poll_leaves_a_time_to_run_that_was_set_meanwhile(toy: Toy) -> None:
    poll(toy)
    toy.pass_s(300)
    before = state(toy)
    sooner = replace(before, next_at=toy.at)
    toy.shop.between = lambda: toy.services.registry.save(Change(puts=[sooner]))
    poll(toy)
    assert (state(toy).next_at, state(toy).finished_at) == (toy.at, before.finished_at)
    assert len(runs_of(toy)) == 1


def test_quiet_walk_over_many_pages_is_an_execution(toy: Toy) -> None:
    edit(toy, *"abcdefgh", ago_s=10)
    poll(toy)
    toy.work()
    toy.pass_s(60)
    poll(toy)
    toy.pass_s(60)
    poll(toy)
    assert runs_of(toy)[0].counts == {"found": 8, "requested": 0, "skipped": 8}


# --- sources that say how far they were read ------------------------------------------------------


@dataclass
class Ledger(Shop):
    """A shop whose pages hold things nobody asked for: it says until when they were read."""

    read_until: datetime | None = None
    resume: str | None = None
    pages: list[str | None] = field(default_factory=list)

    def list_changes(
        self, *, since: datetime, until: datetime | None, page: str | None
    ) -> ChangePage:
        self.pages.append(page)
        mark = page if page and page.startswith("mark") else None
        found = super().list_changes(since=since, until=until, page=None if mark else page)
        last = found.page is None
        read_until = self.read_until if last else None
        return replace(found, read_until=read_until, resume=self.resume if last else None)


@pytest.fixture
def ledger(toy: Toy) -> Ledger:
    toy.shop = ledger = Ledger(now=toy.now)
    return ledger


def test_cursor_moves_on_with_a_page_that_holds_no_change(toy: Toy, ledger: Ledger) -> None:
    edit(toy, "1")
    poll(toy)
    toy.work()
    toy.pass_s(3600)
    ledger.things.clear()
    ledger.read_until = toy.at - timedelta(seconds=30)

    poll(toy)

    assert state(toy).cursor == ledger.read_until
    toy.pass_s(300)
    poll(toy)
    assert ledger.asked[-1][0] == ledger.read_until - timedelta(seconds=60)  # the overlap


def test_cursor_is_never_ahead_of_now_however_far_a_source_says_it_was_read(
    toy: Toy, ledger: Ledger
) -> None:
    ledger.read_until = toy.at + timedelta(days=1)
    poll(toy)
    assert state(toy).cursor == toy.at


def test_cursor_stays_where_it_was_when_a_source_says_less(toy: Toy, ledger: Ledger) -> None:
    edit(toy, "1")
    poll(toy)
    cursor = state(toy).cursor
    assert cursor is not None
    ledger.things.clear()
    ledger.read_until = cursor - timedelta(hours=1)
    toy.pass_s(300)
    poll(toy)
    assert state(toy).cursor == cursor


def test_later_of_the_last_change_and_of_what_was_read_is_the_cursor(
    toy: Toy, ledger: Ledger
) -> None:
    edit(toy, "1", ago_s=600)
    ledger.read_until = toy.at - timedelta(seconds=30)
    poll(toy)
    assert state(toy).cursor == ledger.read_until


def test_mark_of_the_last_page_is_where_the_next_poll_begins(toy: Toy, ledger: Ledger) -> None:
    edit(toy, *"abcd")
    ledger.resume = "mark-7"
    poll(toy)
    assert (ledger.pages, state(toy).resume) == ([None, "3"], "mark-7")
    toy.pass_s(300)
    poll(toy)
    assert ledger.pages[2] == "mark-7"


def test_sweep_keeps_no_mark_and_begins_at_the_beginning_each_time(
    toy: Toy, ledger: Ledger
) -> None:
    toy.switch(STOCK, on=True)
    edit(toy, *"abcd")
    ledger.resume, ledger.read_until = "mark-7", toy.at
    for _ in range(2):
        run_poll(toy.services, CONSUMER, sweep_of(STOCK), until=toy.soon(600))
        toy.pass_s(86_400)
    swept = toy.services.registry.read_poll(CONSUMER, sweep_of(STOCK))
    assert swept is not None
    assert (swept.resume, swept.cursor) == (None, None)
    assert ledger.pages == [None, "3"] * 2
