"""Runs: polls, schedules, imports and bulk re-syncs, with their counts."""

import click

from cli.client import Json
from cli.errors import RefusedError
from cli.output import Column, column, facts, heading, say, show, table
from cli.progress import counts_of
from cli.session import Session, command
from cli.text import ago, clean, plain, took

COUNTS = ("found", "requested", "done", "synced", "failed", "held", "skipped")


@click.group()
def executions() -> None:
    """Polls, imports and re-syncs that ran."""


@command(executions, "list")
@click.option("--flow", help="Only this flow's.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True)
@click.option("--all", "everything", is_flag=True, help="To the end of the list.")
def list_executions(session: Session, flow: str | None, limit: int, *, everything: bool) -> None:
    """List the runs, newest first."""
    path = session.path("flows", flow, "executions") if flow else session.path("executions")
    answer = session.api.join(path, {}, None if everything else limit)
    columns = (
        column("Execution", "id", whole=True),
        column("Flow", lambda item: clean(item.get("flow") or item.get("type"))),
        column("Trigger", "trigger"),
        column("State", "state", whole=True),
        column("Started", lambda item: ago(item.get("started_at"), session.now()), whole=True),
        column("Took", lambda item: took(item.get("started_at"), item.get("ended_at"))),
        column("Counts", summary_of),
    )
    show(session, answer, lambda: table(session, answer["items"], columns, empty="No run yet."))


@command(executions, "show")
@click.argument("execution")
def show_execution(session: Session, execution: str) -> None:
    """Show one run: its counts and every message."""
    answer = session.api.get(session.path("executions", execution))
    show(session, answer, lambda: show_run(session, answer))


def report_end(session: Session, run: Json) -> None:
    """Show how a followed run ended.

    Raises:
        RefusedError: it ended otherwise than in Success.
    """
    show(session, run, lambda: show_run(session, run))
    if run.get("state") != "Success":
        state = clean(run.get("state"))
        raise RefusedError(f"The run ended: {state}, {summary_of(run)}. Its messages say why.")


def show_run(session: Session, run: Json) -> None:
    """Write one run with its messages."""
    now = session.now()
    pairs = [
        ("Execution", clean(run.get("id"))),
        ("Flow", clean(run.get("flow"))),
        ("State", clean(run.get("state"))),
        ("Trigger", clean(run.get("trigger"))),
        ("By", plain(run.get("by"))),
        ("Started", ago(run.get("started_at"), now)),
        ("Took", took(run.get("started_at"), run.get("ended_at"))),
        ("Counts", summary_of(run)),
    ]
    facts(session, pairs)
    messages = [entry for entry in run.get("messages") or [] if isinstance(entry, dict)]
    if messages:
        heading(session, "Messages")
        table(session, messages, _message_columns(session), empty="")
        say(session, f"The rows: `logs list --execution {clean(run.get('id'))} --all`.")


def summary_of(run: Json) -> str:
    """Write a run's counts that are not zero, in the order things happen."""
    counts = counts_of(run)
    return ", ".join(f"{counts[name]} {name}" for name in COUNTS if counts.get(name)) or "nothing"


def _message_columns(session: Session) -> tuple[Column, ...]:
    return (
        column("At", lambda item: ago(item.get("at"), session.now()), whole=True),
        column("Message", "text"),
        column("Row", "row", whole=True),
    )
