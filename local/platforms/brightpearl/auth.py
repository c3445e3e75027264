"""Who calls: staff tokens, system tokens, signed tokens of old public apps, OAuth grants."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from local.platforms.brightpearl.faults import NOT_AUTHENTICATED, TOKEN_EXPIRED, VendorFault
from local.platforms.sender import Clock

ACCESS_LIFE_S = 604_800  #: seven days, as recorded after a code exchange


def sign_token(unsigned: str, developer_secret: str) -> str:
    """Sign the token of a legacy public app; the secret is used as text, not decoded."""
    digest = hmac.new(developer_secret.encode(), unsigned.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


@dataclass(frozen=True, kw_only=True)
class Principal:
    """The caller; ``instance_id`` only for OAuth apps."""

    kind: str
    instance_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class OAuthApp:
    """A registered app; without ``secret`` it is a public client."""

    app_ref: str
    dev_ref: str
    secret: str = ""


@dataclass(frozen=True, kw_only=True)
class Grant:
    """One pair of tokens; ``instance_id`` stays the same through refreshes."""

    access_token: str
    refresh_token: str
    expires_at: datetime
    instance_id: int
    app: OAuthApp


@dataclass(frozen=True, kw_only=True)
class Code:
    """An authorisation code that waits for its exchange."""

    app: OAuthApp
    redirect_uri: str


class Access:
    """Tokens of one account and what they may do."""

    def __init__(self, account: str, clock: Clock) -> None:
        self.account = account
        self.clock = clock
        self.staff_tokens: set[str] = set()
        self.system_tokens: set[str] = set()
        self.public_apps: dict[str, str] = {}  #: app ref to the signed token it must send
        self.apps: dict[str, OAuthApp] = {}
        self.codes: dict[str, Code] = {}
        self.grants: dict[str, Grant] = {}  #: by access token
        self.refreshable: dict[str, Grant] = {}  #: by refresh token
        self.forbidden: set[tuple[str, str]] = set()  #: (method or empty, start of the path)
        self._last_instance = 20

    @staticmethod
    def pool(headers: Mapping[str, str]) -> str:
        """Return the quota pool: private apps share one, an OAuth app has its own."""
        oauth = headers.get("authorization", "").startswith("Bearer ")
        return f"oauth:{headers.get('brightpearl-app-ref', '')}" if oauth else "private"

    def identify(self, headers: Mapping[str, str]) -> Principal:
        """Return the caller, or raise the 401 Brightpearl answers."""
        app_ref = headers.get("brightpearl-app-ref", "")
        bearer = headers.get("authorization", "").partition("Bearer ")[2]
        if bearer:
            return self._oauth(bearer, app_ref, headers.get("brightpearl-dev-ref", ""))
        if app_ref and headers.get("brightpearl-staff-token") in self.staff_tokens:
            return Principal(kind="staff")
        if app_ref and self._knows(app_ref, headers.get("brightpearl-account-token", "")):
            return Principal(kind="system")
        raise VendorFault(401, text=NOT_AUTHENTICATED)

    def check_permission(self, method: str, path: str) -> None:
        """Raise the 403 for a resource the app may not use; the body's code is not known."""
        for forbidden_method, start in self.forbidden:
            if path.startswith(start) and forbidden_method in ("", method):
                message = "The app has no permission for this resource"
                raise VendorFault(403, ("CMNC-000", message))

    def add_public_app(self, app_ref: str, unsigned_token: str, developer_secret: str) -> str:
        """Register a legacy public app and return the signed token it has to send."""
        self.public_apps[app_ref] = sign_token(unsigned_token, developer_secret)
        return self.public_apps[app_ref]

    def issue(self, app: OAuthApp, *, instance_id: int | None = None, life_s: int) -> Grant:
        """Make a new pair of tokens, a new installation unless ``instance_id`` is given."""
        if instance_id is None:
            self._last_instance += 1
            instance_id = self._last_instance
        grant = Grant(
            access_token=_random_token(),
            refresh_token=_random_token(),
            expires_at=self.clock() + timedelta(seconds=life_s),
            instance_id=instance_id,
            app=app,
        )
        self.grants[grant.access_token] = grant
        self.refreshable[grant.refresh_token] = grant
        return grant

    def issue_code(self, app: OAuthApp, redirect_uri: str) -> str:
        """Return a code for one exchange, as the browser brings it back after consent."""
        code = secrets.token_hex(16)
        self.codes[code] = Code(app=app, redirect_uri=redirect_uri)
        return code

    def revoke_everything(self) -> None:
        """Make every token invalid, as when a merchant switches the app off."""
        self.staff_tokens.clear()
        self.system_tokens.clear()
        self.public_apps.clear()
        self.grants.clear()
        self.refreshable.clear()

    def _oauth(self, token: str, app_ref: str, dev_ref: str) -> Principal:
        grant = self.grants.get(token)
        if grant is None:
            raise VendorFault(401, text=f"Invalid instance token: {token}")
        if (grant.app.app_ref, grant.app.dev_ref) != (app_ref, dev_ref):
            raise VendorFault(401, text=NOT_AUTHENTICATED)
        if grant.expires_at <= self.clock():
            raise VendorFault(401, text=TOKEN_EXPIRED)
        return Principal(kind="oauth", instance_id=grant.instance_id)

    def _knows(self, app_ref: str, token: str) -> bool:
        signed = self.public_apps.get(app_ref, "")
        return token in self.system_tokens or (
            bool(signed) and hmac.compare_digest(signed.encode(), token.encode())
        )


def _random_token() -> str:
    """Return a token that holds ``+``, ``/`` and ``=``, so that sloppy encoding shows."""
    return f"a+{secrets.token_hex(12)}/{secrets.token_hex(4)}=="
