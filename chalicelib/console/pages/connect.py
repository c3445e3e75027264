"""Going to a platform's own page to connect an account, and coming back.

A link, not a form: browsers let no form of ours lead to another site (``form-action``). So a link
that starts something carries a ticket of the session, and without it only leads to the connection.
"""

from chalice.app import Response

from chalicelib.api import auth, errors
from chalicelib.console import sessions
from chalicelib.console.routes import ROOT
from chalicelib.console.visits import START_COOKIE, Visit, encode
from chalicelib.flows.setup import sign_in
from chalicelib.flows.setup.connections import read_connection
from chalicelib.flows.setup.sign_in import (
    NOT_STARTED,
    Attempt,
    NotOfferedError,
    NotOursError,
    SignInFailedError,
)

NO_TICKET = "That link starts nothing any more. Use the button on this page."


def find_back(visit: Visit) -> str:
    """Return where a stranger goes after signing in: to the connection it is about."""
    attempt = _attempt(visit)
    consumer = attempt.consumer if attempt else visit.one("consumer")
    name = attempt.connection if attempt else visit.one("connection")
    if not (consumer and name):
        return ""
    return f"{ROOT}/consumers/{encode(consumer)}/connections/{encode(name)}"


def start(visit: Visit) -> Response:
    """Send an admin to the platform's page."""
    visit.need("admin")
    consumer, name = visit.one("consumer"), visit.one("connection")
    assert visit.principal is not None  # noqa: S101 - the page is no public one
    visit.consumer = auth.find_consumer(visit.services, visit.principal, consumer)
    connection = read_connection(visit.services, consumer, name)
    if connection.platform != visit.params["platform"]:
        raise errors.not_found(f"There is no connection {name} to this platform.")
    page = visit.at(f"/connections/{encode(name)}")
    if not sessions.is_word(visit.one("ticket"), sessions.ticket_of(visit.word, consumer, name)):
        return visit.redirect(page, trouble=NO_TICKET)
    holder = sessions.holder_of(visit.word)
    try:
        started = sign_in.start(visit.services, connection, holder=holder)
    except NotOfferedError as problem:
        return visit.redirect(page, trouble=str(problem))
    visit.keep_start(connection.platform, started.kept, sign_in.LASTS)
    return visit.redirect(started.address)


def finish(visit: Visit) -> Response:
    """Take a person back from the platform's page, and connect the account."""
    attempt = _attempt(visit)
    if attempt is None:
        raise errors.forbidden(NOT_STARTED)
    visit.need("admin")
    assert visit.principal is not None  # noqa: S101 - the page is no public one
    visit.consumer = auth.find_consumer(visit.services, visit.principal, attempt.consumer)
    page = visit.at(f"/connections/{encode(attempt.connection)}")
    query = {name: visit.one(name) for name in visit.query}
    by, holder = visit.principal.name, sessions.holder_of(visit.word)
    try:
        checked = sign_in.finish(visit.services, attempt, query, holder=holder, by=by)
    except NotOursError as problem:
        visit.consumer = None
        raise errors.forbidden(str(problem)) from None
    except (NotOfferedError, SignInFailedError) as problem:
        visit.forget_start(attempt.platform)
        return visit.redirect(page, trouble=str(problem))
    visit.forget_start(attempt.platform)
    label = visit.label(attempt.platform)
    account = f" It is the account of {checked.account}." if checked.account else ""
    said = f"Connected: {label} answers.{account}" if checked.ok else f"Signed in at {label}."
    return visit.redirect(page, said=said)


def _attempt(visit: Visit) -> Attempt | None:
    kept = visit.cookies.get(START_COOKIE, "")
    return sign_in.read_attempt(visit.services, kept, platform=visit.params["platform"])
