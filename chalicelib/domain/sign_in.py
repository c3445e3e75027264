"""Connecting an account at the platform's own page (OAuth 2, authorization code): what each says.

A person is sent to the platform's page, agrees there, and comes back with a code, which one call
turns into tokens. Platforms differ in the page's address, in the call, and in what it brings.
"""

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain.setup import Connection

_LIFE_DIGITS = 9  #: of seconds: thirty years


@dataclass(frozen=True, kw_only=True)
class Asking:
    """What the address of the platform's page is made of."""

    connection: Connection
    credentials: Mapping[str, str]
    redirect_uri: str  #: where the person comes back to, as registered at the platform
    state: str  #: comes back with the person; only whoever was sent there knows it
    challenge: str  #: of the proof that the exchange shows (PKCE, S256); for platforms that know it


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What came back with the person, and what belongs to it."""

    query: Mapping[str, str]
    redirect_uri: str  #: the same as in ``Asking``
    verifier: str  #: the proof whose challenge was in the address


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """What is kept of an exchange."""

    credentials: Mapping[str, str]
    settings: Mapping[str, str] = field(default_factory=dict)
    expires_at: datetime | None = None  #: end of the access token


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """How people connect an account of one platform at its own page."""

    needs: Sequence[str]  #: fields of the connection that are filled in before
    gives: Sequence[str]  #: fields it fills in; the first is the token that calls are made with
    instead: Sequence[str] = ()  #: credentials that calls can be made with as well
    address: Callable[[Asking], str]  #: pure: the platform's page for these values
    #: Makes the one call for an opened ``Account``. Raises ``SyncFailure`` with a sentence and its
    #: mend. Any, because ``platforms`` imports this module.
    exchange: Callable[[Any, Answered], SignedIn]

    def missing(self, known: Mapping[str, Any]) -> list[str]:
        """Return which fields have to be filled in first; settings and credentials by name."""
        return [name for name in self.needs if known.get(name) in (None, "")]

    def is_awaited(self, known: Mapping[str, Any]) -> bool:
        """Whether all is there but the tokens that signing in brings."""
        usable = (self.gives[0], *self.instead)
        return not self.missing(known) and not any(known.get(name) for name in usable)


def life_of(told: Any, *, otherwise_s: int) -> timedelta:
    """Return how long a token lives: as told in seconds, unless that is no number or years."""
    text = str(told)
    is_told = text.isascii() and text.isdigit() and len(text) <= _LIFE_DIGITS
    return timedelta(seconds=int(text) if is_told else otherwise_s)


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge of a proof (RFC 7636, 4.2)."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
