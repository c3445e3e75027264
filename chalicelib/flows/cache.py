"""What the door and the worker know of set-ups without asking each time; 30 seconds old at most."""

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from chalicelib.domain.ports import Registry, SyncLog
from chalicelib.domain.setup import Connection, Consumer, FlowSetup

T = TypeVar("T")

KEPT_S = 30  #: how late a request may know of an erased consumer or a flow that was switched
BACKLOG_KEPT_S = 5
CREDENTIALS_KEPT_S = 300  #: opened credentials stay in memory: no request to KMS per record
KEPT_AT_MOST = 20_000  #: things remembered; then everything is forgotten and asked again
_ADDRESS = "address"


@dataclass
class SetupCache:
    """Remembers consumers, flow set-ups and backlog flags of this process.

    ``forget`` is called by whoever changes a set-up, so that the same process sees it at once;
    others see it within 30 seconds, which the second run of a release allows for.
    """

    registry: Registry
    log: SyncLog
    now: Callable[[], datetime]
    _kept: dict[tuple[str, ...], tuple[datetime, Any]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def read_consumer(self, consumer: str) -> Consumer | None:
        """The consumer, or None if it is unknown or being erased."""
        found = self._read(
            ("consumer", consumer), KEPT_S, lambda: self.registry.read_consumer(consumer)
        )
        return found if found is not None and found.deleted_at is None else None

    def list_flows(self, consumer: str) -> Sequence[FlowSetup]:
        """All flow set-ups of a consumer."""
        return self._read(("flows", consumer), KEPT_S, lambda: self.registry.list_flows(consumer))

    def find_connection(self, webhook_token: str) -> Connection | None:
        """The connection of a webhook address. An unknown address is looked up each time."""
        key = (_ADDRESS, "", hashlib.sha256(webhook_token.encode()).hexdigest())
        found = self._read(key, KEPT_S, lambda: self.registry.find_connection(webhook_token))
        if found is None:
            with self._lock:
                self._kept.pop(key, None)
        return found

    def read_credentials(
        self, connection: Connection, open_sealed: Callable[[], Mapping[str, str]]
    ) -> Mapping[str, str]:
        """Opened credentials of a connection, for five minutes; never a KMS call per record."""
        sealed = hashlib.sha256(connection.sealed_credentials).hexdigest()
        key = ("credentials", connection.consumer, connection.name, sealed)
        return self._read(key, CREDENTIALS_KEPT_S, open_sealed)

    def is_backlogged(self, consumer: str, connection: str) -> bool:
        """Whether rows of this connection wait for calls."""
        return self._read(
            ("backlog", consumer, connection),
            BACKLOG_KEPT_S,
            lambda: self.log.is_backlogged(consumer, connection),
        )

    def forget(self, consumer: str) -> None:
        """Drop what is known of a consumer."""
        with self._lock:
            for key in [key for key in self._kept if key[1] == consumer or key[0] == _ADDRESS]:
                del self._kept[key]

    def _read(self, key: tuple[str, ...], kept_s: int, read: Callable[[], T]) -> T:
        now = self.now()
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None and kept[0] > now:
            return kept[1]  # type: ignore[no-any-return]  # the key decides the type
        value = read()
        with self._lock:
            if len(self._kept) >= KEPT_AT_MOST:
                self._kept.clear()
            self._kept[key] = (now + timedelta(seconds=kept_s), value)
        return value
