"""Reasons: a closed set, each with one status, a sentence, a remedy and a recovery."""

import pytest

from chalicelib.domain.reasons import RULES, Reason, Recovery, SyncFailure
from chalicelib.domain.statuses import Status

STATUSES = {
    Status.PENDING: (
        "queued retrying throttled needs_mapping needs_settings needs_record connection_down"
        " flow_off day_open held_for_review"
    ),
    Status.PROCESSING: "sending awaiting_target outcome_unknown",
    Status.FAILED: (
        "auth_rejected rejected_by_target missing_at_source missing_at_target conflict wrong_state"
        " amounts_differ gave_up crashed unsupported"
    ),
}


def test_each_reason_belongs_to_the_one_status_it_is_declared_for() -> None:
    found = {reason.value: reason.rule.status for reason in Reason}
    assert found == {name: status for status, names in STATUSES.items() for name in names.split()}


@pytest.mark.parametrize("reason", Reason)
def test_reason_says_what_is_wrong_and_what_to_do(reason: Reason) -> None:
    for text in (reason.rule.sentence, reason.rule.remedy):
        assert text[0].isupper()
        assert text.endswith(".")


def test_no_two_reasons_say_the_same() -> None:
    assert len({rule.sentence for rule in RULES.values()}) == len(Reason)


def test_holds_are_the_pending_reasons_with_a_cause() -> None:
    holds = {reason.value for reason in Reason if reason.is_hold}
    assert holds == set(STATUSES[Status.PENDING].split()) - {"queued", "retrying"}


def test_only_pauses_of_an_episode_park() -> None:
    parks = {reason.value for reason in Reason if reason.is_parking}
    assert parks == {"throttled", "flow_off", "connection_down"}


def test_failed_reasons_never_come_back_by_themselves() -> None:
    by_itself = (Recovery.RETRY, Recovery.WAIT)
    failed = [reason for reason in Reason if reason.rule.status is Status.FAILED]
    assert [reason for reason in failed if reason.rule.recovery in by_itself] == []


def test_what_nobody_looks_at_by_habit_alarms() -> None:
    alarms = {reason.value for reason in Reason if reason.rule.alarms}
    assert alarms == {"connection_down", "auth_rejected", "gave_up", "crashed"}


def test_failures_that_are_alike_share_their_fingerprint_and_others_do_not() -> None:
    def parts(**more: str) -> tuple[str, str, str]:
        return SyncFailure(Reason.CONFLICT, more.pop("detail", "x"), **more).fingerprint_parts  # type: ignore[arg-type]  # texts only

    assert parts(detail="Order 1") == parts(detail="Order 2")
    assert parts(error_code="A") != parts(error_code="B")
    assert parts(field="sku") != parts(field="name")
