"""Routes of the log: rows by filter, one row whole, one row again."""

from typing import Any

from chalicelib.api import errors
from chalicelib.api.answers import RequestedAnswer, RowAnswer, RowDetailAnswer
from chalicelib.api.filters import LOG_FILTERS, read_row_query
from chalicelib.api.history import entry_json
from chalicelib.api.paging import page_json, read_paging
from chalicelib.api.routing import PAGING, Call, Routes
from chalicelib.api.row_detail import read_detail
from chalicelib.api.serializers import attempt_json, row_serializer
from chalicelib.domain.log import Page
from chalicelib.domain.protocol import Request
from chalicelib.domain.rows import Row, RowName
from chalicelib.domain.setup import Role
from chalicelib.flows.door import request_many
from chalicelib.flows.setup.errors import InvalidError, Problem
from chalicelib.flows.setup.saving import note

routes = Routes(__name__, "Log")

ONE = "/v1/consumers/{consumer}/logs/{row}"


@routes.add(
    "GET",
    "/v1/consumers/{consumer}/logs",
    query=(*LOG_FILTERS, *PAGING),
    answer=Page[RowAnswer],
)
def list_rows(call: Call) -> Any:
    """List rows, newest first.

    Filters may repeat, several values of one are alternatives. ``q`` is the start of a SKU, an
    order number, an id of either side or an e-mail. A page may be short and still have a ``next``.
    """
    paging = read_paging(call.query)
    query = read_row_query(call.services, call.consumer.id, call.query)
    to_json = row_serializer(call.services, call.consumer.id)
    if query is None:
        return page_json(Page[Row](items=[]), to_json)
    page = call.services.log.list_rows(query, limit=paging.limit, cursor=paging.cursor)
    return page_json(page, to_json)


@routes.add("GET", ONE, answer=RowDetailAnswer)
def show(call: Call) -> Any:
    """Show a row: the record, attempts with their exchanges, related rows, what people did to it.

    An attempt's ``changes`` are what it sent differently from the attempt before: at most 20, with
    values cut at 200 characters. None are told where the calls do not show them: one has expired,
    its body was cut, or it was made for many records and does not name this one.
    """
    detail = read_detail(call.services, read_row(call))
    to_json = row_serializer(call.services, call.consumer.id)
    row = to_json(detail.row)
    return {
        "row": row,
        "correlation": detail.row.correlation,
        "record": detail.record,
        "attempts": [
            attempt_json(one, detail.exchanges, detail.changes[one.number])
            for one in detail.attempts
        ],
        "links": row["links"],
        "related": [to_json(one) for one in detail.related],
        "history": [entry_json(one) for one in detail.history],
    }


@routes.add(
    "POST",
    f"{ONE}/resync",
    role=Role.OPERATOR,
    body="Nothing",
    status=202,
    answer=RequestedAnswer,
)
def resync(call: Call) -> Any:
    """Sync a row again.

    A row that waits for something is tried once and then says what it still waits for.
    """
    row, consumer = read_row(call), call.consumer.id
    asked = Request(name=row.name, kind=row.kind, by="person")
    [requested] = request_many(call.services, [asked])
    if requested.row is None:
        raise errors.not_found("There is no such row.")
    note(call.services, consumer, by=call.by, what="re-sync", subject=row.name.id, new=None)
    to_json = row_serializer(call.services, consumer)
    return {"requested": requested.tag, "row": to_json(requested.row)}


def read_row(call: Call) -> Row:
    """Return the row of the address.

    Raises:
        ApiError: 404, there is none.
        InvalidError: the text is no row's id.
    """
    try:
        name = RowName.from_id(call.consumer.id, call.params["row"])
    except ValueError as error:
        raise InvalidError([Problem(field="row", message=f"{error}.")]) from None
    [row] = call.services.log.read_rows([name])
    if row is None:
        raise errors.not_found("There is no such row.")
    return row
