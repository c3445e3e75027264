"""Requests and answers of the simulated vendors, and what can go wrong with them on demand."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

FAULT_MODES = ("answer", "drop_before", "drop_after", "half_body", "html", "slow", "hang")


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request as received; header names are in lower case, the path is decoded."""

    method: str
    path: str
    query: Mapping[str, list[str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        """Return the parsed body (``{}`` when empty); a ValueError says it is not JSON."""
        return json.loads(self.body) if self.body else {}

    def first(self, name: str, default: str = "") -> str:
        """Return the first value of a query parameter."""
        return self.query.get(name, [default])[0]


@dataclass(frozen=True)
class Response:
    """One answer; ``body`` is sent as it is when bytes, else as JSON.

    ``after_s`` delays the answer outside the lock; ``then`` runs under the lock when the delay is
    over, just before the answer goes out (a vendor's write that takes its time).
    """

    status: int = 200
    body: object = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    after_s: float = 0.0
    then: Callable[[], None] | None = None

    def encoded(self) -> bytes:
        """Return the bytes of the body."""
        if isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body, separators=(",", ":"), ensure_ascii=False).encode()


@dataclass(frozen=True, kw_only=True)
class Call:
    """One vendor call that was seen; status 0 when the connection was closed without an answer."""

    method: str
    path: str
    status: int
    at: datetime


@dataclass(kw_only=True)
class Fault:
    """What happens to the next ``times`` calls whose path contains ``path``."""

    status: int
    mode: str
    times: int
    path: str
    method: str | None
    body: object
    headers: dict[str, str]
    delay_s: float

    def covers(self, request: Request) -> bool:
        """Say whether this fault is for ``request``."""
        return (
            self.times > 0 and self.path in request.path and self.method in (None, request.method)
        )
