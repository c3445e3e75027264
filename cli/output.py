"""Answers for people in dense tables, statuses with colour and word; for scripts as JSON."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from cli.client import Json
from cli.session import Session
from cli.text import as_json, clean

STYLES = {
    "Synced": "green",
    "Success": "green",
    "on": "green",
    "ok": "green",
    "healthy": "green",
    "registered": "green",
    "down": "red",
    "missing": "yellow",
    "yes": "green",
    "Pending": "yellow",
    "warn": "yellow",
    "Cancelled": "yellow",
    "Processing": "cyan",
    "Running": "cyan",
    "Failed": "red",
    "Error": "red",
    "fail": "red",
    "no": "red",
    "off": "dim",
}
GAP = "  "
NARROWEST = 8  # cells of a shortened column; fewer say nothing


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a table: its heading, the cell of an item, and whether it may be shortened."""

    title: str
    cell: Callable[[Json], str]
    whole: bool = False
    right: bool = False


def column(title: str, cell: Callable[[Json], str] | str, **settings: bool) -> Column:
    """Make a column from a function, or from the name of the field it shows."""
    if callable(cell):
        return Column(title=title, cell=cell, **settings)
    name = cell
    return Column(title=title, cell=lambda item: clean(item.get(name)), **settings)


def show(session: Session, answer: Any, people: Callable[[], None]) -> None:
    """Print ``answer`` as one JSON document when asked for, else let ``people`` write."""
    if session.as_json:
        click.echo(as_json(answer), color=False)
    else:
        people()


def table(
    session: Session, items: Iterable[Json], columns: Iterable[Column], *, empty: str
) -> None:
    """Write one line per item; what does not fit is shortened with an ellipsis, never wrapped."""
    listed, shown = list(items), tuple(columns)
    if not listed:
        say(session, empty)
        return
    rows = [[each.cell(item) for each in shown] for item in listed]
    widths = fit(session, shown, rows)
    _write_line(session, shown, widths, [Text(each.title, style="bold") for each in shown])
    for row in rows:
        _write_line(session, shown, widths, [painted(cell) for cell in row])


def fit(session: Session, shown: Sequence[Column], rows: Sequence[Sequence[str]]) -> list[int]:
    """Return each column's width: whole ones as they are, the others by what is left.

    When whole columns alone are too wide, lines are longer than the terminal: an identifier that
    was cut short could not be used.
    """
    widths = [
        max(cell_len(each.title), *(cell_len(row[index]) for row in rows))
        for index, each in enumerate(shown)
    ]
    if session.wide:
        return widths
    loose = [index for index, each in enumerate(shown) if not each.whole]
    fixed = sum(width for index, width in enumerate(widths) if index not in loose)
    room = session.out.width - fixed - len(GAP) * (len(shown) - 1)
    loose.sort(key=widths.__getitem__)  # the narrow ones first: what they leave is for the wide
    for taken, index in enumerate(loose):
        widths[index] = min(widths[index], max(NARROWEST, room // (len(loose) - taken)))
        room -= widths[index]
    return widths


def _write_line(
    session: Session, shown: Sequence[Column], widths: Sequence[int], cells: Sequence[Text]
) -> None:
    line = Text()
    for index, (cell, each) in enumerate(zip(cells, shown, strict=True)):
        cell.truncate(widths[index], overflow="ellipsis")
        cell.align("right" if each.right else "left", widths[index])
        line.append_text(cell).append(GAP)
    line.rstrip()
    session.out.print(line, soft_wrap=True)


def painted(cell: str) -> Text:
    """Return the cell, coloured when its word is a status; the word itself always stays."""
    return Text(cell, style=STYLES.get(cell, ""))


def facts(session: Session, pairs: Iterable[tuple[str, str]]) -> None:
    """Write names and values in two columns, leaving out what is empty; values wrap."""
    grid = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True, style="bold")
    grid.add_column(overflow="fold")
    for name, value in pairs:
        if value:
            grid.add_row(name, painted(value))
    session.out.print(grid)


def heading(session: Session, text: str) -> None:
    """Start a part of an answer."""
    session.out.print()
    session.out.print(Text(clean(text), style="bold underline"))


def say(session: Session, text: str) -> None:
    """Write one sentence."""
    session.out.print(Text(clean(text)), soft_wrap=True)


def note(session: Session, text: str) -> None:
    """Write one sentence beside the answer, on stderr; silent when a script listens."""
    if not session.as_json:
        session.err.print(Text(clean(text)), soft_wrap=True)


def confirm(session: Session, question: str, *, yes: bool) -> None:
    """Ask before something that cannot be taken back; ``yes`` answers in advance.

    Raises:
        click.Abort: the person said no.
        click.UsageError: a script asked; scripts are not asked questions.
    """
    if yes:
        return
    if session.as_json:
        raise click.UsageError("--json asks no questions: add --yes if you are sure.")
    click.confirm(clean(question), abort=True, err=True)


def listing(fields: Mapping[str, Any]) -> str:
    """Join what a mapping holds into ``name=value`` pairs."""
    return ", ".join(f"{clean(name)}={clean(value)}" for name, value in fields.items())
