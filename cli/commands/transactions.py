"""Transactions: every HTTP call to a platform."""

from typing import Any
from urllib.parse import urlsplit

import click

from cli.arguments import period_options, utc
from cli.client import Json
from cli.output import column, facts, heading, note, say, show, table
from cli.session import Session, command
from cli.text import ago, as_json, clean, plain

REPEATED = ("platform", "code")


@click.group()
def transactions() -> None:
    """The calls made to platforms: what was asked, answered, and how long it took."""


@command(transactions, "list")
@click.option("--platform", multiple=True, help="May repeat.")
@click.option("--code", multiple=True, help="HTTP status, or `none`: no answer. May repeat.")
@click.option("--execution", help="Only those of this run.")
@period_options
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True)
@click.option("--all", "everything", is_flag=True, help="To the end of the list.")
def list_transactions(session: Session, limit: int, *, everything: bool, **options: Any) -> None:
    """List the calls, newest first."""
    params: Json = {name: list(options[name]) for name in REPEATED}
    params["execution"] = options["execution"]
    params["from"] = utc(options["since"], session.now())
    params["to"] = utc(options["until"], session.now())
    answer = session.api.join(session.path("transactions"), params, None if everything else limit)
    show(session, answer, lambda: _show_list(session, answer))


@command(transactions, "show")
@click.argument("transaction")
def show_transaction(session: Session, transaction: str) -> None:
    """Show one call with what was sent and answered, redacted."""
    answer = session.api.get(session.path("transactions", transaction))
    show(session, answer, lambda: _show_one(session, answer))


def _show_list(session: Session, answer: Json) -> None:
    columns = (
        column("When", lambda item: ago(item.get("at"), session.now()), whole=True),
        column("Platform", "platform", whole=True),
        column("Call", "method", whole=True),
        column("Address", _address),
        column("Code", _code, whole=True),
        column("Took", _took, right=True, whole=True),
        column("Transaction", "id", whole=True),
    )
    table(session, answer["items"], columns, empty="No call matches.")
    if answer.get("next"):
        note(session, f"{len(answer['items'])} calls; there are more: --all, or a higher --limit.")


def _show_one(session: Session, answer: Json) -> None:
    rows = answer.get("rows")
    served = ", ".join(clean(row.get("id")) for row in rows) if isinstance(rows, list) else ""
    pairs = [
        ("Transaction", clean(answer.get("id"))),
        ("Platform", clean(answer.get("platform"))),
        ("Connection", clean(answer.get("connection"))),
        ("Call", f"{clean(answer.get('method'))} {clean(answer.get('url'))}"),
        ("When", f"{ago(answer.get('at'), session.now())} ({clean(answer.get('at'))})"),
        ("Code", _code(answer)),
        ("Took", _took(answer)),
        ("Execution", clean(answer.get("execution"))),
        ("Record", clean(answer.get("record"))),
        ("Rows", served),
        ("Correlations", plain(answer.get("correlations"))),
    ]
    facts(session, pairs)
    for side in ("request", "response"):
        content = answer.get(side)
        if isinstance(content, dict):
            heading(session, side.capitalize())
            for line in as_json(content).splitlines():
                say(session, line)


def _address(item: Json) -> str:
    """Return what tells calls to one platform apart: the path and the query."""
    parts = urlsplit(clean(item.get("url")))
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _code(item: Json) -> str:
    return plain(item.get("status")) or clean(item.get("error")) or "none"


def _took(item: Json) -> str:
    return f"{plain(item.get('duration_ms'))} ms"
