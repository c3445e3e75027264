"""Bulk re-syncs: how many first, progress, result."""

from collections.abc import Mapping, Sequence
from typing import Any

from chalice.app import Response

from chalicelib.api.errors import ApiError
from chalicelib.api.filters import LOG_FILTERS
from chalicelib.console.parts.filter_words import filters_of_spec, said_filters
from chalicelib.console.parts.filters import DAYS, Filters, read_filters, to_api
from chalicelib.console.parts.problems import sentences_of
from chalicelib.console.parts.runs import run_shown
from chalicelib.console.visits import Visit, encode
from chalicelib.flows.setup.errors import InvalidError

RESYNCS = "/v1/consumers/{consumer}/resyncs"


def ask_first(visit: Visit) -> Response:
    """Say how many rows a re-sync would request, before it does."""
    return _form(visit, read_filters(visit))


def list_resyncs(visit: Visit) -> Response:
    """Send people to the list: re-syncs stand among the executions."""
    return visit.redirect(visit.at("/executions", {"type": "resync"}))


def start(visit: Visit) -> Response:
    """Start to sync all rows of a filter again."""
    filters = {
        name: values
        for name in (*LOG_FILTERS, *DAYS)
        if (values := [value for value in visit.form.get(name, ()) if value.strip()])
    }
    try:
        run = visit.api.send("POST", RESYNCS, {"filter": to_api(filters, visit.times.zone)})
    except InvalidError as error:
        return _form(visit, filters, problems=sentences_of(error))
    except ApiError as error:
        if error.status != 422:
            raise
        return _form(visit, filters, problems=[error.message])
    return visit.redirect(visit.at(f"/resyncs/{encode(run['id'])}"))


def show(visit: Visit) -> Response:
    """Show how far a re-sync is, or what came of it."""
    run = visit.api.get(f"{RESYNCS}/{{id}}", id=visit.params["id"])
    filters = filters_of_spec(visit, run["spec"].get("filter", {}))
    return visit.render(
        "resync.html",
        run=run_shown(visit, run),
        filters=filters,
        said_filters=said_filters(visit, filters),
        sentence=_sentence_of(run),
    )


def cancel(visit: Visit) -> Response:
    """Stop a re-sync."""
    id_ = visit.params["id"]
    said = "Stopped. Rows that were requested already are still synced."
    try:
        visit.api.send("POST", f"{RESYNCS}/{{id}}/cancel", id=id_)
    except ApiError as error:
        if error.status != 409:
            raise
        said = error.message
    return visit.redirect(visit.at(f"/resyncs/{encode(id_)}"), said=said)


def _form(visit: Visit, filters: Filters, *, problems: Sequence[str] = ()) -> Response:
    found: Mapping[str, Any] = {"count": 0, "exact": True}
    if not problems:
        try:
            asked = {"filter": to_api(filters, visit.times.zone), "dry_run": True}
            found = visit.api.send("POST", RESYNCS, asked)
        except InvalidError as error:
            problems = sentences_of(error)
    wanted = {**filters, "status": filters.get("status", ["Failed"])}
    return visit.render(
        "resync_new.html",
        status=422 if problems else 200,
        problems=problems,
        found=found,
        filters=wanted,
        said_filters=said_filters(visit, wanted),
    )


def _sentence_of(run: Mapping[str, Any]) -> str:
    """Say what an empty run or a cancelled one means; nothing where the counts say it all."""
    counts = run["counts"]
    if run["state"] == "Cancelled":
        return "It was stopped. Rows that were requested before are still synced."
    if run["state"] != "Running" and not counts["requested"]:
        return (
            "There was nothing left to sync: no row fitted the filter any more, "
            "or another re-sync had taken them."
        )
    return ""
