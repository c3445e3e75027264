"""Failures that are alike, and what held rows wait for."""

import click

from cli.client import Json
from cli.output import column, heading, show, table
from cli.session import Session, command
from cli.text import ago, clean, pick, plain


def add_groups(parent: click.Group) -> None:
    """Add the command ``groups``."""
    command(parent, "groups")(show_groups)


def show_groups(session: Session) -> None:
    """Show failures that are alike and what held rows wait for, with counts."""
    answer = session.api.join(session.path("groups"), {})
    show(session, answer, lambda: _show(session, answer))


def causes_of(answer: Json) -> list[Json]:
    """Return the held causes among the groups."""
    return [item for item in answer["items"] if item.get("cause")]


def count_of(item: Json) -> int:
    """Return how many rows stand in a group or under a cause."""
    count = pick(item, "count", "rows")
    return count if isinstance(count, int) else 0


def _show(session: Session, answer: Json) -> None:
    held = causes_of(answer)
    failed = [item for item in answer["items"] if not item.get("cause")]
    heading(session, "Failed: `logs list --group GROUP` lists the rows")
    failures = (
        column("Rows", lambda item: str(count_of(item)), right=True, whole=True),
        column("Group", lambda item: plain(pick(item, "group", "fingerprint", "id")), whole=True),
        column("Reason", "reason", whole=True),
        column("Last", lambda item: ago(_last_seen(item), session.now()), whole=True),
        column("What", _told),
    )
    table(session, failed, failures, empty="Nothing failed.")
    heading(session, "Held: `logs list --cause CAUSE` lists the rows")
    causes = (
        column("Rows", lambda item: str(count_of(item)), right=True, whole=True),
        column("Cause", "cause", whole=True),
        column("What", _told),
    )
    table(session, held, causes, empty="Nothing is held.")


def _last_seen(item: Json) -> object:
    return pick(item, "last_seen_at", "last_at", "last_seen")


def _told(item: Json) -> str:
    sentence = clean(pick(item, "sentence", "detail"))
    return f"{sentence} {clean(item.get('remedy'))}".strip()
