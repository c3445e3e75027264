"""What every simulated vendor has in common: a small HTTP server, faults, calls, webhooks.

A platform subclasses `Simulator` and implements `respond`; everything else (faults on demand, the
list of calls, the control routes under ``/_sim/``) works the same for all of them. Bound to
127.0.0.1 only.
"""

import argparse
import contextlib
import http.client
import socket
import sys
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from local.platforms.messages import FAULT_MODES, Call, Fault, Request, Response
from local.platforms.sender import Clock, Delivery, WebhookSender, wall_clock
from local.platforms.trouble import KINDS, Trouble

__all__ = [
    "Call",
    "Clock",
    "Delivery",
    "Request",
    "Response",
    "Simulator",
    "WebhookSender",
    "run_alone",
    "wall_clock",
]

Control = Callable[[dict[str, Any]], object]

MAX_BODY_BYTES = 20_000_000
CALLS_KEPT = 100_000


class Simulator(ABC):
    """A vendor on 127.0.0.1; subclasses implement `respond`, which runs under ``lock``."""

    def __init__(self, *, clock: Clock = wall_clock, sender: WebhookSender | None = None) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.calls: deque[Call] = deque(maxlen=CALLS_KEPT)
        self.sender = sender or WebhookSender(clock=clock)
        self.base_url = ""
        self.defects: list[
            BaseException
        ] = []  #: exceptions of the simulator itself; tests want none
        self.controls: dict[str, Control] = {
            "fail": lambda body: self.fail_next(**body),
            "down": lambda body: self.down(
                bool(body.get("down", True)), mode=body.get("mode", "answer")
            ),
            "calls": lambda _: {"calls": [_call_as_json(call) for call in self.calls]},
            "webhooks": lambda body: self.sender.configure(**body),
        }
        self.stopping = threading.Event()
        self._faults: list[Fault] = []
        self._trouble: Trouble | None = None
        self._down = ""
        self._server: _Server | None = None

    @abstractmethod
    def respond(self, request: Request) -> Response:
        """Answer one vendor call."""

    def error_body(self, status: int) -> object:
        """Return this vendor's error body for a fault with ``status``."""
        return {"error": http.client.responses.get(status, "Error")}

    def start(self, port: int = 0) -> str:
        """Serve on ``port`` (0: any free one) and return the base url."""
        self._server = _Server(("127.0.0.1", port), self)
        self.base_url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()
        return self.base_url

    def stop(self) -> None:
        """Stop serving and sending; open connections are closed."""
        self.stopping.set()
        self.sender.stop()
        if self._server is not None:
            self._server.shutdown()
            self._server.close_connections()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        if self._server is None:
            self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.stop()

    def calls_to(self, prefix: str, method: str | None = None) -> list[Call]:
        """Return the vendor calls whose path starts with ``prefix``, oldest first."""
        with self.lock:
            calls = list(self.calls)
        return [c for c in calls if c.path.startswith(prefix) and method in (None, c.method)]

    def fail_next(
        self,
        status: int | None = None,
        *,
        mode: str = "answer",
        times: int = 1,
        path: str = "",
        method: str | None = None,
        retry_after: int | str | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        delay_s: float = 0.0,
    ) -> None:
        """Make the next ``times`` calls whose path contains ``path`` go wrong.

        Modes: ``answer`` (status, nothing done), ``drop_before`` (closed, nothing done),
        ``drop_after`` (done, closed without an answer), ``half_body`` (done, half the answer),
        ``html`` (a page instead of JSON, nothing done), ``slow`` (done, answered after
        ``delay_s``), ``hang`` (nothing done, closed after ``delay_s``).
        """
        if mode not in FAULT_MODES:
            raise ValueError(f"mode {mode!r} is not one of {', '.join(FAULT_MODES)}")
        extra = {} if retry_after is None else {"Retry-After": str(retry_after)}
        fault = Fault(
            status=status or (502 if mode == "html" else 500),
            mode=mode,
            times=times,
            path=path,
            method=method,
            body=body,
            headers={**(headers or {}), **extra},
            delay_s=delay_s,
        )
        with self.lock:
            self._faults.append(fault)

    def let_fail(self, share: float, chance: Random, kinds: Sequence[str] = tuple(KINDS)) -> None:
        """Make each call go wrong with this probability, until told 0; ``kinds`` as in `KINDS`."""
        trouble = Trouble(share=share, chance=chance, kinds=tuple(kinds)) if share else None
        with self.lock:
            self._trouble = trouble

    def down(self, down: bool = True, *, mode: str = "answer") -> None:
        """Answer 503 to everything, or close every connection with ``mode="drop"``."""
        with self.lock:
            self._down = mode if down else ""

    def clear_faults(self) -> None:
        """Forget faults that were not used up, and be up."""
        with self.lock:
            self._faults.clear()
            self._trouble = None
            self._down = ""

    def take_fault(self, request: Request) -> Fault | None:
        """Return the fault that hits ``request``, used up by one; the caller holds the lock."""
        if self._down:
            mode = "drop_before" if self._down == "drop" else "answer"
            return Fault(
                status=503,
                mode=mode,
                times=1,
                path="",
                method=None,
                body=None,
                headers={},
                delay_s=0,
            )
        found = next((fault for fault in self._faults if fault.covers(request)), None)
        if found is not None:
            found.times -= 1
            self._faults = [fault for fault in self._faults if fault.times > 0]
        if found is None and self._trouble is not None:
            return self._trouble.strike()
        return found

    def control(self, request: Request) -> Response:
        """Answer one control call under ``/_sim/``; the caller holds the lock."""
        name = request.path.removeprefix("/_sim/").strip("/")
        handler = self.controls.get(name)
        if handler is None:
            return Response(
                404, {"error": f"no control {name!r}", "controls": sorted(self.controls)}
            )
        try:
            body = request.json()
            if not isinstance(body, dict):
                raise TypeError("the body must be a JSON object")
            return Response(200, handler(body) or {"ok": True})
        except LookupError as error:
            return Response(400, {"error": f"missing or unknown: {error}"})
        except (ValueError, TypeError, ArithmeticError) as error:
            return Response(400, {"error": str(error)})


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], simulator: Simulator) -> None:
        self.simulator = simulator
        self._connections: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def close_connections(self) -> None:
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exception()
        if error is None or isinstance(error, ConnectionError | TimeoutError):
            return
        self.simulator.defects.append(error)
        super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def serve(self) -> None:
        """Answer one request, or do to it what a fault says."""
        request = self._request()
        simulator = self.server.simulator
        if request is None:
            self.close_connection = True
            self._send(Response(413, {"error": "the body is missing its length or too large"}))
            return
        if request.path.startswith("/_sim/"):
            with simulator.lock:
                response = simulator.control(request)
            self._send(response)
            return
        with simulator.lock:
            fault = simulator.take_fault(request)
            response = _faulty_response(simulator, request, fault)
            sent = fault is None or fault.mode not in ("drop_before", "drop_after", "hang")
            simulator.calls.append(
                Call(
                    method=request.method,
                    path=request.path,
                    status=response.status if sent else 0,
                    at=simulator.clock(),
                )
            )
        self._finish(response, fault)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = serve

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the list of calls is the log."""

    def _request(self) -> Request | None:
        length = self.headers.get("Content-Length", "0")
        if (
            not length.isdigit()
            or int(length) > MAX_BODY_BYTES
            or "Transfer-Encoding" in self.headers
        ):
            return None
        parts = urlsplit(self.path)
        return Request(
            method=self.command,
            path=unquote(parts.path),
            query=parse_qs(parts.query, keep_blank_values=True),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(length)),
        )

    def _finish(self, response: Response, fault: Fault | None) -> None:
        mode = fault.mode if fault else "answer"
        delay_s = response.after_s + (fault.delay_s if fault else 0.0)
        if delay_s:
            self.server.simulator.stopping.wait(delay_s)
        if response.then is not None:
            with self.server.simulator.lock:
                response.then()
        if mode in ("drop_before", "drop_after", "hang"):
            self.close_connection = True
            return
        self._send(response, cut=mode == "half_body")

    def _send(self, response: Response, *, cut: bool = False) -> None:
        """Send head and body in one packet; ``cut`` ends the connection after half of the body."""
        body = response.encoded()
        reason = http.client.responses.get(response.status, "Unknown")
        headers = {"Content-Type": "application/json; charset=utf-8"} | dict(response.headers)
        headers["Content-Length"] = str(len(body))
        lines = [f"HTTP/1.1 {response.status} {reason}", *(f"{k}: {v}" for k, v in headers.items())]
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
        self.close_connection = self.close_connection or cut
        self.wfile.write(head + (body[: len(body) // 2] if cut else body))


def _faulty_response(simulator: Simulator, request: Request, fault: Fault | None) -> Response:
    """Do the work unless the fault prevents it, and return what would be answered."""
    if fault is None or fault.mode in ("drop_after", "half_body", "slow"):
        return simulator.respond(request)
    if fault.mode == "html":
        page = b"<!doctype html><html><body><h1>Bad gateway</h1></body></html>"
        return Response(fault.status, page, {"Content-Type": "text/html"} | fault.headers)
    body = simulator.error_body(fault.status) if fault.body is None else fault.body
    return Response(fault.status, body, fault.headers)


def _call_as_json(call: Call) -> dict[str, object]:
    return {
        "method": call.method,
        "path": call.path,
        "status": call.status,
        "at": call.at.isoformat(),
    }


def run_alone(simulator: Simulator, argv: list[str], *, about: str) -> int:
    """Serve ``simulator`` until Ctrl-C; ``--port`` chooses the port (0: any free one)."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--port", type=int, default=0)
    try:
        url = simulator.start(parser.parse_args(argv).port)
    except (OSError, OverflowError) as error:
        sys.stderr.write(f"cannot listen on that port ({error}); choose another --port\n")
        return 2
    sys.stdout.write(f"{about}: {url}\n")
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):
        simulator.stopping.wait()
    simulator.stop()
    return 0
