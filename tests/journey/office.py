"""What people do in the merchant's ERP: counting, editing, archiving, sending, moving goods."""

from collections.abc import Callable
from random import Random

from local.demo.vendors import Vendors
from local.platforms.brightpearl.faults import VendorFault

CATEGORY = "Mugs"


class OfficePeople:
    """Each verb is one thing they do, and returns the id it is about; None: there was nothing."""

    def __init__(self, vendors: Vendors, chance: Random) -> None:
        self.vendors = vendors
        self.brightpearl = vendors.brightpearl
        self.chance = chance
        self.products = list(vendors.erp.products)
        self.archived: list[int] = []
        self._parcels = 0
        self._novelties = 0

    def acts(self) -> dict[Callable[[], object], int]:
        """Return everything they do, and how often."""
        return {
            self.count: 6,
            self.describe: 3,
            self.rename: 1,
            self.archive: 1,
            self.restore: 1,
            self.add_novelty: 1,
            self.move_goods: 2,
        }

    def count(self) -> int:
        """Count some product in some warehouse."""
        product = self._pick(tracked=True)
        self.brightpearl.set_stock(product, self._warehouse(), self.chance.randint(20, 60))
        return product

    def describe(self) -> int:
        """Describe a product anew, and give it another price."""
        product = self._pick(tracked=False)
        text = f"<p>Made by hand, batch {self.chance.randint(100, 999)}.</p>"
        price = {"RETAIL": f"{self.chance.randint(5, 60)}.{self.chance.choice((0, 50, 99)):02}"}
        self.brightpearl.edit_product(product, description=text, price=price)
        return product

    def rename(self) -> int:
        """Give a product, and all variants of it, another name."""
        product, name = self._pick(tracked=False), f"Novel Thing {self.chance.randint(1, 999_999)}"
        by_id = self.brightpearl.world.products.by_id
        with self.brightpearl.batch():
            group = by_id[product].group
            for one in list(by_id.values()):
                if one.id == product or (group and one.group == group):
                    self.brightpearl.edit_product(one.id, name=name)
        return product

    def archive(self) -> int:
        """Take a product off sale."""
        product = self._pick(tracked=False)
        self.products.remove(product)
        self.archived.append(product)
        self.brightpearl.archive_product(product)
        return product

    def restore(self) -> int | None:
        """Sell a product again that was off sale."""
        if not self.archived:
            return None
        product = self.archived.pop(0)
        self.brightpearl.edit_product(product, status="LIVE")
        self.products.append(product)
        return product

    def add_novelty(self) -> int:
        """Sell something new, which is there at once."""
        self._novelties += 1
        brightpearl = self.brightpearl
        with brightpearl.batch():
            product = brightpearl.add_product(
                f"Novelty {self._novelties}",
                f"NOV-{self._novelties:03}",
                category=CATEGORY,
                price={"RETAIL": "12.50", "COST": "5.00"},
            )
            for warehouse in brightpearl.world.references.warehouses:
                brightpearl.set_stock(product, warehouse, 30)
        self.products.append(product)
        return product

    def move_goods(self) -> int | None:
        """Move three pieces to another warehouse."""
        product, warehouses = self._pick(tracked=True), list(self._warehouses())
        source, target = self.chance.sample(warehouses, 2)
        stock = self.brightpearl.world.stock
        if stock.on_hand(product, source) < 10:
            return None
        note = self.brightpearl.transfer(product, 3, source=source, target=target)
        self.brightpearl.mark_note(note)
        with self.brightpearl.lock:
            there = stock.in_stock[product][target]
        self.brightpearl.set_stock(product, target, there + 3)
        return product

    def order_of(self, reference: str) -> int | None:
        """Return the number of a sales order that came from a shop, if it is there."""
        with self.brightpearl.lock:
            found = self.brightpearl.world.orders.by_external_ref.get(reference, [])
            return next((one.id for one in found if one.kind == "SO"), None)

    def send(self, order: int) -> str:
        """Send everything of an order in a parcel."""
        self._parcels += 1
        tracking = f"PARCEL{self._parcels:04}"
        try:
            note = self.brightpearl.send_out(order, reference=tracking, shipping_method_id=1)
        except (ValueError, VendorFault):
            return f"nothing to send of {order}"
        self.brightpearl.mark_note(note)
        return f"{order} {tracking}"

    def cancel(self, order: int) -> None:
        """Cancel an order as Brightpearl demands it: without money, and without goods set aside."""
        world = self.brightpearl.world
        with self.brightpearl.batch():
            for payment in list(world.payments.by_order[order]):
                world.payments.remove(payment)
            given_back = world.stock.release(order)
            if given_back is not None:
                world.stock_changed([line.product_id for line in given_back.lines])
            self.brightpearl.set_order_status(order, self.vendors.erp.statuses["Cancelled"])

    def complete(self, order: int) -> None:
        """Say that an order is done."""
        self.brightpearl.set_order_status(order, self.vendors.erp.statuses["Completed"])

    def _warehouses(self) -> list[int]:
        return list(self.brightpearl.world.references.warehouses)

    def _warehouse(self) -> int:
        return self.chance.choice(self._warehouses())

    def _pick(self, *, tracked: bool) -> int:
        by_id = self.brightpearl.world.products.by_id
        fitting = [one for one in self.products if by_id[one].tracked or not tracked]
        return self.chance.choice(fitting)
