"""Polls find what a lost webhook would have said."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.log import Execution, ExecutionState
from chalicelib.domain.platforms import Changed
from chalicelib.domain.ports import Change
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.rows import Row, RowName
from chalicelib.domain.setup import Health, PollState
from chalicelib.domain.statuses import Kind
from chalicelib.flows import runs
from chalicelib.flows.polls import is_news, run_poll
from chalicelib.flows.setup.consumers import delete_consumer
from chalicelib.flows.walking import BEGINNING
from chalicelib.store.table import TableBusyError
from tests.toy import CONSUMER, Toy, open_toy
from tests.toy_platforms import PRODUCTS, START, PowerCutError, refused, throttled


@pytest.fixture
def toy() -> Iterator[Toy]:
    with open_toy() as toy:
        toy.set_up()
        yield toy


def poll(toy: Toy, flow: str = PRODUCTS, seconds: float = 600) -> bool:
    return run_poll(toy.services, CONSUMER, flow, until=toy.soon(seconds))


def state(toy: Toy, flow: str = PRODUCTS) -> PollState:
    found = toy.services.registry.read_poll(CONSUMER, flow)
    assert found is not None
    return found


def runs_of(toy: Toy, flow: str = PRODUCTS) -> list[Execution]:
    return list(toy.services.log.list_executions(CONSUMER, flow=flow, limit=50).items)


def edit(toy: Toy, *ids: str, ago_s: float = 300) -> None:
    """Change products some time ago, one second after the other."""
    for number, id_ in enumerate(ids):
        toy.shop.edit(id_, at=toy.at - timedelta(seconds=ago_s - number))


# --- what is news -------------------------------------------------------------------------------

AT_MS = int(START.timestamp() * 1000)


def known(**fields: object) -> Row:
    name = RowName(consumer="c", flow="f", record="r")
    defaults: dict[str, object] = {"updated_at": START + timedelta(hours=1), "requested": 1}
    return Row(name=name, kind=Kind.PRODUCT, **{**defaults, **fields})  # type: ignore[arg-type]


def told(version: int | None, seconds: float | None = 0) -> Changed:
    at = None if seconds is None else START + timedelta(seconds=seconds)
    return Changed(kind=Kind.PRODUCT, record="r", version=version, updated_at=at)


@pytest.mark.parametrize(
    ("row", "change", "expected"),
    [
        pytest.param(None, told(AT_MS), True, id="never seen"),
        pytest.param(known(sent_version=AT_MS - 1), told(AT_MS), True, id="newer than sent"),
        pytest.param(known(sent_version=AT_MS), told(AT_MS), False, id="sent already"),
        pytest.param(known(sent_version=AT_MS + 1), told(AT_MS), False, id="older than sent"),
        pytest.param(known(source_version=AT_MS), told(AT_MS), False, id="told already"),
        pytest.param(
            known(sent_version=AT_MS, updated_at=START + timedelta(seconds=59)),
            told(AT_MS),
            True,
            id="equal and read within a minute of its change",
        ),
        pytest.param(
            known(platform_updated_at=START), told(None, 1), True, id="no version and changed later"
        ),
        pytest.param(
            known(platform_updated_at=START), told(None, 0), False, id="no version, same time"
        ),
        pytest.param(known(), told(None, None), True, id="nothing known"),
    ],
)
def test_poll_requests_only_what_is_news(row: Row | None, change: Changed, expected: bool) -> None:
    assert is_news(row, change) is expected


# --- a run --------------------------------------------------------------------------------------


def test_poll_requests_what_changed_and_moves_its_cursor(toy: Toy) -> None:
    edit(toy, "1", "2", "3", "4", "5")
    assert poll(toy) is False
    assert [toy.row(id_).requested_by for id_ in "12345"] == ["poll"] * 5
    assert toy.row("1").columns == {"name": "Cup"}
    after = state(toy)
    assert after.cursor == toy.shop.things["5"].updated_at
    assert (after.page, after.execution) == (None, None)
    assert after.next_at == toy.at + timedelta(seconds=300)
    [run] = runs_of(toy)
    assert run.counts == {"found": 5, "requested": 5, "skipped": 0}
    assert (run.trigger.value, run.collecting) == ("schedule", False)


def test_poll_finds_what_a_lost_webhook_would_have_said(toy: Toy) -> None:
    edit(toy, "1", "2")
    poll(toy)
    toy.work()
    toy.pass_s(300)
    toy.shop.edit("2", name="Mug")
    toy.pass_s(120)
    poll(toy)
    toy.work()
    assert toy.till.items["T-2"][1].startswith("Mug@Cups")
    run = runs_of(toy)[0]
    assert (run.counts["requested"], run.counts["skipped"]) == (1, 1)


def test_poll_reads_its_overlap_again_and_skips_what_is_known(toy: Toy) -> None:
    edit(toy, "1")
    poll(toy)
    toy.work()
    toy.pass_s(300)
    edit(toy, "late", ago_s=toy.at.timestamp() - toy.shop.things["1"].updated_at.timestamp() + 30)
    poll(toy)
    assert toy.shop.asked[-1][0] == toy.shop.things["1"].updated_at - timedelta(seconds=60)
    assert toy.row("late").is_owed
    assert runs_of(toy)[0].counts == {"found": 2, "requested": 1, "skipped": 1}


def test_cursor_never_moves_back(toy: Toy) -> None:
    edit(toy, "1")
    poll(toy)
    before = state(toy).cursor
    del toy.shop.things["1"]
    toy.shop.edit("late", at=toy.at - timedelta(seconds=330))
    poll(toy)
    assert toy.row("late").is_owed
    assert state(toy).cursor == before


def test_first_poll_begins_at_the_start_date(toy: Toy) -> None:
    start = START - timedelta(days=1)
    toy.switch(PRODUCTS, on=True, settings={"start_date": start.isoformat()})
    poll(toy)
    assert toy.shop.asked[0][0] == start


def test_first_poll_without_a_start_date_begins_at_the_beginning(toy: Toy) -> None:
    poll(toy)
    assert toy.shop.asked[0][0] == BEGINNING


def test_record_dated_in_the_future_does_not_hide_what_changes_until_then(toy: Toy) -> None:
    toy.shop.edit("1", at=toy.at + timedelta(days=400))
    poll(toy)
    assert state(toy).cursor == toy.at


def test_quiet_poll_ends_as_a_success_without_rows(toy: Toy) -> None:
    poll(toy)
    assert runs_of(toy)[0].state is ExecutionState.SUCCESS


def test_records_without_versions_and_changes_are_not_requested_again(toy: Toy) -> None:
    toy.shop.tells_versions = False
    edit(toy, "1")
    poll(toy)
    toy.work()
    toy.pass_s(300)
    poll(toy)
    assert toy.row("1").requested == 1
    assert len(runs_of(toy)) == 1


# --- slices and crashes -------------------------------------------------------------------------


def test_long_poll_goes_on_in_slices_as_one_run(toy: Toy) -> None:
    edit(toy, *"abcdefgh")
    toy.shop.page_s = 20
    assert poll(toy, seconds=25) is True
    assert toy.find("h") is None
    assert poll(toy, seconds=25) is True
    assert poll(toy, seconds=25) is False
    assert all(toy.row(id_).is_owed for id_ in "abcdefgh")
    assert [page for _, _, page in toy.shop.asked] == [None, "3", "6"]
    [run] = runs_of(toy)
    assert run.counts == {"found": 8, "requested": 8, "skipped": 0}


def test_slice_that_is_too_short_for_one_call_makes_no_execution(toy: Toy) -> None:
    assert poll(toy, seconds=5) is True
    assert runs_of(toy) == []


def test_crash_between_pages_loses_nothing_and_goes_on_where_it_was(toy: Toy) -> None:
    edit(toy, *"abcdefgh")
    pages = iter((None, None, PowerCutError()))

    def cut() -> None:
        fault = next(pages, None)
        if fault:
            raise fault

    toy.shop.between = cut
    with pytest.raises(PowerCutError):
        poll(toy)
    toy.pass_s(700)  # the lease of the dead poller ends
    assert poll(toy) is False
    assert all(toy.row(id_).is_owed for id_ in "abcdefgh")
    assert [page for _, _, page in toy.shop.asked] == [None, "3", "6", "6"]
    assert len(runs_of(toy)) == 1


def test_requests_are_written_before_the_cursor(toy: Toy) -> None:
    edit(toy, *"abcdefgh")

    def cut() -> None:
        if len(toy.shop.asked) == 2:
            toy.stores.registry_table.fail_next("transact")

    toy.shop.between = cut
    with pytest.raises(TableBusyError):
        poll(toy)
    assert toy.row("f").is_owed  # of the second page, whose cursor was not written
    assert state(toy).cursor == toy.shop.things["c"].updated_at


def test_only_one_poll_of_a_connection_and_kind_runs_at_a_time(toy: Toy) -> None:
    edit(toy, "1")
    answers: list[bool] = []
    toy.shop.between = lambda: (
        answers.append(run_poll(toy.services, CONSUMER, PRODUCTS, until=toy.soon()))
        if not answers
        else None
    )
    poll(toy)
    assert answers == [False]
    assert len(toy.shop.asked) == 1


def test_expired_cursor_starts_the_slice_again_from_its_cursor(toy: Toy) -> None:
    edit(toy, *"abcdefgh")
    toy.shop.page_s = 20
    poll(toy, seconds=25)
    toy.shop.faults = [SyncFailure(Reason.RETRYING, "Too old.", error_code="cursor_expired")]
    assert poll(toy) is False
    assert all(toy.row(id_).is_owed for id_ in "abcdefgh")
    restart = toy.shop.asked[2]
    assert restart == (toy.shop.things["c"].updated_at - timedelta(seconds=60), None, None)


def test_cursor_that_expires_again_and_again_ends_the_run(toy: Toy) -> None:
    edit(toy, "1")
    expired = SyncFailure(Reason.RETRYING, "Too old.", error_code="cursor_expired")
    toy.shop.faults = [expired, expired]
    assert poll(toy) is False
    assert runs_of(toy)[0].state is ExecutionState.ERROR


def test_page_that_repeats_ends_the_run_with_a_message(toy: Toy) -> None:
    edit(toy, *"abcdefgh")
    toy.shop.leads_in_circles = True
    assert poll(toy) is False
    assert len(toy.shop.asked) < 12
    assert all(toy.row(id_).is_owed for id_ in "abcdefgh")
    [run] = runs_of(toy)
    assert "repeated a page" in run.messages[-1].text
    assert state(toy).page is None


# --- failures -----------------------------------------------------------------------------------


def test_throttled_poll_is_postponed_and_goes_on_where_it_was(toy: Toy) -> None:
    edit(toy, *"abcdefgh")
    calls = iter((None, throttled(90)))

    def refuse() -> None:
        fault = next(calls, None)
        if fault:
            toy.shop.faults.append(fault)

    toy.shop.between = refuse
    assert poll(toy) is False
    assert state(toy).next_at == toy.at + timedelta(seconds=90)
    [run] = runs_of(toy)
    assert run.state is ExecutionState.RUNNING
    assert "goes on by itself" in run.messages[0].text
    toy.pass_s(90)
    assert poll(toy) is False
    assert [page for _, _, page in toy.shop.asked] == [None, "3", "3", "6"]
    assert len(runs_of(toy)) == 1


def test_platform_that_is_away_ends_the_run_and_says_so(toy: Toy) -> None:
    toy.shop.faults = [SyncFailure(Reason.RETRYING, "Shop answered 503.", code=503)]
    assert poll(toy) is False
    [run] = runs_of(toy)
    assert run.state is ExecutionState.ERROR
    assert run.messages[0].text == "Shop could not be asked what changed: Shop answered 503."
    assert state(toy).next_at == toy.at + timedelta(seconds=300)
    assert toy.connection().health is not Health.DOWN


def test_refused_token_takes_the_connection_down(toy: Toy) -> None:
    toy.shop.faults = [refused()]
    poll(toy)
    assert toy.connection().health is Health.DOWN
    asked = len(toy.shop.asked)
    toy.pass_s(600)
    poll(toy)
    assert len(toy.shop.asked) == asked
    assert len(runs_of(toy)) == 1


def test_poll_takes_its_calls_from_the_connections_window(toy: Toy) -> None:
    pace = toy.services.offers["shop"].pace
    toy.services.log.take_calls(
        CONSUMER, "shop", pace.calls, limit=pace.calls, window_s=60, now=toy.at
    )
    poll(toy)
    assert toy.shop.asked == []
    assert runs_of(toy)[0].state is ExecutionState.RUNNING
    toy.pass_s(61)
    poll(toy)
    assert len(toy.shop.asked) == 1


def test_calls_of_a_poll_are_transactions_of_its_execution(toy: Toy) -> None:
    poll(toy)
    calls = toy.services.log.list_exchanges(CONSUMER, limit=10).items
    assert [call.platform for call in calls] == ["shop"]


def test_cancelled_poll_stops_at_the_next_page(toy: Toy) -> None:
    edit(toy, *"abcdefgh")
    toy.shop.between = lambda: runs.cancel(toy.services, runs_of(toy)[0])
    assert poll(toy) is False
    assert len(toy.shop.asked) == 1
    assert runs_of(toy)[0].state is ExecutionState.CANCELLED
    assert state(toy).execution is None


# --- flows that may not run ---------------------------------------------------------------------


def test_flow_that_is_off_runs_nothing_and_is_not_due(toy: Toy) -> None:
    toy.switch(PRODUCTS, on=False)
    assert poll(toy) is False
    assert (toy.shop.asked, runs_of(toy), state(toy).next_at) == ([], [], None)


def test_flow_that_is_not_ready_runs_nothing(toy: Toy) -> None:
    setup = toy.services.registry.read_flow(CONSUMER, PRODUCTS)
    assert setup is not None
    toy.services.registry.save(Change(puts=[replace(setup, completed_at=None)]))
    assert poll(toy) is False
    assert (toy.shop.asked, runs_of(toy)) == ([], [])


def test_poll_of_a_deleted_consumer_is_removed(toy: Toy) -> None:
    stale = state(toy)
    delete_consumer(toy.services, CONSUMER, by="test")
    toy.services.registry.save(Change(puts=[replace(stale, version=0)]))
    assert poll(toy) is False
    assert toy.services.registry.read_poll(CONSUMER, PRODUCTS) is None
    assert toy.shop.asked == []


def test_switching_a_flow_off_ends_the_run_under_way(toy: Toy) -> None:
    edit(toy, *"abcdefgh")
    toy.shop.page_s = 20
    poll(toy, seconds=25)
    toy.switch(PRODUCTS, on=False)
    poll(toy)
    [run] = runs_of(toy)
    assert run.collecting is False
    assert "switched off" in run.messages[0].text
