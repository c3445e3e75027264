"""The open connections of a process, before and after there are any.

What opens them (``transport``) is imported with the first call: most processes on AWS answer
without calling a platform, and httpx would be a tenth of their start.
"""

from collections.abc import Callable
from threading import Lock
from typing import Any, Protocol, Self

from chalicelib.connectors.hosts import HostGuard
from chalicelib.connectors.replies import Reply


class Pool(Protocol):
    """Open connections, shared by all clients of a process: what we use of ``httpx.Client``."""

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Any,
        headers: Any,
        json: Any,
        data: Any,
        timeout: float,
        follow_redirects: bool,
        extensions: Any,
    ) -> Reply:
        """Make one call; errors are those of httpx.

        Args:
            timeout: longest wait for the other side to do anything at all, in seconds.
            extensions: ``total_s`` is the longest time of the whole call.

        Raises:
            SyncFailure: the host has no address to which a connection may be opened.
            AnswerTooLargeError: the answer was not read to its end.
        """


class Line(Protocol):
    """What a pool opens with its first call."""

    def request(self, method: str, url: str, **more: Any) -> Reply:
        """Make one call."""

    def close(self) -> None:
        """Close all connections."""


class LatePool:
    """A pool that opens with its first call."""

    def __init__(self, open_line: Callable[[], Line]) -> None:
        self._lock = Lock()
        self._open_line = open_line
        self._opened: Line | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def is_open(self) -> bool:
        """Whether there may be connections to close."""
        return self._opened is not None

    def request(self, method: str, url: str, **more: Any) -> Reply:
        """Make one call over the shared connections."""
        return self._open().request(method, url, **more)

    def close(self) -> None:
        """Close all connections; a later call would open new ones."""
        with self._lock:
            opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()

    def _open(self) -> Line:
        with self._lock:
            if self._opened is None:
                self._opened = self._open_line()
            return self._opened


def open_pool(guard: HostGuard) -> LatePool:
    """Return the pool of a process, whose connections go where ``guard`` lets them."""

    def open_line() -> Line:
        from chalicelib.connectors.transport import GuardedLine

        return GuardedLine(guard)

    return LatePool(open_line)
