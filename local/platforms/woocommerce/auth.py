"""Who calls: consumer keys by Basic, query string or OAuth 1.0a, and their odd refusals."""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote, unquote

from local.platforms.server import Request
from local.platforms.woocommerce.errors import WooError
from local.platforms.woocommerce.world import World

WINDOW = timedelta(minutes=15)
_HASHES = {"HMAC-SHA1": "sha1", "HMAC-SHA256": "sha256"}
_NEEDED = ("consumer_key", "timestamp", "nonce", "signature", "signature_method")
_VERBS = {"GET": "view", "POST": "create", "PUT": "edit", "PATCH": "edit", "DELETE": "delete"}


@dataclass(frozen=True, kw_only=True)
class Key:
    """One REST key of the shop."""

    key: str
    secret: str
    permissions: str  #: read, write or read_write


def sign(
    method: str, url: str, params: Mapping[str, str], *, secret: str, digest: str = "sha256"
) -> str:
    """Return the OAuth 1.0a signature of a call; ``url`` is without its query."""
    pairs = sorted(f"{quote(k, safe='~')}={quote(v, safe='~')}" for k, v in params.items())
    text = "&".join((method, quote(url, safe="~"), quote("&".join(pairs), safe="~")))
    made = hmac.new(f"{secret}&".encode(), text.encode(), digest).digest()
    return base64.b64encode(made).decode()


def refusal(text: str, code: str = "woocommerce_rest_authentication_error") -> WooError:
    """Return a 401 for a caller who is known, or tried to be."""
    return WooError(401, code, text)


class Keys:
    """The keys of one shop, and the nonces seen."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.by_key: dict[str, Key] = {}
        self._nonces: dict[tuple[str, str], datetime] = {}

    def add(self, permissions: str = "read_write") -> Key:
        """Make a key as Settings > Advanced > REST API does."""
        if permissions not in ("read", "write", "read_write"):
            raise ValueError(f"permissions {permissions!r} must be read, write or read_write")
        made = Key(
            key="ck_" + secrets.token_hex(20),
            secret="cs_" + secrets.token_hex(20),
            permissions=permissions,
        )
        self.by_key[made.key] = made
        return made

    def identify(self, request: Request) -> Key | None:
        """Return the caller, None for an anonymous one; an unknown key is anonymous.

        Raises:
            WooError: the key is known and the proof is wrong.
        """
        params = {name: values[-1] for name, values in request.query.items()}
        found = None if self.world.behaviour.https_only else self._by_secret(request, params)
        return found or self._by_signature(request, params)

    def check(self, caller: Key | None, method: str) -> None:
        """Refuse anonymous callers, and keys that may only read or only write."""
        if caller is None:
            verb = _VERBS.get(method, "view")
            text = "Sorry, you cannot list resources." if verb == "view" else f"You cannot {verb}."
            raise refusal(text, f"woocommerce_rest_cannot_{verb}")
        needed = "read" if method == "GET" else "write"
        if needed not in caller.permissions:
            raise refusal(f"The API key provided does not have {needed} permissions.")

    def _by_secret(self, request: Request, params: Mapping[str, str]) -> Key | None:
        name, secret = params.get("consumer_key", ""), params.get("consumer_secret", "")
        stripped = self.world.behaviour.strips_authorization
        header = "" if stripped else request.headers.get("authorization", "")
        scheme, _, coded = header.partition(" ")
        if not (name and secret) and scheme.lower() == "basic":
            try:
                name, _, secret = base64.b64decode(coded, validate=True).decode().partition(":")
            except (binascii.Error, ValueError):
                return None
        found = self.by_key.get(name)
        if found is not None and not hmac.compare_digest(found.secret.encode(), secret.encode()):
            raise refusal("Consumer secret is invalid.")
        return found

    def _by_signature(self, request: Request, params: dict[str, str]) -> Key | None:
        given = params | _oauth_header(request.headers.get("authorization", ""))
        if not any(name.startswith("oauth_") for name in given):
            return None
        absent = [name for name in _NEEDED if not given.get(f"oauth_{name}")]
        if absent:
            text = f"Missing OAuth parameter oauth_{absent[0]}"
            raise refusal(text, "woocommerce_rest_authentication_missing_parameter")
        found = self.by_key.get(given["oauth_consumer_key"])
        if found is None:
            return None
        self._check_signature(request, given, found)
        self._check_freshness(given, found)
        return found

    def _check_signature(self, request: Request, given: dict[str, str], key: Key) -> None:
        """Compare signatures; a name that came twice counts once, with its last value."""
        digest = _HASHES.get(given["oauth_signature_method"])
        if digest is None:
            raise refusal("Invalid signature - signature method is invalid.")
        signed = {name: value for name, value in given.items() if name != "oauth_signature"}
        url = self.world.home.partition("://")
        address = f"{url[0]}://{url[2].partition('/')[0]}{request.path}"
        made = sign(request.method, address, signed, secret=key.secret, digest=digest)
        if not hmac.compare_digest(made.encode(), given["oauth_signature"].encode()):
            raise refusal("Invalid signature - provided signature does not match.")

    def _check_freshness(self, given: dict[str, str], key: Key) -> None:
        now = self.world.clock()
        stamp = given["oauth_timestamp"]
        if not stamp.isdecimal() or abs(now.timestamp() - int(stamp)) > WINDOW.total_seconds():
            raise refusal("Invalid timestamp.")
        self._nonces = {k: at for k, at in self._nonces.items() if now - at <= WINDOW}
        nonce = (key.key, given["oauth_nonce"])
        if nonce in self._nonces:
            raise refusal("Invalid nonce - nonce has already been used.")
        self._nonces[nonce] = now


def _oauth_header(value: str) -> dict[str, str]:
    """Read ``Authorization: OAuth a="b", c="d"``."""
    if not value.lower().startswith("oauth "):
        return {}
    found = re.findall(r'(oauth_\w+)="([^"]*)"', value)
    return {name: unquote(text) for name, text in found}


def webhook_signature(body: bytes, secret: str) -> str:
    """Return what ``X-WC-Webhook-Signature`` holds for a body."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
