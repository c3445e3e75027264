"""Serves the Chalice app over HTTP on one machine, with Chalice's own local server classes.

Those keep each request to its thread; what they answer by themselves (unknown paths, broken
requests) is given the shape of our API here.
"""

import json
import sys
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from chalice.app import Chalice
from chalice.config import Config
from chalice.local import (
    ChaliceRequestHandler,
    CustomLocalChalice,
    LocalChalice,
    LocalDevServer,
    LocalGatewayException,
    ThreadedHTTPServer,
)

#: Largest request that is read at all; the API's own limit is lower and answers with details.
READ_AT_MOST = 10 * 1024 * 1024


class _Handler(ChaliceRequestHandler):
    disable_nagle_algorithm = True

    def _generic_handle(self) -> None:
        length = self.headers.get("content-length", "0")
        if not length.isdigit():
            self._refuse(HTTPStatus.BAD_REQUEST, "bad_request", "Content-Length is no number.")
        elif int(length) > READ_AT_MOST:
            self._refuse(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                "too_large",
                f"The body has {length} bytes; at most {READ_AT_MOST} are read.",
            )
        else:
            super()._generic_handle()

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do_PATCH = do_OPTIONS = _generic_handle

    def _refuse(self, status: HTTPStatus, code: str, message: str) -> None:
        self.close_connection = True
        body = json.dumps({"error": {"code": code, "message": message, "details": {}}})
        self._send_http_response(status, {"Connection": "close"}, body)

    def _send_error_response(self, error: LocalGatewayException) -> None:
        # Chalice says 403 to a path it does not know, and repeats the Authorization header.
        message = f"There is nothing at {self.path.partition('?')[0]}."
        body = {"error": {"code": "not_found", "message": message, "details": {}}}
        self._send_http_response(HTTPStatus.NOT_FOUND, {}, json.dumps(body))

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are logged by the app, not here."""


class _Server(ThreadedHTTPServer):
    request_queue_size = 256
    allow_reuse_address = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of callers who hung up; anything else is a defect and shows itself."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class LocalServer(LocalDevServer):
    """The app on 127.0.0.1; port 0 takes a free one."""

    def __init__(self, app: Chalice, port: int) -> None:
        # Chalice's own way to make current_request belong to the thread (chalice.local).
        CustomLocalChalice.__bases__ = (LocalChalice, app.__class__)
        if not isinstance(app, LocalChalice):
            app.__class__ = CustomLocalChalice
        config = Config.create(lambda_timeout=29, lambda_memory_size=512)
        super().__init__(app, config, "127.0.0.1", port, handler_cls=_Handler, server_cls=_Server)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def serve_forever(self) -> None:
        """Serve until ``shutdown`` is called from another thread."""
        self.server.serve_forever(poll_interval=0.1)

    def close(self) -> None:
        """Give the port back."""
        self.server.server_close()


def settings_of(environment: Mapping[str, str], port: int) -> dict[str, str]:
    """Return the environment of one machine: what is not set gets its local default."""
    return {
        "SYNCLOG_HOME": "local",
        "SYNCLOG_STAGE": "local",
        "SYNCLOG_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "SYNCLOG_ALLOW_PRIVATE_HOSTS": "yes",
        **{key: value for key, value in environment.items() if key.startswith("SYNCLOG_")},
    }
