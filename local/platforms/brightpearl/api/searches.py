"""Brightpearl's search resources: positional rows, described by ``metaData``.

Filters that do not exist are refused with 400; what the vendor answers is not known. Both ends of
a PERIOD are included. A text filter of type STRING compares the whole value, SEARCH_STRING finds
values that contain every word.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Generic, TypeVar

from local.platforms.brightpearl.api.routing import Call, Handler
from local.platforms.brightpearl.faults import BAD_FILTER, VendorFault, invalid
from local.platforms.brightpearl.formats import format_time, four_places, parse_time, parse_whole
from local.platforms.brightpearl.idsets import parse_id_set
from local.platforms.brightpearl.world import World

MAX_PAGE = 500
T = TypeVar("T")
CONTROLS = frozenset(("columns", "sort", "pageSize", "firstResult", "countOnly"))
Test = Callable[[Any], bool]


@dataclass(frozen=True, kw_only=True)
class Column(Generic[T]):
    """One column: its type and how to read it. ``find`` returns the rows with a value, by index."""

    name: str
    kind: str
    value: Callable[[World, T], Any]
    shown: bool = True
    find: Callable[[World, str], Iterable[T]] | None = None


@dataclass(frozen=True, kw_only=True)
class Search(Generic[T]):
    """One search resource; the first column is what it is sorted by unless told otherwise.

    ``created`` and ``updated`` let the lag of the index hide what is newer.
    """

    columns: tuple[Column[T], ...]
    rows: Callable[[World], Iterable[T]]
    created: Callable[[T], datetime] | None = None
    updated: Callable[[T], datetime] | None = None
    reference: Callable[[World], dict[str, object]] = lambda world: {}

    def column(self, name: str) -> Column[T]:
        """Return a column by name, or raise a 400."""
        found = next((column for column in self.columns if column.name == name), None)
        if found is None:
            raise invalid("CMNC-000", f"There is no column {name!r}")
        return found


def handler_of(search: Search[T]) -> Handler:
    """Return the handler that answers this search."""
    return lambda call: _run(search, call)


def _run(search: Search[T], call: Call) -> dict[str, object]:
    query = {name: values[0] for name, values in call.query.items()}
    shown = _shown(search, query.get("columns"))
    sorting = _sorting(search, query.get("sort"))
    size, first = _whole(query, "pageSize", MAX_PAGE), _whole(query, "firstResult", 1)
    if size > MAX_PAGE:
        raise invalid("CMNC-000", f"pageSize is at most {MAX_PAGE}")
    found = _sorted(call.world, _matching(search, call.world, query), sorting)
    page = [] if query.get("countOnly") == "true" else found[first - 1 : first - 1 + size]
    results = [[_cell(call.world, column, row) for column in shown] for row in page]
    meta = _meta(search, shown, sorting, available=len(found), first=first, returned=len(page))
    return {
        "response": {"metaData": meta, "results": results},
        "reference": search.reference(call.world) if page else {},
    }


def _matching(search: Search[T], world: World, query: Mapping[str, str]) -> list[T]:
    filters = [(search.column(k), v) for k, v in query.items() if k not in CONTROLS]
    tests = [(column.value, _test(column, text)) for column, text in filters]
    horizon = world.clock() - timedelta(seconds=world.behaviour.search_lag_s)
    candidates = next(
        (column.find(world, text) for column, text in filters if column.find), search.rows(world)
    )
    by_update = any(column.name == "updatedOn" for column, _ in filters)
    return [
        row
        for row in candidates
        if _is_indexed(search, world, row, horizon, by_update=by_update)
        and all(test(value(world, row)) for value, test in tests)
    ]


def _is_indexed(
    search: Search[T], world: World, row: T, horizon: datetime, *, by_update: bool
) -> bool:
    """Say whether the lagging index knows the row, and its last change if that is asked for."""
    if not world.behaviour.search_lag_s:
        return True
    if search.created is not None and search.created(row) > horizon:
        return False
    return not (by_update and search.updated is not None and search.updated(row) > horizon)


def _test(column: Column[Any], text: str) -> Test:
    """Return the test of a filter, or raise the 500 that a value of the wrong type gets."""
    try:
        return TESTS[column.kind](text)
    except (ValueError, KeyError):
        message = f"Filter {column.name}: {text!r} is not of type {column.kind}"
        raise VendorFault(500, (BAD_FILTER, message)) from None


def _in_id_set(text: str) -> Test:
    ids = parse_id_set(text)
    return lambda value: any(n in ids for n in value) if isinstance(value, tuple) else value in ids


def _is_number(text: str) -> Test:
    number = int(text)
    return lambda value: value == number


def _is_text(text: str) -> Test:
    return lambda value: (value or "").lower() == text.lower()


def _has_words(text: str) -> Test:
    words = text.lower().split()
    return lambda value: all(word in (value or "").lower() for word in words)


def _is_bool(text: str) -> Test:
    wanted = {"true": True, "false": False}[text]
    return lambda value: value is wanted


def _in_period(text: str) -> Test:
    """Read ``start/end``; either may be missing, not both."""
    start_text, slash, end_text = text.partition("/")
    if not slash or not (start_text or end_text):
        raise ValueError(text)
    start = parse_time(start_text) if start_text else None
    end = parse_time(end_text) if end_text else None
    return lambda at: (
        at is not None and ((start is None or at >= start) and (end is None or at <= end))
    )


TESTS: dict[str, Callable[[str], Test]] = {
    "IDSET": _in_id_set,
    "INTEGER": _is_number,
    "STRING": _is_text,
    "SEARCH_STRING": _has_words,
    "BOOLEAN": _is_bool,
    "PERIOD": _in_period,
}


def _shown(search: Search[T], names: str | None) -> list[Column[T]]:
    if names:
        return [search.column(name) for name in names.split(",")]
    return [column for column in search.columns if column.shown]


def _sorting(search: Search[T], text: str | None) -> list[tuple[Column[T], str]]:
    """Read ``updatedOn.ASC``, several separated by a bar; ties are broken by the first column."""
    wanted = []
    for part in (text or f"{search.columns[0].name}.ASC").split("|"):
        name, _, direction = part.partition(".")
        if direction not in ("ASC", "DESC"):
            raise invalid("CMNC-000", f"{part!r} is no sorting, such as updatedOn.ASC")
        wanted.append((search.column(name), direction))
    return wanted


def _sorted(world: World, rows: list[T], sorting: list[tuple[Column[T], str]]) -> list[T]:
    for column, direction in reversed(sorting):
        rows = sorted(
            rows, key=lambda row: _key(column.value(world, row)), reverse=direction == "DESC"
        )
    return rows


def _key(value: Any) -> tuple[bool, Any]:
    return (value is not None, value if value is not None else 0)


def _whole(query: Mapping[str, str], name: str, default: int) -> int:
    number = parse_whole(query.get(name, str(default)))
    if not number:
        raise VendorFault(500, (BAD_FILTER, f"{name} is not a positive whole number"))
    return number


def _cell(world: World, column: Column[T], row: T) -> object:
    value = column.value(world, row)
    if isinstance(value, datetime):
        return format_time(value, world.zone)
    return four_places(value) if isinstance(value, Decimal) else value


def _meta(
    search: Search[T],
    shown: list[Column[T]],
    sorting: list[tuple[Column[T], str]],
    *,
    available: int,
    first: int,
    returned: int,
) -> dict[str, object]:
    last = first + returned - 1
    bounds = {"firstResult": first, "lastResult": last} if returned else {}
    return {
        "resultsAvailable": available,
        "resultsReturned": returned,
        **bounds,
        "morePagesAvailable": bool(returned) and last < available,
        "columns": [_described(column) for column in shown],
        "sorting": [{"filterable": _described(c), "direction": d} for c, d in sorting],
    }


def _described(column: Column[Any]) -> dict[str, object]:
    return {
        "name": column.name,
        "sortable": True,
        "filterable": True,
        "reportDataType": column.kind,
        "required": False,
    }
