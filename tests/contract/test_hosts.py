"""The guarded client over real sockets: what is called is what was judged."""

import ssl
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from chalicelib.connectors.hosts import HostGuard
from chalicelib.connectors.http import Client, Trace
from chalicelib.connectors.pool import LatePool, open_pool
from chalicelib.connectors.transport import GuardedLine
from chalicelib.domain.reasons import Reason, SyncFailure
from tests.contract.https_shop import Shop, Street, write_certificate

PUBLIC, INNER = "93.184.216.34", "10.1.2.3"


class Names:
    """A name service whose answer changes with every question; the last one stays."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.asked: list[str] = []
        self._answers = answers

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self._answers[min(len(self.asked), len(self._answers)) - 1]


class World:
    """A shop at a public address, a server at an inner one, and a client of ours."""

    def __init__(self, shop: Shop, inner: Shop, trusted: ssl.SSLContext) -> None:
        self.shop, self.inner = shop, inner
        self.street = Street({PUBLIC: shop, INNER: inner})
        self.trace = Trace()
        self._trusted = trusted
        self._pools: list[LatePool] = []

    def client(self, names: Names, **more: Any) -> Client:
        guard = HostGuard(resolve=names)
        pool = LatePool(lambda: GuardedLine(guard, network=self.street, tls=self._trusted, **more))
        self._pools.append(pool)
        return make_client("https://shop.example", guard, pool, self.trace)

    def close(self) -> None:
        for pool in self._pools:
            pool.close()


def make_client(base_url: str, guard: HostGuard, pool: LatePool, trace: Trace) -> Client:
    return Client(
        consumer="corner-shirts",
        connection="shop",
        platform="shop",
        base_url=base_url,
        http=pool,
        guard=guard,
        trace=trace,
        timeout_s=5,
    )


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    trusted = write_certificate(tmp_path, "shop.example", "www.shop.example")
    with Shop(tmp_path).open() as shop, Shop(tmp_path).open() as inner:
        made = World(shop, inner, trusted)
        yield made
        made.close()


def failure_of(call: Callable[[], object]) -> SyncFailure:
    with pytest.raises(SyncFailure) as met:
        call()
    return met.value


def test_address_is_dialled_while_certificate_and_host_are_those_of_the_name(world: World) -> None:
    answer = world.client(Names([PUBLIC])).call("GET", "/orders")
    assert answer.json() == {}
    assert world.street.dialled == [PUBLIC]
    assert (world.shop.names, world.shop.hosts) == (["shop.example"], ["shop.example"])


def test_certificate_of_another_name_is_not_believed(world: World) -> None:
    one = world.client(Names([PUBLIC]))
    failure = failure_of(lambda: one.call("GET", "https://other.example/"))
    assert (failure.reason, failure.error_code) == (Reason.RETRYING, "no_answer")
    assert world.shop.hosts == []


def test_kept_connection_asks_no_name_service_again(world: World) -> None:
    names = Names([PUBLIC], [INNER])
    one = world.client(names)
    for _ in range(3):
        one.call("GET", "/")
    assert (names.asked, world.shop.connections) == (["shop.example"], 1)


def test_name_that_moves_inside_after_it_was_judged_is_not_followed_there(world: World) -> None:
    world.shop.headers = {"Connection": "close"}
    one = world.client(Names([PUBLIC], [INNER]))
    one.call("GET", "/")
    failure = failure_of(lambda: one.call("GET", "/"))
    assert (failure.reason, failure.error_code) == (Reason.REJECTED_BY_TARGET, "address_refused")
    assert (world.street.dialled, world.inner.connections) == ([PUBLIC], 0)


def test_host_with_an_inner_address_beside_a_public_one_is_not_called_at_all(world: World) -> None:
    one = world.client(Names([PUBLIC, INNER]))
    assert failure_of(lambda: one.call("GET", "/")).error_code == "address_refused"
    assert (world.shop.connections, world.inner.connections) == (0, 0)


def test_two_names_at_one_address_never_share_a_connection(world: World) -> None:
    one = world.client(Names([PUBLIC]))
    one.call("GET", "/")
    one.call("GET", "https://www.shop.example/")
    assert world.shop.names == world.shop.hosts == ["shop.example", "www.shop.example"]


@pytest.mark.parametrize("status", [301, 302, 307])
@pytest.mark.parametrize(
    ("location", "told"),
    [
        ("https://inner.example/?key=k", "https://inner.example: enter"),
        (f"https://{INNER}/", "somewhere else"),
        ("http://169.254.169.254/latest/meta-data", "somewhere else"),
    ],
    ids=["name", "number", "metadata"],
)
def test_redirect_is_told_and_not_followed(
    world: World, status: int, location: str, told: str
) -> None:
    world.shop.status, world.shop.headers = status, {"Location": location}
    names = Names([PUBLIC], [INNER])
    failure = failure_of(lambda: world.client(names).call("GET", "/"))
    assert (failure.reason, failure.error_code) == (Reason.REJECTED_BY_TARGET, "redirected")
    assert told in failure.detail
    assert (names.asked, world.inner.connections) == (["shop.example"], 0)


def test_answer_without_an_end_is_read_no_further_than_the_limit(world: World) -> None:
    world.shop.is_endless = True
    one = world.client(Names([PUBLIC]), body_at_most=100_000)
    assert failure_of(lambda: one.call("GET", "/")).error_code == "too_large"
    (kept,) = world.trace.take()
    assert (kept.status, kept.error, kept.response_body) == (200, "AnswerTooLargeError", "")


def test_answer_without_an_end_holds_nobody_longer_than_one_call_may_take(world: World) -> None:
    world.shop.is_endless = True
    one = world.client(Names([PUBLIC]), clock=count().__next__)  # a second for every look
    failure = failure_of(lambda: one.call("GET", "/"))
    assert (failure.reason, failure.error_code) == (Reason.RETRYING, "no_answer")
    (kept,) = world.trace.take()
    assert (kept.error, kept.url) == ("ReadTimeout", "https://shop.example/")


def test_connection_is_good_again_after_an_answer_that_was_given_up(world: World) -> None:
    world.shop.is_endless = True
    one = world.client(Names([PUBLIC]), body_at_most=100_000)
    failure_of(lambda: one.call("GET", "/"))
    world.shop.is_endless = False
    assert one.call("GET", "/").json() == {}
    assert world.shop.connections == 2


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_simulator_on_this_machine_is_called_over_plain_http_where_that_was_said(host: str) -> None:
    with Shop().open() as shop:
        for allowed in (True, False):
            guard = HostGuard(allow_loopback=allowed)
            with open_pool(guard) as pool:
                one = make_client(f"http://{host}:{shop.port}", guard, pool, Trace())
                if allowed:
                    assert one.call("GET", "/").json() == {}
                else:
                    failure = failure_of(lambda it=one: it.call("GET", "/"))
                    assert failure.error_code == "address_refused"
        assert shop.hosts == [f"{host}:{shop.port}"]
