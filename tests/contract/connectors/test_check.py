"""What the check of every connection promises."""

from typing import Any

import pytest

from chalicelib.domain.reasons import Reason, SyncFailure
from tests.contract.connectors.entries import every_platform
from tests.contract.connectors.faults import SHORT_S
from tests.contract.connectors.suite import Entry, Running


@every_platform()
def test_an_account_that_works_is_told_by_its_name(entry: Entry, running: Running) -> None:
    check = running.platform().check()

    assert check.ok
    assert check.account
    assert not check.problems


@every_platform()
def test_a_check_makes_few_calls_and_writes_nothing(entry: Entry, running: Running) -> None:
    running.platform().check()

    calls = running.account.http.trace.exchanges
    assert 1 <= len(calls) <= 10
    assert {one.method for one in calls} <= {"GET", "POST"}


@every_platform()
def test_wrong_credentials_are_a_problem_with_a_sentence(entry: Entry, running: Running) -> None:
    right = running.secrets
    running.give(**dict.fromkeys(running.account.credentials, "wrong-credential"))

    check = running.platform().check()

    assert not check.ok
    assert check.problems
    for problem in check.problems:
        assert problem[0].isupper()
        assert problem.endswith(".")
        assert "wrong-credential" not in problem
        assert not [one for one in right if one in problem]


@every_platform()
def test_missing_credentials_are_a_problem_and_no_crash(entry: Entry, running: Running) -> None:
    running.give(**dict.fromkeys(running.account.credentials, ""))

    check = running.platform().check()

    assert not check.ok
    assert check.problems


@every_platform()
@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"status": 503},
        {"mode": "html"},
        {"mode": "html", "status": 200},
        {"mode": "half_body"},
        {"mode": "drop_before"},
    ],
    ids=str,
)
def test_a_platform_in_trouble_says_nothing_about_the_account(
    entry: Entry, running: Running, fault: dict[str, Any]
) -> None:
    running.simulator.fail_next(times=50, **fault)

    with pytest.raises(SyncFailure) as failed:
        running.platform().check()

    assert failed.value.reason is Reason.RETRYING


@every_platform()
@pytest.mark.parametrize("mode", ["answer", "drop"])
def test_a_platform_that_is_down_is_asked_again_later(
    entry: Entry, running: Running, mode: str
) -> None:
    running.simulator.down(mode=mode)

    with pytest.raises(SyncFailure) as failed:
        running.platform().check()

    assert failed.value.reason is Reason.RETRYING


@every_platform()
def test_a_platform_that_is_busy_is_asked_again_later(entry: Entry, running: Running) -> None:
    running.simulator.fail_next(429, times=50, retry_after=9)

    with pytest.raises(SyncFailure) as failed:
        running.platform().check()

    assert (failed.value.reason, failed.value.retry_after_s) == (Reason.THROTTLED, 9)


@every_platform()
def test_a_check_that_takes_too_long_is_asked_again_later(entry: Entry, running: Running) -> None:
    running.simulator.fail_next(times=50, mode="slow", delay_s=5 * SHORT_S)
    running.hurry(SHORT_S)

    with pytest.raises(SyncFailure) as failed:
        running.platform().check()

    assert failed.value.reason is Reason.RETRYING
