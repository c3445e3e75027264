"""A consumer's accounts on the platforms. Credentials go in and never come out."""

from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import urlencode

import click

from cli.arguments import read_credentials, read_settings
from cli.client import Json, items_of, path_of
from cli.errors import RefusedError
from cli.output import column, confirm, facts, heading, say, show, table
from cli.session import Session, command
from cli.text import ago, clean, pick, plain

HEALTHY = ("ok", "healthy")


@click.group()
def connect() -> None:
    """A consumer's accounts on the platforms."""


@command(connect, "list")
def list_connections(session: Session) -> None:
    """List the connections with their health."""
    answer = session.api.join(session.path("connections"), {})
    columns = (
        column("Connection", "name", whole=True),
        column("Platform", "platform", whole=True),
        column("Health", health_of),
        column("Webhooks", "webhooks", whole=True),
        column("Address", "base_url"),
        column("Checked", lambda item: ago(_checked_at(item), session.now())),
    )
    empty = "No connection yet: `connect set` makes one."
    show(session, answer, lambda: table(session, answer["items"], columns, empty=empty))


@command(connect, "show")
@click.argument("name")
def show_connection(session: Session, name: str) -> None:
    """Show one connection: settings, health, which credentials are set."""
    answer = session.api.get(session.path("connections", name))
    pairs = [(clean(field), plain(value)) for field, value in answer.items()]
    show(session, answer, lambda: facts(session, pairs))


@command(connect, "platforms")
def list_platforms(session: Session) -> None:
    """List the platforms that can be connected: what an account needs, what `set` is given."""
    answer = session.api.join(path_of("platforms"), {})
    show(session, answer, lambda: _show_platforms(session, items_of(answer)))


@command(connect, "choices")
@click.argument("name")
@click.argument("what")
def list_choices(session: Session, name: str, what: str) -> None:
    """List what an account has to choose from, such as its price lists; the platform is asked."""
    answer = session.api.get(session.path("connections", name, "choices", what))
    problem = clean(answer.get("problem"))
    columns = (column("Id", "id", whole=True), column("Name", "name"))
    empty = problem or "The platform has none."
    show(session, answer, lambda: table(session, items_of(answer), columns, empty=empty))
    if problem:
        raise RefusedError(f"{name} could not be asked for its {what}. Try `connect check {name}`.")


@command(connect, "set")
@click.argument("name")
@click.option("--platform", help="Default of a new connection: its name.")
@click.option("--base-url", help="Default of a new connection: the vendor's own.")
@click.option("--setting", "settings", multiple=True, metavar="NAME=VALUE", help="May repeat.")
@click.option(
    "--credential",
    "credentials",
    multiple=True,
    metavar="NAME[=VALUE|=@FILE]",
    help="May repeat. NAME alone asks for the value and does not show it.",
)
def set_connection(
    session: Session,
    name: str,
    platform: str | None,
    base_url: str | None,
    settings: tuple[str, ...],
    credentials: tuple[str, ...],
) -> None:
    """Make or change a connection; what is not named stays as it is."""
    changed, secrets = read_settings(settings), read_credentials(credentials, _ask_secret)
    known = _read_known(session, name)
    body: Json = {
        "platform": platform or known.get("platform") or name,
        "settings": {**(known.get("settings") or {}), **changed},
        "credentials": secrets,
    }
    address = base_url or known.get("base_url")
    if address:
        body["base_url"] = address
    answer = session.api.put(session.path("connections", name), body)
    show(
        session, answer, lambda: say(session, f"{name} is saved. `connect check {name}` tries it.")
    )


@command(connect, "open")
@click.argument("name")
def show_sign_in(session: Session, name: str) -> None:
    """Print where an admin connects an account at the platform's own page, without tokens."""
    answer = session.api.get(session.path("connections", name))
    place = {"address": _address_of_sign_in(session, name, answer)}
    show(session, place, lambda: say(session, place["address"]))


