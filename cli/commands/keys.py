"""API keys. A key is shown once, when it is made."""

import click

from cli.client import path_of
from cli.output import column, confirm, say, show, table
from cli.session import Session, command
from cli.text import ago, clean


@click.group()
def keys() -> None:
    """API keys."""


@command(keys, "list")
def list_keys(session: Session) -> None:
    """List the keys; none of them is shown."""
    answer = session.api.join(path_of("keys"), {})
    columns = (
        column("Id", "id", whole=True),
        column("Name", "name"),
        column("Consumer", lambda item: clean(item.get("consumer")) or "(operator)"),
        column("Role", "role", whole=True),
        column("Made", lambda item: ago(item.get("created_at"), session.now())),
        column("Used", lambda item: ago(item.get("last_used_at"), session.now())),
    )
    show(session, answer, lambda: table(session, answer["items"], columns, empty="No key."))


@command(keys, "create")
@click.option("--name", required=True, help="Who or what will use it.")
@click.option("--role", type=click.Choice(["viewer", "operator", "admin"]), required=True)
def create_key(session: Session, name: str, role: str) -> None:
    """Make a key for the named consumer; without --consumer it is the operator's own."""
    body = {"consumer": session.given_consumer, "role": role, "name": name}
    answer = session.api.post(path_of("keys"), body)
    whose = session.given_consumer or "the operator, with every consumer"
    show(session, answer, lambda: _show_once(session, whose, clean(answer.get("key"))))


@command(keys, "revoke")
@click.argument("key_id")
@click.option("--yes", is_flag=True, help="Do not ask.")
def revoke_key(session: Session, key_id: str, *, yes: bool) -> None:
    """Make a key useless from now on."""
    confirm(session, f"Revoke the key {key_id}? What uses it stops working.", yes=yes)
    answer = session.api.delete(path_of("keys", key_id))
    show(session, answer, lambda: say(session, f"{key_id} is revoked."))


def _show_once(session: Session, whose: str, key: str) -> None:
    say(session, f"The key of {whose}. It is shown once, now:")
    say(session, key)
