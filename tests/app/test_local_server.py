"""The API behind Chalice's own threaded server: requests never see each other's keys."""

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from chalice.app import Chalice, Request, Response
from chalice.config import Config
from chalice.local import LocalDevServer, create_local_server

from app import app
from chalicelib.domain.setup import Role
from tests.app.toy_world import World

ROUNDS = 40


@pytest.fixture(params=["local", "plain"])
def address(request: pytest.FixtureRequest, world: World) -> Iterator[tuple[str, int]]:
    """Serve the app on a free port: as ``chalice local`` does, and without its thread-local app."""
    plain = app.__class__
    make = create_local_server if request.param == "local" else LocalDevServer
    server = make(app, Config.create(), "127.0.0.1", 0).server
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[0], server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        app.__class__ = plain
        assert isinstance(app, Chalice)


@pytest.fixture
def meeting() -> Iterator[None]:
    """Let requests that ask for it go on two by two, after Chalice has noted both as current."""
    barrier = threading.Barrier(2)

    def meet(request: Request, get_response: Callable[[Request], Response]) -> Response:
        if "x-meet" in request.headers:
            barrier.wait(timeout=10)
        return get_response(request)

    app.register_middleware(meet, "http")
    try:
        yield
    finally:
        app.middleware_handlers.remove((meet, "http"))


def ask(address: tuple[str, int], key: str, consumer: str, **more: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(*address, timeout=20)
    try:
        headers = {"Authorization": f"Bearer {key}", "Connection": "close", **more}
        connection.request("GET", f"/v1/consumers/{consumer}", headers=headers)
        answered = connection.getresponse()
        return answered.status, json.loads(answered.read())
    finally:
        connection.close()


def test_two_keys_at_once_from_many_threads_see_their_own_consumer_alone(
    address: tuple[str, int], world: World
) -> None:
    keys = {name: world.key(name, Role.VIEWER) for name in ("acme", "bistro")}
    questions = [(key, own) for key in keys for own in keys] * ROUNDS

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda pair: ask(address, keys[pair[0]], pair[1]), questions))

    for (key, wanted), (status, body) in zip(questions, answers, strict=True):
        assert status == (200 if key == wanted else 404)
        if key == wanted:
            assert body["id"] == wanted


def test_a_request_keeps_its_own_key_while_another_one_becomes_current(
    address: tuple[str, int], world: World, meeting: None
) -> None:
    own = {name: world.key(name, Role.VIEWER) for name in ("acme", "bistro")}

    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(ask, address, own[name], name, **{"X-Meet": "1"}) for name in own]
        answers = [one.result() for one in asked]

    assert [(status, body.get("id")) for status, body in answers] == [
        (200, "acme"),
        (200, "bistro"),
    ]
