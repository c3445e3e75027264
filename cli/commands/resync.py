"""Re-syncs: one row, or every row of a filter with its progress, and the way out of it."""

from typing import Any

import click

from cli.client import Json
from cli.commands.executions import report_end
from cli.output import confirm, note, say, show
from cli.progress import follow
from cli.session import Session
from cli.text import clean


def resync_row(session: Session, row: str) -> None:
    """Request one row again; the answer comes before it was worked on."""
    answer = session.api.post(session.path("logs", row, "resync"))
    text = f"Requested. `logs show {row}` tells how it goes."
    show(session, answer, lambda: say(session, text))


def resync_all(session: Session, found: dict[str, Any], *, dry_run: bool, yes: bool) -> None:
    """Count the rows of the filter, ask, request them all and follow them to the end.

    Without a status the API takes the Failed ones.
    """
    counted = session.api.post(session.path("resyncs"), {"filter": found, "dry_run": True})
    count = counted.get("count")
    words = _counted_words(counted, found)
    if dry_run or count == 0:
        show(session, counted, lambda: say(session, f"{words} would be synced again."))
        return
    confirm(session, f"Sync {words} again?", yes=yes)
    started = session.api.post(session.path("resyncs"), {"filter": found, "dry_run": False})
    path = session.path("resyncs", str(started.get("id", "")))
    report_end(session, _follow(session, path, f"Re-sync of {words}"))


def _counted_words(counted: Json, found: dict[str, Any]) -> str:
    count, exact = counted.get("count"), counted.get("exact", True)
    status = " or ".join(found.get("status", ["Failed"]))
    return clean(f"{'' if exact else 'about '}{count} {status} row{'' if count == 1 else 's'}")


def _follow(session: Session, path: str, title: str) -> Json:
    """Follow a re-sync; at Ctrl-C offer to cancel it, and watch it end when that is wanted."""
    while True:
        try:
            return follow(session, path, title)
        except KeyboardInterrupt:
            if not _wants_cancel(session, path):
                raise click.Abort from None
            session.api.post(f"{path}/cancel")


def _wants_cancel(session: Session, path: str) -> bool:
    if not session.as_json and click.confirm("Cancel the re-sync?", err=True):
        return True
    job = path.rsplit("/", 1)[-1]
    note(session, f"It goes on without this window, as {job}. `executions list` shows it.")
    return False
