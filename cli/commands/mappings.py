"""The values that a merchant's platforms call differently."""

import click

from cli.arguments import read_entries
from cli.client import Json
from cli.output import column, heading, say, show, table
from cli.session import Session, command
from cli.text import clean, pick, plain


@click.group()
def mappings() -> None:
    """Which value of one platform is which of the other."""


@command(mappings, "list")
def list_mappings(session: Session) -> None:
    """List the mappings and how many values lack an entry."""
    answer = session.api.join(session.path("mappings"), {})
    columns = (
        column("Flow", "flow", whole=True),
        column("Mapping", "name", whole=True),
        column("Entries", lambda item: _size(item.get("entries")), right=True),
        column("Unmapped", lambda item: _size(item.get("unmapped")), right=True),
        column("Default", lambda item: plain(item.get("default"))),
    )
    empty = "This consumer's flows need no mapping."
    show(session, answer, lambda: table(session, answer["items"], columns, empty=empty))


@command(mappings, "show")
@click.argument("flow")
@click.argument("name")
def show_mapping(session: Session, flow: str, name: str) -> None:
    """Show what both platforms have, the entries, and the values without one."""
    answer = session.api.get(session.path("mappings", flow, name))
    show(session, answer, lambda: _show_whole(session, answer))


@command(mappings, "set")
@click.argument("flow")
@click.argument("name")
@click.argument("entries", nargs=-1, metavar="SOURCE=TARGET...")
@click.option("--remove", multiple=True, metavar="SOURCE", help="Remove an entry; may repeat.")
@click.option("--default", help="What every other value becomes.")
def set_mapping(
    session: Session,
    flow: str,
    name: str,
    entries: tuple[str, ...],
    remove: tuple[str, ...],
    default: str | None,
) -> None:
    r"""Add or change entries; the rows that waited go on. Write \= for a sign in a name."""
    body: Json = {"entries": read_entries(entries, remove)}
    if default is not None:
        body["default"] = default
    if not body["entries"] and default is None:
        raise click.UsageError("Nothing to set. Write SOURCE=TARGET, --remove or --default.")
    answer = session.api.put(session.path("mappings", flow, name), body)
    show(session, answer, lambda: _show(session, answer))


def unmapped_of(answer: Json) -> list[Json]:
    """Return the values without an entry."""
    unmapped = answer.get("unmapped")
    return (
        [each for each in unmapped if isinstance(each, dict)] if isinstance(unmapped, list) else []
    )


def waiting_of(entry: Json) -> int:
    """Return how many rows wait for an unmapped value."""
    rows = pick(entry, "rows", "waiting", "count")
    return len(rows) if isinstance(rows, list) else rows if isinstance(rows, int) else 0


def _show_whole(session: Session, answer: Json) -> None:
    for side in ("source", "target"):
        choices = _choices_of(answer, side)
        if choices:
            heading(session, f"{plain(answer.get(f'{side}_label'))}: what there is")
            by_name = side == "source" and answer.get("source_by") == "name"
            columns = (column("Name", "name"), column("Id", "id", whole=True))
            table(session, choices, columns[:1] if by_name else columns[::-1], empty="")
    for problem in answer.get("problems") or ():
        say(session, clean(problem))
    _show(session, answer)


def _choices_of(answer: Json, side: str) -> list[Json]:
    choices = answer.get("choices")
    found = choices.get(side) if isinstance(choices, dict) else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _show(session: Session, answer: Json) -> None:
    heading(session, "Entries")
    columns = (column("Source", "source"), column("Target", "target"))
    table(session, _entries_of(answer), columns, empty="No entry yet.")
    if answer.get("default") is not None:
        say(session, f"Every other value becomes {plain(answer['default'])}.")
    elif answer.get("without_answer"):
        say(session, clean(answer["without_answer"]))
        return
    heading(session, "Unmapped")
    missing = (
        column("Value", lambda item: plain(pick(item, "value", "source")) or "(none)"),
        column("Rows waiting", lambda item: str(waiting_of(item)), right=True, whole=True),
        column("Suggestion", lambda item: plain(pick(item, "suggestion", "suggested"))),
    )
    table(session, unmapped_of(answer), missing, empty="Every value seen has an entry.")


def _entries_of(answer: Json) -> list[Json]:
    entries = answer.get("entries")
    if isinstance(entries, dict):
        return [
            {"source": clean(key) or "(none)", "target": plain(value)}
            for key, value in entries.items()
        ]
    return [each for each in entries if isinstance(each, dict)] if isinstance(entries, list) else []


def _size(value: object) -> str:
    return str(len(value)) if isinstance(value, list | dict) else plain(value)
