"""Rows as pages show them: what they are about, where they lead, what can be done."""

from collections.abc import Mapping
from typing import Any

from chalicelib.console.parts.fixes import can_resync, fix_of
from chalicelib.console.visits import Visit
from chalicelib.flows.declare import base_name


def label_of_flow(visit: Visit, name: str) -> str:
    """Return what people call a flow; a second account is named with it."""
    flow = visit.services.flows.get(base_name(name))
    _, at, second = name.partition("@")
    return (flow.label if flow else name) + (f" ({second})" if at else "")


def shown(visit: Visit, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as lists show it: with its page, what mends it, and its button."""
    return {
        **row,
        **row["columns"],
        "address": visit.row(row["id"]),
        "fix": fix_of(visit, row["cause"], record=row["record"]),
        "can_resync": can_resync(visit, row),
        "resync": f"{visit.row(row['id'])}/resync",
        "title": title_of(row),
        "subtitle": subtitle_of(row),
    }


def title_of(row: Mapping[str, Any]) -> str:
    """Return what a row is about: a name for goods and people, an id for documents."""
    columns = row["columns"]
    return str(columns.get("name") or columns.get("order_number") or row["record"])


def subtitle_of(row: Mapping[str, Any]) -> str:
    """Return what stands under the title: the id where that is a name, else the total."""
    total = row["columns"].get("total")
    if row["columns"].get("name"):
        return str(row["record"])
    return f"{total['amount']} {total['currency']}" if total else ""
