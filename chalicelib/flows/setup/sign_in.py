"""Connecting an account at the platform's own page: sent there, back with a code, saved.

What a start has to remember is sealed and kept by the browser that started, never by us: an answer
is good in that browser alone, for the same holder, for ten minutes, and once.
"""

import hashlib
import hmac
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from chalicelib.domain.log import Exchange
from chalicelib.domain.platforms import Offer
from chalicelib.domain.reasons import SyncFailure
from chalicelib.domain.setup import Connection
from chalicelib.domain.sign_in import Answered, Asking, SignedIn, SignIn, challenge_of
from chalicelib.flows.services import Services
from chalicelib.flows.setup.account import is_sign_in_awaited
from chalicelib.flows.setup.connections import read_connection, save_signed_in
from chalicelib.flows.setup.credentials import open_credentials
from chalicelib.flows.setup.platforms import Checked, check_connection
from chalicelib.flows.telling import first_correlations

LASTS = timedelta(minutes=10)  #: how long a person may take at the platform's page
_BYTES = 32  #: of a state, and of a proof: 43 characters each, the least a proof may have
#: No consumer is called so: ids have no tilde. KMS is told it, as it is told every consumer.
_CONTEXT = {"consumer": "~console", "purpose": "connect"}

AGAIN = "Sign in again"
START_AGAIN = "Open the connection and start again."
NOT_STARTED = (
    "This answer belongs to no sign-in that was started in this browser and by you within the last"
    f" ten minutes. {START_AGAIN}"
)
USED = f"This answer was used before, and it is good once. {START_AGAIN}"
NO_ADDRESS = (
    "Synclog has no public address (SYNCLOG_PUBLIC_URL) that the platform could send you back to."
    " Ask the operator to set it."
)


class NotOfferedError(Exception):
    """It cannot be started; the message says why, and what to do."""


class NotOursError(Exception):
    """What came back belongs to no start of this person; nothing was done."""


class UsedError(NotOursError):
    """It came back before."""


class SignInFailedError(Exception):
    """The platform, or the person there, said no; the message says why, and what to do."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One start, as the browser keeps it for us."""

    state: str
    verifier: str
    consumer: str
    connection: str
    platform: str
    holder: str  #: who started: a console session; a link of a merchant will be another
    redirect_uri: str
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Started:
    """Where the person goes, and what their browser keeps meanwhile."""

    address: str
    kept: str


def redirect_uri(services: Services, platform: str) -> str:
    """Return where platforms send people back; empty without a public address of ours."""
    base = services.public_url
    return f"{base}/connect/{quote(platform, safe='')}/callback" if base else ""


def missing_fields(offer: Offer, connection: Connection) -> list[str]:
    """Return labels of what has to be filled in before signing in; nothing is opened."""
    labels = {one.name: one.label for one in offer.fields}
    missing = offer.sign_in.missing(known_of(connection)) if offer.sign_in else []
    return [labels.get(name, name) for name in missing]


def is_awaited(offer: Offer, connection: Connection) -> bool:
    """Whether all is there but the tokens that signing in brings; nothing is opened."""
    return is_sign_in_awaited(offer, known_of(connection))


def known_of(connection: Connection) -> dict[str, Any]:
    """Return what is filled in by name; of credentials only that they are."""
    return {**connection.settings, **dict.fromkeys(connection.credential_names, "set")}


def start(services: Services, connection: Connection, *, holder: str) -> Started:
    """Return the platform's page for a connection.

    Args:
        holder: who starts; only who gives the same to ``finish`` can end it.

    Raises:
        NotOfferedError: the platform has no such page, or something has to be filled in first.
    """
    offer, sign_in = _offered(services, connection)
    missing = missing_fields(offer, connection)
    if missing:
        raise NotOfferedError(f"Fill in first: {', '.join(missing)}. Save, then sign in.")
    back = redirect_uri(services, connection.platform)
    if not back:
        raise NotOfferedError(NO_ADDRESS)
    attempt = Attempt(
        state=secrets.token_urlsafe(_BYTES),
        verifier=secrets.token_urlsafe(_BYTES),
        consumer=connection.consumer,
        connection=connection.name,
        platform=connection.platform,
        holder=holder,
        redirect_uri=back,
        until=services.now() + LASTS,
    )
    asking = Asking(
        connection=connection,
        credentials=open_credentials(services, connection),
        redirect_uri=back,
        state=attempt.state,
        challenge=challenge_of(attempt.verifier),
    )
    return Started(address=sign_in.address(asking), kept=_seal(services, attempt))


