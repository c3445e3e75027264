"""A running WooCommerce to test against, on a clock that is advanced, and an HTTP client for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from local.platforms.woocommerce import DemoMerchant, WooCommerceSimulator, demo_merchant
from local.platforms.woocommerce.webhooks import HookSender
from tests.contract.simulators import Clock

Json = dict[str, Any]


class Shop:
    """A running simulator that takes Basic over http, with a mug and a shirt in three sizes."""

    def __init__(self, folder: str = "") -> None:
        self.clock = Clock()
        sender = HookSender(auto=False, clock=self.clock)
        self.woo = WooCommerceSimulator(
            clock=self.clock, sender=sender, https_only=False, folder=folder
        )
        self.merchant: DemoMerchant = demo_merchant(self.woo)
        self.woo.start()
        self._clients: list[httpx.Client] = []
        self.http = self.client(self.merchant.key.key, self.merchant.key.secret)

    def client(self, *auth: str) -> httpx.Client:
        """Return a client with other credentials, or none."""
        base = f"{self.woo.shop_url}/wp-json/wc/v3/"
        made = httpx.Client(base_url=base, auth=(auth[0], auth[1]) if auth else None, timeout=5)
        self._clients.append(made)
        return made

    def close(self) -> None:
        """Close every client and the shop."""
        for one in self._clients:
            one.close()
        self.woo.stop()

    def get(self, path: str, **params: Any) -> Any:
        """Return the body of a successful GET."""
        answer = self.http.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ids(self, path: str, **params: Any) -> list[int]:
        """Return the ids of a list, in its order."""
        return [one["id"] for one in self.get(path, **params)]

    def order(self, *lines: Json, **fields: Any) -> Json:
        """Create an order, by default of three mugs, and return it."""
        sold = list(lines) or [{"product_id": self.merchant.mug, "quantity": 3}]
        answer = self.http.post("orders", json={"line_items": sold, **fields})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def mugs(self) -> int:
        """Return how many mugs are in stock."""
        return int(self.get(f"products/{self.merchant.mug}")["stock_quantity"])


def code(answer: httpx.Response) -> tuple[int, str]:
    """Return the status and the code of a refusal."""
    return answer.status_code, answer.json()["code"]


@contextmanager
def open_shop(folder: str = "") -> Iterator[Shop]:
    """Run a shop, and see to it that the simulator itself did not break."""
    made = Shop(folder)
    yield made
    made.close()
    assert made.woo.defects == []
