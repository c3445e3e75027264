"""Watching a run of the API until it ends, with a bar for people and silence for scripts."""

from itertools import chain, repeat
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from cli.client import Json
from cli.errors import UnreachableError
from cli.session import Session
from cli.text import clean

PAUSES_S = (0.2, 0.3, 0.5, 1.0)  # between looks; the last one stays
PATIENCE = 20  # looks in a row that may find nobody, as while a server starts again


def new_bar(session: Session) -> Progress:
    """Return a bar on stderr, so that stdout keeps the result alone."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[detail]}", markup=False),
        console=session.err,
        disable=session.as_json,
    )


def follow(session: Session, path: str, title: str) -> Json:
    """Look at a run until its state is no longer Running, and return its last answer.

    Raises:
        UnreachableError: nothing answered for ``PATIENCE`` looks; the run goes on without us.
    """
    with new_bar(session) as bar:
        task = bar.add_task(clean(title), total=None, detail="")
        pauses_s = chain(PAUSES_S, repeat(PAUSES_S[-1]))
        while True:
            run = _look(session, path)
            done, total = progress_of(run)
            bar.update(task, completed=done, total=total, detail=_detail(run))
            if run.get("state") != "Running":
                return run
            session.world.wait(next(pauses_s))


def progress_of(run: Json) -> tuple[int, int | None]:
    """Return how many rows of a run have ended and of how many; None while nobody knows."""
    counts = counts_of(run)
    total = counts.get("requested") or counts.get("found") or None
    return counts.get("done", 0), total


def counts_of(run: Json) -> dict[str, int]:
    """Return a run's counts that are numbers."""
    counts = run.get("counts")
    given: dict[Any, Any] = counts if isinstance(counts, dict) else {}
    return {clean(name): value for name, value in given.items() if isinstance(value, int)}


def _look(session: Session, path: str) -> Json:
    for _ in range(PATIENCE - 1):
        try:
            return session.api.get(path)
        except UnreachableError:
            session.world.wait(PAUSES_S[-1])
    return session.api.get(path)


def _detail(run: Json) -> str:
    counts = counts_of(run)
    return "  ".join(f"{counts[name]} {name}" for name in ("failed", "held") if counts.get(name))
