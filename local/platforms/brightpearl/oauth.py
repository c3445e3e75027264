"""Brightpearl's OAuth: the page that asks for consent, and the token endpoint."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode

from local.platforms.brightpearl.auth import ACCESS_LIFE_S, Access, Grant, OAuthApp
from local.platforms.server import Request, Response

TOKEN_PATH = re.compile(r"/token/([^/]+)|/([^/]+)/oauth/token|/oauth/token")
AUTHORIZE_PATH = re.compile(r"/authorize/([^/]+)")


class OAuthFault(Exception):
    """A token error: always 400, with the name OAuth gives it."""


@dataclass(kw_only=True)
class OAuth:
    """Answers outside ``public-api``; whether refresh tokens rotate is not documented."""

    access: Access
    life_s: int = ACCESS_LIFE_S
    rotates: bool = True
    consents: bool = True  #: what the person at the consent page answers

    def respond(self, request: Request, api_domain: str) -> Response | None:
        """Answer an OAuth call, or return None when the path is none."""
        if match := AUTHORIZE_PATH.fullmatch(request.path):
            return self._authorize(request, match[1])
        match = TOKEN_PATH.fullmatch(request.path)
        if match is None:
            return None
        try:
            return Response(200, self._token(request, match[1] or match[2], api_domain))
        except OAuthFault as fault:
            return Response(400, {"error": str(fault), "error_description": "See error"})

    def _authorize(self, request: Request, account: str) -> Response:
        """Send the browser back with a code, as after a person's consent."""
        app = self.access.apps.get(request.first("client_id"))
        target = request.first("redirect_uri")
        if account != self.access.account or app is None or not target:
            return Response(400, {"error": "invalid_request"})
        state = {"state": request.first("state")}
        if self.consents:
            found = {"code": self.access.issue_code(app, target)} | state
        else:
            found = {"error": "access_denied"} | state
        return Response(302, b"", {"Location": f"{target}?{urlencode(found)}"})

    def _token(self, request: Request, account: str | None, api_domain: str) -> dict[str, object]:
        if "application/x-www-form-urlencoded" not in request.headers.get("content-type", ""):
            raise OAuthFault("invalid_request")
        fields = {k: v[0] for k, v in parse_qs(request.body.decode("utf-8", "replace")).items()}
        if (account or fields.get("account_code")) != self.access.account:
            raise OAuthFault("invalid_request")
        app = self._client(fields)
        if fields.get("grant_type") == "authorization_code":
            grant = self._exchange(fields, app)
            return _answer(grant, self.life_s, api_domain) | {
                "installation_instance_id": str(grant.instance_id)
            }
        if fields.get("grant_type") == "refresh_token":
            return _answer(self._refresh(fields, app), self.life_s, api_domain)
        raise OAuthFault("unsupported_grant_type")

    def _client(self, fields: dict[str, str]) -> OAuthApp:
        app = self.access.apps.get(fields.get("client_id", ""))
        if app is None or (app.secret and fields.get("client_secret") != app.secret):
            raise OAuthFault("invalid_client")
        return app

    def _exchange(self, fields: dict[str, str], app: OAuthApp) -> Grant:
        code = self.access.codes.pop(fields.get("code", ""), None)
        if code is None or code.app != app or code.redirect_uri != fields.get("redirect_uri"):
            raise OAuthFault("invalid_grant")
        return self.access.issue(app, life_s=self.life_s)

    def _refresh(self, fields: dict[str, str], app: OAuthApp) -> Grant:
        old = self.access.refreshable.get(fields.get("refresh_token", ""))
        if old is None or old.app != app:
            raise OAuthFault("invalid_grant")
        if self.rotates:
            del self.access.refreshable[old.refresh_token]
        return self.access.issue(app, instance_id=old.instance_id, life_s=self.life_s)


def _answer(grant: Grant, life_s: int, api_domain: str) -> dict[str, object]:
    return {
        "access_token": grant.access_token,
        "refresh_token": grant.refresh_token,
        "token_type": "Bearer",
        "expires_in": life_s,
        "api_domain": api_domain,
    }
