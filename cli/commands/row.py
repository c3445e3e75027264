"""One row, whole, as a person reads it."""

from typing import Any

from cli.client import Json
from cli.commands.history import history_columns
from cli.errors import RefusedError
from cli.output import Column, column, facts, heading, say, table
from cli.session import Session
from cli.text import ago, as_json, clean, plain, took

TIMES = ("received_at", "requested_at", "synced_at", "updated_at", "platform_updated_at")


def show_row(session: Session, answer: Json, *, bodies: bool) -> None:
    """Write the parts of ``GET $C/logs/{row}``; ``bodies`` adds what was sent and answered."""
    inner = answer.get("row")
    row: Json = inner if isinstance(inner, dict) else answer
    told = [("Correlation", plain(answer.get("correlation")))]
    facts(session, _facts_of(session, row) + told)
    links = _dicts(answer.get("links")) or _dicts(row.get("links"))
    _part(session, "Links", links, _link_columns())
    _show_record(session, answer)
    _show_attempts(session, _dicts(answer.get("attempts")), bodies=bodies)
    people = _dicts(answer.get("history"))
    _part(session, "What people did", people, history_columns(session))
    _part(session, "Related rows", _dicts(answer.get("related")), _related_columns())


def find_row(session: Session, text: str) -> str:
    """Return the id of the row that a person means.

    A row's id holds a dot. Anything else is looked for as the log's ``q`` does, where a row whose
    record is exactly ``text`` goes before those that only begin with it.

    Raises:
        RefusedError: no row, or more than one.
    """
    if "." in text:
        return text
    found = _dicts(session.api.get(session.path("logs"), {"q": text, "limit": 20}).get("items"))
    exact = [row for row in found if row.get("record") == text]
    ids = [clean(row.get("id")) for row in exact or found]
    if len(ids) == 1:
        return ids[0]
    if not ids:
        raise RefusedError(f"No row is found by {clean(text)!r}. `logs list --q` looks for more.")
    raise RefusedError("\n  ".join([f"{clean(text)!r} finds several rows. Name one:", *ids]))


def _facts_of(session: Session, row: Json) -> list[tuple[str, str]]:
    now = session.now()
    names = ("status", "reason", "sentence", "remedy", "cause", "outcome", "code", "group")
    told = [(name.capitalize(), plain(row.get(name))) for name in names]
    columns = row.get("columns")
    known: Json = columns if isinstance(columns, dict) else {}
    return [
        ("Row", clean(row.get("id"))),
        ("Consumer", clean(row.get("consumer"))),
        ("Flow", clean(row.get("flow"))),
        ("Record", f"{clean(row.get('kind'))} {clean(row.get('record'))}"),
        *told,
        *((_label(name), plain(value)) for name, value in known.items()),
        *((_label(name.removesuffix("_at")), _moment(row.get(name), now)) for name in TIMES),
        ("Next try", ago(row.get("next_attempt_at"), now)),
    ]


def _moment(value: Any, now: Any) -> str:
    return f"{ago(value, now)} ({clean(value)})" if value else ""


def _label(name: str) -> str:
    return clean(name).replace("_", " ").capitalize()


def _show_record(session: Session, answer: Json) -> None:
    record = answer.get("record")
    if isinstance(record, dict) and record:
        heading(session, "Record")
        _show_document(session, record, indent=0)


def _show_attempts(session: Session, attempts: list[Json], *, bodies: bool) -> None:
    for attempt in attempts:
        code = plain(attempt.get("code"))
        parts = (
            f"Attempt {plain(attempt.get('number'))}",
            ago(attempt.get("at"), session.now()),
            took(attempt.get("at"), attempt.get("ended_at")),
            clean(attempt.get("status")),
            clean(attempt.get("reason")),
            f"code {code}" if code else "",
        )
        heading(session, " · ".join(part for part in parts if part))
        if attempt.get("detail"):
            say(session, clean(attempt["detail"]))
        if attempt.get("correlation"):
            say(session, f"Correlation {clean(attempt['correlation'])}")
        _show_changes(session, _dicts(attempt.get("changes")))
        exchanges = _dicts(attempt.get("exchanges"))
        table(session, exchanges, _exchange_columns(), empty="No request was made.")
        if bodies:
            for exchange in exchanges:
                _show_bodies(session, exchange)


def _show_changes(session: Session, changes: list[Json]) -> None:
    """Say what an attempt sent differently from the one before, a line for each field."""
    if changes:
        say(session, "Sent differently:")
    for change in changes:
        old, new = _sent(change.get("old")), _sent(change.get("new"))
        say(session, f"  {clean(change.get('field'))}: {old} → {new}")


def _sent(value: Any) -> str:
    return "nothing" if value is None else f"'{clean(value)}'"


def _show_bodies(session: Session, exchange: Json) -> None:
    for side in ("request", "response"):
        content = exchange.get(side)
        if isinstance(content, dict):
            title = f"{clean(exchange.get('method'))} {clean(exchange.get('url'))}: {side}"
            say(session, title)
            _show_document(session, content, indent=2)


def _show_document(session: Session, document: Any, *, indent: int) -> None:
    """Write nested values as JSON, line by line; a line too long is folded by the terminal."""
    for line in as_json(document).splitlines():
        say(session, " " * indent + line)


def _part(session: Session, title: str, items: list[Json], columns: tuple[Column, ...]) -> None:
    if items:
        heading(session, title)
        table(session, items, columns, empty="")


def _link_columns() -> tuple[Column, ...]:
    return (
        column("Platform", "platform", whole=True),
        column("Id", "id", whole=True),
        column("Address", "url"),
    )


def _exchange_columns() -> tuple[Column, ...]:
    return (
        column("Platform", "platform", whole=True),
        column("Call", "method", whole=True),
        column("Address", "url"),
        column("Code", lambda item: plain(item.get("status")), whole=True),
        column("Took", lambda item: f"{plain(item.get('duration_ms'))} ms", right=True, whole=True),
    )


def _related_columns() -> tuple[Column, ...]:
    return (
        column("Row", "id", whole=True),
        column("Kind", "kind", whole=True),
        column("Record", "record"),
        column("Status", "status", whole=True),
        column("Reason", "reason"),
    )


def _dicts(value: Any) -> list[Json]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
