"""Exchanging the refresh token of an OAuth app.

Whether the old refresh token dies with the exchange is not documented: it is treated as if it did.
"""

from collections.abc import Mapping
from datetime import UTC
from typing import Any
from urllib.parse import quote

from chalicelib.connectors.brightpearl.client import Api
from chalicelib.connectors.http import Answer, failure_of
from chalicelib.domain.causes import connection_cause
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.sign_in import life_of

#: Spellings of the endpoint differ between sources, so the setting ``token_url`` overrules it.
DEFAULT_TOKEN_URL = "https://oauth.brightpearl.com/token/{account}"  # noqa: S105 - an address
#: Used where an answer does not say how long the token lives.
LIFE_S = 3_600
_KEPT = ("access_token", "refresh_token", "installation_instance_id", "api_domain")


def refresh_tokens(api: Api) -> Mapping[str, str]:
    """Return the credentials that changed, with ``expires_at``.

    ``installation_instance_id`` comes with the first exchange only, else as a header of every
    answer: it is kept from wherever it was seen.

    Raises:
        SyncFailure: there is no refresh token, or Brightpearl refused it.
    """
    given = api.credentials
    if not given.get("refresh_token"):
        raise _down(api, "The Brightpearl connection has no refresh token: connect it again.")
    answer: Answer = api.account.http.call(
        "POST", token_url(api), writes=True, form=_form(api, given)
    )
    if not answer.ok:
        raise _failure(api, answer)
    return _credentials(api, answer)


def token_url(api: Api) -> str:
    """Return the token endpoint: as set, else at the connection's address, else the usual one."""
    own = api.account.connection.base_url.rstrip("/")
    template = api.setting("token_url") or (
        f"{own}/token/{{account}}" if own else DEFAULT_TOKEN_URL
    )
    return template.replace("{account}", quote(api.setting("account"), safe=""))


def _form(api: Api, given: Mapping[str, str]) -> dict[str, str]:
    secret = {"client_secret": given["client_secret"]} if given.get("client_secret") else {}
    in_path = api.setting("account") in token_url(api).partition("://")[2]
    return {
        "grant_type": "refresh_token",
        "refresh_token": given["refresh_token"],
        "client_id": given.get("client_id") or api.setting("app_ref"),
        **({} if in_path else {"account_code": api.setting("account")}),
        **secret,
    }


def _failure(api: Api, answer: Answer) -> SyncFailure:
    """A refused token takes the connection down; anything else is tried again."""
    if answer.status in (400, 401, 403):
        return _down(
            api,
            "Brightpearl refused to renew the connection's token: connect the account again.",
            code=answer.status,
            error_code=_word(answer),
        )
    detail = f"Brightpearl answered {answer.status} when the token was to be renewed."
    return failure_of(answer, detail, connection=api.connection, reason=Reason.RETRYING)


def _word(answer: Answer) -> str | None:
    try:
        body = answer.json()
    except SyncFailure:
        return None
    return str(body.get("error"))[:40] if isinstance(body, dict) else None


def _down(api: Api, detail: str, **more: Any) -> SyncFailure:
    cause = connection_cause(api.connection)
    return SyncFailure(Reason.CONNECTION_DOWN, detail, cause=cause, **more)


def _credentials(api: Api, answer: Answer) -> dict[str, str]:
    body = answer.json()
    if not isinstance(body, dict) or not body.get("access_token"):
        raise SyncFailure(
            Reason.RETRYING,
            "Brightpearl's answer to the renewal of the token holds none.",
            code=answer.status,
            error_code="no_token",
        )
    found = {name: str(body[name]) for name in _KEPT if body.get(name)}
    if api.seen_instance_id and "installation_instance_id" not in found:
        found["installation_instance_id"] = api.seen_instance_id
    life = life_of(body.get("expires_in"), otherwise_s=LIFE_S)
    expires_at = api.account.http.now().astimezone(UTC) + life
    return {**found, "expires_at": expires_at.isoformat()}
