"""What people do in all shops of the bench's merchant and in its ERP; chance comes from a seed."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from itertools import cycle, islice
from random import Random
from typing import Any

from bench.merchant import CONSUMER
from bench.shops import Merchant
from chalicelib.domain.rows import RowName
from local.demo.outlets import OutletPeople
from local.demo.shops import Shops
from local.demo.web import WebPeople

SEED = 20_260_101
CUSTOMERS = 12  #: that are new at each till
WEB_ORDERS = "woocommerce-orders-to-brightpearl"


class Day:
    """A day of the merchant: first everything is new, then a part of it changes."""

    def __init__(self, merchant: Merchant, *, orders: int, changes: int) -> None:
        vendors, chance = merchant.vendors, Random(SEED)
        assert vendors.outlets is not None  # noqa: S101 - opened with all shops
        assert vendors.web is not None  # noqa: S101 - opened with all shops
        self.merchant = merchant
        self.orders, self.changes = orders, changes
        self.erp, self.tills = vendors.brightpearl, vendors.square
        self.goods, self.statuses, self.chance = vendors.erp.products, vendors.erp.statuses, chance
        self.warehouses = (*vendors.erp.warehouses, *vendors.outlets.warehouses)
        self.store = vendors.outlets.simulator
        self.shops = Shops(vendors, chance)
        self.outlets = OutletPeople(vendors.outlets, chance)
        self.web = WebPeople(vendors.web, chance)
        self.sold: list[str] = []
        self.rung_up: list[str] = []
        self.bought: list[int] = []

    def open(self) -> None:
        """Sell in every shop, to old customers and new ones."""
        tills, outlets = self.shops, self.outlets
        for number in range(CUSTOMERS):
            who = {"email": f"buyer{number}@example.org"}
            tills.buyers.append(
                self.tills.add_customer(
                    given_name="Buyer", family_name=f"{number}", email_address=who["email"]
                )
            )
            outlets.buyers.append(
                self.store.add_customer(first_name="Buyer", last_name=f"{number}", **who)
            )
        self.sold = self._times(
            tills.sell,
            tills.sell_to_somebody,
            tills.sell_at_a_discount,
            tills.sell_for_cash_and_card,
        )
        self.rung_up = self._times(outlets.sell, outlets.sell_to_somebody)
        self.bought = self._times(self.web.buy)

    def go_on(self) -> None:
        """Change orders, give money back, ship, count goods and describe them anew."""
        few = self.changes
        for order in self.sold[few : 2 * few]:
            self.shops.add_to(order)
        for number, customer in enumerate(self.shops.buyers[:few]):
            self.tills.change_customer(customer, phone_number=f"0113 496 {number:04}")
        for number, customer in enumerate(self.outlets.buyers[:few]):
            with self.store.lock:
                self.store.customers.update(customer, {"phone": f"0113 496 {number:04}"})
        for bought in self.bought[few : 2 * few]:
            self.web.cancel(bought)
        self.give_back(0, few)
        self.ship(2 * few, 3 * few)
        self.cancel_in_erp(3 * few, 4 * few)
        self.describe(2 * few)
        self.count(2 * few)

    def describe(self, products: int) -> None:
        """Describe about so many products anew, the variants of one thing alike."""
        by_id = self.erp.world.products.by_id
        by_thing: dict[int, list[int]] = defaultdict(list)
        for product in self.goods:
            by_thing[by_id[product].group or -product].append(product)
        things = list(by_thing.values())
        self.chance.shuffle(things)
        described = 0
        for number, thing in enumerate(things):
            if described >= products:
                return
            for product in thing:
                self.erp.edit_product(product, description=f"<p>By hand, batch {number}.</p>")
            described += len(thing)

    def count(self, products: int) -> None:
        """Count so many products anew in every warehouse, those of the outlets too."""
        by_id = self.erp.world.products.by_id
        tracked = [one for one in self.goods if by_id[one].tracked]
        for product in self.chance.sample(tracked, min(products, len(tracked))):
            for warehouse in self.warehouses:
                self.erp.set_stock(product, warehouse, self.chance.randint(5, 60))

    def give_back(self, first: int, end: int) -> None:
        """Take orders back at the tills, and one thing of each at the web shop."""
        for order in self.sold[first:end]:
            self.tills.refund(order)
        for sale in self.rung_up[first:end]:
            self.outlets.take_back(sale)
        for bought in self.bought[first:end]:
            self._give_back_first_line(bought)

    def ship(self, first: int, end: int) -> None:
        """Send goods of web orders out, with a parcel's number."""
        for order in self._sales_orders(first, end):
            note = self.erp.send_out(order, reference=f"JD{order:010}")
            self.erp.mark_note(note)

    def cancel_in_erp(self, first: int, end: int) -> None:
        """Cancel web orders in the ERP, for the shop to follow."""
        for order in self._sales_orders(first, end):
            self.erp.set_order_status(order, self.statuses["Cancelled"])

    def _give_back_first_line(self, bought: int) -> None:
        shop = self.web.simulator
        with shop.lock:
            line = shop.orders.view(shop.orders.one(bought))["line_items"][0]
        taxes = [{"id": tax["id"], "refund_total": tax["total"]} for tax in line["taxes"]]
        asked = {
            "id": line["id"],
            "quantity": line["quantity"],
            "refund_total": line["total"],
            "refund_tax": taxes,
        }
        amount = Decimal(line["total"]) + Decimal(line["total_tax"])
        shop.refund(bought, amount=str(amount), line_items=[asked])

    def _sales_orders(self, first: int, end: int) -> list[int]:
        """Return the ERP's ids of web orders."""
        names = [
            RowName(consumer=CONSUMER, flow=WEB_ORDERS, record=str(order))
            for order in self.bought[first:end]
        ]
        rows = self.merchant.services.log.read_rows(names)
        return [int(row.target_id) for row in rows if row is not None and row.target_id]

    def _times(self, *verbs: Any) -> list[Any]:
        some: Sequence[Any] = list(islice(cycle(verbs), self.orders))
        return [verb() for verb in some]
