"""The account itself: who we are at Lightspeed, what we may do, what people pick from, tokens."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from chalicelib.connectors.lightspeed.application import API_VERSION, SCOPES, ends_at
from chalicelib.connectors.lightspeed.client import Json, LightspeedClient
from chalicelib.connectors.lightspeed.failures import unexpected_shape
from chalicelib.connectors.lightspeed.lookups import Lookups
from chalicelib.connectors.lightspeed.mapping import EXCHANGE
from chalicelib.connectors.lightspeed.models import CategoryModel, NamedModel, TokensModel, parse
from chalicelib.domain.causes import connection_cause
from chalicelib.domain.platforms import Check, Choice
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.sign_in import life_of

WARNED_BEFORE = timedelta(days=60)
_FAR_S = 10**11  #: a moment from here on is none
LIFE_S = 86_400  #: of an access token, where an answer does not say
CATEGORY_PAGES_AT_MOST = 50

#: A small read for each scope that reads, with which a token of unknown scopes is tried.
_TRIES = {
    "registers:read": "registers",
    "taxes:read": "taxes",
    "payment_types:read": "payment_types",
    "products:read": "products",
    "customers:read": "customers",
    "sales:read": "sales",
}
_REFUSED = (Reason.CONNECTION_DOWN, Reason.AUTH_REJECTED)


def check(client: LightspeedClient) -> Check:
    """Ask who we are, whether there is an outlet, and what the token may do: about ten calls.

    A token whose scopes are known from its exchange is not tried for each.

    Raises:
        SyncFailure: Lightspeed could not be asked; nothing is known then.
    """
    lookups = Lookups(client=client)
    if ends_at(client.api_version) is None:
        return Check(ok=False, problems=[_no_version(client.api_version)])
    try:
        name = lookups.retailer.name or lookups.retailer.domain_prefix
        problems = [*_missing_scopes(client), *_outlet_problems(lookups)]
    except SyncFailure as failure:
        if failure.reason not in _REFUSED:
            raise
        return Check(ok=False, problems=[failure.detail])
    warnings = list(_version_problems(client))
    return Check(ok=not problems, account=name, problems=[*problems, *warnings])


def list_choices(client: LightspeedClient, what: str) -> Sequence[Choice]:
    """Return the values people pick from.

    Taxes and ways to pay are picked by name: sales tell it, and a store may have one of each
    register.

    Raises:
        LookupError: Lightspeed has no such list.
    """
    lookups = Lookups(client=client)
    if what == "locations":
        return _by_id(lookups.outlets)
    if what == "registers":
        return _by_id([one for one in lookups.registers if not one.deleted_at])
    if what == "taxes":
        no_tax = lookups.retailer.no_tax_group_id
        return _by_name([one for one in lookups.taxes if one.id != no_tax])
    if what == "payment_types":
        goods = Choice(id=EXCHANGE, name="Goods taken in exchange")
        return [*_by_name(lookups.payment_types), goods]
    if what == "categories":
        found = [parse(CategoryModel, one, "category") for one in _categories(client)]
        choices = [Choice(id=one.id, name=one.full_name) for one in found if one.leaf_category]
        return sorted(choices, key=lambda one: one.name.casefold())
    raise LookupError(f"Lightspeed has no list of {what}")


def refresh_tokens(client: LightspeedClient) -> Mapping[str, str]:
    """Exchange the refresh token, which is good once: another one comes back.

    Raises:
        SyncFailure: ``CONNECTION_DOWN``; there is nothing to exchange, or Lightspeed refused it.
    """
    held = client.credentials
    names = ("client_id", "client_secret", "refresh_token")
    missing = [name for name in names if not held.get(name)]
    if missing:
        raise _down(
            client, f"The token cannot be renewed without {' and '.join(missing)}: sign in again."
        )
    form = {"grant_type": "refresh_token", **{name: held[name] for name in names}}
    try:
        raw = client.exchange(form)
    except SyncFailure as failure:
        if failure.code in (400, 401, 403):
            word = f" ({failure.error_code})" if failure.error_code else ""
            raise _down(
                client, f"Lightspeed refused to renew the token{word}: sign in again."
            ) from failure
        raise
    tokens = parse(TokensModel, raw, "new token")
    renewed = {
        "access_token": tokens.access_token,
        "refresh_token": tokens.refresh_token or held["refresh_token"],
        "expires_at": _expiry(tokens, client.account.http.now()).isoformat(),
        "scope": tokens.scope,
    }
    return {name: value for name, value in renewed.items() if value}


def _expiry(tokens: TokensModel, now: datetime) -> datetime:
    if tokens.expires_in is None and 0 < (tokens.expires or 0) < _FAR_S:
        return datetime.fromtimestamp(tokens.expires or 0, tz=UTC)
    return now.astimezone(UTC) + life_of(tokens.expires_in, otherwise_s=LIFE_S)


def _down(client: LightspeedClient, detail: str) -> SyncFailure:
    return SyncFailure(Reason.CONNECTION_DOWN, detail, cause=connection_cause(client.connection))


def _missing_scopes(client: LightspeedClient) -> Iterator[str]:
    """Yield a problem that names what the token may not do."""
    granted = client.credentials.get("scope", "").split()
    if granted:
        missing = [scope for scope in SCOPES if scope not in granted]
    else:
        missing = [scope for scope, path in _TRIES.items() if not _may_read(client, path, scope)]
    if not _may_read(client, "webhooks", "webhooks") and "webhooks" not in missing:
        missing.append("webhooks")
    if missing:
        names = ", ".join(missing)
        yield f"The account lacks the scopes {names}: sign in again and agree to all of them."


def _may_read(client: LightspeedClient, path: str, scope: str) -> bool:
    try:
        client.read(path, scope, [("page_size", "1")])
    except SyncFailure as failure:
        if failure.reason is not Reason.AUTH_REJECTED:
            raise
        return False
    return True


def _outlet_problems(lookups: Lookups) -> Iterator[str]:
    if not lookups.outlets:
        yield "The store has no outlet: add one in Lightspeed's setup."


def _version_problems(client: LightspeedClient) -> Iterator[str]:
    """Yield a warning where the version has ended or soon will: nothing else would say so.

    A version that ended is served as another one, without a word.
    """
    version, now = client.api_version, client.account.http.now()
    end = ends_at(version)
    if end is not None and now >= end:
        yield (
            f"Lightspeed's API version {version} ended on {end:%Y-%m-%d} and is answered by a"
            " newer one: set the connection's API version to a newer one."
        )
    elif end is not None and now >= end - WARNED_BEFORE:
        yield (
            f"Lightspeed's API version {version} ends on {end:%Y-%m-%d}: set the connection's API"
            " version to a newer one before."
        )


def _no_version(version: str) -> str:
    return (
        f"The API version {version} is not one by date: set the connection's API version to a"
        f" month such as {API_VERSION}."
    )


def _categories(client: LightspeedClient) -> Iterator[Json]:
    """Yield product categories; their list is continued by the last id and not by versions."""
    query: list[tuple[str, str]] = []
    for _ in range(CATEGORY_PAGES_AT_MOST):
        answer = client.read("product_categories", "products:read", query)
        data = answer.get("data") if isinstance(answer, dict) else None
        rows = data.get("categories") if isinstance(data, dict) else None
        if not isinstance(rows, list):
            raise unexpected_shape(200)
        yield from rows
        info = answer.get("page_info")
        if not isinstance(info, dict) or not info.get("has_next") or not info.get("last_seen"):
            return
        query = [("after", str(info["last_seen"]))]


def _by_id(rows: Sequence[NamedModel]) -> list[Choice]:
    return [Choice(id=one.id, name=one.name or one.id) for one in rows]


def _by_name(rows: Sequence[NamedModel]) -> list[Choice]:
    names = dict.fromkeys(one.name for one in rows if one.name and not one.deleted_at)
    return [Choice(id=name, name=name) for name in names]