@command(connect, "check")
@click.argument("name")
def check_connection(session: Session, name: str) -> None:
    """Call the platform with the stored credentials; exit code 1 when it does not work."""
    answer = session.api.post(session.path("connections", name, "check"))
    show(session, answer, lambda: say(session, f"{name}: {told_of(answer)}"))
    if not is_healthy(answer):
        raise RefusedError(f"The connection {name} does not work. Mend it, then check again.")


@command(connect, "remove")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove_connection(session: Session, name: str, *, yes: bool) -> None:
    """Remove a connection with its credentials."""
    confirm(session, f"Remove the connection {name} and its credentials?", yes=yes)
    answer = session.api.delete(session.path("connections", name))
    show(session, answer, lambda: say(session, f"{name} is removed."))


def is_healthy(answer: Json) -> bool:
    """Say whether a connection, or the answer of its check, reports good health."""
    health = pick(answer, "ok", "healthy", "health", "status", "state")
    if isinstance(health, dict):
        return is_healthy(health)
    return health is True or str(health).lower() in HEALTHY


def health_of(answer: Json) -> str:
    """Return the health's word: the API's own, or ok and fail for a plain yes and no."""
    health = pick(answer, "health", "status", "state", "ok", "healthy")
    if isinstance(health, dict):
        return health_of(health)
    if isinstance(health, bool):
        return "ok" if health else "fail"
    return clean(health) or "not checked"


def told_of(answer: Json) -> str:
    """Return the health's word with the sentence that explains it, when there is one."""
    inner = answer.get("health")
    source = inner if isinstance(inner, dict) else answer
    sentence = pick(source, "sentence", "detail", "health_detail", "message")
    remedy = clean(source.get("remedy"))
    return " ".join(part for part in (health_of(answer), clean(sentence), remedy) if part)


def _address_of_sign_in(session: Session, name: str, answer: Json) -> str:
    """Return the address to open in a browser.

    Raises:
        RefusedError: the platform has no such page, or something is missing for it.
    """
    sign_in = answer.get("sign_in")
    if not isinstance(sign_in, dict):
        raise RefusedError("This platform has no page to sign in at. Use `connect set`.")
    missing = ", ".join(clean(one) for one in sign_in.get("missing") or ())
    if missing:
        raise RefusedError(f"Fill in first, with `connect set {name}`: {missing}.")
    back = clean(sign_in.get("redirect_address"))
    if not back:
        raise RefusedError("Synclog has no public address: set SYNCLOG_PUBLIC_URL where it runs.")
    query = urlencode({"consumer": session.consumer, "connection": name})
    return f"{back.removesuffix('callback')}start?{query}"


def _show_platforms(session: Session, platforms: Sequence[Json]) -> None:
    columns = (
        column("Option", _option_of, whole=True),
        column("Required", lambda field: "yes" if field.get("required") else "", whole=True),
        column("What it is", _meaning_of),
    )
    for platform in platforms:
        heading(session, f"{clean(platform.get('label'))} ({clean(platform.get('name'))})")
        for sentence in platform.get("prerequisites") or ():
            say(session, f"- {clean(sentence)}")
        fields = [field for field in platform.get("fields") or () if isinstance(field, dict)]
        table(session, fields, columns, empty="It takes no settings.")


def _option_of(field: Json) -> str:
    return f"--{'credential' if field.get('secret') else 'setting'} {clean(field.get('name'))}"


def _meaning_of(field: Json) -> str:
    usual = f"Usually {clean(field['default'])}." if field.get("default") else ""
    texts = (f"{clean(field.get('label'))}.", usual, clean(field.get("help")))
    return " ".join(text for text in texts if text)


def _read_known(session: Session, name: str) -> Json:
    try:
        return session.api.get(session.path("connections", name))
    except RefusedError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return {}
        raise


def _checked_at(item: Json) -> object:
    inner = item.get("health")
    return pick(inner if isinstance(inner, dict) else item, "checked_at", "at")


def _ask_secret(name: str) -> str:
    value: str = click.prompt(clean(name), hide_input=True, err=True)
    return value
