"""The log as a CSV file: the parts the API gives, joined."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import click
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from cli.arguments import filter_options, filters_of
from cli.client import Json, TextPart
from cli.errors import RefusedError
from cli.output import note, say, show
from cli.session import Session, command


def add_export(parent: click.Group) -> None:
    """Add the command ``export``."""
    command(parent, "export")(export)


@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@filter_options
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def export(session: Session, file: Path, *, force: bool, **options: Any) -> None:
    """Write the rows that the filters name into FILE, as CSV for a spreadsheet, newest first.

    Until all of it is there it is called FILE.part. With - for FILE it goes to standard output.
    """
    filters = filters_of(options, session.now())
    if str(file) == "-":
        _pass_on(session, filters)
        return
    if file.exists() and not force:
        raise click.UsageError(f"{file} is there already. Give another name, or --force.")
    rows = _write(session, file, filters)
    answer = {"file": str(file), "rows": rows}
    show(session, answer, lambda: say(session, f"{rows} rows are in {file}."))


def parts_of(session: Session, filters: Json) -> Iterator[TextPart]:
    """Yield the parts of an export, to the end.

    Raises:
        RefusedError: the export gives the same cursor twice and would never end.
    """
    cursor: str | None = None
    seen: set[str] = set()
    while True:
        part = session.api.get_text(session.path("export.csv"), {**filters, "cursor": cursor})
        yield part
        cursor = part.next
        if cursor is None:
            return
        if cursor in seen:
            raise RefusedError("The API's export repeats itself: its cursor came twice.")
        seen.add(cursor)


def _pass_on(session: Session, filters: Json) -> None:
    rows = 0
    for part in parts_of(session, filters):
        click.echo(part.text.encode(), nl=False)
        rows += part.rows
    note(session, f"{rows} rows.")


def _write(session: Session, file: Path, filters: Json) -> int:
    """Write all parts and return the number of rows; what breaks off leaves no FILE."""
    unfinished = file.with_name(f"{file.name}.part")
    try:
        with unfinished.open("wb") as written, _removed_on_error(unfinished):
            rows = _write_parts(session, written, filters)
        unfinished.replace(file)
    except OSError as error:
        raise RefusedError(f"{file} cannot be written: {error.strerror}.") from error
    return rows


@contextmanager
def _removed_on_error(file: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        file.unlink()
        raise


def _write_parts(session: Session, written: IO[bytes], filters: Json) -> int:
    rows = 0
    with _new_bar(session) as bar:
        task = bar.add_task("Export", total=None, rows=0)
        for part in parts_of(session, filters):
            written.write(part.text.encode())
            rows += part.rows
            bar.update(task, rows=rows)
    return rows


def _new_bar(session: Session) -> Progress:
    """Return what moves while parts come; nobody knows beforehand how many there are."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        TextColumn("{task.fields[rows]} rows", markup=False),
        TimeElapsedColumn(),
        console=session.err,
        disable=session.as_json,
    )
