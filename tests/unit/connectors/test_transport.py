"""Calls over connections of ours: where they go, how long they take, how much is read."""

import gzip
import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import httpcore
import httpx
import pytest

from chalicelib.connectors.hosts import HostGuard
from chalicelib.connectors.pool import LatePool, open_pool
from chalicelib.connectors.replies import AnswerTooLargeError
from chalicelib.connectors.transport import GuardedLine
from chalicelib.domain.reasons import SyncFailure

PUBLIC, OTHER, INNER = "93.184.216.34", "93.184.216.35", "10.1.2.3"
URL = "https://shop.example/"
OK = b"HTTP/1.1 200 OK\r\n"


class Ticking:
    """A clock that goes on by a second each time somebody looks."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


class Stream(httpcore.MockStream):
    """A connection that answers in given pieces; notes what is sent and how long it may wait."""

    def __init__(self, pieces: Sequence[bytes], network: "Network") -> None:
        super().__init__(list(pieces))
        self._network = network

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._network.waits.append(timeout or 0)
        return super().read(max_bytes, timeout)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._network.waits.append(timeout or 0)
        self._network.sent.append(buffer)


class Network(httpcore.NetworkBackend):
    """A network of servers that all answer the same, but for those that are down."""

    def __init__(self, pieces: Sequence[bytes] = (), down: Sequence[str] = ()) -> None:
        self.dialled: list[str] = []
        self.sent: list[bytes] = []
        self.waits: list[float] = []
        self._pieces = pieces or [OK + b"Content-Length: 0\r\n\r\n"] * 9
        self._down = down

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        self.dialled.append(host)
        if host in self._down:
            raise httpcore.ConnectError(f"{host} is down")
        return Stream(self._pieces, self)


def line(network: Network, *addresses: str, **more: Any) -> GuardedLine:
    guard = HostGuard(resolve=lambda host, port: addresses or (PUBLIC,))
    return GuardedLine(guard, network=network, **more)


def call(one: GuardedLine | LatePool, url: str = URL, **more: Any) -> Any:
    return one.request("GET", url, **{"timeout": 20, "follow_redirects": False, **more})


def packed(body: bytes, coding: bytes = b"gzip") -> list[bytes]:
    head = b"Content-Encoding: %s\r\nContent-Length: %d\r\n\r\n" % (coding, len(body))
    return [OK + head + body]


# --- where a connection goes ----------------------------------------------------------------------


def test_connection_goes_to_the_address_and_not_to_the_name() -> None:
    network = Network()
    assert call(line(network)).status_code == 200
    assert network.dialled == [PUBLIC]


def test_next_address_is_tried_when_one_is_down() -> None:
    network = Network(down=[PUBLIC])
    assert call(line(network, PUBLIC, OTHER)).status_code == 200
    assert network.dialled == [PUBLIC, OTHER]


def test_host_whose_addresses_are_all_down_cannot_be_reached() -> None:
    network = Network(down=[PUBLIC, OTHER])
    with pytest.raises(httpx.ConnectError):
        call(line(network, PUBLIC, OTHER))
    assert network.dialled == [PUBLIC, OTHER]


def test_nothing_is_dialled_when_one_of_the_addresses_is_inside() -> None:
    network = Network()
    with pytest.raises(SyncFailure, match=r"The host shop\.example is not a public address"):
        call(line(network, PUBLIC, INNER))
    assert network.dialled == []


def test_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    network = Network()
    call(line(network))
    assert network.dialled == [PUBLIC]


def test_cookie_of_one_call_is_not_sent_with_another() -> None:
    network = Network([OK + b"Set-Cookie: session=1\r\nContent-Length: 0\r\n\r\n"] * 2)
    one = line(network)
    for _ in range(2):
        assert call(one).headers["set-cookie"] == "session=1"
    assert b"GET / HTTP/1.1" in b"".join(network.sent)
    assert b"session" not in b"".join(network.sent)


# --- how long it takes ----------------------------------------------------------------------------

DRIPPING = {
    "head": [OK, *[b"X-%d: a\r\n" % number for number in range(50)], b"\r\n"],
    "body": [OK + b"Content-Length: 50\r\n\r\n", *[b"a"] * 50],
    "chunks": [OK + b"Transfer-Encoding: chunked\r\n\r\n", *[b"1\r\na\r\n"] * 50, b"0\r\n\r\n"],
}


@pytest.mark.parametrize("pieces", DRIPPING.values(), ids=DRIPPING.keys())
def test_answer_that_drips_is_given_up_when_the_whole_call_took_too_long(
    pieces: list[bytes],
) -> None:
    network = Network(pieces)
    with pytest.raises(httpx.ReadTimeout):
        call(line(network, clock=Ticking()), extensions={"total_s": 30})
    assert call(line(network, clock=Ticking()), extensions={"total_s": 300}).status_code == 200


def test_no_step_waits_longer_than_is_left_of_the_call() -> None:
    network = Network()
    call(line(network, clock=Ticking()), extensions={"total_s": 24})
    sent, *_, read = network.waits
    assert sent == 20
    assert 10 < read < 20
    network.waits.clear()
    call(line(network, clock=Ticking()), extensions={"total_s": 12})
    sent, *_, read = network.waits
    assert 12 > sent > read > 0


def test_address_is_not_dialled_when_no_time_is_left() -> None:
    network = Network()
    with pytest.raises(httpx.ConnectTimeout):
        call(line(network, clock=Ticking()), extensions={"total_s": 0})
    assert network.dialled == []


def test_each_call_over_a_kept_connection_has_its_own_time() -> None:
    network = Network()
    one = line(network, clock=Ticking())
    for _ in range(5):
        call(one, extensions={"total_s": 8})
    assert network.dialled == [PUBLIC]


def test_call_without_a_limit_waits_as_long_as_each_step_may() -> None:
    network = Network()
    one = line(network, clock=Ticking())
    call(one, extensions={"total_s": 12})
    network.waits.clear()
    call(one)
    assert set(network.waits) == {20}


# --- how much is read -----------------------------------------------------------------------------


def test_answer_is_read_up_to_the_limit_and_no_further() -> None:
    body = b"a" * 1000
    plain = [OK + b"Content-Length: 1000\r\n\r\n" + body]
    assert call(line(Network(plain), body_at_most=1000)).content == body
    with pytest.raises(AnswerTooLargeError) as met:
        call(line(Network(plain), body_at_most=999))
    assert (met.value.reply.status_code, met.value.reply.content) == (200, b"")
    assert str(met.value.reply.request.url) == URL


@pytest.mark.parametrize(
    ("pack", "coding"), [(gzip.compress, b"gzip"), (zlib.compress, b"deflate")]
)
def test_limit_is_for_the_unpacked_answer(pack: Callable[[bytes], bytes], coding: bytes) -> None:
    small, bomb = pack(b"a" * 900), pack(b"a" * 100_000)
    assert len(bomb) < 999
    assert call(line(Network(packed(small, coding)), body_at_most=999)).content == b"a" * 900
    with pytest.raises(AnswerTooLargeError):
        call(line(Network(packed(bomb, coding)), body_at_most=999))


def test_answer_that_is_packed_twice_is_not_unpacked() -> None:
    twice = gzip.compress(gzip.compress(b"a"))
    with pytest.raises(httpx.DecodingError):
        call(line(Network(packed(twice, b"gzip, gzip"))))


# --- the pool -------------------------------------------------------------------------------------


def test_pool_opens_with_its_first_call_and_again_after_it_was_closed() -> None:
    network = Network()
    with LatePool(lambda: line(network)) as pool:
        assert not pool.is_open
        for _ in range(2):
            call(pool)
            assert pool.is_open
        pool.close()
        assert not pool.is_open
        call(pool)
    assert not pool.is_open
    assert network.dialled == [PUBLIC, PUBLIC]


def test_pool_of_a_process_is_guarded() -> None:
    with (
        open_pool(HostGuard(resolve=lambda host, port: [INNER])) as pool,
        pytest.raises(SyncFailure),
    ):
        call(pool)


@pytest.mark.parametrize("part", [b"[],", b"{},", b"1,"])
def test_an_answer_of_more_parts_than_any_page_is_not_taken_apart(part: bytes) -> None:
    parts = part * 11
    body = b"[" + parts + b"0]"
    network = Network([OK + b"Content-Length: %d\r\n\r\n" % len(body), body])
    with pytest.raises(AnswerTooLargeError) as raised:
        call(line(network, parts_at_most=10))
    assert raised.value.reply.content == b""


def test_an_answer_of_many_parts_is_read() -> None:
    body = b"[" + b"1," * 10 + b"0]"
    network = Network([OK + b"Content-Length: %d\r\n\r\n" % len(body), body])
    assert call(line(network, parts_at_most=10)).content == body
