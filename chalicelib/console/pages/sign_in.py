"""Signing in with a key of the API, and out."""

import hashlib
from ipaddress import IPv6Address

from chalice.app import Response

from chalicelib.console import sessions
from chalicelib.console.routes import ROOT
from chalicelib.console.visits import Visit, is_own
from chalicelib.flows.keys import hash_of

TRIES = 10  #: wrong keys from one address within the window
WINDOW_S = 300
#: Addresses share so many counters, so that strangers cannot make any number of them.
_COUNTERS = 4096

NOT_KNOWN = "This key is not, or no longer, known. Check it, or ask an admin for another."
TOO_MANY = f"Too many keys were wrong. Wait {WINDOW_S // 60} minutes and try again."


def show_start(visit: Visit) -> Response:
    """Send people to where they begin."""
    return visit.redirect(visit.url("/consumers"))


def show_form(visit: Visit) -> Response:
    """Ask for a key."""
    return _form(visit)


def sign_in(visit: Visit) -> Response:
    """Begin a session, if the key is known."""
    if not _take_try(visit):
        return _form(visit, status=429, problem=TOO_MANY)
    key_hash = hash_of(visit.field("key"))
    session = sessions.begin(key_hash, now=visit.services.now())
    principal = sessions.find_principal(visit.services, session)
    if principal is None:
        return _form(visit, status=401, problem=NOT_KNOWN)
    _give_tries_back(visit)
    visit.keep(session)
    visit.forget(sessions.SIGN_IN_COOKIE)
    return visit.redirect(visit.prefix + _next(visit.field("next")))


def sign_out(visit: Visit) -> Response:
    """End the session."""
    visit.sign_out()
    return visit.redirect(visit.url("/sign-in"), said="You are signed out.")


def _form(visit: Visit, *, status: int = 200, problem: str = "") -> Response:
    visit.word = visit.word or sessions.new_word()
    visit.keep_word(visit.word)
    back = visit.field("next") or visit.one("next")
    return visit.render("sign_in.html", status=status, problem=problem, next=_next(back))


def _next(address: str) -> str:
    return address if is_own(address) else ROOT


def _take_try(visit: Visit) -> bool:
    """Count a try; a right key gives all of them back, so that only wrong ones add up."""
    return visit.services.log.take_calls(
        *_counter_of(visit), 1, limit=TRIES, window_s=WINDOW_S, now=visit.services.now()
    )


def _give_tries_back(visit: Visit) -> None:
    visit.services.log.set_calls_left(
        *_counter_of(visit), TRIES, limit=TRIES, window_s=WINDOW_S, now=visit.services.now()
    )


def _counter_of(visit: Visit) -> tuple[str, str]:
    """Return the counter of the address that a request came from."""
    identity = (visit.request.context or {}).get("identity") or {}
    digest = hashlib.sha256(_network_of(str(identity.get("sourceIp", ""))).encode()).digest()
    return "~console", f"sign-in-{int.from_bytes(digest[:4]) % _COUNTERS}"


def _network_of(address: str) -> str:
    """Return what one person may have to themselves: of IPv6 a network of 64 bits."""
    try:
        return IPv6Address(address.partition("%")[0]).packed[:8].hex()
    except ValueError:
        return address
