"""Rows of the log as lines of a CSV file that a spreadsheet can open without harm.

One row is one line; each kind has its columns. Columns keep the names they have in the API.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chalicelib.api.serializers import sentence_of, time_or_none
from chalicelib.domain.rows import Row
from chalicelib.domain.statuses import Kind, Outcome, Status

#: Without it Excel reads UTF-8 as the code page of the machine.
BYTE_ORDER_MARK = "\ufeff"

_FIRST = ("consumer", "flow", "kind", "record", "target_id")
_LAST = (
    "status",
    "reason",
    "sentence",
    "remedy",
    "cause",
    "outcome",
    "code",
    "attempts",
    "received_at",
    "requested_at",
    "synced_at",
    "updated_at",
    "platform_updated_at",
    "row",
)
_MONEY = ("total", "difference")
_STEP = ("channel", "order_number", "invoice_number", "total")
_OF_KIND: Mapping[Kind, Sequence[str]] = {
    Kind.PRODUCT: ("name", "sku", "source"),
    Kind.STOCK: ("name", "sku", "quantity", "locations"),
    Kind.ORDER: ("order_id", "target_order_id", "total", "source"),
    Kind.CUSTOMER: ("name", "email", "phone", "source"),
    Kind.REFUND: ("refund_id", "order_id", "target_order_id", "credit_id", "total"),
    Kind.SHIPMENT: ("shipment_id", "order_id", "target_order_id", "carrier", "tracking"),
    Kind.DAY: ("location", "date", "total", "difference"),
}

_ODD = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
#: What a spreadsheet takes for the beginning of a formula, also in full width.
_FORMULA_SIGNS = frozenset("=+-@\uff1d\uff0b\uff0d\uff20")


def columns_of(kinds: Iterable[Kind]) -> tuple[str, ...]:
    """Return the columns of rows of these kinds, each once; beside money stands its currency."""
    wanted = set(kinds)
    of_kinds = [name for kind in Kind if kind in wanted for name in _OF_KIND.get(kind, _STEP)]
    if any(name in _MONEY for name in of_kinds):
        of_kinds.append("currency")
    return (*_FIRST, *dict.fromkeys(of_kinds), *_LAST)


def header_line(columns: Sequence[str]) -> str:
    """Return the first line of a file."""
    return BYTE_ORDER_MARK + _line(columns)


def row_line(row: Row, columns: Sequence[str]) -> str:
    """Return one row as a line."""
    values = {**_values_of_kind(row.columns), **_values(row)}
    return _line([to_cell(values.get(name)) for name in columns])


def to_cell(value: Any) -> str:
    """Return a value as the text of a cell.

    A text that a spreadsheet would take for a formula begins with an apostrophe, for names come
    from strangers; numbers stay as they are. A text of several lines becomes one.
    """
    text = _ODD.sub(" ", "" if value is None else str(value))
    if text.lstrip()[:1] in _FORMULA_SIGNS and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def _line(cells: Iterable[str]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerow(cells)
    return written.getvalue()


def _values_of_kind(columns: Mapping[str, Any]) -> dict[str, Any]:
    values = dict(columns)
    for name in _MONEY:
        money = columns.get(name)
        if isinstance(money, Mapping):
            values[name] = money.get("amount")
            values["currency"] = money.get("currency")
    locations = columns.get("locations")
    if isinstance(locations, Sequence):
        values["locations"] = "; ".join(_location_text(one) for one in locations)
    return values


def _location_text(location: Mapping[str, Any]) -> str:
    """Return one location as a person reads it: ``Main street: 5 Synced``."""
    parts = (location.get(name) for name in ("quantity", "status", "detail"))
    said = " ".join(str(part) for part in parts if part not in (None, ""))
    return f"{location.get('location')}: {said}"


def _values(row: Row) -> dict[str, Any]:
    is_done = row.status is Status.SYNCED
    outcome: Outcome | None = row.outcome if is_done else None
    return {
        "consumer": row.name.consumer,
        "flow": row.name.flow,
        "kind": row.kind.value,
        "record": row.name.record,
        "target_id": row.target_id,
        "status": row.status.value,
        "reason": row.reason.value if row.reason else None,
        "sentence": sentence_of(row),
        "remedy": row.reason.rule.remedy if row.reason else None,
        "cause": row.cause,
        "outcome": outcome.value if outcome else None,
        "code": row.code,
        "attempts": row.attempts,
        "received_at": time_or_none(row.received_at),
        "requested_at": time_or_none(row.requested_at),
        "synced_at": time_or_none(row.synced_at),
        "updated_at": time_or_none(row.updated_at),
        "platform_updated_at": time_or_none(row.platform_updated_at),
        "row": row.name.id,
    }
