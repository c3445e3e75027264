"""A small real HTTP server with state that behaves like Synclog's API, for the tests beside it.

It keeps what is written, pages with cursors, knows two keys, and lets runs advance only when
``pass_time`` is called, so that no test sleeps. Faults are asked for: ``fail_next``.
"""

import json
import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

ADMIN_KEY, VIEWER_KEY = "admin-key-1", "viewer-key-2"
CONSUMER = "corner-shirts"
NOW = "2026-11-22T12:00:00Z"
Json = dict[str, Any]
FILTERS = ("kind", "flow", "status", "reason", "execution", "cause")


class RefusalError(Exception):
    """An answer that is not a yes."""

    def __init__(self, status: int, code: str, message: str, details: Any = None) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"code": code, "message": message, "details": details}}


class Text:
    """An answer that is a text of another type than JSON."""

    def __init__(self, text: str, headers: dict[str, str]) -> None:
        self.raw = text.encode()
        self.headers = headers


class StandIn:
    """The state, and one method for each call of the API."""

    def __init__(self) -> None:
        self.consumers: dict[str, Json] = {
            CONSUMER: {"id": CONSUMER, "name": "Corner Shirts", "time_zone": "Europe/London"}
        }
        self.platforms: list[Json] = []
        self.choices: dict[str, Json] = {}
        self.connections: dict[str, Json] = {}
        self.credentials: dict[str, Json] = {}
        self.flows: dict[str, Json] = {}
        self.mappings: dict[tuple[str, str], Json] = {}
        self.rows: list[Json] = []
        self.details: dict[str, Json] = {}
        self.runs: dict[str, Json] = {}
        self.letters: list[Json] = []
        self.keys: dict[str, Json] = {}
        self.groups: list[Json] = []
        self.history: list[Json] = []
        self.transactions: list[Json] = []
        self.report: Json = {"time_zone": "Europe/London", "days": [], "items": [], "orders": []}
        self.diagnoses: dict[str, Json] = {}
        self.health = "ok"
        self.step = 2  # rows that a run finishes in each passing of time
        self.repeats_cursors = False
        self.hung_up = 0  # how many of the next requests are cut off unanswered
        self._faults: list[tuple[str, int, bytes, dict[str, str]]] = []

    def fail_next(
        self, path: str, status: int, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> None:
        """Answer the next request whose path ends in ``path`` with this instead."""
        self._faults.append((path, status, body, headers or {}))

    def take_fault(self, path: str) -> tuple[int, bytes, dict[str, str]] | None:
        for fault in self._faults:
            if path.endswith(fault[0]):
                self._faults.remove(fault)
                return fault[1:]
        return None

    def pass_time(self, _seconds: float) -> None:
        """Let every running run finish some rows; stands in for sleeping."""
        for run in self.runs.values():
            counts = run["counts"]
            if run["state"] == "Running":
                counts["done"] = min(counts["requested"], counts["done"] + self.step)
                if counts["done"] == counts["requested"]:
                    run["state"] = "Error" if counts["failed"] else "Success"
                    run["ended_at"] = NOW

    def start_run(
        self, flow: str, requested: int, *, trigger: str = "person", failed: int = 0
    ) -> Json:
        number = f"run-{len(self.runs) + 1}"
        counts = {"found": requested, "requested": requested, "done": 0, "failed": failed}
        run = {
            "id": number,
            "flow": flow,
            "trigger": trigger,
            "state": "Running",
            "by": "key one",
            "started_at": "2026-11-22T11:58:00Z",
            "ended_at": None,
            "counts": counts,
            "messages": [],
        }
        self.runs[number] = run
        return run

    def matching(self, query: dict[str, list[str]]) -> list[Json]:
        found = self.rows
        for name in FILTERS:
            if query.get(name):
                found = [row for row in found if row.get(name) in query[name]]
        if query.get("q"):
            found = [row for row in found if row["record"].startswith(query["q"][0])]
        if query.get("to"):
            found = [row for row in found if row["received_at"] < query["to"][0]]
        if query.get("from"):
            found = [row for row in found if row["received_at"] >= query["from"][0]]
        return found

    def page(self, items: list[Json], query: dict[str, list[str]]) -> Json:
        limit = int(query.get("limit", ["50"])[0])
        if not 1 <= limit <= 200:
            raise RefusalError(422, "invalid", "limit is from 1 to 200", {"limit": "1 to 200"})
        start = int(query.get("cursor", ["0"])[0])
        end = start + limit
        more = end < len(items)
        following = "0" if self.repeats_cursors else str(end) if more else None
        return {
            "items": items[start:end],
            "next": following,
            "previous": str(max(0, start - limit)) if start else None,
        }


Route = tuple[str, str, Callable[..., tuple[int, Json]]]
ROUTES: list[Route] = []


def route(method: str, pattern: str) -> Callable[[Any], Any]:
    """Declare a call; ``$C`` stands for the consumer's path, and a word in braces for a part."""
    pattern = pattern.replace("$C", "/v1/consumers/{consumer}")
    compiled = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern)

    def decorate(function: Any) -> Any:
        ROUTES.append((method, compiled, function))
        return function

    return decorate


class Handler(BaseHTTPRequestHandler):
    """Takes the bearer key, finds the call, writes JSON."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet an answer: two would wait for each other
    api: StandIn

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.api.hung_up:
            self.api.hung_up -= 1
            self.close_connection = True
            return
        fault = self.api.take_fault(parts.path)
        if fault:
            self._write(*fault)
            return
        try:
            status, body = self._answer(parts.path, parse_qs(parts.query), raw)
        except RefusalError as refusal:
            status, body = refusal.status, refusal.body
        if isinstance(body, Text):
            self._write(status, body.raw, body.headers)
            return
        self._write(status, b"" if status == 204 else json.dumps(body).encode(), {})

    do_GET = do_POST = do_PUT = do_DELETE = _serve

    def _answer(self, path: str, query: dict[str, list[str]], raw: bytes) -> tuple[int, Json]:
        self._authorize(path)
        for method, pattern, function in ROUTES:
            match = re.fullmatch(pattern, path)
            if match and method == self.command:
                parts = {name: unquote(value) for name, value in match.groupdict().items()}
                if parts.pop("consumer", None) not in (None, *self.api.consumers):
                    raise RefusalError(404, "not_found", "No such consumer.")
                return function(self.api, query=query, body=json.loads(raw or b"{}"), **parts)
        raise RefusalError(404, "not_found", f"There is no {self.command} {path}.")

    def _authorize(self, path: str) -> None:
        if path == "/v1/health":
            return
        key = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if key not in (ADMIN_KEY, VIEWER_KEY):
            raise RefusalError(401, "unknown_key", "This key is not known.")
        operators = path.startswith(("/v1/dlq", "/v1/keys"))
        if key == VIEWER_KEY and (self.command != "GET" or operators):
            raise RefusalError(403, "role", "A viewer may not do this.")

    def _write(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class Serving:
    """The stand-in on a free port of this machine, from ``start`` to ``stop``."""

    def __init__(self, api: StandIn) -> None:
        handler = type("BoundHandler", (Handler,), {"api": api})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}
        )
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
