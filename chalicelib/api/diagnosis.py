"""Routes of the diagnosis: why a flow, a record or a row does not sync."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.api.logs import ONE, read_row
from chalicelib.api.report_answers import DiagnosisAnswer, DiagnosisCheck
from chalicelib.api.routing import Call, Routes
from chalicelib.api.serializers import time_json
from chalicelib.flows.diagnosis import Diagnosis, diagnose_flow, diagnose_record, diagnose_row
from chalicelib.flows.diagnosis_checks import Check
from chalicelib.flows.setup.errors import InvalidError, Problem

routes = Routes(__name__, "Diagnosis")

LONGEST = 400  #: characters of a record's id; keys end at 2,048 bytes
DATE_ALONE = len("2026-11-01")


@routes.add(
    "GET",
    "/v1/consumers/{consumer}/diagnosis",
    query=("flow", "record", "date"),
    answer=DiagnosisAnswer,
)
def show(call: Call) -> Any:
    """Say why a flow does not sync, or one record of it, also one that has no row.

    ``date`` is when the record happened at its source, as far as it is known: nothing from before
    the start date is synced. No platform is asked. ``cause`` is null where all is well.
    """
    flow, record = _read_one(call, "flow"), _read_one(call, "record")
    if flow is None:
        raise InvalidError([Problem(field="flow", message="Name the flow it is about.")])
    at = _read_date(call)
    if record is None:
        return _diagnosis_json(diagnose_flow(call.services, call.consumer, flow, happened_at=at))
    return _diagnosis_json(
        diagnose_record(call.services, call.consumer, flow, record, happened_at=at)
    )


@routes.add("GET", f"{ONE}/diagnosis", answer=DiagnosisAnswer)
def show_of_row(call: Call) -> Any:
    """Say why a row is not Synced: what it waits for, and what else waits for the same."""
    return _diagnosis_json(diagnose_row(call.services, call.consumer, read_row(call)))


def _read_one(call: Call, name: str) -> str | None:
    """Return the only value of a name; empty counts as not given."""
    given = call.query.get(name, ())
    if len(given) > 1 or any(len(text) > LONGEST for text in given):
        message = f"Give one, of at most {LONGEST} characters."
        raise InvalidError([Problem(field=name, message=message)])
    return given[0] if given and given[0] else None


def _read_date(call: Call) -> datetime | None:
    """Return the latest moment that is meant: of a date alone the last of that day."""
    text = _read_one(call, "date")
    if text is None:
        return None
    try:
        # A plus sign that was not encoded arrives as a blank.
        at = datetime.fromisoformat(text.strip().replace(" ", "+") if "T" in text else text)
        if len(text.strip()) <= DATE_ALONE:
            at += timedelta(days=1, microseconds=-1)
        here = at if at.tzinfo else at.replace(tzinfo=ZoneInfo(call.consumer.time_zone))
        return here.astimezone(UTC)
    except (ValueError, OverflowError):
        message = "Give a date or time, such as 2026-11-01 or 2026-11-01T09:30Z."
        raise InvalidError([Problem(field="date", message=message)]) from None


def _diagnosis_json(diagnosis: Diagnosis) -> DiagnosisAnswer:
    return {
        "checks": [_check_json(check) for check in diagnosis.checks],
        "cause": _check_json(diagnosis.cause) if diagnosis.cause else None,
    }


def _check_json(check: Check) -> DiagnosisCheck:
    return {
        "check": check.check,
        "ok": check.ok,
        "sentence": check.sentence,
        "evidence": _evidence_json(check.evidence),
        "remedy": check.remedy,
    }


def _evidence_json(value: Any) -> Any:
    """Return evidence with its times as every answer writes them."""
    if isinstance(value, datetime):
        return time_json(value)
    if isinstance(value, list):
        return [_evidence_json(one) for one in value]
    if isinstance(value, dict):
        return {name: _evidence_json(inner) for name, inner in value.items()}
    return value
