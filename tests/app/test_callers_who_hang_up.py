"""Callers who hang up in the middle of a connection leave no noise behind."""

import socket
import struct
import threading

import pytest

from app import app
from local.server import LocalServer
from tests.app.toy_world import World


def serve_one(server: LocalServer, sent: bytes) -> None:
    """Connect, send, hang up with a reset, and let the server meet it."""
    with socket.create_connection(server.server.server_address[:2]) as caller:
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        caller.sendall(sent)
    server.server.daemon_threads = False
    server.server.handle_request()
    server.server.server_close()  # waits for the thread of the request


@pytest.mark.parametrize("sent", [b"GET /v1/health", b""], ids=["half a request", "nothing"])
def test_reset_connection_writes_no_stack_trace(
    world: World, capsys: pytest.CaptureFixture[str], sent: bytes
) -> None:
    plain = app.__class__
    before = threading.active_count()
    try:
        serve_one(LocalServer(app, 0), sent)
    finally:
        app.__class__ = plain
    assert capsys.readouterr().err == ""
    assert threading.active_count() == before
