"""The report of the last days: rows by kind, status and code, and distinct orders."""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import click

from cli.client import Json
from cli.output import Column, column, heading, note, show, table
from cli.session import Session, command
from cli.text import clean, plain

PERIODS = ("7", "14", "30")
DAYS_SHOWN = 7  #: more do not fit into a line
LEFT_ALONE = "not applicable"


def add_report(parent: click.Group) -> None:
    """Add the command ``report``."""
    days = click.option(
        "--days", type=click.Choice(PERIODS), default="7", show_default=True, help="With today."
    )
    kind = click.option("--kind", multiple=True, help="May repeat.")
    command(parent, "report")(days(kind(show_report)))


def show_report(session: Session, days: str, kind: Sequence[str]) -> None:
    """Count the rows of the last days by kind, status and code, and the distinct orders.

    Days are the consumer's own; --json has each day's numbers with the filter of their rows.
    """
    answer = session.api.get(session.path("report"), {"days": days, "kind": list(kind)})
    show(session, answer, lambda: _show(session, answer))


def _show(session: Session, answer: Json) -> None:
    every = [clean(day) for day in answer.get("days") or []]
    shown = every if session.wide else every[-DAYS_SHOWN:]
    heading(session, f"Rows, by days of {clean(answer.get('time_zone'))}")
    lines = _summed(answer["items"], _place_of_rows)
    columns = (
        column("Kind", lambda line: line["place"][0], whole=True),
        column("Status", lambda line: line["place"][1], whole=True),
        column("Code", lambda line: line["place"][2], whole=True),
        *_number_columns(shown),
    )
    table(session, lines, columns, empty="No row in these days.")
    heading(session, "Distinct orders, beside their rows and steps")
    orders = _summed(answer["orders"], lambda item: (clean(item.get("channel")),))
    channel = column("Channel", lambda line: line["place"][0], whole=True)
    table(session, orders, (channel, *_number_columns(shown)), empty="No order in these days.")
    if len(shown) < len(every):
        note(
            session,
            f"Days shown: {len(shown)} of {len(every)}, all with --wide; totals are of all.",
        )


def _place_of_rows(item: Json) -> tuple[str, ...]:
    """Return what stands at the beginning of a number's line."""
    status = LEFT_ALONE if item.get("not_applicable") else clean(item.get("status"))
    code = item.get("code")
    return clean(item.get("kind")), status, "no answer" if code is None else plain(code)


def _summed(items: Iterable[Json], place_of: Any) -> list[Json]:
    """Return a line for each place, with its numbers by day."""
    lines: dict[tuple[str, ...], Counter[str]] = {}
    for item in items:
        lines.setdefault(place_of(item), Counter())[clean(item.get("day"))] += item["count"]
    return [{"place": place, "days": lines[place]} for place in sorted(lines)]


def _number_columns(days: Sequence[str]) -> list[Column]:
    total = column("Total", lambda line: str(line["days"].total()), right=True, whole=True)
    return [total] + [
        column(day[5:], partial(_number, day=day), right=True, whole=True) for day in days
    ]


def _number(line: Json, day: str) -> str:
    return str(line["days"][day] or "")
