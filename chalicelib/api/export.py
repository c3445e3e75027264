"""The route of the export: rows by filter as CSV, in parts, for no answer may pass 6 MB."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, takewhile
from typing import Any

from chalice.app import Response

from chalicelib.api.csv_lines import columns_of, header_line, row_line
from chalicelib.api.filters import LOG_FILTERS, read_row_query
from chalicelib.api.routing import Call, Routes
from chalicelib.domain.log import RowQuery
from chalicelib.domain.ports import SyncLog
from chalicelib.domain.statuses import Kind
from chalicelib.flows.declare import base_name
from chalicelib.flows.services import Services

routes = Routes(__name__, "Log")

NEXT, ROWS = "X-Synclog-Next", "X-Synclog-Rows"
CSV = "text/csv; charset=utf-8"
PAGE = 200  #: rows of one read
READS_OF_A_PART = 10  #: so that a part takes seconds, however little a filter finds
#: Lambda answers at most 6 MB, and counts the text as it stands in JSON.
BYTES_OF_A_PART = 5_000_000


@dataclass(frozen=True, kw_only=True)
class Part:
    """Some lines of an export; without a cursor they are the last."""

    lines: Sequence[str]
    next: str | None


@routes.add(
    "GET",
    "/v1/consumers/{consumer}/export.csv",
    query=(*LOG_FILTERS, "cursor"),
    answer=str,
    media="text/csv",
    headers={
        NEXT: "Cursor of the next part; there is none at the last part.",
        ROWS: "Number of rows of this part.",
    },
)
def export(call: Call) -> Any:
    """Export rows as CSV, newest first, with the filters of the log.

    An export comes in parts. While an answer has the header ``X-Synclog-Next``, ask again with the
    same filters and that cursor, and append what comes: only the first part, asked for without a
    cursor, has the line with the names of the columns. A part may hold no row. The columns are
    those of the kinds that are asked for. The text is UTF-8 with a byte order mark, lines end in
    CR LF, and a cell that a spreadsheet would take for a formula begins with an apostrophe.
    """
    services, cursor = call.services, call.query.get("cursor", [""])[-1] or None
    filters = {name: values for name, values in call.query.items() if name != "cursor"}
    query = read_row_query(services, call.consumer.id, filters)
    columns = columns_of(_kinds_of(services, query, filters))
    part = (
        Part(lines=(), next=None)
        if query is None
        else _read_part(services.log, query, columns, cursor)
    )
    head = header_line(columns) if cursor is None else ""
    return Response(body=head + "".join(part.lines), headers=_headers(call, part))


def _kinds_of(
    services: Services, query: RowQuery | None, filters: Mapping[str, Sequence[str]]
) -> list[Kind]:
    if query is None:
        return [Kind(text) for text in filters.get("kind", ())]
    return [services.flows[base_name(lane)].kind for lane in query.lanes]


def _read_part(log: SyncLog, query: RowQuery, columns: Sequence[str], cursor: str | None) -> Part:
    lines: list[str] = []
    room = BYTES_OF_A_PART
    for _ in range(READS_OF_A_PART):
        page = log.list_rows(query, limit=PAGE, cursor=cursor)
        made = [row_line(row, columns) for row in page.items]
        fitting = _count_fitting(made, room)
        is_full = fitting < len(made)
        if is_full and not fitting and lines:
            break
        if is_full:  # read again, so that the cursor stands behind what is given out
            page = log.list_rows(query, limit=max(1, fitting), cursor=cursor)
            made = [row_line(row, columns) for row in page.items]
        lines += made
        room -= sum(map(_size_of, made))
        cursor = page.next
        if is_full or cursor is None:
            break
    return Part(lines=lines, next=cursor)


def _count_fitting(lines: Sequence[str], room: int) -> int:
    sizes = accumulate(map(_size_of, lines))
    return sum(1 for _ in takewhile(lambda size: size <= room, sizes))


def _size_of(line: str) -> int:
    """Return the bytes of a line within JSON, where a letter takes up to twelve."""
    return len(json.dumps(line)) - len('""')


def _headers(call: Call, part: Part) -> dict[str, str | list[str]]:
    headers: dict[str, str | list[str]] = {
        "Content-Type": CSV,
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="{call.consumer.id}-log.csv"',
        ROWS: str(len(part.lines)),
    }
    if part.next is not None:
        headers[NEXT] = part.next
    return headers
