"""The log: rows by filter, one row whole, and re-syncs."""

from collections.abc import Iterator, Sequence
from typing import Any

import click

from cli.arguments import filter_options, filters_of
from cli.client import Json
from cli.commands.resync import resync_all, resync_row
from cli.commands.row import find_row, show_row
from cli.output import Column, column, note, show, table
from cli.session import Session, command
from cli.text import ago, clean, plain

INFO_FIELDS = (
    "name",
    "sku",
    "order_id",
    "refund_id",
    "shipment_id",
    "order_number",
    "date",
    "total",
)


@click.group()
def logs() -> None:
    """Where every record stands, and re-syncs."""


@command(logs, "list")
@filter_options
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True)
@click.option("--cursor", help="Go on at the `next` or `previous` of an earlier list.")
@click.option("--all", "everything", is_flag=True, help="To the end of the list.")
def list_rows(
    session: Session, limit: int, cursor: str | None, *, everything: bool, **options: Any
) -> None:
    """List rows, newest first."""
    params = {**filters_of(options, session.now()), "cursor": cursor}
    answer = session.api.join(session.path("logs"), params, None if everything else limit)
    show(session, answer, lambda: _show_rows(session, answer))


@command(logs, "show")
@click.argument("row")
@click.option("--bodies", is_flag=True, help="With what was sent and answered.")
def show_one(session: Session, row: str, *, bodies: bool) -> None:
    """Show one row: record, attempts with their requests, links, related rows, people's actions.

    An attempt shows what it sent differently from the one before.

    ROW is a row's id (flow.record), or whatever finds one row alone: its record, an order number.
    """
    answer = session.api.get(session.path("logs", find_row(session, row)))
    show(session, answer, lambda: show_row(session, answer, bodies=bodies))


@command(logs, "resync")
@click.argument("row", required=False)
@click.option(
    "--all-failed", is_flag=True, help="Every row of the filters; Failed ones by default."
)
@filter_options
@click.option("--dry-run", is_flag=True, help="Only count.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def resync(
    session: Session, row: str | None, *, all_failed: bool, dry_run: bool, yes: bool, **options: Any
) -> None:
    """Sync one ROW again, or with --all-failed every row that the filters name.

    ROW is a row's id (flow.record), or whatever finds one row alone: its record, an order number.
    Exit code 1 when a re-sync of many does not end well.
    """
    found = filters_of(options, session.now())
    if all_failed == (row is not None):
        raise click.UsageError("Give a ROW, or --all-failed with or without filters.")
    if row is None:
        resync_all(session, found, dry_run=dry_run, yes=yes)
    elif found or dry_run:
        raise click.UsageError("Filters and --dry-run go with --all-failed, not with a ROW.")
    else:
        resync_row(session, find_row(session, row))


def row_columns(session: Session, rows: Sequence[Json]) -> tuple[Column, ...]:
    """Return the columns of a list of rows; where shops differ each row names its own."""
    ids = (column("Row", "id", whole=True),) if session.wide else ()
    return (
        *ids,
        column("Record", "record", whole=True),
        column("Kind", "kind", whole=True),
        *_columns_of_sides(rows),
        column("Status", "status", whole=True),
        column("Why", why_of),
        column("Info", info_of),
        column("Code", lambda item: plain(item.get("code")), whole=True),
        column("Updated", lambda item: ago(item.get("updated_at"), session.now()), whole=True),
    )


def _columns_of_sides(rows: Sequence[Json]) -> Iterator[Column]:
    if len({_source_of(row) for row in rows}) > 1:
        yield column("From", _source_of, whole=True)
    if len({_target_of(row) for row in rows}) > 1:
        yield column("To", _target_of, whole=True)


def _source_of(row: Json) -> str:
    return _sides_of(row)[0]


def _target_of(row: Json) -> str:
    return _sides_of(row)[1]


def _sides_of(row: Json) -> tuple[str, str]:
    """Return the accounts a row's flow goes between, from its name: source-kind-to-target[@other].

    The account behind the @ stands for the side whose platform it begins with, else the target.
    """
    name, _, other = clean(row.get("flow")).partition("@")
    source, _, rest = name.partition("-")
    target = rest.rpartition("-to-")[2]
    if not other:
        return source, target
    return (other, target) if other.startswith(source) else (source, other)


def info_of(item: Json) -> str:
    """Return what people know the record by, beside its id: name and SKU, or number and total."""
    columns = item.get("columns")
    known: Json = columns if isinstance(columns, dict) else {}
    parts = (plain(known.get(name)) for name in INFO_FIELDS)
    return " · ".join(part for part in parts if part and part != item.get("record"))


def why_of(item: Json) -> str:
    """Return why a row is not Synced, or how it came to be."""
    reason, sentence = clean(item.get("reason")), clean(item.get("sentence"))
    if reason and sentence:
        return f"{reason}: {sentence}"
    return reason or sentence or clean(item.get("outcome"))


def _show_rows(session: Session, answer: Json) -> None:
    empty = "No row matches."
    table(session, answer["items"], row_columns(session, answer["items"]), empty=empty)
    if answer.get("next"):
        note(session, f"{len(answer['items'])} rows; there are more: --all, or a higher --limit.")
