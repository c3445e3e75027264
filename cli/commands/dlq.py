"""The dead letters: the names of rows that failed."""

from typing import Any

import click

from cli.client import Json, path_of
from cli.output import column, listing, say, show, table
from cli.progress import new_bar
from cli.session import Session, command
from cli.text import ago

RUN_LIMIT = 10_000  # a redrive touches no more at once
RECOVERED = "No row fails any more: `dlq prune` drops the letters of rows that recovered."
SLICE_S = 5  # one call's length: the API's gateway ends at 29 s


@click.group()
def dlq() -> None:
    """The dead letters."""


@command(dlq, "show")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True)
@click.option("--all", "everything", is_flag=True, help="To the end of the list.")
def show_dlq(session: Session, limit: int, *, everything: bool) -> None:
    """Show how many dead letters there are, whose, and since when the oldest fails."""
    params = {"consumer": session.given_consumer}
    answer = session.api.join(path_of("dlq"), params, None if everything else limit)
    show(session, answer, lambda: _show(session, answer))


@command(dlq, "redrive")
@click.option("--max", "most", type=click.IntRange(1, RUN_LIMIT), help="Default: all there are.")
@click.option("--per-second", type=click.IntRange(1, 1000), default=50, show_default=True)
def redrive(session: Session, most: int | None, per_second: int) -> None:
    """Try dead letters again; with --consumer (or SYNCLOG_CONSUMER) that consumer's only."""
    wanted = most or _size(session)
    total = {"received": 0, "requested": 0, "dropped": 0}
    with new_bar(session) as bar:
        task = bar.add_task("Redrive", total=wanted, detail="")
        while total["received"] < wanted:
            size = min(wanted - total["received"], per_second * SLICE_S)
            answer = session.api.post(path_of("dlq", "redrive"), _body(session, size, per_second))
            for name in total:
                total[name] += _number(answer.get(name))
            bar.update(task, completed=total["received"])
            if not _number(answer.get("requested")) + _number(answer.get("dropped")):
                break
    text = (
        f"{total['requested']} requested again, {total['dropped']} dropped because their rows "
        f"no longer fail, of {total['received']} received."
    )
    show(session, total, lambda: say(session, text))


@command(dlq, "prune")
def prune(session: Session) -> None:
    """Delete the letters whose rows no longer fail; nothing is tried again."""
    answer = session.api.post(path_of("dlq", "prune"))
    text = f"{_number(answer.get('deleted'))} deleted, because their rows no longer fail."
    show(session, answer, lambda: say(session, text))


def counts_of(answer: Json) -> dict[str, int]:
    """Return how many letters lie in each dead-letter queue."""
    counts = answer.get("counts")
    return (
        {name: _number(value) for name, value in counts.items()} if isinstance(counts, dict) else {}
    )


def _size(session: Session) -> int:
    found = session.api.get(path_of("dlq"), {"limit": 1})
    return min(sum(counts_of(found).values()), RUN_LIMIT)


def _body(session: Session, size: int, per_second: int) -> Json:
    body: Json = {"max": size, "per_second": per_second}
    if session.given_consumer:
        body["consumer"] = session.given_consumer
    return body


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _show(session: Session, answer: Json) -> None:
    columns = (
        column("Consumer", "consumer"),
        column("Flow", "flow"),
        column("Row", "row", whole=True),
        column("Reason", "reason", whole=True),
        column("Failed", lambda item: ago(item.get("failed_at"), session.now()), whole=True),
    )
    counts = counts_of(answer)
    oldest = ago(answer.get("oldest_at"), session.now())
    since = f"; the oldest failed {oldest}" if oldest else ""
    say(session, f"Letters: {listing(counts) or 'unknown'}{since}")
    table(session, answer["items"], columns, empty=_none(session, counts))


def _none(session: Session, counts: dict[str, int]) -> str:
    if not any(counts.values()):
        return "No dead letter."
    if session.given_consumer:
        return f"None of {session.given_consumer} whose row still fails."
    return RECOVERED
