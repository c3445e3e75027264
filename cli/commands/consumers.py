"""The merchants: list, show, add, delete."""

import click

from cli.client import Json, path_of
from cli.output import column, confirm, facts, say, show, table
from cli.session import Session, command
from cli.text import ago, clean, plain

STANDINGS_LIMIT = 50  # the most the API gives in one page: each costs it several queries


@click.group()
def consumers() -> None:
    """The merchants."""


@command(consumers, "list")
@click.option("--q", help="Part of a name or shop, or the start of an id.")
def list_consumers(session: Session, q: str | None) -> None:
    """List the consumers."""
    answer = session.api.join(path_of("consumers"), {"q": q})
    columns = (
        column("Consumer", "id", whole=True),
        column("Name", "name"),
        column("Time zone", "time_zone"),
        column("Since", lambda item: ago(item.get("created_at"), session.now())),
    )
    empty = "No consumer has that name." if q else "No consumer yet: `consumers add` makes one."
    show(session, answer, lambda: table(session, answer["items"], columns, empty=empty))


@command(consumers, "standing")
@click.option("--q", help="Part of an id or a name.")
def show_standings(session: Session, q: str | None) -> None:
    """Show how the consumers stand: what is down, what failed, what waits, what is silent.

    A flow is silent when it runs for a day or longer and brought no change for a day.
    """
    answer = session.api.join(path_of("standings"), {"q": q}, page_limit=STANDINGS_LIMIT)
    columns = (
        column("Consumer", lambda item: clean(item["consumer"].get("id")), whole=True),
        column("Connections", connections_told),
        column("Failed", "failed", whole=True, right=True),
        column("Pending", "pending", whole=True, right=True),
        column(
            "Oldest", lambda item: ago(item.get("oldest_waiting_at"), session.now()), whole=True
        ),
        column("On", "flows_on", whole=True, right=True),
        column("Not ready", lambda item: plain(item.get("not_ready"))),
        column("Silent", lambda item: plain(item.get("silent"))),
    )
    empty = "No consumer has that name." if q else "No consumer yet: `consumers add` makes one."
    show(session, answer, lambda: table(session, answer["items"], columns, empty=empty))


def connections_told(item: Json) -> str:
    """Say how many connections are how, with the names of those that are down."""
    counts = item.get("connections") or {}
    words = {"down": f"down ({plain(item.get('down'))})"}
    parts = [
        f"{counts[name]} {words.get(name, name)}"
        for name in ("down", "unchecked", "healthy")
        if counts.get(name)
    ]
    return ", ".join(parts) or "none"


@command(consumers, "show")
@click.argument("consumer_id", metavar="CONSUMER")
def show_consumer(session: Session, consumer_id: str) -> None:
    """Show one consumer."""
    answer = session.api.get(path_of("consumers", consumer_id))
    show(session, answer, lambda: facts(session, _facts_of(answer)))


@command(consumers, "add")
@click.argument("consumer_id", metavar="CONSUMER")
@click.option("--name", required=True, help="The merchant's name, as people say it.")
@click.option("--time-zone", required=True, help="As in the IANA list: Europe/London.")
def add_consumer(session: Session, consumer_id: str, name: str, time_zone: str) -> None:
    """Add a consumer under an id of your choice."""
    body = {"id": consumer_id, "name": name, "time_zone": time_zone}
    answer = session.api.post(path_of("consumers"), body)
    show(session, answer, lambda: say(session, f"{consumer_id} is added. Next: `connect set`."))


@command(consumers, "delete")
@click.argument("consumer_id", metavar="CONSUMER")
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete_consumer(session: Session, consumer_id: str, *, yes: bool) -> None:
    """Delete a consumer with its personal data and credentials."""
    confirm(session, f"Erase {consumer_id}, its credentials and all personal data?", yes=yes)
    answer = session.api.delete(path_of("consumers", consumer_id))
    show(session, answer, lambda: say(session, f"{consumer_id} is deleted."))


def _facts_of(answer: Json) -> list[tuple[str, str]]:
    return [(clean(name), plain(value)) for name, value in answer.items()]
