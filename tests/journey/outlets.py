"""The merchant's outlets on Lightspeed: what their people do at the tills, and what those show."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx

from local.demo.api import Json
from local.demo.joining import lightspeed as joined
from local.demo.vendors import Outlets
from local.platforms.lightspeed.simulator import LightspeedSimulator
from tests.journey.books import Books
from tests.journey.house import House, wait_until

FLOWS = {
    "product": joined.PRODUCTS,
    "stock": joined.STOCK,
    "order": joined.ORDERS,
    "customer": joined.CUSTOMERS,
    "refund": joined.REFUNDS,
}
VERSION = "2026-07"


@dataclass(frozen=True, kw_only=True)
class Shops:
    """The outlets of a house, asked through the vendor's own endpoints."""

    house: House

    @property
    def outlets(self) -> Outlets:
        """The outlets as they were opened."""
        assert self.house.vendors.outlets is not None
        return self.house.vendors.outlets

    @property
    def tills(self) -> LightspeedSimulator:
        """The simulated store; its verbs are what people do there."""
        return self.outlets.simulator

    @property
    def books(self) -> Books:
        """The ERP."""
        return Books(house=self.house)

    @property
    def places(self) -> list[str]:
        """The ids of the outlets."""
        return list(self.outlets.store.outlet_ids.values())

    @property
    def registers(self) -> list[str]:
        """The names of the registers, one at each outlet."""
        return list(self.outlets.store.register_ids)

    # the log

    def wait_for(
        self, kind: str, record: str | int, status: str, reason: str | None = None, **how: Any
    ) -> Json:
        """Wait until a row of these outlets' flow has a status."""
        return self.house.wait_for(kind, record, status, reason, flow=FLOWS[kind], **how)

    def row(self, kind: str, record: str | int) -> Json | None:
        """Return a row of these outlets' flow."""
        return self.house.row(kind, record, FLOWS[kind])

    # the store, as its own endpoints tell

    def ask(self, path: str, **query: Any) -> Any:
        """Ask the store."""
        headers = {"Authorization": f"Bearer {self.outlets.store.token}"}
        with httpx.Client(trust_env=False, timeout=10) as http:
            url = f"{self.tills.base_url}/api/{VERSION}/{path}"
            answer = http.get(url, headers=headers, params=query)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:300]}"
        found = answer.json()
        return found if isinstance(found, list) else found["data"]

    def products(self, sku: str) -> list[Json]:
        """Return the products with a SKU."""
        return [one for one in self.ask("products", sku=sku) if not one.get("deleted_at")]

    def product(self, sku: str) -> Json:
        """Return the one product with a SKU."""
        found = self.products(sku)
        assert len(found) == 1, f"Lightspeed has {len(found)} of {sku}"
        return found[0]

    def sale(self, sale: str) -> Json:
        """Return a sale."""
        found: Json = self.ask(f"sales/{sale}")
        return found

    def in_stock(self, sku: str, outlet: int = 0) -> Decimal:
        """Return how many of a SKU an outlet has."""
        rows = self.ask(f"inventory/{self.product(sku)['id']}")
        levels = {row["outlet_id"]: row["current_inventory_level"] for row in rows}
        return Decimal(str(levels.get(self.places[outlet], 0)))

    # what people do

    def count(self, product: int, pieces: int, outlet: int = 0) -> None:
        """Count a product in the ERP's warehouse of an outlet."""
        self.house.vendors.brightpearl.set_stock(product, self.outlets.warehouses[outlet], pieces)

    def offer(self, name: str, sku: str, *, stock: int = 20, **more: Any) -> int:
        """Make a product in the ERP and wait until the outlets can sell it."""
        product = self.house.add_product(name, sku, **more)
        self.count(product, stock)
        self.wait_for("product", product, "Synced")
        wait_until(lambda: self.in_stock(sku) == stock, f"{stock} of {sku} at the outlet")
        return product

    def sell(self, quantities: Mapping[str, Any], outlet: int = 0, **options: Any) -> str:
        """Ring up a sale; pieces below 0 come back in it."""
        return self.tills.sell(self.registers[outlet], dict(quantities), **options)

    def sold(self, quantities: Mapping[str, Any], **options: Any) -> tuple[str, Json]:
        """Ring up a sale and wait until the ERP has it; return its id and row."""
        sale = self.sell(quantities, **options)
        return sale, self.wait_for("order", sale, "Synced")

    def ring_up(
        self,
        sku: str,
        pieces: int,
        *,
        tip: str = "0",
        percent_off: str = "0",
        gift_card: str = "",
        payments: Mapping[str, str],
    ) -> str:
        """Ring up a sale of one line as an integration would, paid in ways by name."""
        store = self.outlets.store
        kinds = (("TIP", "FIXED", tip), ("DISCOUNT", "PERCENT", percent_off))
        adjustments = [
            {"type": kind, "name": kind.title(), "amount": {"type": how, "value": value}}
            for kind, how, value in kinds
            if Decimal(value)
        ]
        given = [
            {"amount": Decimal(paid), "type": {"config_id": store.payment_type_ids[name]}}
            for name, paid in payments.items()
        ]
        product = self.product(sku)
        net, gross = (
            Decimal(str(product[f"price_{kind}_tax"])) for kind in ("excluding", "including")
        )
        line = {
            "product": {"id": product["id"]},
            "quantity": pieces,
            "pricing": {"price": net, "discount": Decimal(0)},
            "tax": {"id": store.tax_id, "amount": gross - net},
            "gift_card_number": gift_card,
        }
        register = next(iter(store.register_ids.values()))
        body = {
            "state": "closed",
            "source": {"author_id": store.user_id, "register_id": register},
            "line_items": [line],
            "pricing": {"adjustments": adjustments},
            "payments": given,
        }
        with self.tills.lock:
            return str(self.tills.sales.create(body)["data"]["id"])
