"""Groups as pages show them: rows that failed alike, or wait for the same."""

from collections.abc import Mapping
from typing import Any

from chalicelib.console.parts.fixes import fix_of
from chalicelib.console.parts.rows import label_of_flow
from chalicelib.console.visits import Visit
from chalicelib.domain.causes import parts_of
from chalicelib.domain.rows import RowName

#: What rows of several flows may wait for.
_OF_SEVERAL = ("record", "rate", "connection")


def shown_group(visit: Visit, group: Mapping[str, Any]) -> dict[str, Any]:
    """Return a group as pages show it: its rows, an example, and what mends it."""
    record = RowName.from_id(visit.params["consumer"], group["example"]).record
    is_failure = group["type"] == "failure"
    return {
        **group,
        "label": _where(visit, group),
        "address": visit.at("/logs", {"group": group["group"], "cause": group["cause"]}),
        "example": visit.row(group["example"]),
        "record": record,
        "fix": fix_of(visit, group["cause"], record=record),
        "resync": _resync(visit, group) if is_failure and visit.may("operator") else None,
        "goes_on": is_by_itself(group),
        "again_at": _again_at(visit, group),
    }


def is_by_itself(group: Mapping[str, Any]) -> bool:
    """Whether the rows go on without anybody: after another row, or when calls are free."""
    return parts_of(group["cause"] or "")[0] in ("record", "rate")


def _where(visit: Visit, group: Mapping[str, Any]) -> str:
    """Return the flow of a group; what several flows may wait for names that of its example."""
    label, about = label_of_flow(visit, group["flow"]), parts_of(group["cause"] or "")[0]
    return f"Such as: {label}" if about in _OF_SEVERAL and group["count"] > 1 else label


def _again_at(visit: Visit, group: Mapping[str, Any]) -> str | None:
    """Return when it was last seen; None where that reads like the first time."""
    first, last = group["first_at"], str(group["last_at"])
    return last if visit.times.ago(first) != visit.times.ago(last) else None


def _resync(visit: Visit, group: Mapping[str, Any]) -> dict[str, Any]:
    count = group["count"]
    return {
        "address": visit.at("/resyncs"),
        "label": "Re-sync this one" if count == 1 else f"Re-sync these {count:,}",
        "fields": {"group": group["key"], "status": "Failed"},
    }
