"""What people changed and did: who, when, from which value to which."""

from typing import Any

import click

from cli.client import Json
from cli.output import Column, column, note, show, table
from cli.session import Session, command
from cli.text import ago, clean, plain


def add_history(parent: click.Group) -> None:
    """Add the command ``history``."""
    limit = click.option("--limit", type=click.IntRange(1), default=50, show_default=True)
    everything = click.option("--all", "everything", is_flag=True, help="To the end of the list.")
    command(parent, "history")(limit(everything(show_history)))


def show_history(session: Session, limit: int, *, everything: bool) -> None:
    """Show what people changed and did, newest first; --json has old and new values whole."""
    answer = session.api.join(session.path("history"), {}, None if everything else limit)
    show(session, answer, lambda: _show(session, answer))


def history_columns(session: Session) -> tuple[Column, ...]:
    """Return the columns of what people changed and did."""
    return (
        column("When", lambda item: ago(item.get("at"), session.now()), whole=True),
        column("Who", "who"),
        column("What", "what", whole=True),
        column("Subject", "subject", whole=True),
        column("Change", changes_of),
    )


def changes_of(item: Json) -> str:
    """Say what became of the values of one line: only those that differ."""
    old, new = item.get("old"), item.get("new")
    if not isinstance(old, dict) or not isinstance(new, dict):
        return plain(new if new is not None else old)
    return ", ".join(_differences(old, new, ""))


def _differences(old: Json, new: Json, prefix: str) -> list[str]:
    found: list[str] = []
    for name in dict.fromkeys((*old, *new)):
        before, after = old.get(name), new.get(name)
        if isinstance(before, dict) and isinstance(after, dict):
            found += _differences(before, after, f"{prefix}{name}.")
        elif before != after:
            found.append(f"{prefix}{clean(name)}: {_value(before)} → {_value(after)}")
    return found


def _value(value: Any) -> str:
    return plain(value) or "nothing"


def _show(session: Session, answer: Json) -> None:
    columns = history_columns(session)
    table(session, answer["items"], columns, empty="Nobody has changed anything.")
    if answer.get("next"):
        note(session, f"{len(answer['items'])} lines; there are more: --all, or a higher --limit.")
