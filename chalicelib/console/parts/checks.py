"""Checks of a diagnosis as pages show them: in words, with what mends each."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chalicelib.console.parts.filter_words import said_cause
from chalicelib.console.parts.fixes import Fix, fix_of
from chalicelib.console.visits import Visit, encode
from chalicelib.console.words import count_of

_LABELS: Mapping[str, str] = {
    "consumer": "Merchant",
    "source_connection": "Where it comes from",
    "target_connection": "Where it goes to",
    "flow_on": "The switch",
    "ready": "The set-up",
    "start_date": "The start date",
    "poll": "Asking for changes",
    "held": "Waiting rows",
    "failed": "Failed rows",
    "needed_record": "The record it waits for",
    "row": "The record itself",
}
#: Evidence worth a line of its own, and what it is called; the sentence says the rest.
_EVIDENCE: Mapping[str, str] = {
    "connection": "Connection",
    "last_error": "Last error",
    "checked_at": "Checked",
    "completed_at": "Completed",
    "missing": "Missing",
    "start_date": "Start date",
    "happened_at": "Asked for",
    "last_polled_at": "Last poll ended",
    "next_poll_at": "Next poll",
    "changes_known_until": "Changes known until",
    "status": "Status",
    "attempts": "Attempts",
    "next_attempt_at": "Next attempt",
    "requested_at": "Requested",
    "updated_at": "Updated",
    "rows_alike": "Rows alike",
}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")


def shown_check(
    visit: Visit, flow: str, check: Mapping[str, Any], *, here: str = ""
) -> dict[str, Any]:
    """Return a check with its label, its evidence as facts, and the page that mends it.

    Args:
        here: the row whose page this is: nothing leads to itself.
    """
    evidence = check["evidence"]
    return {
        **check,
        "label": _LABELS.get(check["check"], check["check"].replace("_", " ").capitalize()),
        "facts": list(_facts(evidence)),
        "links": list(_links(visit, evidence, here)),
        "fix": None if check["ok"] else _fix(visit, flow, check["check"], evidence),
    }


def shown_checks(
    visit: Visit, flow: str, checks: Sequence[Mapping[str, Any]], *, here: str = ""
) -> list[dict[str, Any]]:
    """Return checks in their order."""
    return [shown_check(visit, flow, check, here=here) for check in checks]


def _facts(evidence: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """Yield label, text, and whether it is a time."""
    for name, label in _EVIDENCE.items():
        value = evidence.get(name)
        if isinstance(value, list):
            value = ", ".join(str(one) for one in value)
        if value or value == 0:
            yield label, str(value), bool(_TIME.fullmatch(str(value)))


def _links(visit: Visit, evidence: Mapping[str, Any], here: str) -> Iterator[Fix]:
    """Yield the rows and runs that evidence names."""
    if evidence.get("row") and evidence["row"] != here:
        yield Fix(label="Open its row", address=visit.row(str(evidence["row"])))
    for row in evidence.get("alike") or ():
        yield Fix(label=f"Was it {row}?", address=visit.row(str(row)))
    if evidence.get("execution"):
        place = f"/executions/{encode(str(evidence['execution']))}"
        yield Fix(label="Open the last poll", address=visit.at(place))
    for group in evidence.get("groups") or ():
        name = "cause" if ":" in group["key"] else "group"
        label = f"{count_of(group['rows'], 'row')}: {_said_group(visit, group)}"
        yield Fix(label=label, address=visit.at("/logs", {name: group["key"]}))


def _said_group(visit: Visit, group: Mapping[str, Any]) -> str:
    """Return what tells a group from others: what its rows wait for, or why they failed."""
    if ":" in group["key"]:
        return f"waiting for {said_cause(visit, group['key'])}"
    return str(group["reason"]).replace("_", " ")


def _fix(visit: Visit, flow: str, check: str, evidence: Mapping[str, Any]) -> Fix | None:
    place = f"/flows/{encode(flow)}"
    match check:
        case "source_connection" | "target_connection":
            return _connection_fix(visit, evidence)
        case "flow_on" | "ready":
            return Fix(label="Open the flow", address=visit.at(place))
        case "start_date":
            return Fix(label="Open the setting", address=f"{visit.at(place)}#f-start_date")
        case "held":
            return _first_group_fix(visit, evidence)
        case "failed":
            return Fix(label="What needs you", address=visit.at("/groups"))
        case "row" | "needed_record":
            return _row_fix(visit, flow, evidence)
    return None


def _connection_fix(visit: Visit, evidence: Mapping[str, Any]) -> Fix:
    """Return the connection's page, or all of them where it was never made."""
    if "health" not in evidence:
        return Fix(label="Open the connections", address=visit.at("/connections"))
    address = visit.at(f"/connections/{encode(str(evidence['connection']))}")
    return Fix(label="Open the connection", address=address)


def _first_group_fix(visit: Visit, evidence: Mapping[str, Any]) -> Fix | None:
    groups = evidence.get("groups") or ()
    return fix_of(visit, groups[0]["key"]) if groups else None


def _row_fix(visit: Visit, flow: str, evidence: Mapping[str, Any]) -> Fix | None:
    """Return what mends the row's cause; a record without a row can be imported."""
    if evidence.get("row") is None:
        is_of_another = "kind" in evidence  # a record that this one waits for has its own flow
        query = {"flow": "" if is_of_another else flow, "ids": evidence.get("record") or ""}
        address = f"{visit.at('/executions', query)}#import"
        return Fix(label="Import it by its id", address=address)
    return fix_of(visit, evidence.get("cause"))
