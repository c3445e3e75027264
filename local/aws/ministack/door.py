"""Gives a deployed API the address it has on AWS: its own host, and the stage as the first segment.

MiniStack finds an API by the name of its host, which nothing on this machine can resolve. So this
little server listens on 127.0.0.1, and passes every request on with the host's name in it.
"""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PATIENCE_S = 60
#: What belongs to one connection and is not passed on (RFC 9110, 7.6.1), and what is made anew.
_OWN = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "host"})


class Door(ThreadingHTTPServer):
    """Listens on a free port; ``host`` is the API's name once it is deployed."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port_behind: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.port_behind = port_behind
        self.host = ""

    @property
    def url(self) -> str:
        """Where it listens; the API's stage comes right after."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of callers who hung up; anything else is a defect and shows itself."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def door_to(port_behind: int) -> Iterator[Door]:
    """Open a door until the block ends."""
    door = Door(port_behind)
    threading.Thread(target=door.serve_forever, args=(0.05,), name="door", daemon=True).start()
    try:
        yield door
    finally:
        door.shutdown()
        door.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Door

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        behind = HTTPConnection("127.0.0.1", self.server.port_behind, timeout=PATIENCE_S)
        try:
            behind.request(
                self.command,
                self.path,
                body=body or None,
                headers={**_passed(self.headers.items()), "Host": self.server.host},
            )
            answer = behind.getresponse()
            self._answer(answer.status, answer.getheaders(), answer.read())
        finally:
            behind.close()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _pass_on

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in _OWN:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """MiniStack's log tells of every request already."""


def _passed(headers: list[tuple[str, str]]) -> dict[str, str]:
    return {name: value for name, value in headers if name.lower() not in _OWN}
