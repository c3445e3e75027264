"""Runs as pages show them: polls, imports and bulk re-syncs."""

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.console.parts.rows import label_of_flow
from chalicelib.console.visits import Visit, encode
from chalicelib.console.words import count_of
from chalicelib.domain.rows import RowName

TYPES: Mapping[str, str] = {"poll": "Poll", "import": "Import", "resync": "Re-sync"}
TRIGGERS: Mapping[str, str] = {"schedule": "the schedule", "person": "a person"}
MESSAGES = 30  #: of a page, so that it stays below 50 KB

#: How the requested rows ended, with the filter of the log that lists those that stand so now.
_ENDS: Mapping[str, str] = {"synced": "Synced", "failed": "Failed", "held": "Pending"}


def run_shown(visit: Visit, run: Mapping[str, Any]) -> dict[str, Any]:
    """Return a run with its page, its words and its progress."""
    is_running = run["state"] == "Running"
    return {
        **run,
        "address": address_of(visit, run),
        "what": TYPES.get(run["type"], run["type"]),
        "trigger_said": TRIGGERS.get(run["trigger"], run["trigger"]),
        "flow_label": label_of_flow(visit, run["flow"]) if run["flow"] else "All flows",
        "is_running": is_running,
        "took": visit.times.between(run["started_at"], run["ended_at"]) if run["ended_at"] else "",
        "summary": summary_of(run),
        "tally": list(_tally(visit, run)),
        "is_counted": any(run["counts"][name] for name in _ENDS),
        "shown_messages": [_message(visit, run, one) for one in run["messages"][:MESSAGES]],
        "more_messages": max(0, len(run["messages"]) - MESSAGES),
        "rows": visit.at("/logs", {"execution": run["id"]}),
        "calls": visit.at("/transactions", {"execution": run["id"]}),
    }


def address_of(visit: Visit, run: Mapping[str, Any]) -> str:
    """Return the page of a run: a re-sync has one of its own."""
    place = "resyncs" if run["type"] == "resync" else "executions"
    return visit.at(f"/{place}/{encode(run['id'])}")


def summary_of(run: Mapping[str, Any]) -> str:
    """Return how far a run is, or what came of it, in one sentence."""
    counts = run["counts"]
    requested, done = counts["requested"], counts["done"]
    if run["state"] == "Running":
        return _under_way(requested, done)
    if not requested and run["state"] == "Error" and run["messages"]:
        return str(run["messages"][-1]["text"])
    if not requested:
        return f"{counts['found']:,} found, nothing to do." if counts["found"] else "Nothing found."
    if not done:
        return f"{requested:,} requested."
    how, count = ("failed", counts["failed"]) if counts["failed"] else ("synced", counts["synced"])
    held = f", {counts['held']:,} held" if counts["held"] else ""
    return f"{count:,} of {done:,} {how}{held}."


def _under_way(requested: int, done: int) -> str:
    if not requested:
        return "Looking for what to sync."
    if not done:
        return f"{count_of(requested, 'row')} requested, none done yet."
    return f"{done:,} of {requested:,} done."


def _tally(visit: Visit, run: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the counts in order; those that the log can list lead there."""
    counts, asked = run["counts"], {"execution": run["id"]}
    yield {"label": "Found", "count": counts["found"], "address": ""}
    yield {"label": "Skipped", "count": counts["skipped"], "address": ""}
    requested = visit.at("/logs", asked) if counts["requested"] else ""
    yield {"label": "Requested", "count": counts["requested"], "address": requested}
    for name, status in _ENDS.items():
        address = visit.at("/logs", {**asked, "status": status}) if counts[name] else ""
        yield {"label": name.capitalize(), "count": counts[name], "address": address}


def _message(visit: Visit, run: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message with its row: by its record, and by its flow where there are several."""
    if not said["row"]:
        return {**said, "address": "", "label": ""}
    return {**said, "address": visit.row(said["row"]), "label": _label_of(visit, run, said["row"])}


def _label_of(visit: Visit, run: Mapping[str, Any], row: str) -> str:
    try:
        name = RowName.from_id(run["consumer"], row)
    except ValueError:
        return row
    return name.record if run["flow"] else f"{name.record} ({label_of_flow(visit, name.flow)})"
