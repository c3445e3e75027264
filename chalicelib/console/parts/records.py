"""A record as people read it: facts and tables, whatever its kind.

Orders, refunds and shipments have sheets of their own; everything else is laid out by its fields.
Pure: what a record lacks is left out, so that records of older shapes are shown as well.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from chalicelib.console.parts.orders import address_of, order_sheet, refund_sheet
from chalicelib.console.parts.parcels import shipment_sheet
from chalicelib.console.parts.sheets import (
    Row,
    Sheet,
    Table,
    Value,
    is_money,
    number_value,
    to_value,
)
from chalicelib.console.rendering import bytes_of, clip
from chalicelib.console.words import STATUSES

FACTS_WEIGHT = 4_000  #: bytes of all facts on a page
PART_WEIGHT = 8_500  #: bytes of a long table on a page; the next part goes on
OTHER_WEIGHT = 1_500  #: bytes of each other table
TABLES = 6


#: How documents are laid out; one of another kind with lines is laid out as an order.
_SHEETS = {"refund": refund_sheet, "shipment": shipment_sheet}


def sheet_of(
    record: Mapping[str, Any] | None, columns: Mapping[str, Any], *, kind: str, part: int
) -> Sheet:
    """Return a record laid out, or what is known of it where it was not kept.

    Args:
        columns: the row's own; locations of a stock row stand in them alone.
        part: which part of long tables is shown, counted from 1.
    """
    known = record if record is not None else columns
    has_lines = isinstance(known.get("lines"), list)
    sheet = _SHEETS.get(kind, order_sheet)(known) if has_lines else _plain_sheet(known)
    tables = list(sheet.tables)
    if record is not None and isinstance(columns.get("locations"), list):
        tables.append(_table_of("locations", columns["locations"]))
    facts = list(_fitting(sheet.facts))
    kept = [table for table in tables if table.rows][:TABLES]
    longest = max(kept, key=lambda table: len(table.rows), default=None)
    return Sheet(
        facts=facts,
        tables=[
            _part_of(one, part, PART_WEIGHT if one is longest else OTHER_WEIGHT) for one in kept
        ],
        left_out=len(sheet.facts) - len(facts) + max(0, len(tables) - TABLES),
    )


def _fitting(facts: Sequence[tuple[str, Value]]) -> Iterator[tuple[str, Value]]:
    left = FACTS_WEIGHT
    for label, value in facts:
        left -= _weight_of(label) + _weight_of(value.text)
        if left < 0:
            return
        yield label, value


def _weight_of(text: str) -> int:
    """Return about how many bytes a text takes on a page, with what stands around it."""
    return bytes_of(text) + 45


# whatever has no sheet of its own

#: What fields are called where their name does not say it, in the order they stand in.
_LABELS: Mapping[str, str] = {
    "name": "Name",
    "given_name": "Given name",
    "family_name": "Family name",
    "variant_name": "Variant",
    "sku": "SKU",
    "barcode": "Barcode",
    "id": "Id",
    "group_id": "Group of variants",
    "category_name": "Category",
    "category_id": "Category id",
    "description_html": "Description",
    "company": "Company",
    "email": "E-mail",
    "phone": "Phone",
    "address": "Address",
    "merged_into": "Merged into",
    "source": "Created on",
    "updated_at": "Changed at the source",
    "tracked": "Stock is counted",
    "archived": "Archived",
    "on_hand": "In stock",
    "unpaid": "Payments that brought no money",
    "order_id": "Order ID",
    "target_order_id": "Sales order ID",
    "credit_id": "Sales Credit ID",
}
_UNSEEN = frozenset({"version"})
#: Said only of records of which it is true.
_ONLY_IF_SO = frozenset({"deleted"})


def label_of(name: str) -> str:
    """Return what people call a field."""
    return clip(_LABELS.get(name) or name.replace("_", " ").strip().capitalize(), 60)


def _plain_sheet(record: Mapping[str, Any]) -> Sheet:
    facts, tables = [], []
    places = {name: place for place, name in enumerate(_LABELS)}
    for name in sorted(record.keys() - _UNSEEN, key=lambda one: (places.get(one, 99), one)):
        raw = record[name]
        if name in _ONLY_IF_SO and not raw:
            continue
        if name == "address" and isinstance(raw, Mapping):
            raw = address_of(raw)
        if _is_table(raw):
            tables.append(_table_of(name, raw))
        elif value := to_value(raw):
            facts.append((label_of(name), value))
    return Sheet(facts=facts, tables=tables)


def _is_table(raw: Any) -> bool:
    if isinstance(raw, list):
        return bool(raw) and all(isinstance(one, Mapping) for one in raw)
    return isinstance(raw, Mapping) and bool(raw) and not is_money(raw)


def _table_of(name: str, raw: Any) -> Table:
    if isinstance(raw, Mapping):
        values = [(key, to_value(one)) for key, one in raw.items()]
        rows: list[Row] = [(Value(text=clip(key, 60)), value) for key, value in values if value]
        return Table(caption=label_of(name), head=(_KEYS.get(name, "Name"), "Value"), rows=rows)
    things = [one for one in raw if isinstance(one, Mapping)]
    names = list(dict.fromkeys(key for one in things for key in one))
    return Table(
        caption=label_of(name),
        head=[label_of(key) for key in names],
        rows=[[_cell(key, one.get(key)) for key in names] for one in things],
    )


#: What names the rows of a table that is kept by key.
_KEYS: Mapping[str, str] = {"prices": "Price list", "on_hand": "Warehouse"}


def _cell(name: str, raw: Any) -> Value | None:
    if name == "status" and raw in STATUSES:
        return Value(text=raw, type="status")
    return number_value(raw) if name == "quantity" else to_value(raw)


def _part_of(table: Table, part: int, most: int) -> Table:
    """Return the part of a long table that fits; a short one is whole in each."""
    starts, weight = [0], 0
    for place, row in enumerate(table.rows):
        weight += sum(_weight_of(value.text if value else "") for value in row)
        if weight > most and place > starts[-1]:
            starts.append(place)
            weight = sum(_weight_of(value.text if value else "") for value in row)
    number = min(max(part, 1), len(starts))
    ends = [*starts[1:], len(table.rows)]
    return replace(
        table,
        rows=table.rows[starts[number - 1] : ends[number - 1]],
        total=len(table.rows),
        first=starts[number - 1] + 1,
        before=number - 1 or None,
        after=number + 1 if number < len(starts) else None,
    )
