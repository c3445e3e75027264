"""What becomes of a write that goes wrong: its fate is known or looked up, never doubled."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.platforms import Done
from chalicelib.domain.reasons import Reason, SyncFailure
from tests.contract.connectors.entries import every_target
from tests.contract.connectors.faults import (
    FAULTS,
    ODD_BODIES,
    REFUSALS,
    SHORT_S,
    Bad,
    check_failure,
    check_recorded,
    check_wait,
    happen,
    refusing_everything,
    talk_of,
    talkative,
)
from tests.contract.connectors.suite import Entry, Running, TargetCase, find, linked, sync, write

every_fault = pytest.mark.parametrize("bad", [pytest.param(one, id=n) for n, one in FAULTS.items()])


def write_once(
    running: Running, case: TargetCase, number: int = 1
) -> tuple[Any, Callable[[], Any]]:
    """Find something new; returns what was wanted, and how to write it."""
    wanted = case.wanted(running, number)
    there = find(running.target(case.kind), wanted).get(wanted.record)

    def go() -> Any:
        return write(running.target(case.kind), (wanted, there))[wanted.record]

    return wanted, go


@every_target()
def test_odd_json_never_breaks_a_target(running: Running, case: TargetCase) -> None:
    wanted, go = write_once(running, case)
    for body in ODD_BODIES:
        running.simulator.clear_faults()
        happen(running.simulator, {"status": 200, "body": body})

        found = find(running.target(case.kind), wanted).get(wanted.record)
        answer = go()

        assert found is None or isinstance(found, SyncFailure) or not found.equal, body
        assert isinstance(answer, SyncFailure) or not answer.verified, body


@every_target()
@every_fault
def test_a_write_that_went_wrong_has_its_reason_and_is_made_good_without_a_double(
    running: Running, case: TargetCase, bad: Bad
) -> None:
    wanted, go = write_once(running, case)
    happen(running.simulator, bad.fault, path=case.write_path)
    failure = check_failure(running, go(), bad.write)
    check_wait(failure, bad)
    running.simulator.clear_faults()
    running.clock.advance(120)

    unclear = failure.reason is Reason.OUTCOME_UNKNOWN
    answer = sync(running.target(case.kind), replace(wanted, unclear=unclear))[wanted.record]

    assert not isinstance(answer, SyncFailure), answer
    assert find(running.target(case.kind), linked(wanted, answer))[wanted.record].equal
    alone = case.count(running)
    running.clock.advance(120)
    assert not isinstance(sync(running.target(case.kind), wanted)[wanted.record], SyncFailure)
    assert case.count(running) == alone


@every_target()
def test_a_write_that_could_not_leave_is_tried_again(running: Running, case: TargetCase) -> None:
    _, go = write_once(running, case)
    refusing_everything(running)

    check_failure(running, go(), Reason.RETRYING)


@every_target()
def test_a_write_that_takes_too_long_has_an_unknown_outcome(
    running: Running, case: TargetCase
) -> None:
    _, go = write_once(running, case)
    happen(running.simulator, {"mode": "slow", "delay_s": 5 * SHORT_S}, path=case.write_path)
    running.hurry(SHORT_S)

    check_failure(running, go(), Reason.OUTCOME_UNKNOWN)


@every_target()
def test_a_refused_write_repeats_nothing_secret(running: Running, case: TargetCase) -> None:
    _, go = write_once(running, case)
    for status in REFUSALS:
        running.simulator.clear_faults()
        fault = talkative(running.simulator, status, talk_of(running))
        happen(running.simulator, fault, path=case.write_path)

        failure = go()

        assert isinstance(failure, SyncFailure)
        check_failure(running, failure, failure.reason)


@every_target()
def test_a_refused_token_is_renewed_once_and_the_write_goes_on(
    entry: Entry, case: TargetCase
) -> None:
    asked: list[Mapping[str, str]] = []

    def renew(refused: Mapping[str, str]) -> Mapping[str, str]:
        asked.append(refused)
        return refused

    with entry.open(renew=renew) as running:
        _, go = write_once(running, case)
        happen(running.simulator, {"status": 401}, times=1, path=case.write_path)

        assert isinstance(go(), Done)
        assert len(asked) == 1


@every_target()
def test_what_is_recorded_of_writes_holds_no_secret_and_no_address(
    running: Running, case: TargetCase
) -> None:
    sync(running.target(case.kind), case.wanted(running, 1))

    check_recorded(running)
