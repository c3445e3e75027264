"""Tokens of the simulated Square: scopes, ends of life, refresh, revocation."""

import hmac
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import urlencode

from local.platforms.server import Response
from local.platforms.square.errors import SquareError, invalid
from local.platforms.square.fields import Json, array, stamp, text
from local.platforms.square.world import World

TOKEN_LIFE = timedelta(days=30)
SHORT_LIFE = timedelta(hours=24)
PKCE_REFRESH_LIFE = timedelta(days=90)
CODE_LIFE = timedelta(minutes=5)  #: not published; minutes, as everywhere
SCOPES = (
    "ITEMS_READ",
    "ITEMS_WRITE",
    "INVENTORY_READ",
    "INVENTORY_WRITE",
    "ORDERS_READ",
    "PAYMENTS_READ",
    "CUSTOMERS_READ",
    "MERCHANT_PROFILE_READ",
)


@dataclass(kw_only=True)
class Token:
    """An access token; without ``expires_at`` a personal one, which does not end."""

    value: str
    scopes: tuple[str, ...]
    expires_at: datetime | None = None
    grant: str = ""  #: refresh token it was made from
    revoked: bool = False


@dataclass(kw_only=True)
class Grant:
    """A refresh token: of the code flow (stays) or of PKCE (good once, ends after 90 days)."""

    value: str
    scopes: tuple[str, ...]
    pkce: bool
    expires_at: datetime | None = None
    dead: bool = False


@dataclass(frozen=True, kw_only=True)
class Code:
    """An authorization code, good once and for minutes."""

    scopes: tuple[str, ...]
    pkce: bool
    ends_at: datetime
    challenge: str = ""  #: of the verifier that must be shown; empty: any one
    redirect_uri: str = ""  #: where the browser was sent, if the request named it


