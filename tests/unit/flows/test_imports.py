"""Imports by hand: given ids, or a period."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from chalicelib.domain.log import Execution, ExecutionState
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.setup import Health
from chalicelib.domain.statuses import Status
from chalicelib.flows import runs
from chalicelib.flows.imports import (
    ImportRefusedError,
    RunningError,
    continue_import,
    start_import,
)
from chalicelib.store.table import TableBusyError
from tests.toy import CONSUMER, Toy, open_toy
from tests.toy_platforms import PRODUCTS, START, refused, throttled

YESTERDAY = (START - timedelta(days=1), START)


@pytest.fixture
def toy() -> Iterator[Toy]:
    with open_toy() as toy:
        toy.set_up()
        yield toy


def begin(toy: Toy, **changes: object) -> Execution:
    given = {"ids": None, "period": None, "by": "a person", **changes}
    return start_import(toy.services, CONSUMER, PRODUCTS, **given)  # type: ignore[arg-type]


def go_on(toy: Toy, run: Execution, seconds: float = 60) -> bool:
    return continue_import(toy.services, read(toy, run), until=toy.soon(seconds))


def read(toy: Toy, run: Execution) -> Execution:
    found = toy.services.log.read_execution(CONSUMER, run.id)
    assert found is not None
    return found


def finish(toy: Toy, run: Execution) -> Execution:
    toy.work()
    runs.watch(toy.services, read(toy, run))
    return read(toy, run)


def test_given_ids_are_requested_and_unknown_ones_end_as_missing(toy: Toy) -> None:
    toy.shop.edit("1")
    run = begin(toy, ids=["1", "ghost", "1", " 1 "])
    assert go_on(toy, run) is False
    ended = finish(toy, run)
    assert toy.row("1").status is Status.SYNCED
    assert toy.row("1").requested_by == "import"
    assert toy.row("ghost").reason is Reason.MISSING_AT_SOURCE
    assert (ended.state, ended.messages[-1].text) == (ExecutionState.ERROR, "1 of 2 synced.")
    assert ended.counts["requested"] == 2


def test_many_ids_are_requested_in_the_background_and_in_slices(toy: Toy) -> None:
    run = begin(toy, ids=[f"p{number}" for number in range(250)])
    assert toy.messages() == 0
    slow = replace(toy.services, now=lambda: toy.pass_s(1))
    while continue_import(slow, read(toy, run), until=toy.soon(1.5)):
        assert read(toy, run).counts["requested"] in (100, 200)
    assert (read(toy, run).counts["requested"], toy.messages()) == (250, 250)


def test_period_imports_what_changed_in_it_and_nothing_else(toy: Toy) -> None:
    toy.shop.edit("before", at=START - timedelta(days=2))
    for number in range(5):
        toy.shop.edit(f"in{number}", at=START - timedelta(hours=number + 1))
    toy.shop.edit("after", at=START + timedelta(hours=1))
    run = begin(toy, period=YESTERDAY)
    assert go_on(toy, run) is False
    assert finish(toy, run).state is ExecutionState.SUCCESS
    assert all(toy.row(f"in{number}").status is Status.SYNCED for number in range(5))
    assert (toy.find("before"), toy.find("after")) == (None, None)


def test_long_period_goes_on_in_slices(toy: Toy) -> None:
    for number in range(8):
        toy.shop.edit(f"{number}", at=START - timedelta(hours=9 - number))
    toy.shop.page_s = 20
    run = begin(toy, period=YESTERDAY)
    assert go_on(toy, run, 25) is True
    assert go_on(toy, run, 25) is True
    assert go_on(toy, run, 25) is False
    assert [page for _, _, page in toy.shop.asked] == [None, "3", "6"]
    assert read(toy, run).counts["requested"] == 8


def test_period_around_the_start_date_is_cut(toy: Toy) -> None:
    start = START - timedelta(hours=3)
    toy.switch(PRODUCTS, on=True, settings={"start_date": start.isoformat()})
    go_on(toy, begin(toy, period=YESTERDAY))
    assert toy.shop.asked[0][:2] == (start, START)


BEFORE = (START - timedelta(days=9), START - timedelta(days=8))
INVERTED = (START, START - timedelta(days=1))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        pytest.param({}, "Say what to import", id="nothing"),
        pytest.param({"ids": []}, "Say what to import", id="no ids"),
        pytest.param({"ids": [""]}, "ids of 1 to 200", id="empty id"),
        pytest.param({"ids": ["x" * 201]}, "ids of 1 to 200", id="long id"),
        pytest.param({"ids": [str(n) for n in range(10_001)]}, "at most 10000", id="too many"),
        pytest.param({"ids": ["1"], "period": YESTERDAY}, "not both", id="both"),
        pytest.param({"period": INVERTED}, "ends before it begins", id="inverted"),
        pytest.param({"period": BEFORE}, "before the flow's start date", id="before the start"),
    ],
)
def test_unfit_import_is_refused_with_a_sentence(
    toy: Toy, given: dict[str, object], sentence: str
) -> None:
    start = START - timedelta(days=2)
    toy.switch(PRODUCTS, on=True, settings={"start_date": start.isoformat()})
    with pytest.raises(ImportRefusedError, match=sentence):
        begin(toy, **given)
    assert toy.services.log.list_executions(CONSUMER, limit=10).items == []


def test_import_of_a_flow_that_is_off_or_unknown_is_refused(toy: Toy) -> None:
    toy.switch(PRODUCTS, on=False)
    with pytest.raises(ImportRefusedError, match="switched off"):
        begin(toy, ids=["1"])
    with pytest.raises(ImportRefusedError, match="no flow"):
        start_import(toy.services, CONSUMER, "made-up", ids=["1"], by="a person")


def test_second_import_is_refused_while_one_runs_and_names_it(toy: Toy) -> None:
    run = begin(toy, ids=["1"])
    with pytest.raises(RunningError) as met:
        begin(toy, ids=["2"])
    assert met.value.execution_id == run.id
    runs.cancel(toy.services, run)
    assert begin(toy, ids=["2"]).id != run.id


def test_two_imports_started_at_once_do_not_both_begin(toy: Toy) -> None:
    toy.stores.log_table.fail_next("transact")  # the first one stops before its run is written
    with pytest.raises(TableBusyError):
        begin(toy, ids=["1"])
    with pytest.raises(RunningError):
        begin(toy, ids=["2"])
    toy.pass_s(61)
    assert begin(toy, ids=["2"])


def test_import_whose_start_was_cut_off_ends_and_says_so(toy: Toy) -> None:
    toy.stores.log_table.fail_next("write_many")
    with pytest.raises(TableBusyError):
        begin(toy, ids=["1"])
    [run] = toy.services.log.list_executions(CONSUMER, limit=10).items
    go_on(toy, run)
    assert runs.is_running(read(toy, run))
    toy.pass_s(61)
    go_on(toy, run)
    ended = read(toy, run)
    assert (ended.state, toy.find("1")) == (ExecutionState.ERROR, None)
    assert "start the import again" in ended.messages[0].text


def test_throttled_import_waits_and_goes_on(toy: Toy) -> None:
    toy.shop.edit("1", at=START - timedelta(hours=1))
    toy.shop.faults = [throttled() for _ in range(9)]
    run = begin(toy, period=YESTERDAY)
    for _ in range(9):
        assert go_on(toy, run) is False
        assert runs.is_running(read(toy, run))
    go_on(toy, run)
    assert toy.row("1").is_owed


def test_platform_that_stays_away_ends_the_import(toy: Toy) -> None:
    toy.shop.faults = [SyncFailure(Reason.RETRYING, "Shop answered 503.") for _ in range(5)]
    run = begin(toy, period=YESTERDAY)
    for _ in range(5):
        go_on(toy, run)
    ended = read(toy, run)
    assert ended.state is ExecutionState.ERROR
    assert "Shop answered 503." in ended.messages[-1].text


def test_refused_token_ends_the_import_and_takes_the_connection_down(toy: Toy) -> None:
    toy.shop.faults = [refused()]
    run = begin(toy, period=YESTERDAY)
    go_on(toy, run)
    assert toy.connection().health is Health.DOWN
    assert read(toy, run).state is ExecutionState.ERROR


def test_expired_page_starts_the_period_again(toy: Toy) -> None:
    for number in range(5):
        toy.shop.edit(f"{number}", at=START - timedelta(hours=9 - number))
    toy.shop.page_s = 20
    run = begin(toy, period=YESTERDAY)
    go_on(toy, run, 25)
    toy.shop.faults = [SyncFailure(Reason.RETRYING, "Too old.", error_code="cursor_expired")]
    assert go_on(toy, run, 100) is False
    assert [page for _, _, page in toy.shop.asked] == [None, "3", None, "3"]
    assert toy.row("4").is_owed


def test_page_that_repeats_ends_the_import_with_a_message(toy: Toy) -> None:
    for number in range(5):
        toy.shop.edit(f"{number}", at=START - timedelta(hours=9 - number))
    toy.shop.leads_in_circles = True
    run = begin(toy, period=YESTERDAY)
    assert go_on(toy, run, 600) is False
    assert len(toy.shop.asked) < 10
    assert "repeated a page" in read(toy, run).messages[-1].text


def test_cancelled_import_requests_nothing_more(toy: Toy) -> None:
    run = begin(toy, ids=["1"])
    runs.cancel(toy.services, run)
    assert go_on(toy, run) is False
    assert toy.find("1") is None


def test_switching_the_flow_off_ends_the_import(toy: Toy) -> None:
    run = begin(toy, ids=["1"])
    toy.switch(PRODUCTS, on=False)
    go_on(toy, run)
    ended = read(toy, run)
    assert (ended.state, toy.find("1")) == (ExecutionState.ERROR, None)


def test_times_of_a_period_survive_being_kept(toy: Toy) -> None:
    run = read(toy, begin(toy, period=YESTERDAY))
    assert datetime.fromisoformat(run.spec["from"]) == YESTERDAY[0]
