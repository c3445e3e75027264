"""Bulk re-sync of a filter."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.log import Execution, ExecutionState, RowQuery
from chalicelib.domain.protocol import Request
from chalicelib.domain.statuses import Kind, Status
from chalicelib.flows import runs
from chalicelib.flows.bulk import continue_resync, count_matching, from_spec, start_resync, to_spec
from chalicelib.flows.door import request_many
from tests.toy import CONSUMER, Toy, open_toy
from tests.toy_platforms import PRODUCTS, START

FAILED = RowQuery(consumer=CONSUMER, lanes=[PRODUCTS], statuses=[Status.FAILED])


@pytest.fixture
def toy() -> Iterator[Toy]:
    with open_toy() as toy:
        toy.set_up()
        yield toy


def make_rows(toy: Toy, *, failed: int, synced: int = 0) -> None:
    for number in range(failed):
        toy.shop.edit(f"bad{number}")
        toy.fail(f"bad{number}")
    for number in range(synced):
        toy.shop.edit(f"good{number}")
    names = [toy.name(id_) for id_ in toy.shop.things]
    asked = [Request(name=name, kind=Kind.PRODUCT, by="webhook") for name in names]
    request_many(toy.services, asked)
    toy.work()
    toy.pass_s(10)


def read(toy: Toy, run: Execution) -> Execution:
    found = toy.services.log.read_execution(CONSUMER, run.id)
    assert found is not None
    return found


def go_on(toy: Toy, run: Execution, seconds: float = 60) -> bool:
    return continue_resync(toy.services, read(toy, run), until=toy.soon(seconds))


def go_on_a_page(toy: Toy, run: Execution) -> bool:
    """Go on until one page was read: each look at the clock takes a second."""

    def now() -> object:
        toy.pass_s(1)
        return toy.at

    slow = replace(toy.services, now=now)  # type: ignore[arg-type]
    return continue_resync(slow, read(toy, run), until=toy.soon(1.5))


def test_every_failed_row_of_the_filter_is_requested_not_a_page(toy: Toy) -> None:
    make_rows(toy, failed=250, synced=20)
    toy.till.fails.clear()
    before = {id_: toy.row(id_).attempts for id_ in ("good0", "good19")}
    run = start_resync(toy.services, FAILED, by="a person")
    assert go_on(toy, run) is False
    toy.work()
    runs.watch(toy.services, read(toy, run))
    ended = read(toy, run)
    assert (ended.state, ended.counts["done"]) == (ExecutionState.SUCCESS, 250)
    assert {id_: toy.row(id_).attempts for id_ in before} == before
    assert toy.row("bad0").status is Status.SYNCED
    assert toy.row("bad0").requested_by == "person"


def test_filter_without_a_status_means_failed(toy: Toy) -> None:
    make_rows(toy, failed=2, synced=3)
    query = RowQuery(consumer=CONSUMER, lanes=[PRODUCTS])
    assert count_matching(toy.services, query) == (2, True)
    run = start_resync(toy.services, query, by="a person")
    go_on(toy, run)
    assert read(toy, run).counts["requested"] == 2
    assert not toy.row("good0").is_owed


def test_synced_rows_are_requested_when_the_filter_names_them(toy: Toy) -> None:
    make_rows(toy, failed=1, synced=2)
    query = replace(FAILED, statuses=[Status.SYNCED])
    go_on(toy, start_resync(toy.services, query, by="a person"))
    assert toy.row("good1").is_owed
    assert not toy.row("bad0").is_owed


def test_resync_goes_on_page_by_page_and_requests_no_row_twice(toy: Toy) -> None:
    make_rows(toy, failed=110)
    run = start_resync(toy.services, FAILED, by="a person")
    toy.pass_s(1)
    pages = 1
    while go_on_a_page(toy, run):
        toy.work()  # they fail again, newer than before
        pages += 1
    toy.work()
    assert pages == 2
    assert read(toy, run).counts["requested"] == 110
    assert {toy.row(f"bad{number}").attempts for number in range(110)} == {2}


def test_row_that_was_requested_since_the_run_began_is_left_alone(toy: Toy) -> None:
    make_rows(toy, failed=2)
    run = start_resync(toy.services, FAILED, by="a person")
    toy.pass_s(1)
    request_many(toy.services, [Request(name=toy.name("bad0"), kind=Kind.PRODUCT, by="person")])
    toy.work()  # and failed again
    go_on(toy, run)
    counts = read(toy, run).counts
    assert (counts["requested"], toy.row("bad0").is_owed) == (1, False)


def test_cancel_takes_effect_between_two_pages(toy: Toy) -> None:
    make_rows(toy, failed=110)
    run = start_resync(toy.services, FAILED, by="a person")
    go_on_a_page(toy, run)
    runs.cancel(toy.services, run)
    assert go_on(toy, run) is False
    ended = read(toy, run)
    assert (ended.state, ended.counts["requested"]) == (ExecutionState.CANCELLED, 100)
    assert toy.messages() == 100


def test_rows_outside_the_filter_are_never_touched(toy: Toy) -> None:
    make_rows(toy, failed=2)
    toy.shop.edit("other", category="unmapped")
    request_many(toy.services, [Request(name=toy.name("other"), kind=Kind.PRODUCT, by="webhook")])
    toy.work()
    go_on(toy, start_resync(toy.services, FAILED, by="a person"))
    assert not toy.row("other").is_owed


def test_history_tells_who_started_it_and_with_which_filter(toy: Toy) -> None:
    toy.pass_s(1)
    start_resync(toy.services, FAILED, by="key of Ann")
    line = toy.services.registry.list_history(CONSUMER, limit=1).items[0]
    assert (line.who, line.what, line.subject) == ("key of Ann", "re-sync", PRODUCTS)
    assert line.new == {"lanes": [PRODUCTS], "statuses": ["Failed"]}


def test_fine_filter_is_counted_by_looking(toy: Toy) -> None:
    make_rows(toy, failed=3)
    group = toy.row("bad0").fingerprint
    assert count_matching(toy.services, replace(FAILED, group=group)) == (3, True)
    assert count_matching(toy.services, replace(FAILED, group="another")) == (0, True)


def test_count_of_a_huge_filter_is_bounded_and_says_so(toy: Toy) -> None:
    make_rows(toy, failed=210)
    fine = replace(FAILED, reasons=["rejected_by_target"])
    assert count_matching(toy.services, fine, most=200) == (200, False)


def test_filter_survives_being_kept() -> None:
    query = RowQuery(
        consumer=CONSUMER,
        lanes=[PRODUCTS],
        statuses=[Status.FAILED, Status.PENDING],
        reasons=["gave_up"],
        codes=[404, None],
        outcomes=["adopted"],
        group="g",
        cause="c",
        execution="e",
        listed_from=START,
        listed_to=START + timedelta(days=1),
        text="abc",
    )
    assert from_spec(CONSUMER, to_spec(query)) == query
