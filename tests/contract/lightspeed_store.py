"""A running Lightspeed to test against, on a clock that is advanced, and a plain HTTP client."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx

from local.platforms.lightspeed import DemoStore, LightspeedSimulator, demo_store
from tests.contract.simulators import Clock

Json = dict[str, Any]
API = "/api/2026-07"


class Store:
    """A running simulator on a clock of its own, and a plain HTTP client for it."""

    def __init__(self) -> None:
        self.clock = Clock(datetime(2026, 8, 3, 9, 0, tzinfo=UTC))
        self.lightspeed = LightspeedSimulator(clock=self.clock)
        self.demo: DemoStore = demo_store(self.lightspeed)
        self.lightspeed.start()
        named = {"User-Agent": "people at the store"}
        self.http = httpx.Client(base_url=self.lightspeed.base_url, headers=named, timeout=5)
        self.token = self.demo.token
        self.leeds, self.york = self.demo.outlet_ids.values()

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {options.pop('token', self.token)}"}
        url = f"{API}/{path}"
        return self.http.request(method, url, json=body, headers=headers, **options)

    def get(self, path: str, **query: Any) -> Any:
        answer = self.call("GET", path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def product(self, sku: str = "MUG", *, price: float = 20, stock: int = 10, **more: Any) -> str:
        """Make a product of 20.00 with tax, ten of it in Leeds, and return its id."""
        body = {
            "name": sku.title(),
            "sku": sku,
            "price_including_tax": price,
            "inventory": [{"outlet_id": self.leeds, "current_amount": stock}],
        }
        answer = self.call("POST", "products", body | more)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["data"][0])

    def sale(self, product_id: str, quantity: int = 2, **fields: Any) -> Json:
        """Return the body of a closed and paid sale in Leeds."""
        register = self.demo.register_ids["Leeds"]
        body = {
            "state": "closed",
            "source": {"author_id": self.demo.user_id, "register_id": register},
            "line_items": [self.line(product_id, quantity)],
            "payments": [self.payment(20.0 * quantity)],
        }
        return body | fields

    def line(self, product_id: str, quantity: int = 2) -> Json:
        return {
            "product": {"id": product_id},
            "quantity": quantity,
            "pricing": {"price": 16.67, "discount": 0},
            "tax": {"id": self.demo.tax_id, "amount": 3.33},
        }

    def payment(self, amount: float) -> Json:
        return {"amount": amount, "type": {"config_id": self.demo.payment_type_ids["Card"]}}

    def token_call(self, **fields: str) -> httpx.Response:
        oauth = self.lightspeed.oauth
        form = {"client_id": oauth.client_id, "client_secret": oauth.client_secret}
        return self.http.post("/api/1.0/token", data=form | fields)

    def refresh(self, token: str) -> httpx.Response:
        return self.token_call(grant_type="refresh_token", refresh_token=token)

    def status_with(self, token: str) -> int:
        return self.call("GET", "outlets", token=token).status_code


@contextmanager
def open_store() -> Iterator[Store]:
    """Run a store, and see to it that the simulator itself did not break."""
    made = Store()
    yield made
    made.http.close()
    made.lightspeed.stop()
    assert made.lightspeed.defects == []
