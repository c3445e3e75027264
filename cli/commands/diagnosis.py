"""Why a flow, a record or a row does not sync."""

import click

from cli.client import Json
from cli.commands.row import find_row
from cli.output import column, facts, heading, say, show, table
from cli.session import Session, command
from cli.text import ago, clean, plain, read_time

MISUSED = "Give a ROW, or --flow with or without --record and --date."


def add_diagnosis(parent: click.Group) -> None:
    """Add the command ``diagnosis``."""
    row = click.argument("row", required=False)
    flow = click.option("--flow", help="The flow it is about.")
    record = click.option("--record", help="A record's id at the source, also one without a row.")
    date = click.option("--date", help="When it happened there: 2026-11-01, 2026-11-01T09:30.")
    command(parent, "diagnosis")(row(flow(record(date(show_diagnosis)))))


def show_diagnosis(
    session: Session, row: str | None, flow: str | None, record: str | None, date: str | None
) -> None:
    """Say why a ROW, a flow or a record of it does not sync, and what to do.

    ROW is a row's id (flow.record), or whatever finds one row alone: its record, an order number.
    A record that never came has no row: name its flow, and when it happened if that is known.
    """
    asked = {"flow": flow, "record": record, "date": date}
    if (row is None) == (flow is None) or (row is not None and (record or date)):
        raise click.UsageError(MISUSED)
    if row is not None:
        answer = session.api.get(session.path("logs", find_row(session, row), "diagnosis"))
    else:
        given = {name: value for name, value in asked.items() if value is not None}
        answer = session.api.get(session.path("diagnosis"), given)
    show(session, answer, lambda: _show(session, answer))


def _show(session: Session, answer: Json) -> None:
    columns = (
        column("Check", lambda item: clean(item.get("check")).replace("_", " "), whole=True),
        column("", lambda item: "ok" if item.get("ok") else "fail", whole=True),
        column("Found", "sentence"),
    )
    table(session, answer["checks"], columns, empty="")
    cause = answer.get("cause")
    if not isinstance(cause, dict):
        say(session, "Nothing stands in its way.")
        return
    heading(session, "Cause")
    say(session, clean(cause.get("sentence")))
    if cause.get("remedy"):
        say(session, clean(cause["remedy"]))
    evidence = cause.get("evidence")
    known: Json = evidence if isinstance(evidence, dict) else {}
    facts(session, [(_label(name), _told(session, name, known[name])) for name in known])


def _label(name: str) -> str:
    return clean(name).replace("_", " ").capitalize()


def _told(session: Session, name: str, value: object) -> str:
    is_time = name.endswith(("_at", "_until", "_date", "since")) and read_time(value) is not None
    return f"{ago(value, session.now())} ({clean(value)})" if is_time else plain(value)
