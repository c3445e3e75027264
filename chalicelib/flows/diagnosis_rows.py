"""The checks of one row, and of a record that has none; pure, as those of its flow."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.domain.reasons import Reason
from chalicelib.domain.rows import Row
from chalicelib.domain.statuses import Outcome, Status
from chalicelib.flows.diagnosis_checks import LATE, Check, Known, counted, told_of_polls


def check_row(known: Known, row: Row) -> Check:
    """The row is Synced; what it is not says its reason."""
    alike = _rows_alike(known, row)
    evidence = {
        "row": row.name.id,
        "status": row.status.value,
        "reason": row.reason.value if row.reason else None,
        "cause": row.cause,
        "group": row.fingerprint,
        "rows_alike": alike,
        "attempts": row.attempts,
        "next_attempt_at": row.next_attempt_at,
        "requested_at": row.requested_at,
        "updated_at": row.updated_at,
    }
    if row.reason is None:
        return _check_done(known, row, evidence)
    more, remedy = "", row.reason.rule.remedy
    if alike > 1:
        more = f"{counted(alike, 'row')} {'wait for the same' if row.cause else 'failed alike'}."
    elif row.reason is Reason.QUEUED and _is_late(row.requested_at, known.now):
        more = "No worker took it for too long."
        remedy = "See whether Synclog's workers run, and how many messages wait for them."
    return Check(
        check="row",
        ok=False,
        sentence=f"{row.reason.sentence_with(row.detail)} {more}".strip(),
        evidence=evidence,
        remedy=remedy,
    )


def _is_late(requested_at: datetime | None, now: datetime) -> bool:
    return requested_at is not None and requested_at < now - LATE


def _check_done(known: Known, row: Row, evidence: Mapping[str, Any]) -> Check:
    if row.outcome is Outcome.NOT_APPLICABLE:
        sentence = f"A rule left it alone. {row.detail or ''}".strip()
        remedy = "If that is not wanted, change the setting or the record, then re-sync."
        return Check(check="row", ok=False, sentence=sentence, evidence=evidence, remedy=remedy)
    written = f", last written at {known.moment(row.synced_at)}" if row.synced_at else ""
    sentence = f"It is synced and was verified at the target{written}."
    return Check(check="row", ok=row.status is Status.SYNCED, sentence=sentence, evidence=evidence)


def _rows_alike(known: Known, row: Row) -> int:
    """Return how many rows wait for the same or failed alike, as far as that was counted."""
    for key, groups in ((row.cause, known.causes), (row.fingerprint, known.groups)):
        if key is not None:
            return next((one.count for one in groups if one.key == key), 1)
    return 0


def check_needed(known: Known, kind: str, record: str, row: Row | None) -> Check:
    """The record that a row waits for is synced itself."""
    if row is None:
        return Check(
            check="needed_record",
            ok=False,
            sentence=f"It waits for {kind} {record}, which was never received.",
            evidence={"kind": kind, "record": record, "row": None},
            remedy="Import that record by its id; this one then goes on by itself.",
        )
    inner = check_row(known, row)
    return Check(
        check="needed_record",
        ok=inner.ok,
        sentence=f"It waits for {kind} {record}: {inner.sentence}",
        evidence=inner.evidence,
        remedy=inner.remedy,
    )


def check_never_received(known: Known, record: str, alike: Sequence[str]) -> Check:
    """There is no row of this record: say what is known all the same."""
    start = known.starts_at
    before = f"Nothing from before {known.moment(start)} is synced." if start else ""
    source = known.labels.get(known.flow.source, known.flow.source)
    sentence = f"{record} was not received: no webhook, poll or import has named it."
    return Check(
        check="row",
        ok=False,
        sentence=" ".join(part for part in (sentence, told_of_polls(known), before) if part),
        evidence={"record": record, "row": None, "alike": list(alike)},
        remedy=f"See that it is at {source}, in a state that the flow takes; then import its id.",
    )
