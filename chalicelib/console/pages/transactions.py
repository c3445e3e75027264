"""Transactions: every HTTP call to a platform."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from chalice.app import Response

from chalicelib.api.filters import TRANSACTION_FILTERS
from chalicelib.console.parts.codes import answer_text
from chalicelib.console.parts.filter_words import said_chips
from chalicelib.console.parts.filters import DAYS, read_page
from chalicelib.console.parts.rows import label_of_flow, title_of
from chalicelib.console.rendering import clip, json_html, pretty
from chalicelib.console.visits import Visit, encode

if TYPE_CHECKING:
    from markupsafe import Markup

TRANSACTIONS = "/v1/consumers/{consumer}/transactions"
ROWS = 40  #: of a page, so that it stays below 50 KB
BODY_MOST = 15_000  #: bytes of HTML one body may take, for the same reason
HEADERS_MOST = 20
ROWS_MOST = 10  #: rows of one call that are named


def show_all(visit: Visit) -> Response:
    """Show a page of calls, newest first; a filter that cannot be used is said above it."""
    filters = _read_filters(visit)
    page, problems = read_page(visit, TRANSACTIONS, filters, limit=ROWS)
    return visit.render(
        "transactions.html",
        page=page,
        calls=[_listed(visit, one) for one in page["items"]],
        problems=problems,
        filters=filters,
        chips=said_chips(visit, filters),
        platforms=[
            {"id": name, "name": visit.label(name)} for name in sorted(visit.services.offers)
        ],
    )


def show(visit: Visit) -> Response:
    """Show one call with what was sent and answered."""
    found = visit.api.get(f"{TRANSACTIONS}/{{id}}", id=visit.params["id"])
    rows = found["rows"]
    return visit.render(
        "transaction.html",
        call=_listed(visit, found),
        sides=[
            _side("request", "Request", found["request"]),
            _side("response", "Answer", found["response"]),
        ],
        rows=None if rows is None else [_row(visit, row) for row in rows[:ROWS_MOST]],
        api_path=TRANSACTIONS.format(consumer=encode(visit.params["consumer"]))
        + f"/{encode(found['id'])}",
    )


def _read_filters(visit: Visit) -> dict[str, list[str]]:
    """Return the filters of an address; several codes may stand in its one field."""
    found = {name: visit.many(name) for name in (*TRANSACTION_FILTERS, *DAYS)}
    found["code"] = " ".join(found["code"]).replace(",", " ").split()
    return {name: values for name, values in found.items() if values}


def _listed(visit: Visit, call: Mapping[str, Any]) -> dict[str, Any]:
    status, connection, run = call["status"], call["connection"], call["execution"]
    is_good = status is not None and status < HTTPStatus.BAD_REQUEST
    return {
        **call,
        "address": visit.at(f"/transactions/{encode(call['id'])}"),
        "platform_label": visit.label(call["platform"]),
        "account": connection if connection != call["platform"] else "",
        "connection_at": visit.at(f"/connections/{encode(connection)}"),
        "execution_at": visit.at(f"/executions/{encode(run)}") if run else "",
        "took": visit.times.took(call["duration_ms"]),
        "is_good": is_good,
        "answer": answer_text(status),
    }


def _row(visit: Visit, row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "status": row["status"],
        "title": title_of(row),
        "flow": label_of_flow(visit, row["flow"]),
        "address": visit.row(row["id"]),
    }


def _side(name: str, heading: str, side: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was sent or answered, bounded for the page."""
    headers = list(side["headers"].items())
    body, is_cut = bounded(side["body"], BODY_MOST)
    return {
        "name": name,
        "heading": heading,
        "headers": [(clip(key, 60), clip(value, 200)) for key, value in headers[:HEADERS_MOST]],
        "headers_more": max(0, len(headers) - HEADERS_MOST),
        "body": body,
        "is_cut": is_cut,
    }


def bounded(body: str, most: int) -> "tuple[Markup, bool]":
    """Return a body coloured, in at most so many bytes of HTML, and whether it was cut for that."""
    text = whole = pretty(body)
    shown = json_html(text)
    while (size := len(shown.encode())) > most:
        text = text[: min(len(text) - 1, len(text) * most // size)]
        shown = json_html(text)
    return shown, text != whole
