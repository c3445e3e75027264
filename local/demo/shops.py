"""What people do in the merchant's shops and in its ERP; chance comes from a seed."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from local.demo.merchant import LONG_NAME, UNMAPPED, products_of
from local.demo.vendors import Vendors

BUYERS = (
    ("Ada", "Byron", "ada@example.org"),
    ("Grace", "Murray", "grace@example.org"),
    ("Alan", "Mathison", "alan@example.org"),
    ("Mary", "Fairfax", "mary@example.org"),
)
OFFLINE = timedelta(days=1)
OFF_BY = 137  #: minor units between the lines of the order that does not add up, and its total


class Shops:
    """The merchant's people: each verb is one thing they do, and returns the id it is about."""

    def __init__(self, vendors: Vendors, chance: Random) -> None:
        self.vendors = vendors
        self.chance = chance
        self.locations = list(vendors.tills.location_ids.values())
        self.buyers = [
            vendors.square.add_customer(given_name=first, family_name=last, email_address=email)
            for first, last, email in BUYERS
        ]
        self._untouched = {*products_of(vendors, UNMAPPED), self.long_named}

    @property
    def long_named(self) -> int:
        """The product whose name gets too long for Square."""
        return products_of(self.vendors, "Books")[0]

    # at the tills

    def sell(self, **options: Any) -> str:
        """Ring up one to three things at some shop."""
        count = self.chance.randint(1, 3)
        lines = [(one, self.chance.randint(1, 2)) for one in self._pick_variations(count)]
        return self.vendors.square.sell(self.chance.choice(self.locations), lines, **options)

    def sell_to_somebody(self) -> str:
        """Sell to a customer with an e-mail address, who leaves a tip."""
        buyer = self.chance.choice(self.buyers)
        return self.sell(customer=buyer, tip=self.chance.choice((0, 100, 250)))

    def sell_at_a_discount(self) -> str:
        """Sell with ten percent off."""
        return self.sell(discount="10%")

    def sell_for_cash_and_card(self) -> str:
        """Sell one thing that is paid in two ways."""
        variation = self._pick_variations(1)[0]
        price = self._price_of(variation)
        shop = self.chance.choice(self.locations)
        tenders = [("CASH", price // 2), ("CARD", price - price // 2)]
        return self.vendors.square.sell(shop, [(variation, 1)], tenders=tenders)

    def sell_offline(self) -> str:
        """Let a till that was offline send a sale of yesterday."""
        return self.sell(created_at=datetime.now(UTC) - OFFLINE)

    def sell_wrongly(self) -> str:
        """Ring up a sale whose lines do not add up to its total."""
        return self.sell(total_off_by=OFF_BY)

    def sell_on_account(self) -> str:
        """Hand goods over for half of the money; the rest is paid later."""
        variation = self._pick_variations(1)[0]
        half = self._price_of(variation) // 2
        shop = self.chance.choice(self.locations)
        return self.vendors.square.sell(shop, [(variation, 1)], tenders=[("CASH", half)])

    def sell_unpaid(self) -> str:
        """Hand goods over without any money yet."""
        return self.sell(paid=False)

    def add_to(self, order: str) -> None:
        """Put one thing more on an order that was rung up already, and take the money for it."""
        square = self.vendors.square
        more = self._pick_variations(1)[0]
        with square.lock:
            lines: list[Any] = [
                (line.variation_id, line.quantity, line.price)
                for line in square.orders.orders[order].lines
            ]
        square.edit(order, [*lines, (more, 1)])
        square.pay(order)

    # in the ERP

    def change_stock(self) -> int:
        """Count some product in some warehouse."""
        product, erp = self._pick_product(tracked=True), self.vendors.erp
        warehouse = self.chance.choice(erp.warehouses)
        self.vendors.brightpearl.set_stock(product, warehouse, self.chance.randint(5, 60))
        return product

    def edit_product(self) -> int:
        """Describe some product anew."""
        product = self._pick_product(tracked=False)
        text = f"<p>Made by hand, batch {self.chance.randint(100, 999)}.</p>"
        self.vendors.brightpearl.edit_product(product, description=text)
        return product

    def name_too_long(self) -> int:
        """Give a product a name that Square refuses."""
        product = self.long_named
        words = "A very long story about a book that nobody could put down "
        name = (words * LONG_NAME)[:LONG_NAME]
        self.vendors.brightpearl.edit_product(product, name=name)
        return product

    def uneven_stock(self, missing: str) -> list[str]:
        """Return ``SKU at shop: 3 in the ERP, 4 at the till`` wherever the two differ.

        Args:
            missing: the order that does not reach the ERP; the till has its goods taken off.
        """
        brightpearl, square = self.vendors.brightpearl, self.vendors.square
        with brightpearl.lock:
            by_sku = {one.sku: one for one in brightpearl.world.products.by_id.values()}
        with square.lock:
            views = square.catalog.views()
            sold = {one.data["sku"]: one.id for one in views if one.type == "ITEM_VARIATION"}
            order = square.orders.orders[missing]
            gone = {(one.variation_id, order.location_id): one.quantity for one in order.lines}
        return [
            f"{sku} at {shop}: {here} in the ERP, {there} at the till"
            for sku, variation in sold.items()
            if by_sku[sku].tracked
            for warehouse, shop in zip(self.vendors.erp.warehouses, self.locations, strict=True)
            if (here := brightpearl.world.stock.on_hand(by_sku[sku].id, warehouse))
            != (there := square.stock(variation, shop)) + gone.get((variation, shop), 0)
        ]

    def _pick_product(self, *, tracked: bool) -> int:
        by_id = self.vendors.brightpearl.world.products.by_id
        fitting = [
            number
            for number in self.vendors.erp.products
            if number not in self._untouched and (by_id[number].tracked or not tracked)
        ]
        return self.chance.choice(fitting)

    def _pick_variations(self, count: int) -> list[str]:
        square = self.vendors.square
        with square.lock:
            sold = [one.id for one in square.catalog.views() if one.type == "ITEM_VARIATION"]
        if len(sold) < count:
            raise LookupError("Square has nothing to sell yet.")
        return self.chance.sample(sold, count)

    def _price_of(self, variation: str) -> int:
        square = self.vendors.square
        with square.lock:
            stored = square.catalog.current(variation)
            price = stored.data["price_money"]["amount"] if stored else 0
        return int(price)
