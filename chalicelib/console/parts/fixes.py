"""Where a person mends what a row waits for: a page, by the row's cause and reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.console.asking import Query
from chalicelib.console.visits import Visit, encode
from chalicelib.domain.causes import parts_of

#: Reasons that a person's re-sync cannot hasten: the row is on its way already.
_ON_ITS_WAY = frozenset({"queued", "throttled", "sending", "awaiting_target", "outcome_unknown"})


@dataclass(frozen=True, kw_only=True)
class Fix:
    """A page that mends something, and what its link says."""

    label: str
    address: str


def mapping_at(visit: Visit, flow: str, name: str, query: Query | None = None) -> str:
    """Return the page of a mapping."""
    return visit.at(f"/mappings/{encode(flow)}/{encode(name)}", query)


def fix_of(visit: Visit, cause: str | None, *, record: str = "") -> Fix | None:
    """Return the page that removes a cause; None where no page does.

    Args:
        record: the record that waits, where the page may give it an answer of its own.
    """
    match parts_of(cause or ""):
        case ("mapping", flow, name, value):
            query = {"value": value, "record": record if not value else ""}
            address = f"{mapping_at(visit, flow, name, query)}#waiting"
            return Fix(label="Open the mapping", address=address)
        case ("setting", flow, name):
            address = f"{visit.at(f'/flows/{encode(flow)}')}#f-{name}"
            return Fix(label="Open the setting", address=address)
        case ("connection", name):
            address = visit.at(f"/connections/{encode(name)}")
            return Fix(label="Open the connection", address=address)
        case ("flow", flow):
            return Fix(label="Open the flow", address=visit.at(f"/flows/{encode(flow)}"))
        case ("record", kind, needed):
            address = visit.at("/logs", {"kind": kind, "q": needed})
            return Fix(label="Look at that record", address=address)
    return None


def can_resync(visit: Visit, row: Mapping[str, Any]) -> bool:
    """Whether a re-sync button belongs beside a row: it is not Synced, and not on its way."""
    is_stuck = row["status"] in ("Failed", "Pending") and row["reason"] not in _ON_ITS_WAY
    return is_stuck and visit.may("operator")
