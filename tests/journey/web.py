"""The merchant's WooCommerce shop: what buyers and its people do, and what it shows."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from woocommerce import API

from local.demo.api import Json
from local.demo.joining import woocommerce as joined
from local.demo.vendors import Web
from local.platforms.woocommerce.simulator import WooCommerceSimulator
from tests.journey.books import Books
from tests.journey.house import House, wait_until

FLOWS = {
    "product": joined.PRODUCTS,
    "stock": joined.STOCK,
    "order": joined.ORDERS,
    "refund": joined.REFUNDS,
    "shipment": joined.SHIPMENTS,
}
BUYER = {"email": "ada@example.org", "first_name": "Ada", "last_name": "Byron", "country": "GB"}


@dataclass(frozen=True, kw_only=True)
class WebShop:
    """The shop of a house, asked through the vendor's own client."""

    house: House

    @property
    def web(self) -> Web:
        """The shop as it was opened."""
        assert self.house.vendors.web is not None
        return self.house.vendors.web

    @property
    def shop(self) -> WooCommerceSimulator:
        """The simulated shop; its verbs are what people do there."""
        return self.web.simulator

    @property
    def books(self) -> Books:
        """The ERP."""
        return Books(house=self.house)

    # the log

    def wait_for(
        self, kind: str, record: str | int, status: str, reason: str | None = None, **how: Any
    ) -> Json:
        """Wait until a row of this shop's flow has a status."""
        return self.house.wait_for(kind, record, status, reason, flow=FLOWS[kind], **how)

    def row(self, kind: str, record: str | int) -> Json:
        """Return a row of this shop's flow."""
        found = self.house.row(kind, record, FLOWS[kind])
        assert found is not None, f"no {kind} {record}"
        return found

    # the shop, as its own endpoints tell

    def ask(self, path: str, **params: Any) -> Any:
        """Ask the shop."""
        client = API(
            url=self.shop.shop_url,
            consumer_key=self.web.key.key,
            consumer_secret=self.web.key.secret,
            version="wc/v3",
        )
        answer = client.get(path, params=params)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:300]}"
        return answer.json()

    def products(self, sku: str) -> list[Json]:
        """Return what the shop has with a SKU: products and variations."""
        return list(self.ask("products", sku=sku, status="any"))

    def product(self, sku: str) -> Json:
        """Return the one thing with a SKU."""
        found = self.products(sku)
        assert len(found) == 1, f"the shop has {len(found)} of {sku}"
        return found[0]

    def in_stock(self, sku: str) -> int | None:
        """Return the number that the shop shows of a SKU; None where it counts nothing."""
        found: int | None = self.product(sku)["stock_quantity"]
        return found

    def order(self, order: int) -> Json:
        """Return an order."""
        found: Json = self.ask(f"orders/{order}")
        return found

    def order_notes(self, order: int) -> list[str]:
        """Return the notes that were written on an order, newest first."""
        return [one["note"] for one in self.ask(f"orders/{order}/notes")]

    def money_moved(self) -> list[tuple[int, Decimal]]:
        """Return the money that the shop itself gave back."""
        return list(self.shop.world.money_returned)

    # what people do

    def offer(self, name: str, sku: str, *, stock: int = 20, **more: Any) -> int:
        """Make a product in the ERP and wait until the shop can sell it."""
        house = self.house
        product = house.add_product(name, sku, **more)
        house.vendors.brightpearl.set_stock(product, house.vendors.erp.warehouses[0], stock)
        self.wait_for("product", product, "Synced")
        wait_until(lambda: self.in_stock(sku) == stock, f"{stock} of {sku} in the shop")
        return product

    def buy(self, *skus: str, quantity: int = 1, **fields: Any) -> int:
        """Place a paid order at the checkout."""
        lines = [{"sku": sku, "quantity": quantity} for sku in skus]
        return self.shop.buy(lines, **{"billing": BUYER, **fields})

    def bought(self, *skus: str, **fields: Any) -> tuple[int, Json]:
        """Place a paid order and wait until the ERP has it; return its id and row."""
        order = self.buy(*skus, **fields)
        return order, self.wait_for("order", order, "Synced")

    def refund(self, order: int, pieces: int = 1, **fields: Any) -> int:
        """Give back pieces of the first line of an order, at the dashboard."""
        line = self.order(order)["line_items"][0]
        share = Decimal(pieces) / line["quantity"]
        asked = {
            "id": line["id"],
            "quantity": pieces,
            "refund_total": str(Decimal(line["total"]) * share),
            "refund_tax": [
                {"id": tax["id"], "refund_total": str(Decimal(tax["total"]) * share)}
                for tax in line["taxes"]
            ],
        }
        return self.shop.refund(order, line_items=[asked], **fields)
