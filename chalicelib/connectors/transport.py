"""Connections that go only to addresses that were judged, for as long as one call may take.

Not imported at start, because it imports httpx: ``pool`` opens it with the first call.
"""

import time
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from ssl import SSLContext
from typing import Any

import httpcore
import httpx

from chalicelib.connectors.hosts import HostGuard
from chalicelib.connectors.replies import AnswerTooLargeError

#: Largest body of an answer, unpacked: far above the largest page of records that we ask for.
BODY_AT_MOST = 20_000_000

#: Most commas of an answer: what JSON of more parts becomes in memory is fifty times its length.
PARTS_AT_MOST = 1_000_000

#: When the call of this thread has to be over, by the clock of its ``Patience``.
_ENDS_AT: ContextVar[float | None] = ContextVar("ends_at", default=None)


@dataclass(frozen=True, kw_only=True)
class Received:
    """An answer, read to its end."""

    status_code: int
    headers: httpx.Headers
    content: bytes
    request: httpx.Request


@dataclass(frozen=True)
class Patience:
    """How long the call of this thread may still take.

    A timeout of httpx is for one read: a server that sends a byte a second never meets it.
    """

    clock: Callable[[], float]

    def start(self, total_s: float | None) -> None:
        """Let this thread's next call take ``total_s`` seconds in all; None is no limit."""
        _ENDS_AT.set(None if total_s is None else self.clock() + total_s)

    def cut(self, timeout: float | None, late: type[Exception]) -> float | None:
        """Return how long one step may take; raises ``late`` when no time is left."""
        ends_at = _ENDS_AT.get()
        if ends_at is None:
            return timeout
        left_s = ends_at - self.clock()
        if left_s <= 0:
            raise late("the whole call took too long")
        return left_s if timeout is None else min(timeout, left_s)


class PatientStream(httpcore.NetworkStream):
    """A connection whose every step fits into what is left of its call."""

    def __init__(self, stream: httpcore.NetworkStream, patience: Patience) -> None:
        self._stream = stream
        self._patience = patience

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what has arrived."""
        return self._stream.read(max_bytes, self._patience.cut(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of it."""
        self._stream.write(buffer, self._patience.cut(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self,
        ssl_context: SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """Encrypt it; the certificate has to be that of ``server_hostname``."""
        left_s = self._patience.cut(timeout, httpcore.ConnectTimeout)
        stream = self._stream.start_tls(ssl_context, server_hostname, left_s)
        return PatientStream(stream, self._patience)

    def get_extra_info(self, info: str) -> Any:
        """Tell what the connection below knows of itself."""
        return self._stream.get_extra_info(info)


class GuardedNetwork(httpcore.NetworkBackend):
    """Asks for a host's addresses once, judges all of them, and connects to one of those."""

    def __init__(
        self, guard: HostGuard, network: httpcore.NetworkBackend, patience: Patience
    ) -> None:
        self._guard = guard
        self._network = network
        self._patience = patience

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address of a host that answers."""
        failure: Exception = httpcore.ConnectError("no address")
        for address in self._guard.addresses_of(host, port):
            try:
                left_s = self._patience.cut(timeout, httpcore.ConnectTimeout)
                stream = self._network.connect_tcp(
                    address, port, left_s, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return PatientStream(stream, self._patience)
        raise failure


class GuardedTransport(httpx.HTTPTransport):
    """The transport of httpx, over a network of ours.

    httpx has no argument for the network, so its pool is made here; one connection is kept for a
    name and a port, never shared by two names that have the same address.
    """

    def __init__(self, network: httpcore.NetworkBackend, tls: SSLContext) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls,
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=5,
            network_backend=network,
        )


class GuardedLine:
    """Makes calls over connections to judged addresses, and reads answers within bounds.

    Args:
        network: what opens sockets.
        tls: whom to trust; everybody's list if not given.
    """

    def __init__(
        self,
        guard: HostGuard,
        *,
        network: httpcore.NetworkBackend | None = None,
        tls: SSLContext | None = None,
        clock: Callable[[], float] = time.monotonic,
        body_at_most: int = BODY_AT_MOST,
        parts_at_most: int = PARTS_AT_MOST,
    ) -> None:
        self._patience = Patience(clock)
        self._body_at_most = body_at_most
        self._parts_at_most = parts_at_most
        below = network or httpcore.SyncBackend()
        transport = GuardedTransport(
            GuardedNetwork(guard, below, self._patience), tls or httpx.create_ssl_context()
        )
        # A transport of our own also means: no proxy of the environment, which would connect in our
        # stead to whatever it finds. And all accounts share the client: none may see the cookies
        # of another.
        no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
        self._client = httpx.Client(transport=transport, cookies=no_cookies)

    def request(
        self, method: str, url: str, *, extensions: dict[str, Any] | None = None, **more: Any
    ) -> Received:
        """Make one call; ``extensions["total_s"]`` is the longest that all of it may take."""
        extensions = extensions or {}
        self._patience.start(extensions.get("total_s"))
        with self._client.stream(method, url, extensions=extensions, **more) as response:
            return _received(response, self._read(response))

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def _read(self, response: httpx.Response) -> bytes:
        if "," in response.headers.get("content-encoding", ""):
            # Packed twice, a few bytes unpack to more than a machine holds; nobody asked for it.
            raise httpx.DecodingError("the answer is packed twice", request=response.request)
        parts, size = [], 0
        for part in response.iter_bytes():
            size += len(part)
            if size > self._body_at_most:
                raise AnswerTooLargeError(_received(response, b""))
            parts.append(part)
        whole = b"".join(parts)
        if whole.count(b",") > self._parts_at_most:
            raise AnswerTooLargeError(_received(response, b""))
        return whole


def _received(response: httpx.Response, content: bytes) -> Received:
    return Received(
        status_code=response.status_code,
        headers=response.headers,
        content=content,
        request=response.request,
    )
