"""Signing in at Square: the seller's consent page, and the exchange of its code (ObtainToken)."""

from datetime import UTC, datetime
from urllib.parse import urlencode

from chalicelib.connectors.square.application import SCOPES
from chalicelib.domain.platforms import Account
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.sign_in import Answered, Asking, SignedIn, SignIn

BASE_URL = "https://connect.squareup.com"


def page_address(asking: Asking) -> str:
    """Return the consent page; an application without a secret proves itself by PKCE."""
    query = {
        "client_id": asking.credentials["client_id"],
        "scope": " ".join(SCOPES),
        "state": asking.state,
        "redirect_uri": asking.redirect_uri,
    }
    if not asking.credentials.get("client_secret"):
        query |= {"code_challenge": asking.challenge, "code_challenge_method": "S256"}
    base = (asking.connection.base_url or BASE_URL).rstrip("/")
    return f"{base}/oauth2/authorize?{urlencode(query)}"


def exchange(account: Account, answered: Answered) -> SignedIn:
    """Exchange the code for the seller's tokens.

    Raises:
        SyncFailure: Square refused the code or the application, or it is another seller.
    """
    from chalicelib.connectors.square.client import SquareClient
    from chalicelib.connectors.square.models import TokensModel, parse

    client = SquareClient(account)
    held = account.credentials
    body = {
        "grant_type": "authorization_code",
        "client_id": held["client_id"],
        "code": answered.query["code"],
        "redirect_uri": answered.redirect_uri,
    }
    secret = held.get("client_secret")
    body |= {"client_secret": secret} if secret else {"code_verifier": answered.verifier}
    try:
        answer = client.ask_without_token("/oauth2/token", body)
    except SyncFailure as failure:
        raise _refusal(failure) from failure
    tokens = parse(TokensModel, answer, "new token")
    merchant = tokens.merchant_id or ""
    _refuse_other_seller(account, merchant)
    kept = {
        "access_token": tokens.access_token,
        "refresh_token": tokens.refresh_token or "",
        "expires_at": tokens.expires_at or "",
        "merchant_id": merchant,
    }
    return SignedIn(
        credentials={name: value for name, value in kept.items() if value},
        expires_at=_time_of(tokens.expires_at or ""),
    )


SIGN_IN = SignIn(
    needs=("client_id",),
    gives=("access_token", "refresh_token"),
    address=page_address,
    exchange=exchange,
)


def _refusal(failure: SyncFailure) -> SyncFailure:
    """Say what a refused exchange means to the person who just agreed; the rest passes."""
    if failure.code not in (400, 401, 403, 404):
        return failure
    return SyncFailure(
        Reason.CONNECTION_DOWN,
        "Square refused the exchange: the code was used or is over, or the application's id or"
        " secret is wrong. Check both in Square's Developer Console, then sign in again.",
        code=failure.code,
        error_code=failure.error_code,
    )


def _refuse_other_seller(account: Account, merchant: str) -> None:
    typed = str(account.connection.settings.get("merchant_id") or "").strip()
    known = account.credentials.get("merchant_id") or typed
    if known and merchant and merchant != known:
        raise SyncFailure(
            Reason.CONFLICT,
            "You signed in as another seller than the one of this connection, so nothing was"
            " changed. Sign in as that one, or connect a second Square account.",
        )


def _time_of(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
