"""Failures that are alike, and what held rows wait for."""

import click

from cli.client import Json
from cli.output import column, heading, show, table
from cli.session import Session, command
from cli.text import ago, clean, pick


def add_groups(parent: click.Group) -> None:
    """Add the command ``groups``."""
    command(parent, "groups")(show_groups)


def show_groups(session: Session) -> None:
    """Show failures that are alike and what held rows wait for, with counts."""
    answer = session.api.join(session.path("groups"), {})
    show(session, answer, lambda: _show(session, answer))


def causes_of(answer: Json) -> list[Json]:
    """Return the held causes among the groups."""
    return [item for item in answer["items"] if item.get("type") == "cause"]


def failures_of(answer: Json) -> list[Json]:
    """Return the groups of rows that failed alike."""
    return [item for item in answer["items"] if item.get("type") != "cause"]


def count_of(item: Json) -> int:
    """Return how many rows stand in a group or under a cause."""
    count = item.get("count")
    return count if isinstance(count, int) else 0


def _show(session: Session, answer: Json) -> None:
    heading(session, "Failed: `logs list --group GROUP` lists the rows")
    failures = (
        column("Rows", lambda item: str(count_of(item)), right=True, whole=True),
        column("Group", "key", whole=True),
        column("Reason", "reason", whole=True),
        column("Last", lambda item: ago(item.get("last_at"), session.now()), whole=True),
        column("What", _told),
    )
    table(session, failures_of(answer), failures, empty="Nothing failed.")
    heading(session, "Held: `logs list --cause CAUSE` lists the rows")
    causes = (
        column("Rows", lambda item: str(count_of(item)), right=True, whole=True),
        column("Cause", "key", whole=True),
        column("Since", lambda item: ago(item.get("first_at"), session.now()), whole=True),
        column("What", _told),
    )
    table(session, causes_of(answer), causes, empty="Nothing is held.")


def _told(item: Json) -> str:
    sentence = clean(pick(item, "sentence", "detail"))
    return f"{sentence} {clean(item.get('remedy'))}".strip()
