"""The account itself: who we are at Square, what we may do, what people pick from, new tokens."""

from collections.abc import Mapping, Sequence

from chalicelib.connectors.square.application import SCOPES
from chalicelib.connectors.square.catalog import ITEMS_READ
from chalicelib.connectors.square.client import SquareClient
from chalicelib.connectors.square.models import TokensModel, TokenStatusModel, parse
from chalicelib.connectors.square.order_search import list_locations
from chalicelib.connectors.square.returned import EXCHANGE
from chalicelib.domain.causes import connection_cause
from chalicelib.domain.platforms import Check, Choice
from chalicelib.domain.reasons import Reason, SyncFailure

TENDER_TYPES = {
    "CARD": "Card",
    "CASH": "Cash",
    "THIRD_PARTY_CARD": "Card, on a terminal of others",
    "SQUARE_GIFT_CARD": "Square gift card",
    "NO_SALE": "No sale",
    "BANK_ACCOUNT": "Bank account",
    "WALLET": "Wallet",
    "BUY_NOW_PAY_LATER": "Buy now, pay later",
    "SQUARE_ACCOUNT": "Square account (Cash App)",
    "OTHER": "Other",
    EXCHANGE: "Goods taken in exchange",
}
_REFUSED = (Reason.CONNECTION_DOWN, Reason.AUTH_REJECTED)


def check(client: SquareClient) -> Check:
    """Ask for the token's permissions and the locations: two calls.

    Raises:
        SyncFailure: Square could not be asked; nothing is known then.
    """
    try:
        status = parse(TokenStatusModel, _token_status(client), "token status")
        missing = ", ".join(scope for scope in SCOPES if scope not in status.scopes)
        locations = [] if missing else list_locations(client)
    except SyncFailure as failure:
        if failure.reason not in _REFUSED:
            raise
        return Check(ok=False, problems=[failure.detail])
    active = [one.business_name or one.name for one in locations if one.status == "ACTIVE"]
    if missing:
        problem = f"The account lacks {missing}: connect it again and agree to all permissions."
    elif not active:
        problem = "The account has no active location: open one in Square's Dashboard."
    else:
        return Check(ok=True, account=active[0])
    return Check(ok=False, account=status.merchant_id, problems=[problem])


def list_choices(client: SquareClient, what: str) -> Sequence[Choice]:
    """Return the values people pick from.

    A tax is picked by its name, because orders carry the name and not always the catalogue's id.

    Raises:
        LookupError: Square has no such list.
    """
    if what == "locations":
        active = (one for one in list_locations(client) if one.status == "ACTIVE")
        return [Choice(id=one.id, name=one.name or one.id) for one in active]
    if what == "categories":
        return [Choice(id=one, name=name) for one, name in _catalog_names(client, "CATEGORY")]
    if what == "taxes":
        names = dict.fromkeys(name for _, name in _catalog_names(client, "TAX"))
        return [Choice(id=name, name=name) for name in names]
    if what == "tender_types":
        return [Choice(id=one, name=name) for one, name in TENDER_TYPES.items()]
    raise LookupError(f"Square has no list of {what}")


def merchant_of(client: SquareClient) -> Mapping[str, str]:
    """Return the seller's id if it is not the one we have; webhooks are compared with it."""
    merchant = parse(TokenStatusModel, _token_status(client), "token status").merchant_id
    known = client.credentials.get("merchant_id")
    return {"merchant_id": merchant} if merchant and merchant != known else {}


def refresh_tokens(client: SquareClient) -> Mapping[str, str]:
    """Exchange the refresh token; with PKCE it is good once, and a new one comes back.

    Raises:
        SyncFailure: ``CONNECTION_DOWN``; there is nothing to exchange, or Square refused it.
    """
    held = client.credentials
    missing = [name for name in ("client_id", "refresh_token") if not held.get(name)]
    if missing:
        raise SyncFailure(
            Reason.CONNECTION_DOWN,
            f"The token cannot be renewed without {' and '.join(missing)}: reconnect the account.",
            cause=connection_cause(client.connection),
        )
    body = {
        "grant_type": "refresh_token",
        "client_id": held["client_id"],
        "refresh_token": held["refresh_token"],
    }
    if held.get("client_secret"):
        body["client_secret"] = held["client_secret"]
    tokens = parse(TokensModel, client.ask_without_token("/oauth2/token", body), "new token")
    renewed = {
        "access_token": tokens.access_token,
        "refresh_token": tokens.refresh_token or held["refresh_token"],
        "expires_at": tokens.expires_at or "",
    }
    return {name: value for name, value in renewed.items() if value}


def _token_status(client: SquareClient) -> Mapping[str, object]:
    return client.read("/oauth2/token/status", "", body={})


def _catalog_names(client: SquareClient, kind: str) -> Sequence[tuple[str, str]]:
    """Return id and name of all catalogue objects of a type."""
    found: dict[str, str] = {}
    for page in client.pages("/v2/catalog/list", ITEMS_READ, types=kind):
        for one in page.get("objects") or []:
            data = one.get(f"{kind.lower()}_data") or {}
            if one.get("type") == kind and not one.get("is_deleted"):
                found[one["id"]] = data.get("name") or one["id"]
    return sorted(found.items(), key=lambda pair: pair[1].casefold())
