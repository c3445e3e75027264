"""Who is signed in: a sealed cookie, and the word that every form has to bring back.

The cookie holds the hash of the key, never the key; it is encrypted and signed by the vault, so
nobody can read or make one. A key that was revoked ends its sessions, for it is looked up anew by
every page.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.api.auth import Principal
from chalicelib.domain.ports import Vault
from chalicelib.flows.services import Services

COOKIE = "synclog_session"
SIGN_IN_COOKIE = "synclog_form"  #: holds the word of the sign-in form, while nobody is signed in
LASTS = timedelta(hours=12)

#: No consumer is called so: ids have no tilde. KMS is told it, as it is told every consumer.
_CONTEXT = {"consumer": "~console", "purpose": "session"}
_LONGEST = 4000  #: characters of a cookie that browsers keep
_WORD_BYTES = 24
_WORD = re.compile(r"[A-Za-z0-9_-]{32}")  #: so many bytes in base 64


@dataclass(frozen=True, kw_only=True)
class Session:
    """A signed-in person's session."""

    key_hash: str
    word: str  #: what the forms of this session carry
    until: datetime


def begin(key_hash: str, *, now: datetime) -> Session:
    """Return a new session of a key."""
    return Session(key_hash=key_hash, word=new_word(), until=now + LASTS)


def new_word() -> str:
    """Return a word that nobody guesses."""
    return secrets.token_urlsafe(_WORD_BYTES)


def is_word(given: str, wanted: str) -> bool:
    """Whether a form brought the right word; takes as long for a wrong one."""
    return bool(wanted) and hmac.compare_digest(given.encode(), wanted.encode())


def ticket_of(word: str, *purpose: str) -> str:
    """Return what a link carries that does something: of one session, good for one purpose.

    The word itself stands in no address: those are kept by browsers and told to others.
    """
    text = json.dumps(purpose)
    return hmac.new(word.encode(), text.encode(), hashlib.sha256).hexdigest()[:32]


def holder_of(word: str) -> str:
    """Return a session as others may name it, without its word."""
    return f"session:{hashlib.sha256(word.encode()).hexdigest()}"


def seal(session: Session, vault: Vault) -> str:
    """Return a session as the text of a cookie."""
    facts = {"k": session.key_hash, "w": session.word, "u": session.until.isoformat()}
    sealed = vault.seal(json.dumps(facts).encode(), context=_CONTEXT)
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def unseal(text: str, vault: Vault, *, now: datetime) -> Session | None:
    """Return the session of a cookie; None for one that is over, changed, or not ours."""
    if not text or len(text) > _LONGEST:
        return None
    try:
        sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        facts = json.loads(vault.open(sealed, context=_CONTEXT))
    except (ValueError, binascii.Error):
        return None
    session = Session(
        key_hash=facts["k"], word=facts["w"], until=datetime.fromisoformat(facts["u"])
    )
    return session if now < session.until else None


def find_principal(services: Services, session: Session) -> Principal | None:
    """Return whose session it is; None once its key was revoked. One look-up by hash."""
    key = services.registry.find_key(session.key_hash)
    if key is None or key.revoked_at is not None:
        return None
    return Principal(consumer=key.consumer, role=key.role, name=key.name)


def read_cookies(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the cookies of a request as they stand in it.

    Ours need no quotes. Those of other programs on the same host may be anything, and take none of
    ours away.
    """
    pairs = (part.partition("=") for part in headers.get("cookie", "").split(";"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def word_of(cookies: Mapping[str, str]) -> str:
    """Return the word of the sign-in form; empty for a text that is no word of ours."""
    word = cookies.get(SIGN_IN_COOKIE, "")
    return word if _WORD.fullmatch(word) else ""


def cookie(name: str, value: str, *, path: str, secure: bool, lasts: timedelta) -> str:
    """Return a ``Set-Cookie`` that scripts cannot read and other sites cannot send in a form."""
    parts = [
        f"{name}={value}",
        f"Path={path}",
        f"Max-Age={round(lasts.total_seconds())}",
        "HttpOnly",
        "SameSite=Lax",
    ]
    return "; ".join([*parts, "Secure"] if secure else parts)
