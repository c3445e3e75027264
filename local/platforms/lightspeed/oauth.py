"""Who may call the simulated Lightspeed: codes, tokens that rotate, personal tokens."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlencode

from local.platforms.lightspeed.errors import LightspeedError, invalid
from local.platforms.lightspeed.fields import Json
from local.platforms.lightspeed.limits import Window
from local.platforms.lightspeed.world import World
from local.platforms.server import Request, Response

SCOPES = (
    "retailer:read outlets:read registers:read users:read taxes:read payment_types:read "
    "products:read products:write products:read:price_books inventory:read inventory:write "
    "customers:read customers:write sales:read sales:write webhooks"
)
TOKEN_WINDOW_S = 60


@dataclass(kw_only=True)
class Token:
    """An access token; ``expires_at`` is None and ``grant`` empty for a personal one."""

    value: str
    scopes: tuple[str, ...]
    expires_at: datetime | None = None
    grant: str = ""  #: the refresh token that came with it
    revoked: bool = False


@dataclass(kw_only=True)
class Grant:
    """A refresh token, the access token it came with, and the refresh token before it."""

    value: str
    scopes: tuple[str, ...]
    access: str
    before: str = ""
    dead: bool = False


@dataclass(frozen=True, kw_only=True)
class Code:
    """An authorization code, good once."""

    scopes: tuple[str, ...]
    redirect_uri: str
    ends_at: datetime


class OAuth:
    """One application, its tokens, and who may do what."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.client_id = "simulated-client"
        self.client_secret = secrets.token_urlsafe(24)
        self.redirect_uri = "http://127.0.0.1/callback"
        self.user_id = ""  #: the user who agrees
        self.consents = True  #: what the user at the consent page answers
        self.tokens: dict[str, Token] = {}
        self.grants: dict[str, Grant] = {}
        self.codes: dict[str, Code] = {}
        self.window = Window(length_s=TOKEN_WINDOW_S, started=world.clock())

    def add_personal(self, scopes: str = SCOPES) -> str:
        """Make a personal token, which does not end."""
        token = Token(value="lsxs_pt_" + secrets.token_urlsafe(24), scopes=tuple(scopes.split()))
        self.tokens[token.value] = token
        return token.value

    def add_grant(self, scopes: str = SCOPES) -> Json:
        """Let the retailer agree; returns what the token endpoint answers."""
        return self._issue(tuple(scopes.split()), before="")

    def expire(self, value: str) -> None:
        """End the life of an access token now."""
        self.tokens[value].expires_at = self.world.clock()

    def disconnect(self) -> None:
        """Play a retailer who removes the application: all its tokens end."""
        for token in self.tokens.values():
            token.revoked = token.revoked or bool(token.grant)
        for grant in self.grants.values():
            grant.dead = True

    def check(self, request: Request, scope: str) -> Token:
        """Return the token of a request; 401 when it is no good, 403 without ``scope``."""
        kind, _, value = request.headers.get("authorization", "").partition(" ")
        token = self.tokens.get(value.strip()) if kind.lower() == "bearer" else None
        if token is None or token.revoked or self._is_over(token):
            raise LightspeedError(401, "The access token is missing, invalid or expired.")
        if scope and scope not in token.scopes:
            raise LightspeedError(403, f"The access token lacks the scope {scope}.")
        self._retire_before(self.grants.get(token.grant))
        return token

    def connect(self, query: Json) -> Response:
        """Play a retailer who answers at once: send the browser back with a code, or a no."""
        redirect = query.get("redirect_uri", "")
        if query.get("client_id") != self.client_id or redirect != self.redirect_uri:
            raise invalid("client_id or redirect_uri is not the registered one.")
        if query.get("response_type") != "code":
            raise invalid("response_type must be code.")
        scopes = str(query.get("scope", "")).split()
        if not self.consents or (not scopes and self.world.behaviour.scope_required):
            answer = {"error": "access_denied"}
        else:
            answer = {
                "code": self.add_code(scopes or SCOPES.split()),
                "domain_prefix": self.world.domain_prefix,
                "user_id": self.user_id,
            }
        answer["state"] = query.get("state", "")
        return Response(302, b"", {"Location": f"{redirect}?{urlencode(answer)}"})

    def add_code(self, scopes: list[str]) -> str:
        """Return a new authorization code; scopes Lightspeed does not have are not granted."""
        code = secrets.token_urlsafe(16)
        ends_at = self.world.clock() + timedelta(seconds=self.world.behaviour.code_life_s)
        granted = tuple(one for one in scopes if one in SCOPES.split())
        self.codes[code] = Code(scopes=granted, redirect_uri=self.redirect_uri, ends_at=ends_at)
        return code

    def answer(self, request: Request) -> Response:
        """Answer the token endpoint, which has a small limit of its own."""
        limit, now = self.world.behaviour.token_calls, self.world.clock()
        is_free = self.window.take(limit, now)
        reset = str(int(self.window.ends_at().timestamp()))
        headers = self.window.headers(limit) | {"X-RateLimit-Reset": reset}
        if not is_free:
            body = {"error": "Too Many Requests", "message": "Rate limiting enforced"}
            return Response(429, body, headers)
        try:
            return Response(200, self._obtain(request), headers)
        except LightspeedError as error:
            return Response(error.status, error.as_json(), headers)

    def _obtain(self, request: Request) -> Json:
        kind = request.headers.get("content-type", "").partition(";")[0].strip()
        if kind != "application/x-www-form-urlencoded":
            raise LightspeedError(400, "The body must be a form.", error="invalid_request")
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        known = (form.get("client_id"), form.get("client_secret"))
        if known != (self.client_id, self.client_secret):
            raise LightspeedError(401, "The client is not known.", error="invalid_client")
        if form.get("grant_type") == "authorization_code":
            return self._redeem(form)
        if form.get("grant_type") == "refresh_token":
            return self._refresh(form)
        message = "The grant type is not supported."
        raise LightspeedError(400, message, error="unsupported_grant_type")

    def _redeem(self, form: dict[str, str]) -> Json:
        code = self.codes.pop(form.get("code", ""), None)
        if code is None or code.ends_at <= self.world.clock():
            raise _invalid_grant("The authorization code is not valid.")
        if form.get("redirect_uri") != code.redirect_uri:
            raise _invalid_grant("The redirect URI is another one.")
        return self._issue(code.scopes, before="")

    def _refresh(self, form: dict[str, str]) -> Json:
        grant = self.grants.get(form.get("refresh_token", ""))
        if grant is None or grant.dead:
            raise _invalid_grant("The refresh token is not valid.")
        self._retire_before(grant)
        grant.dead = self.world.behaviour.refresh_kills_at_once
        self.tokens[grant.access].revoked = True
        for other in self.grants.values():
            other.dead = other.dead or other.before == grant.value
        return self._issue(grant.scopes, before=grant.value)

    def _issue(self, scopes: tuple[str, ...], *, before: str) -> Json:
        life_s = self.world.behaviour.token_life_s
        ends_at = self.world.clock() + timedelta(seconds=life_s)
        access, refresh = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        self.tokens[access] = Token(value=access, scopes=scopes, expires_at=ends_at, grant=refresh)
        self.grants[refresh] = Grant(value=refresh, scopes=scopes, access=access, before=before)
        if before:
            self.grants[before].access = access
        return {
            "access_token": access,
            "token_type": "Bearer",
            "expires": int(ends_at.timestamp()),
            "expires_in": int(life_s),
            "refresh_token": refresh,
            "domain_prefix": self.world.domain_prefix,
            "scope": " ".join(scopes),
        }

    def _is_over(self, token: Token) -> bool:
        return token.expires_at is not None and token.expires_at <= self.world.clock()

    def _retire_before(self, grant: Grant | None) -> None:
        """Let the refresh token before die, now that what replaced it is used."""
        if grant is not None and grant.before:
            self.grants[grant.before].dead = True


def _invalid_grant(message: str) -> LightspeedError:
    return LightspeedError(400, message, error="invalid_grant")
