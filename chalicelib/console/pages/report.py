"""The report: rows of each day by kind, status and code."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from chalice.app import Response

from chalicelib.console.parts.charts import (
    LEFT_ALONE,
    STATES,
    count_days,
    draw,
    filter_of,
    state_of,
)
from chalicelib.console.parts.codes import code_text, meaning_of
from chalicelib.console.parts.legends import address_of, legend_of
from chalicelib.console.visits import Visit
from chalicelib.console.words import KINDS_IN_MENU

REPORT = "/v1/consumers/{consumer}/report"
PERIODS = ("7", "14", "30")

#: Characters that tables may take in all, so that a page stays below 50 KB.
ROOM = 35_500
_CELL = 30  #: characters of a cell beside its address
_ESCAPED = 4  #: and for each "&" in it
_EMPTY = 9  #: of a cell without a number
_LINE = 340  #: of a line beside its days
_HEADING = 36  #: of the heading of a day

#: Kinds that say nothing about orders.
_WITHOUT_ORDERS = frozenset({"product", "stock", "customer"})

Item = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a table: what it counts, with the filter of its rows."""

    query: Mapping[str, Any]
    count_by_day: Mapping[str, int]
    heading: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Table:
    """Lines of one kind, the last of which sums up the others; or orders by channel."""

    heading: str
    lines: Sequence[Line]
    is_of_orders: bool = False


def show_report(visit: Visit) -> Response:
    """Show how the rows of the last days stand; every number leads to its rows."""
    days, kinds = visit.one("days") or PERIODS[0], visit.many("kind")
    report = visit.api.get(REPORT, {"days": days, "kind": kinds})
    if kinds and set(kinds) <= _WITHOUT_ORDERS:
        report = {**report, "orders": []}
    tables = _tables(visit, report)
    periods = _periods(visit, tables, report["days"])
    return visit.render(
        "report.html",
        report=report,
        tabs=[_tab(visit, f"{one} days", one, kinds, is_here=one == days) for one in PERIODS],
        choices=_kind_tabs(visit, days, kinds),
        chart=draw(count_days(report["days"], report["items"])),
        legend=legend_of(visit, report, kinds),
        total=sum(item["count"] for item in report["items"]),
        orders=sum(item["count"] for item in report["orders"]),
        columns=[_heading_of(visit, period) for period in periods],
        is_cut=len(periods) < len(report["days"]),
        tables=[_shown_table(visit, table, report["days"], periods) for table in tables],
    )


def _tables(visit: Visit, report: Item) -> list[Table]:
    """Return a table for each kind that has rows, and one of distinct orders."""
    by_kind: dict[str, list[Item]] = {}
    for item in report["items"]:
        by_kind.setdefault(item["kind"], []).append(item)
    tables = [
        Table(heading=label, lines=_lines(by_kind[kind]))
        for kind, label in KINDS_IN_MENU.items()
        if kind in by_kind
    ]
    orders = _order_lines(visit, report["orders"])
    if orders:
        tables.append(Table(heading="Distinct orders", lines=orders, is_of_orders=True))
    return tables


def _periods(visit: Visit, tables: Sequence[Table], days: Sequence[str]) -> list[Sequence[str]]:
    """Return what has a column, newest first: each day, and as one the days there is no room for.

    Every number is a link, and links are what makes a page large.
    """
    lines = [line for table in tables for line in table.lines]
    costs = [(line, _cost(visit, line, days)) for line in lines]
    room = ROOM - _LINE * len(lines)

    def cost_of(day: str) -> int:
        cells = sum(cost if day in line.count_by_day else _EMPTY for line, cost in costs)
        return cells + _HEADING * len(tables)

    newest = list(reversed(days))
    spent = list(accumulate(cost_of(day) for day in newest))
    if spent[-1] <= room:
        return [[day] for day in newest]
    for_earlier = sum(cost for _, cost in costs) + _HEADING * len(tables)
    most = max(1, bisect_right(spent, room - for_earlier))
    return [*([day] for day in newest[:most]), list(days[: len(days) - most])]


def _shown_table(
    visit: Visit, table: Table, days: Sequence[str], periods: Sequence[Sequence[str]]
) -> dict[str, Any]:
    lines = [_shown_line(visit, line, days, periods) for line in table.lines]
    sums = None if table.is_of_orders else lines.pop()
    return {
        "heading": table.heading,
        "is_of_orders": table.is_of_orders,
        "lines": lines,
        "sums": sums,
        "count": sum(line["count"] for line in lines),
    }


def _shown_line(
    visit: Visit, line: Line, days: Sequence[str], periods: Sequence[Sequence[str]]
) -> dict[str, Any]:
    counts = line.count_by_day
    sums = [(period, sum(counts.get(day, 0) for day in period)) for period in periods]
    return {
        **line.heading,
        "cells": [
            {"count": count, "address": address_of(visit, line.query, period)} if count else None
            for period, count in sums
        ],
        "count": sum(counts.values()),
        "address": address_of(visit, line.query, days),
    }


def _lines(items: Sequence[Item]) -> list[Line]:
    """Return a line for each way the rows of one kind stand, by state and code, and their sums."""
    counts: dict[tuple[str, int | None], Counter[str]] = {}
    for item in items:
        key = state_of(item), item["code"]
        counts.setdefault(key, Counter())[item["day"]] += item["count"]
    states = list(STATES)
    ordered = sorted(counts, key=lambda key: (states.index(key[0]), key[1] or 0))
    kind = {"kind": items[0]["kind"]}
    lines = [
        Line(
            heading={
                "state": state,
                "label": STATES[state],
                "code": code_text(state, code),
                "meaning": meaning_of(state, code),
            },
            query={
                **kind,
                **filter_of(state, any_left_alone=(LEFT_ALONE, code) in counts),
                "code": "none" if code is None else code,
            },
            count_by_day=counts[state, code],
        )
        for state, code in ordered
    ]
    sums: Counter[str] = Counter()
    for line in lines:
        sums.update(line.count_by_day)
    return [*lines, Line(query=kind, count_by_day=sums)]


def _order_lines(visit: Visit, orders: Iterable[Item]) -> list[Line]:
    """Return a line for each channel: its distinct orders."""
    by_channel: dict[str, list[Item]] = {}
    for item in orders:
        by_channel.setdefault(item["channel"], []).append(item)
    return [
        Line(
            heading={"label": visit.label(channel)},
            query={
                "kind": "order",
                "flow": sorted({flow for item in items for flow in item["filter"]["flow"]}),
            },
            count_by_day={item["day"]: item["count"] for item in items},
        )
        for channel, items in sorted(by_channel.items())
    ]


def _cost(visit: Visit, line: Line, days: Sequence[str]) -> int:
    """Return about how many characters a cell of a line takes; its days are equally long."""
    address = address_of(visit, line.query, days)
    return _CELL + len(address) + _ESCAPED * address.count("&")


def _heading_of(visit: Visit, period: Sequence[str]) -> str:
    day = visit.times.day(period[-1])
    return day if len(period) == 1 else f"{day} and earlier"


def _kind_tabs(visit: Visit, days: str, kinds: Sequence[str]) -> list[dict[str, Any]]:
    choices = [_tab(visit, "All", days, [], is_here=not kinds)]
    for kind, label, _ in visit.menu_kinds():
        choices.append(_tab(visit, label, days, [kind], is_here=kinds == [kind]))
    return choices


def _tab(
    visit: Visit, label: str, days: str, kinds: Sequence[str], *, is_here: bool
) -> dict[str, Any]:
    address = visit.at("/report", {"days": days, "kind": kinds})
    return {"label": label, "address": address, "is_here": is_here}
