"""What buyers and the merchant do at the WooCommerce shop."""

from random import Random
from typing import Any

from local.demo.shops import BUYERS
from local.demo.vendors import Web

Json = dict[str, Any]
_ADDRESS = {"address_1": "1 High Street", "city": "Leeds", "postcode": "LS1 1AA", "country": "GB"}
_FLAT_RATE = {"method_id": "flat_rate", "method_title": "Flat rate", "total": "4.00"}


class WebPeople:
    """Each verb is one thing they do, and returns the id it is about."""

    def __init__(self, web: Web, chance: Random) -> None:
        self.simulator = web.simulator
        self.chance = chance

    def buy(self, **options: Any) -> int:
        """Pay for one or two things at the checkout, and for their way."""
        lines = [self._line(one) for one in self._pick(self.chance.randint(1, 2))]
        first, last, email = self.chance.choice(BUYERS)
        billing = {"first_name": first, "last_name": last, "email": email, **_ADDRESS}
        given = {"billing": billing, "shipping_lines": [dict(_FLAT_RATE)], **options}
        return self.simulator.buy(lines, **given)

    def buy_by_transfer(self) -> int:
        """Order now and pay by bank transfer later; the shop holds the goods meanwhile."""
        return self.buy(status="on-hold")

    def receive_transfer(self, order: int) -> None:
        """Note that the money for an order has come."""
        self.simulator.set_order_status(order, "processing")

    def cancel(self, order: int) -> None:
        """Cancel an order at the dashboard."""
        self.simulator.set_order_status(order, "cancelled")

    def refund(self, order: int, amount: str) -> int:
        """Note that a part of the money was given back."""
        return self.simulator.refund(order, amount=amount, reason="late")

    def status(self, order: int) -> str:
        """Return where an order stands."""
        with self.simulator.lock:
            found = self.simulator.orders.view(self.simulator.orders.one(order))
        return str(found["status"])

    def _line(self, product: Json) -> Json:
        if product.get("parent_id"):
            parent, variation = product["parent_id"], product["id"]
            return {"product_id": parent, "variation_id": variation, "quantity": 1}
        return {"product_id": product["id"], "quantity": 1}

    def _pick(self, count: int) -> list[Json]:
        simulator = self.simulator
        with simulator.lock:
            views = [simulator.parts.product_view(p) for p in simulator.products.by_id.values()]
        sold = [one for one in views if one["sku"] and one["status"] == "publish"]
        if len(sold) < count:
            raise LookupError("WooCommerce has nothing to sell yet.")
        return self.chance.sample(sold, count)
