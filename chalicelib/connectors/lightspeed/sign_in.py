"""Signing in at Lightspeed: the retailer's consent page, and the exchange of its code."""

import re
from datetime import UTC
from typing import Any
from urllib.parse import urlencode, urlsplit

from chalicelib.connectors.lightspeed.application import SCOPES
from chalicelib.domain.platforms import Account
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.sign_in import Answered, Asking, SignedIn, SignIn, life_of

#: Where every retailer agrees; the shops' own hosts, which may be an address, have no such page.
PAGES = "https://secure.retail.lightspeed.app"
SHOPS = ".retail.lightspeed.app"
TOKEN_PATH = "/api/1.0/token"  # noqa: S105 - an address; it has no date version
LIFE_S = 86_400  #: used where an answer does not say how long the token lives

#: A shop's name becomes part of the host that gets our secret.
_PREFIX = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)
_KEPT = ("access_token", "refresh_token", "scope")  #: scope: what was granted
_WHY = {
    "invalid_grant": "the code was used or is over, or the redirect address is not the one that is"
    " registered for the application. Sign in again.",
    "invalid_client": "the application's id or secret is wrong. Correct it, then sign in again.",
}
_OTHERWISE = "check the application's id, its secret and its redirect address, then sign in again."


def page_address(asking: Asking) -> str:
    """Return the consent page, which asks which shop it is."""
    query = {
        "response_type": "code",
        "client_id": asking.credentials["client_id"],
        "redirect_uri": asking.redirect_uri,
        "state": asking.state,
        "scope": " ".join(SCOPES),  # without one it is denied
    }
    return f"{_own_address(asking.connection.base_url) or PAGES}/connect?{urlencode(query)}"


def exchange(account: Account, answered: Answered) -> SignedIn:
    """Exchange the code at the shop that came back with it.

    Raises:
        SyncFailure: Lightspeed refused the code or the application, or it is another shop.
    """
    prefix = _shop_of(account, answered.query.get("domain_prefix", ""))
    own = account.connection.base_url.rstrip("/")
    held = account.credentials
    form = {
        "grant_type": "authorization_code",
        "code": answered.query["code"],
        "client_id": held["client_id"],
        "client_secret": held["client_secret"],
        "redirect_uri": answered.redirect_uri,
    }
    url = (own or f"https://{prefix}{SHOPS}") + TOKEN_PATH
    headers = {"User-Agent": "Synclog"}
    body = _tokens_in(account.http.call("POST", url, writes=True, headers=headers, form=form))
    life = life_of(body.get("expires_in"), otherwise_s=LIFE_S)
    expires_at = account.http.now().astimezone(UTC) + life
    kept = {name: str(body[name]) for name in _KEPT if body.get(name)}
    shop = _shop_of(account, str(body.get("domain_prefix") or prefix))
    return SignedIn(
        credentials={**kept, "expires_at": expires_at.isoformat()},
        settings={"domain_prefix": shop},
        expires_at=expires_at,
    )


SIGN_IN = SignIn(
    needs=("client_id", "client_secret"),
    gives=(*_KEPT, "domain_prefix"),
    address=page_address,
    exchange=exchange,
)


def _own_address(base_url: str) -> str:
    """Return the connection's address where it stands for all of Lightspeed (a simulator)."""
    host = urlsplit(base_url).hostname or ""
    return "" if host.endswith(SHOPS) else base_url.rstrip("/")


def _shop_of(account: Account, given: str) -> str:
    """Return the shop that a person agreed for.

    Raises:
        SyncFailure: it is no name of a shop, or another than this connection's.
    """
    known = str(account.connection.settings.get("domain_prefix") or "").strip()
    if not _PREFIX.fullmatch(given):
        detail = "Lightspeed did not say which shop it is. Sign in again."
        raise SyncFailure(Reason.REJECTED_BY_TARGET, detail, error_code="no_shop")
    if known and known.casefold() != given.casefold():
        raise SyncFailure(
            Reason.CONFLICT,
            f"You agreed for the shop {given}, and this connection is one to {known}, so nothing"
            " was changed. Sign in to that one, or connect a second Lightspeed account.",
        )
    return given


def _tokens_in(answer: Any) -> dict[str, Any]:
    """Return the body of a yes.

    Raises:
        SyncFailure: it is a no, told by the name OAuth gives it; or nothing that can be read.
    """
    try:
        body = answer.json()
    except SyncFailure:
        body = None
    told = body if isinstance(body, dict) else {}
    if answer.ok and told.get("access_token"):
        return told
    if answer.status not in (400, 401, 403, 404):
        detail = f"Lightspeed answered {answer.status} and gave no token. Sign in again."
        raise SyncFailure(Reason.RETRYING, detail, code=answer.status, error_code="no_token")
    name = str(told.get("error") or "")[:40]
    word = f" ({name})" if name in _WHY else ""
    raise SyncFailure(
        Reason.CONNECTION_DOWN,
        f"Lightspeed refused the exchange{word}: {_WHY.get(name, _OTHERWISE)}",
        code=answer.status,
        error_code=name or None,
    )
