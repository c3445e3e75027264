"""One row: what it is, why it is where it is, what mends it, and all that happened."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from chalice.app import Response

from chalicelib.api.errors import ApiError
from chalicelib.api.row_detail import ATTEMPTS
from chalicelib.console import rendering
from chalicelib.console.parts.accounts import label_of_account
from chalicelib.console.parts.checks import shown_check, shown_checks
from chalicelib.console.parts.codes import code_text
from chalicelib.console.parts.fixes import Fix, can_resync, mapping_at
from chalicelib.console.parts.records import sheet_of
from chalicelib.console.parts.rows import heading_of, label_of_flow, shown
from chalicelib.console.parts.timeline import (
    Budget,
    add_bodies,
    add_calls,
    coloured,
    events_of,
    has_expired,
)
from chalicelib.console.visits import Visit
from chalicelib.domain.causes import parts_of
from chalicelib.domain.rows import RowName
from chalicelib.flows.declare import base_name, connections_of
from chalicelib.flows.setup.errors import InvalidError, UnknownError

ONE = "/v1/consumers/{consumer}/logs/{row}"
RELATED = 8
PAGE = 48_500  #: bytes of a page; 50 KB is the promise
BODIES = 22_000  #: bytes of what was sent and answered
RAW_AT_MOST = 4000  #: characters of the record as JSON


def show_row(visit: Visit) -> Response:
    """Show a row; of one that there is not, say where to look."""
    row_id = visit.params["row"]
    try:
        detail = visit.api.get(ONE, row=row_id)
    except ApiError as error:
        if error.status != 404:
            raise
        return _missing(visit, row_id)
    except InvalidError:
        return _missing(visit, row_id)
    visit.area = f"logs-{detail['row']['kind']}"
    values = _values_of(visit, detail)
    empty = rendering.render("row.html", visit=visit, said="", raw=None, **values)
    room = Budget(left=max(0, PAGE - len(empty.encode())))
    add_calls(visit, values["events"], room)
    raw = _raw_of(detail["record"], room)
    add_bodies(values["events"], Budget(left=min(room.left, BODIES)))
    return visit.render("row.html", raw=raw, **values)


def _values_of(visit: Visit, detail: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the page shows in any case: it is weighed before calls are added."""
    row = detail["row"]
    return {
        "row": shown(visit, row),
        "flow": label_of_flow(visit, row["flow"]),
        "title": heading_of(row),
        "code": code_text(str(row["status"]).lower(), row["code"]),
        "sides": _sides_of(visit, row),
        "own_answer": _own_answer(visit, row),
        "again": _again_of(visit, row),
        "waits": _diagnosis_of(visit, row),
        "sheet": sheet_of(
            detail["record"], row["columns"], kind=row["kind"], part=visit.number("part") or 1
        ),
        "is_kept": detail["record"] is not None,
        "events": events_of(visit, detail, newest=visit.number("attempt")),
        "has_expired": has_expired(row, detail["attempts"], ATTEMPTS),
        "correlation": detail.get("correlation"),
        "related": [shown(visit, one) for one in detail["related"][:RELATED]],
        "look_again_s": _look_again_s(row),
    }


def _missing(visit: Visit, row_id: str) -> Response:
    """Return the page of a row that there is not; its id may say what was looked for."""
    try:
        name = RowName.from_id("", row_id)
        asked = {"flow": name.flow, "record": name.record}
    except ValueError:
        asked = {}
    return visit.render("row_missing.html", status=404, row_id=row_id, asked=asked)


def _sides_of(visit: Visit, row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the record's id at each side; a target that has none yet is named all the same."""
    found = [
        {**link, "label": label_of_account(visit, link["platform"], link["connection"])}
        for link in row["links"]
    ]
    flow = visit.services.flows.get(base_name(row["flow"]))
    if flow is not None and len(found) == 1:
        _, connection = connections_of(flow, row["flow"])
        label = label_of_account(visit, flow.target, connection)
        found.append({"label": label, "platform": flow.target, "id": None, "url": None})
    return found


def _own_answer(visit: Visit, row: Mapping[str, Any]) -> Fix | None:
    """Return the page that gives this record alone an answer, where a mapping lacks one."""
    match parts_of(row["cause"] or ""):
        case ("mapping", flow, name, value) if value and visit.may("admin"):
            address = mapping_at(visit, flow, name, {"record": row["record"]})
            return Fix(label="Give this record its own answer", address=f"{address}#record")
    return None


def _again_of(visit: Visit, row: Mapping[str, Any]) -> str | None:
    """Return what the button says that syncs the row again; None where there is none."""
    if can_resync(visit, row):
        return "Re-sync"
    is_done = row["status"] == "Synced" and visit.may("operator")
    return "Sync again" if is_done else None


def _diagnosis_of(visit: Visit, row: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what a row waits for; None for one that is Synced, or whose flow is no more."""
    if row["status"] == "Synced":
        return None
    try:
        found = visit.api.get(f"{ONE}/diagnosis", row=row["id"])
    except UnknownError:
        return None
    cause = found["cause"]
    is_elsewhere = cause is not None and cause["check"] != "row"
    return {
        "checks": shown_checks(visit, row["flow"], found["checks"], here=row["id"]),
        "cause": shown_check(visit, row["flow"], cause) if is_elsewhere else None,
        "alike": _alike_of(visit, row, found["checks"]),
    }


def _alike_of(
    visit: Visit, row: Mapping[str, Any], checks: Sequence[Mapping[str, Any]]
) -> dict[str, Any] | None:
    """Return how many rows wait for the same or failed alike, with their list."""
    count = checks[-1]["evidence"].get("rows_alike") or 0
    name = "cause" if row["cause"] else "group"
    if count < 2 or not row[name]:
        return None
    return {"count": count, "address": visit.at("/logs", {name: row[name]})}


def _look_again_s(row: Mapping[str, Any]) -> int:
    """Return after how many seconds the page looks again: what waits may go on by itself."""
    if row["status"] == "Synced":
        return 0
    is_moving = row["status"] == "Processing" or row["reason"] in ("queued", "retrying")
    return 3 if is_moving else 10


def _raw_of(record: Mapping[str, Any] | None, room: Budget) -> Mapping[str, Any] | None:
    """Return the record as JSON, cut if it is long."""
    if record is None:
        return None
    text = json.dumps(record, ensure_ascii=False)
    body, is_cut = coloured(text, RAW_AT_MOST)
    if not room.take(len(str(body).encode())):
        body, is_cut = coloured(text, RAW_AT_MOST // 8)
        room.take(min(len(str(body).encode()), room.left))
    return {"body": body, "is_cut": is_cut}
