"""What becomes of a read that goes wrong: one reason, one sentence, nothing secret, no crash."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest

from chalicelib.domain.reasons import Reason, SyncFailure
from tests.contract.connectors.entries import every_source, every_target
from tests.contract.connectors.faults import (
    ODD_BODIES,
    REFUSALS,
    SHORT_S,
    check_all,
    check_failure,
    check_recorded,
    happen,
    refusing_everything,
    talk_of,
    talkative,
)
from tests.contract.connectors.suite import (
    Entry,
    Running,
    SourceCase,
    TargetCase,
    fetch,
    find,
    is_gone,
)


@every_source(lambda case: case.fetched)
def test_a_read_that_went_wrong_has_its_reason(running: Running, case: SourceCase) -> None:
    made = case.make(running, 1)

    def ask() -> Any:
        return fetch(running.source(case.kind), made).get(made)

    check_all(running, ask, lambda bad: bad.read)


@every_source()
def test_a_list_that_went_wrong_has_its_reason(running: Running, case: SourceCase) -> None:
    since = running.clock()
    case.make(running, 1)

    def ask() -> Any:
        try:
            return running.source(case.kind).list_changes(since=since, until=None, page=None)
        except SyncFailure as failure:
            return failure

    check_all(running, ask, lambda bad: bad.read)


@every_source(lambda case: case.fetched)
def test_odd_json_never_breaks_a_source(running: Running, case: SourceCase) -> None:
    made = case.make(running, 1)
    for body in ODD_BODIES:
        running.simulator.clear_faults()
        happen(running.simulator, {"status": 200, "body": body})

        found = fetch(running.source(case.kind), made).get(made)

        assert isinstance(found, SyncFailure) or is_gone(found), body
        with suppress(SyncFailure):
            running.source(case.kind).list_changes(since=running.clock(), until=None, page=None)


@every_source(lambda case: case.fetched)
def test_a_read_of_a_platform_that_is_not_there_is_tried_again(
    running: Running, case: SourceCase
) -> None:
    made = case.make(running, 1)
    refusing_everything(running)

    found = fetch(running.source(case.kind), made)

    check_failure(running, found[made], Reason.RETRYING)


@every_source(lambda case: case.fetched)
def test_a_read_that_takes_too_long_is_tried_again(running: Running, case: SourceCase) -> None:
    made = case.make(running, 1)
    happen(running.simulator, {"mode": "slow", "delay_s": 5 * SHORT_S})
    running.hurry(SHORT_S)

    found = fetch(running.source(case.kind), made)

    check_failure(running, found[made], Reason.RETRYING)


@every_source(lambda case: case.fetched)
def test_a_refused_read_repeats_nothing_secret(running: Running, case: SourceCase) -> None:
    made = case.make(running, 1)
    for status in REFUSALS:
        running.simulator.clear_faults()
        happen(running.simulator, talkative(running.simulator, status, talk_of(running)))

        failure = fetch(running.source(case.kind), made)[made]

        assert isinstance(failure, SyncFailure)
        check_failure(running, failure, failure.reason)


@every_source(lambda case: case.fetched)
def test_a_refused_token_is_renewed_once_and_the_read_goes_on(
    entry: Entry, case: SourceCase
) -> None:
    asked: list[Mapping[str, str]] = []

    def renew(refused: Mapping[str, str]) -> Mapping[str, str]:
        asked.append(refused)
        return refused

    with entry.open(renew=renew) as running:
        made = case.make(running, 1)
        happen(running.simulator, {"status": 401}, times=1)

        found = fetch(running.source(case.kind), made)

        assert not isinstance(found[made], SyncFailure)
        assert asked == [running.account.credentials]


@every_source(lambda case: case.fetched)
@pytest.mark.parametrize("is_renewed", [True, False], ids=["renewed", "not renewed"])
def test_a_token_that_stays_refused_is_renewed_no_second_time(
    entry: Entry, case: SourceCase, is_renewed: bool
) -> None:
    asked: list[Mapping[str, str]] = []

    def renew(refused: Mapping[str, str]) -> Mapping[str, str] | None:
        asked.append(refused)
        return refused if is_renewed else None

    with entry.open(renew=renew) as running:
        made = [case.make(running, number) for number in range(1, 4)]
        happen(running.simulator, {"status": 401})

        found = fetch(running.source(case.kind), *made)

        for one in made:
            check_failure(running, found[one], Reason.CONNECTION_DOWN)
        assert len(asked) == 1


@every_target()
def test_a_find_that_went_wrong_has_its_reason(running: Running, case: TargetCase) -> None:
    wanted = case.wanted(running, 1)

    def ask() -> Any:
        return find(running.target(case.kind), wanted).get(wanted.record)

    check_all(running, ask, lambda bad: bad.read)


@every_source(lambda case: case.fetched)
def test_what_is_recorded_of_reads_holds_no_secret_and_no_address(
    running: Running, case: SourceCase
) -> None:
    since = running.clock()
    made = case.make(running, 1)
    fetch(running.source(case.kind), made)
    running.source(case.kind).list_changes(since=since, until=None, page=None)
    happen(running.simulator, talkative(running.simulator, 401, talk_of(running)))
    fetch(running.source(case.kind), made)

    check_recorded(running)
