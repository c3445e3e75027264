"""What the doctor writes down, and the checks of the installation itself."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

from cli.client import Json, path_of
from cli.commands.connect import HEALTHY
from cli.commands.dlq import RECOVERED, counts_of
from cli.errors import RefusedError
from cli.output import listing
from cli.session import Session
from cli.text import clean, pick


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of the doctor's: ``level`` is ok, warn or fail; ``todo`` says how to mend it."""

    level: str
    what: str
    found: str
    todo: str = ""

    def to_json(self) -> Json:
        """Return it as it is printed for scripts."""
        return asdict(self)


def guarded(what: str, check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """Run a check; what the API refuses becomes its finding, and the other checks go on."""
    try:
        yield from check()
    except RefusedError as error:
        found = clean(error.message)
        yield Finding(
            level="fail", what=what, found=found, todo="See the log of the API's process."
        )


def check_address(session: Session) -> Iterator[Finding]:
    """Ask for the API's health, which needs no key."""
    health = session.api.get(path_of("health"))
    state = pick(health, "status", "ok", "state")
    good = state in (None, True) or str(state).lower() in HEALTHY
    yield Finding(
        level="ok" if good else "fail",
        what="API",
        found=f"{session.api.url} answers{'' if state is None else f': {clean(state)}'}",
        todo="" if good else "Look at the log of the API's process.",
    )


def check_key(session: Session, consumer: str | None) -> Iterator[Finding]:
    """Find out what the key may do, by asking for things that change nothing."""
    if _is_allowed(lambda: session.api.get(path_of("keys"), {"limit": 1})):
        role = "admin"
    elif consumer is None:
        yield Finding(level="ok", what="Key", found="It works.")
        return
    else:
        role = "operator" if _may_act(session, consumer) else "viewer"
    todo = "Enough to look; to act, ask an admin for another." if role == "viewer" else ""
    yield Finding(level="ok", what="Key", found=f"It works, with the role {role}.", todo=todo)


def check_letters(session: Session) -> Iterator[Finding]:
    """Count the dead letters; a key of one consumer may not see them, which is no finding."""
    try:
        answer = session.api.get(path_of("dlq"), {"limit": 1})
    except RefusedError as error:
        if error.status in (403, 404):
            return
        raise
    counts = counts_of(answer)
    lying = sum(counts.values()) > 0
    failing = answer.get("items") or answer.get("next")
    todo = "`groups` says why; mend it, then `dlq redrive`." if failing else RECOVERED
    yield Finding(
        level="warn" if lying else "ok",
        what="Dead letters",
        found=listing(counts) if lying else "None.",
        todo=todo if lying else "",
    )


def _may_act(session: Session, consumer: str) -> bool:
    """Try a re-sync that only counts: it needs the right to act and changes nothing."""
    body: Json = {"filter": {}, "dry_run": True}
    return _is_allowed(lambda: session.api.post(path_of("consumers", consumer, "resyncs"), body))


def _is_allowed(ask: Callable[[], Json]) -> bool:
    try:
        ask()
    except RefusedError as error:
        if error.status in (403, 404):
            return False
        raise
    return True
