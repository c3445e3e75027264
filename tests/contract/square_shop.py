"""A running Square to test against, on a clock that is advanced, and a plain HTTP client for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from local.platforms.square import DemoMerchant, SquareSimulator, demo_merchant
from local.platforms.square.fields import stamp
from tests.contract.simulators import Clock

Json = dict[str, Any]


class Shop:
    """A running simulator on a clock of its own, and a plain HTTP client for it."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.square = SquareSimulator(clock=self.clock)
        self.square.catalog_write_s = 0.0
        self.merchant: DemoMerchant = demo_merchant(self.square, ["Shirts"])
        self.square.start()
        self.http = httpx.Client(
            base_url=self.square.base_url,
            headers={"Authorization": f"Bearer {self.merchant.token}"},
            timeout=5,
        )
        self.places = list(self.merchant.location_ids.values())
        self._keys = 0

    def post(self, path: str, body: Json) -> httpx.Response:
        return self.http.post(f"/v2/{path}", json=body)

    def key(self) -> str:
        self._keys += 1
        return f"key-{self._keys}"

    def upsert(self, *batches: list[Json], key: str = "") -> httpx.Response:
        body = {"idempotency_key": key or self.key(), "batches": [{"objects": b} for b in batches]}
        return self.post("catalog/batch-upsert", body)

    def make(self, sku: str = "A", **data: Any) -> str:
        """Create an item with one tracked variation and return the variation's id."""
        answer = self.upsert([item(sku, **data)]).json()
        return str(answer["objects"][0]["item_data"]["variations"][0]["id"])

    def count(
        self, variation: str, quantity: str, at: Any = None, **request: Any
    ) -> httpx.Response:
        change = {
            "catalog_object_id": variation,
            "location_id": self.places[0],
            "state": "IN_STOCK",
            "quantity": quantity,
            "occurred_at": stamp(at or self.clock()),
        }
        body = {
            "idempotency_key": self.key(),
            "changes": [{"type": "PHYSICAL_COUNT", "physical_count": change}],
        }
        return self.post("inventory/changes/batch-create", body | request)

    def order(self, order_id: str) -> Json:
        return dict(self.http.get(f"/v2/orders/{order_id}").json()["order"])


def item(sku: str, *, name: str = "Shirt", variations: int = 1, **data: Any) -> Json:
    """Return an item of the request, with temporary ids made of ``sku``."""
    priced = {
        "pricing_type": "FIXED_PRICING",
        "price_money": {"amount": 1000, "currency": "GBP"},
        "track_inventory": True,
    }
    nested = [
        {
            "type": "ITEM_VARIATION",
            "id": f"#{sku}-{n}",
            "item_variation_data": {"name": f"{n}", "sku": f"{sku}-{n}", **priced},
        }
        for n in range(variations)
    ]
    return {
        "type": "ITEM",
        "id": f"#{sku}",
        "item_data": {"name": name, "variations": nested, **data},
    }


def code(answer: httpx.Response) -> tuple[int, str]:
    """Return the status and the first error's code."""
    return answer.status_code, answer.json()["errors"][0]["code"]


def amount(body: Json, name: str) -> int:
    return int(body[name]["amount"])


@contextmanager
def open_shop() -> Iterator[Shop]:
    """Run a shop, and see to it that the simulator itself did not break."""
    made = Shop()
    yield made
    made.http.close()
    made.square.stop()
    assert made.square.defects == []