class OAuth:
    """The application, its tokens, and who may do what."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.client_id = "sq0idp-simulated-application"
        self.client_secret = "sq0csp-" + secrets.token_urlsafe(24)
        self.redirect_url = ""  #: where a seller's browser goes when the request names no address
        self.tokens: dict[str, Token] = {}
        self.grants: dict[str, Grant] = {}
        self.codes: dict[str, Code] = {}
        self.consents = True  #: what the seller at the consent page answers

    def add_token(
        self,
        value: str | None = None,
        *,
        scopes: tuple[str, ...] = SCOPES,
        expires_in_s: float | None = None,
    ) -> str:
        """Make an access token (a personal one unless it ends) and return it."""
        ends = None if expires_in_s is None else timedelta(seconds=expires_in_s)
        token = Token(
            value=value or "EAAA" + secrets.token_urlsafe(32),
            scopes=tuple(scopes),
            expires_at=None if ends is None else self.world.now() + ends,
        )
        self.tokens[token.value] = token
        return token.value

    def add_grant(self, *, scopes: tuple[str, ...] = SCOPES, pkce: bool = False) -> Json:
        """Let the seller authorise the application; returns what ObtainToken answers."""
        grant = self._new_grant(tuple(scopes), pkce=pkce)
        return self._issue(grant, short=False)

    def add_code(
        self,
        *,
        scopes: tuple[str, ...] = SCOPES,
        pkce: bool = False,
        challenge: str = "",
        redirect_uri: str = "",
    ) -> str:
        """Return an authorization code, good once."""
        code = "sq0cgp-" + secrets.token_urlsafe(16)
        self.codes[code] = Code(
            scopes=tuple(scopes),
            pkce=pkce,
            ends_at=self.world.now() + CODE_LIFE,
            challenge=challenge,
            redirect_uri=redirect_uri,
        )
        return code

    def authorize(self, query: Json) -> Response:
        """Play a seller who answers at once: send the browser back with a code, or a no."""
        named = str(query.get("redirect_uri", ""))
        back = named or self.redirect_url
        is_registered = named in ("", self.redirect_url) or not self.redirect_url
        if query.get("client_id") != self.client_id or not back or not is_registered:
            raise invalid("`client_id` or the redirect address is not known.", "client_id")
        challenge = str(query.get("code_challenge", ""))
        if challenge and query.get("code_challenge_method") != "S256":
            raise invalid("`code_challenge_method` must be S256.", "code_challenge_method")
        state = {"state": str(query.get("state", ""))}
        if not self.consents:
            no = {"error": "access_denied", "error_description": "user_denied"}
            return Response(302, b"", {"Location": f"{back}?{urlencode(no | state)}"})
        code = self.add_code(
            scopes=tuple(str(query.get("scope", " ".join(SCOPES))).split()),
            pkce=bool(challenge),
            challenge=challenge,
            redirect_uri=named,
        )
        answer = {"code": code, "response_type": "code"} | state
        return Response(302, b"", {"Location": f"{back}?{urlencode(answer)}"})

    def expire(self, value: str) -> None:
        """End the life of a token now."""
        self.tokens[value].expires_at = self.world.now()

    def check(self, authorization: str, scope: str = "") -> Token:
        """Return the token of a request.

        Raises:
            SquareError: 401 when unknown, expired or revoked; 403 without ``scope``.
        """
        kind, _, value = authorization.partition(" ")
        token = self.tokens.get(value.strip()) if kind == "Bearer" else None
        if token is None:
            raise SquareError(401, "UNAUTHORIZED", "This request could not be authorized.")
        if token.revoked:
            raise SquareError(401, "ACCESS_TOKEN_REVOKED", "The access token was revoked.")
        if token.expires_at is not None and token.expires_at <= self.world.now():
            raise SquareError(401, "ACCESS_TOKEN_EXPIRED", "The access token has expired.")
        if scope and scope not in token.scopes:
            detail = f"The merchant has not given your application sufficient permissions: {scope}."
            raise SquareError(403, "INSUFFICIENT_SCOPES", detail)
        return token

    def obtain(self, body: Json) -> Json:
        """Answer ObtainToken for an authorization code or a refresh token."""
        kind = text(body, "grant_type", needed=True)
        if text(body, "client_id", needed=True) != self.client_id:
            raise SquareError(401, "UNAUTHORIZED", "Not authorized.")
        if kind == "authorization_code":
            grant = self._redeem(body)
        elif kind == "refresh_token":
            grant = self._refresh(body)
        else:
            raise invalid("`grant_type` is not supported.", "grant_type")
        asked = [str(one) for one in array(body, "scopes")]
        answer = self._issue(grant, short=body.get("short_lived") is True)
        if asked:
            token = self.tokens[answer["access_token"]]
            token.scopes = tuple(one for one in token.scopes if one in asked)
        return answer

    def status(self, authorization: str) -> Json:
        """Answer RetrieveTokenStatus."""
        token = self.check(authorization)
        answer: Json = {
            "scopes": list(token.scopes),
            "client_id": self.client_id,
            "merchant_id": self.world.merchant_id,
        }
        return answer | ({"expires_at": stamp(token.expires_at)} if token.expires_at else {})

    def revoke(self, authorization: str, body: Json) -> Json:
        """Answer RevokeToken: every token of the application for this seller ends."""
        if authorization != f"Client {self.client_secret}":
            raise SquareError(401, "UNAUTHORIZED", "Not authorized.")
        if text(body, "client_id") != self.client_id:
            raise SquareError(404, "NOT_FOUND", "Application not found.")
        named = text(body, "access_token")
        if named and named not in self.tokens:
            raise SquareError(404, "NOT_FOUND", "Access token not found.")
        if named and body.get("revoke_only_access_token") is True:
            self.tokens[named].revoked = True
        else:
            self.revoke_all("APPLICATION")
        return {"success": True}

    def revoke_all(self, by: str = "MERCHANT") -> None:
        """End every token and refresh token, and tell subscribers who did it."""
        for token in self.tokens.values():
            token.revoked = True
        for grant in self.grants.values():
            grant.dead = True
        content = {"revoked_at": stamp(self.world.now()), "revoker_type": by}
        self.world.emit("oauth.authorization.revoked", "revocation", "", {"revocation": content})

    def _redeem(self, body: Json) -> Grant:
        code = self.codes.pop(text(body, "code", needed=True), None)
        if code is None or code.ends_at <= self.world.now():
            raise SquareError(401, "UNAUTHORIZED", "The authorization code is not valid.")
        if code.redirect_uri and text(body, "redirect_uri") != code.redirect_uri:
            raise SquareError(401, "UNAUTHORIZED", "The redirect address is another one.")
        self._prove(body, pkce=code.pkce, proof="code_verifier")
        if code.challenge and not _is_proof(text(body, "code_verifier"), code.challenge):
            raise SquareError(401, "UNAUTHORIZED", "The code verifier is not the right one.")
        return self._new_grant(code.scopes, pkce=code.pkce)

    def _refresh(self, body: Json) -> Grant:
        grant = self.grants.get(text(body, "refresh_token", needed=True))
        ended = grant and grant.expires_at is not None and grant.expires_at <= self.world.now()
        if grant is None or grant.dead or ended:
            raise SquareError(401, "UNAUTHORIZED", "The refresh token is not valid.")
        self._prove(body, pkce=grant.pkce, proof="")
        if not grant.pkce:
            return grant
        grant.dead = True
        return self._new_grant(grant.scopes, pkce=True)

    def _prove(self, body: Json, *, pkce: bool, proof: str) -> None:
        """Ask for the secret in the code flow, for the verifier in PKCE."""
        if not pkce and text(body, "client_secret") != self.client_secret:
            raise SquareError(401, "UNAUTHORIZED", "Not authorized.")
        if pkce and proof and not text(body, proof):
            raise invalid(f"Field `{proof}` is required.", proof, "MISSING_REQUIRED_PARAMETER")

    def _new_grant(self, scopes: tuple[str, ...], *, pkce: bool) -> Grant:
        grant = Grant(
            value="EQAA" + secrets.token_urlsafe(32),
            scopes=scopes,
            pkce=pkce,
            expires_at=self.world.now() + PKCE_REFRESH_LIFE if pkce else None,
        )
        self.grants[grant.value] = grant
        return grant

    def _issue(self, grant: Grant, *, short: bool) -> Json:
        life = SHORT_LIFE if short else TOKEN_LIFE
        value = self.add_token(scopes=grant.scopes, expires_in_s=life.total_seconds())
        token = self.tokens[value]
        token.grant = grant.value
        answer: Json = {
            "access_token": value,
            "token_type": "bearer",
            "expires_at": stamp(token.expires_at or self.world.now()),
            "merchant_id": self.world.merchant_id,
            "refresh_token": grant.value,
            "short_lived": short,
        }
        if grant.expires_at is not None:
            answer["refresh_token_expires_at"] = stamp(grant.expires_at)
        return answer


def _is_proof(verifier: str, challenge: str) -> bool:
    """Whether a verifier is the one of a challenge (S256)."""
    made = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=")
    return hmac.compare_digest(made, challenge.encode())
