"""Dead letters: what lies in the queues, redrive, prune."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

from chalice.app import Response

from chalicelib.console.parts.rows import label_of_flow
from chalicelib.console.visits import Visit, encode
from chalicelib.console.words import count_of
from chalicelib.domain.rows import RowName
from chalicelib.flows.setup.errors import InvalidError, UnknownError

LETTERS = "/v1/dlq"
ROWS = 25  #: of a page, so that it stays below 50 KB
#: What is said of a field that does not fit, in plainer words than the API has for programs.
WANTED: Mapping[str, str] = {
    "max": "Give a whole number from 1 to 10,000.",
    "per_second": "Give a number above 0, up to 1,000.",
}
FIELDS: Mapping[str, str] = {"max": "1000", "per_second": "50", "consumer": ""}


def show(visit: Visit) -> Response:
    """Show the queues and the rows whose names lie in them."""
    return _page(visit, {**FIELDS, "consumer": visit.one("consumer")}, {})


def redrive(visit: Visit) -> Response:
    """Try dead letters again, as many and as fast as the form says."""
    values = {name: visit.field(name) for name in FIELDS}
    body = {
        "max": _number(values["max"], int),
        "per_second": _number(values["per_second"], float),
        "consumer": values["consumer"] or None,
    }
    try:
        told = visit.api.send("POST", f"{LETTERS}/redrive", body)
    except InvalidError as error:
        problems = {one.field: WANTED.get(one.field, one.message) for one in error.problems}
        return _page(visit, values, problems, status=422)
    except UnknownError as error:
        return _page(visit, values, {"consumer": str(error)}, status=404)
    query = {"consumer": values["consumer"]}
    return visit.redirect(visit.url("/dead-letters", query), said=_redriven(told))


def prune(visit: Visit) -> Response:
    """Delete letters whose rows no longer fail."""
    deleted = visit.api.send("POST", f"{LETTERS}/prune")["deleted"]
    said = f"{count_of(deleted, 'letter')} deleted: the rows no longer fail."
    nothing = "Nothing to delete: the row of every letter that was looked at still fails."
    return visit.redirect(visit.url("/dead-letters"), said=said if deleted else nothing)


def _page(
    visit: Visit, values: Mapping[str, str], problems: Mapping[str, str], *, status: int = 200
) -> Response:
    consumer = visit.one("consumer")
    paging = {"cursor": visit.one("cursor"), "limit": str(ROWS)}
    page = visit.api.get(LETTERS, {"consumer": consumer, **paging})
    counts = page["counts"]
    return visit.render(
        "dead_letters.html",
        status=status,
        page=page,
        letters=[_shown(visit, one) for one in page["items"]],
        counts={"Records": counts["records"], "Inventory": counts["stock"]},
        oldest_at=page.get("oldest_at"),
        consumer=consumer,
        values=values,
        problems=problems,
    )


def _shown(visit: Visit, letter: Mapping[str, Any]) -> dict[str, Any]:
    place = f"/consumers/{encode(letter['consumer'])}"
    name = RowName.from_id(letter["consumer"], letter["row"])
    return {
        **letter,
        "address": visit.url(f"{place}/logs/{encode(letter['row'])}"),
        "consumer_at": visit.url(place),
        "flow_label": label_of_flow(visit, letter["flow"]),
        "record": name.record,
    }


def _redriven(told: Mapping[str, int]) -> str:
    """Return what a redrive did, as one sentence."""
    if not told["received"]:
        return "No letter was received: the queues are empty, or others are looking at them."
    tried = f"{count_of(told['requested'], 'row')} tried again"
    dropped = f"{count_of(told['dropped'], 'letter')} dropped, whose rows no longer fail"
    return f"{count_of(told['received'], 'letter')} received: {tried}, {dropped}."


def _number(text: str, kind: type[int] | type[float]) -> int | float | str:
    """Return what a field means; what is no number stays text, for the API to say so."""
    try:
        number = kind(text)
        return number if isfinite(number) else text
    except (ValueError, OverflowError):
        return text
