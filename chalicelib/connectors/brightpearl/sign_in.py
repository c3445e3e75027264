"""Signing in at Brightpearl: the consent page of an OAuth app, and the exchange of its code."""

from datetime import UTC
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from chalicelib.domain.platforms import Account
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.sign_in import Answered, Asking, SignedIn, SignIn, life_of

#: Where people agree; API hosts of Brightpearl, which may be a connection's address, have no page.
PAGES = "https://oauth.brightpearl.com"
API_HOSTS = (".brightpearl.com", ".brightpearlconnect.com")

_KEPT = ("access_token", "refresh_token", "installation_instance_id", "api_domain")
_WHY = {
    "invalid_grant": "the code was used or is over. Sign in again.",
    "invalid_client": "the app reference, client id or client secret is wrong. Correct it, then"
    " sign in again.",
}
_OTHERWISE = "check the account code, the app reference and the token address, then sign in again."


def page_address(asking: Asking) -> str:
    """Return the consent page of the account."""
    settings = asking.connection.settings
    account = quote(str(settings.get("account") or "").strip(), safe="")
    query = {
        "response_type": "code",
        "client_id": _client_id(asking.credentials, settings),
        "redirect_uri": asking.redirect_uri,
        "state": asking.state,
    }
    return f"{_pages_of(asking.connection.base_url)}/authorize/{account}?{urlencode(query)}"


def exchange(account: Account, answered: Answered) -> SignedIn:
    """Exchange the code; Brightpearl also says which host and installation are ours.

    Raises:
        SyncFailure: Brightpearl refused the code or the app.
    """
    from chalicelib.connectors.brightpearl.client import Api
    from chalicelib.connectors.brightpearl.tokens import LIFE_S, token_url

    api = Api(account)
    url = token_url(api)
    held, code = account.credentials, api.setting("account")
    secret = {"client_secret": held["client_secret"]} if held.get("client_secret") else {}
    form = {
        "grant_type": "authorization_code",
        "code": answered.query["code"],
        "client_id": _client_id(held, account.connection.settings),
        "redirect_uri": answered.redirect_uri,
        **({} if code in url.partition("://")[2] else {"account_code": code}),
        **secret,
    }
    body = _tokens_in(account.http.call("POST", url, writes=True, form=form))
    life = life_of(body.get("expires_in"), otherwise_s=LIFE_S)
    expires_at = account.http.now().astimezone(UTC) + life
    kept = {name: str(body[name]) for name in _KEPT if body.get(name)}
    return SignedIn(
        credentials={**kept, "expires_at": expires_at.isoformat()}, expires_at=expires_at
    )


SIGN_IN = SignIn(
    needs=("account", "app_ref", "dev_ref"),
    gives=("access_token", "refresh_token"),
    instead=("staff_token",),
    address=page_address,
    exchange=exchange,
)


def _pages_of(base_url: str) -> str:
    own = base_url.rstrip("/")
    host = urlsplit(own).hostname or ""
    return PAGES if not own or host.endswith(API_HOSTS) else own


def _client_id(credentials: Any, settings: Any) -> str:
    return str(credentials.get("client_id") or settings.get("app_ref") or "").strip()


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
        detail = f"Brightpearl answered {answer.status} and gave no token. Sign in again."
        raise SyncFailure(Reason.RETRYING, detail, code=answer.status, error_code="no_token")
    name = str(told.get("error") or "")[:40]
    word = f" ({name})" if name in _WHY else ""
    raise SyncFailure(
        Reason.CONNECTION_DOWN,
        f"Brightpearl refused the exchange{word}: {_WHY.get(name, _OTHERWISE)}",
        code=answer.status,
        error_code=name or None,
    )
