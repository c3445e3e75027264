"""What people do at the tills of the merchant's Lightspeed outlets."""

from random import Random
from typing import Any

from local.demo.shops import BUYERS
from local.demo.vendors import Outlets


class OutletPeople:
    """Each verb is one thing they do, and returns the id it is about."""

    def __init__(self, outlets: Outlets, chance: Random) -> None:
        self.simulator = outlets.simulator
        self.registers = list(outlets.store.register_ids)
        self.chance = chance
        self.buyers = [
            self.simulator.add_customer(first_name=first, last_name=last, email=email)
            for first, last, email in BUYERS[:2]
        ]

    def sell(self, **options: Any) -> str:
        """Ring up one to three things."""
        picked = self._pick(self.chance.randint(1, 3))
        return self.simulator.sell(self._register(), dict.fromkeys(picked, 1), **options)

    def sell_to_somebody(self) -> str:
        """Sell to a customer with an e-mail address."""
        return self.sell(customer=self.chance.choice(self.buyers))

    def park(self) -> str:
        """Begin a sale and put it aside."""
        return self.sell(state="parked", paid=False)

    def lay_by(self) -> str:
        """Keep goods back for somebody who pays later."""
        return self.sell(state="pending", attributes=["layby"], paid=False)

    def pay_off(self, sale: str) -> None:
        """Take the money for goods that were kept back."""
        self.simulator.change_sale(sale, "closed", paid=True)

    def take_back(self, sale: str) -> str:
        """Take back everything of a sale."""
        return self.simulator.take_back(sale)

    def exchange(self) -> str:
        """Take one thing back without a receipt and sell another for it."""
        back, out = self._pick(2)
        return self.simulator.sell(self._register(), {back: -1, out: 1})

    def _register(self) -> str:
        return self.chance.choice(self.registers)

    def _pick(self, count: int) -> list[str]:
        with self.simulator.lock:
            rows = self.simulator.products.feed.live()
            skus = [row.data["sku"] for row in rows if row.data.get("is_active", True)]
        if len(skus) < count:
            raise LookupError("Lightspeed has nothing to sell yet.")
        return self.chance.sample(sorted(skus), count)
