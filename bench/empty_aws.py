"""An AWS with nothing in it, on this machine: every read finds nothing, every write is taken.

It answers as fast as it can, so that a cold start measures our process and not an emulator.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from bench.errors import BenchError

#: By the last part of ``X-Amz-Target``; what is not here is answered with an empty object.
ANSWERS: dict[str, object] = {
    "Query": {"Items": [], "Count": 0, "ScannedCount": 0},
    "BatchGetItem": {"Responses": {}, "UnprocessedKeys": {}},
    "BatchWriteItem": {"UnprocessedItems": {}},
    "GetQueueAttributes": {"Attributes": {"ApproximateNumberOfMessages": "0"}},
}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """Answer one call of DynamoDB's, SQS's or KMS's JSON protocol."""
        self.rfile.read(int(self.headers.get("content-length", 0)))
        operation = self.headers.get("x-amz-target", "").rpartition(".")[2]
        body = json.dumps(ANSWERS.get(operation, {})).encode()
        self.send_response(200)
        self.send_header("content-type", "application/x-amz-json-1.0")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: calls are not what is measured."""


@contextmanager
def empty_aws() -> Iterator[str]:
    """Serve until the block ends; gives the endpoint."""
    try:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    except OSError as error:
        raise BenchError(f"no port could be opened on 127.0.0.1: {error}") from error
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