def read_attempt(services: Services, kept: str, *, platform: str) -> Attempt | None:
    """Return the start that a browser kept; None for one that is over, changed, or not ours."""
    try:
        sealed = urlsafe_b64decode(kept + "=" * (-len(kept) % 4))
        facts = json.loads(services.vault.open(sealed, context=_CONTEXT))
    except ValueError:
        return None
    attempt = Attempt(**{**facts, "until": datetime.fromisoformat(facts["until"])})
    is_good = attempt.platform == platform and services.now() < attempt.until
    return attempt if is_good else None


def finish(
    services: Services, attempt: Attempt, query: Mapping[str, str], *, holder: str, by: str
) -> Checked:
    """Exchange what came back, save it, and try whether it works.

    Args:
        query: what came back with the person.
        by: who is written into the history.

    Raises:
        NotOursError: it belongs to no start of this holder, or came before; nothing was done.
        SignInFailedError: the platform or the person said no; nothing was changed.
        UnknownError: the connection was removed meanwhile.
    """
    _refuse_foreign(attempt, query, holder)
    _refuse_used(services, attempt)
    connection = read_connection(services, attempt.consumer, attempt.connection)
    offer, sign_in = _offered(services, connection)
    _refuse_no(offer, query)
    answered = Answered(query=query, redirect_uri=attempt.redirect_uri, verifier=attempt.verifier)
    signed = _exchange(services, connection, sign_in, answered)
    save_signed_in(services, connection, signed, sign_in, by=by)
    return check_connection(services, attempt.consumer, attempt.connection)


def _offered(services: Services, connection: Connection) -> tuple[Offer, SignIn]:
    offer = services.offers.get(connection.platform)
    if offer is None or offer.sign_in is None:
        raise NotOfferedError("This platform has no page to sign in at: enter its credentials.")
    return offer, offer.sign_in


def _refuse_foreign(attempt: Attempt, query: Mapping[str, str], holder: str) -> None:
    given = query.get("state", "")
    is_same = hmac.compare_digest(given.encode(errors="replace"), attempt.state.encode())
    if not (is_same and hmac.compare_digest(holder.encode(), attempt.holder.encode())):
        raise NotOursError(NOT_STARTED)


def _refuse_used(services: Services, attempt: Attempt) -> None:
    """Let a state through once: whoever takes its lease first, which nobody gives back."""
    key = f"connect/{hashlib.sha256(attempt.state.encode()).hexdigest()}"
    until, now = attempt.until + LASTS, services.now()
    if not services.log.take_lease(key, services.new_id(), until=until, now=now):
        raise UsedError(USED)


def _refuse_no(offer: Offer, query: Mapping[str, str]) -> None:
    """Say what a person who comes back without a code met there (RFC 6749, 4.1.2.1)."""
    error = query.get("error", "")
    if error == "access_denied":
        raise SignInFailedError(
            f"{offer.label} gave no access: it was declined there, or the application may not ask"
            " for all it needs. Nothing was changed. Sign in again, and agree."
        )
    if error or not query.get("code"):
        raise SignInFailedError(
            f"{offer.label} sent you back without access. Nothing was changed. Check the"
            " application's id and redirect address there, then sign in again."
        )


def _exchange(
    services: Services, connection: Connection, sign_in: SignIn, answered: Answered
) -> SignedIn:
    opened = services.open(connection, None, None)
    assert opened.account is not None  # noqa: S101 - left out by stand-ins that sign in nowhere
    try:
        return sign_in.exchange(opened.account, answered)
    except SyncFailure as failure:
        raise SignInFailedError(_with_mend(failure.detail)) from failure
    finally:
        _keep_traces(services, opened.take_exchanges())


def _with_mend(detail: str) -> str:
    """Return a platform's no with what to do; a code that met no answer may be used up."""
    return detail if AGAIN.lower() in detail.lower() else f"{detail} {AGAIN}."


def _keep_traces(services: Services, taken: list[Exchange]) -> None:
    asked = first_correlations([services.correlation()])
    if taken:
        exchanges = [replace(one, correlations=asked) for one in taken]
        services.log.put_traces([], exchanges)


def _seal(services: Services, attempt: Attempt) -> str:
    facts = {**asdict(attempt), "until": attempt.until.isoformat()}
    sealed = services.vault.seal(json.dumps(facts).encode(), context=_CONTEXT)
    return urlsafe_b64encode(sealed).decode().rstrip("=")
