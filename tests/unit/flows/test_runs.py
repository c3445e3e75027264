"""Executions from their start to a clear end."""

from collections.abc import Iterator

import pytest

from chalicelib.domain.log import Execution, ExecutionState, RunType, Trigger
from chalicelib.domain.protocol import Request
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.statuses import Kind, Status
from chalicelib.flows import runs
from chalicelib.flows.door import request_many
from tests.toy import CONSUMER, Toy, open_toy
from tests.toy_platforms import PRODUCTS


@pytest.fixture
def toy() -> Iterator[Toy]:
    with open_toy() as toy:
        toy.set_up()
        yield toy


def start(toy: Toy, **changes: object) -> Execution:
    return runs.begin(
        toy.services,
        consumer=CONSUMER,
        flow=PRODUCTS,
        type=RunType.IMPORT,
        trigger=Trigger.PERSON,
        by="a person",
        **changes,  # type: ignore[arg-type]
    )


def ask_for(toy: Toy, run: Execution, *records: str) -> Execution:
    """Request rows for a run, as its collecting does."""
    names = [toy.name(record) for record in records]
    toy.services.log.put_execution_rows(CONSUMER, run.id, names)
    asked = [Request(name=n, kind=Kind.PRODUCT, by="import", execution=run.id) for n in names]
    request_many(toy.services, asked)
    return runs.change(
        toy.services, run, lambda r: runs.added(r, found=len(names), requested=len(names))
    )


def collected(toy: Toy, *records: str) -> Execution:
    for record in records:
        toy.shop.edit(record)
    run = ask_for(toy, start(toy), *records)
    return runs.finish_collecting(toy.services, run)


def read(toy: Toy, run: Execution) -> Execution:
    found = toy.services.log.read_execution(CONSUMER, run.id)
    assert found is not None
    return found


def watch(toy: Toy, run: Execution) -> Execution:
    runs.watch(toy.services, read(toy, run))
    return read(toy, run)


def test_run_ends_as_success_when_every_row_is_synced(toy: Toy) -> None:
    run = collected(toy, "1", "2", "3")
    assert watch(toy, run).state is ExecutionState.RUNNING
    toy.work()
    ended = watch(toy, run)
    assert ended.state is ExecutionState.SUCCESS
    assert ended.ended_at == toy.at
    assert (ended.counts["done"], ended.counts["synced"]) == (3, 3)


def test_run_with_a_failed_row_ends_as_error_and_names_it(toy: Toy) -> None:
    toy.fail("3")
    run = collected(toy, *"12345")
    toy.work()
    ended = watch(toy, run)
    assert ended.state is ExecutionState.ERROR
    texts = [(said.row, said.text) for said in ended.messages]
    assert texts == [
        (toy.name("3").id, "The target refused the record. The name is too long."),
        (None, "4 of 5 synced."),
    ]


def test_held_rows_end_a_run_and_throttled_ones_do_not(toy: Toy) -> None:
    toy.shop.edit("held", category="unmapped")
    toy.shop.edit("slow")
    run = ask_for(toy, start(toy), "held", "slow")
    run = runs.finish_collecting(toy.services, run)
    toy.till.fails["slow"] = SyncFailure(Reason.THROTTLED, "Slow.", cause="rate:till:2:0")
    toy.work()
    assert toy.row("slow").reason is Reason.THROTTLED
    watched = watch(toy, run)
    assert watched.state is ExecutionState.RUNNING
    assert (watched.counts["done"], watched.counts["held"]) == (1, 1)


def test_run_that_moved_nothing_although_something_was_found_is_never_green(toy: Toy) -> None:
    toy.shop.edit("1", category="unmapped")
    run = runs.finish_collecting(toy.services, ask_for(toy, start(toy), "1"))
    toy.work()
    ended = watch(toy, run)
    assert (ended.state, ended.messages[-1].text) == (ExecutionState.ERROR, "0 of 1 synced.")


def test_run_that_found_only_what_is_known_is_a_success(toy: Toy) -> None:
    run = runs.change(toy.services, start(toy), lambda r: runs.added(r, found=4, skipped=4))
    assert runs.finish_collecting(toy.services, run).state is ExecutionState.SUCCESS


def test_run_whose_collecting_failed_is_an_error_however_its_rows_fare(toy: Toy) -> None:
    toy.shop.edit("1")
    run = ask_for(toy, start(toy), "1")
    runs.finish_collecting(toy.services, run, problem="The shop was away.")
    toy.work()
    ended = watch(toy, run)
    assert ended.state is ExecutionState.ERROR
    assert ended.counts["synced"] == 1
    assert [said.text for said in ended.messages] == ["The shop was away."]


def test_progress_counts_rows_behind_one_that_is_under_way(toy: Toy) -> None:
    slow = "slow"
    toy.till.fails[slow] = SyncFailure(Reason.RETRYING, "Later.", retry_after_s=500)
    others = [f"{number:03}" for number in range(120)]
    run = collected(toy, slow, *others)
    toy.work()
    watched = watch(toy, run)
    assert watched.counts["done"] == 120
    assert watched.state is ExecutionState.RUNNING
    del toy.till.fails[slow]
    toy.pass_s(600)
    toy.work()
    assert watch(toy, run).state is ExecutionState.SUCCESS


def test_row_requested_again_by_a_later_run_counts_when_its_state_is_final(toy: Toy) -> None:
    run = collected(toy, "1")
    toy.work()
    toy.pass_s(10)
    toy.shop.edit("1")
    later = ask_for(toy, start(toy), "1")
    assert toy.row("1").status is Status.PENDING
    assert watch(toy, run).state is ExecutionState.SUCCESS  # it was synced during the run
    assert later.id != run.id


def test_two_watchers_at_once_count_a_row_once(toy: Toy) -> None:
    toy.till.fails["slow"] = SyncFailure(Reason.RETRYING, "Later.", retry_after_s=500)
    run = collected(toy, "1", "2", "slow")
    toy.work()
    seen = read(toy, run)
    runs.watch(toy.services, seen)
    runs.watch(toy.services, seen)
    assert read(toy, run).counts["done"] == 2


def test_run_is_not_watched_for_ever(toy: Toy) -> None:
    run = collected(toy, "1")
    toy.pass_s(86_401)
    ended = watch(toy, run)
    assert ended.state is ExecutionState.ERROR
    assert "still under way" in ended.messages[0].text


def test_cancelled_run_ends_at_once_and_stays_so(toy: Toy) -> None:
    run = collected(toy, "1")
    cancelled = runs.cancel(toy.services, run)
    assert (cancelled.state, cancelled.ended_at) == (ExecutionState.CANCELLED, toy.at)
    toy.work()
    assert watch(toy, run).state is ExecutionState.CANCELLED


def test_cancelling_a_run_that_ended_changes_nothing(toy: Toy) -> None:
    run = runs.finish_collecting(toy.services, start(toy))
    assert runs.cancel(toy.services, run).state is ExecutionState.SUCCESS


def test_messages_are_bounded_and_say_so(toy: Toy) -> None:
    run = start(toy)
    for number in range(200):
        run = runs.told(run, toy.at, f"line {number}")
    assert len(run.messages) == runs.MESSAGES_AT_MOST
    assert "more messages" in run.messages[-1].text


def test_same_message_is_not_told_twice_in_a_row(toy: Toy) -> None:
    run = runs.told(runs.told(start(toy), toy.at, "again"), toy.at, "again")
    assert len(run.messages) == 1
