"""A Brightpearl account under test: the simulator, a client for it, a clock, a webhook receiver."""

import functools
import ssl
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import httpx

from local.platforms.brightpearl.demo import DemoMerchant, demo_merchant
from local.platforms.brightpearl.simulator import BrightpearlSimulator

START = datetime(2026, 7, 2, 10, 0, tzinfo=UTC)


@functools.cache
def _tls() -> ssl.SSLContext:
    """Return one context for all clients: building it takes longer than most tests."""
    return ssl.create_default_context()


class Clock:
    """A clock that stands still until it is advanced."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Account:
    """A small merchant behind a running simulator, and the calls of a private app."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.simulator = BrightpearlSimulator(
            clock=self.clock, requests_per_minute=None, auto_webhooks=False
        )
        self.merchant: DemoMerchant = demo_merchant(self.simulator, products=0)
        self.client = httpx.Client(
            base_url=self.simulator.start(), headers=self.staff_headers(), verify=_tls()
        )
        self.shop = self.merchant.warehouses[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self.simulator.stop()
        assert self.simulator.defects == []

    def staff_headers(self) -> dict[str, str]:
        return {
            "brightpearl-app-ref": self.simulator.app_ref,
            "brightpearl-staff-token": self.simulator.staff_token,
        }

    def call(self, method: str, path: str, body: object = None, **more: Any) -> httpx.Response:
        return self.client.request(method, f"/public-api/acme/{path}", json=body, **more)

    def get(self, path: str, **params: str) -> Any:
        return self._response(self.call("GET", path, params=params))

    def post(self, path: str, body: object) -> Any:
        return self._response(self.call("POST", path, body))

    def errors(self, method: str, path: str, body: object = None) -> tuple[int, list[str]]:
        """Return the status and the codes of a call that must fail."""
        answer = self.call(method, path, body)
        return answer.status_code, [error["code"] for error in answer.json()["errors"]]

    def search(self, path: str, **params: str) -> list[dict[str, Any]]:
        """Return the rows of a search as documents."""
        found = self.get(path, **params)
        names = [column["name"] for column in found["metaData"]["columns"]]
        return [dict(zip(names, row, strict=True)) for row in found["results"]]

    def product(self, *, stock: int = 10, **fields: Any) -> int:
        """Add a product with stock in the first shop."""
        product = self.simulator.add_product(
            fields.pop("name", "Mug"), fields.pop("sku", "MUG"), **fields
        )
        if stock:
            self.simulator.set_stock(product, self.shop, stock)
        return product

    def sale(self, **changes: Any) -> dict[str, Any]:
        """Return the body of a sale of one free-text row of 12.00."""
        row = {
            "name": "Engraving",
            "quantity": "1",
            "taxCode": "T20",
            "net": "10.00",
            "tax": "2.00",
        }
        sale = {
            "customer": {"id": self.merchant.walk_in},
            "warehouseId": self.shop,
            "currency": {"code": "GBP"},
            "rows": [row],
        }
        return sale | changes

    def order_of(self, product: int, quantity: int = 2) -> tuple[int, int]:
        """Create an order of a product; return the ids of the order and its row."""
        row = {
            "productId": product,
            "quantity": str(quantity),
            "taxCode": "T20",
            "net": "10.00",
            "tax": "2.00",
        }
        order = self.post("order-service/sales-order", self.sale(rows=[row]))
        return order, int(next(iter(self.order(order)["orderRows"])))

    def order(self, order: int) -> dict[str, Any]:
        found: list[dict[str, Any]] = self.get(f"order-service/order/{order}")
        return found[0]

    def level(self, product: int) -> tuple[int, int, int]:
        """Return inStock, allocated and onHand in the first shop."""
        found = self.get(f"warehouse-service/product-availability/{product}")
        level = found[str(product)]["warehouses"][str(self.shop)]
        return level["inStock"], level["allocated"], level["onHand"]

    def _response(self, answer: httpx.Response) -> Any:
        assert answer.status_code == 200, answer.text
        return answer.json().get("response")


class Receiver:
    """Takes webhooks and answers with the statuses it was given, then with 200."""

    def __init__(self) -> None:
        self.bodies: list[str] = []
        self.paths: list[str] = []
        self.statuses: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.bodies.append(body.decode())
                receiver.paths.append(self.path)
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
