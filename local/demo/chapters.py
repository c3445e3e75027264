"""The chapters of the story that play at Lightspeed and WooCommerce, and in the ERP for them."""

from collections import Counter
from dataclasses import dataclass, field

from local.demo.api import Json
from local.demo.log import Log, Tally
from local.demo.merchant import UNMAPPED, products_of
from local.demo.outlets import OutletPeople
from local.demo.shops import Shops
from local.demo.vendors import Vendors
from local.demo.web import WebPeople

PARCEL = "JD0002233445566"


@dataclass
class OutletChapter:
    """Sales, a parked one, a layby, a return and an exchange at two outlets."""

    people: OutletPeople
    refused_products: int = 1  #: the one whose name is too long there, too
    sales: list[str] = field(default_factory=list)
    returns: list[str] = field(default_factory=list)
    left_alone: list[str] = field(default_factory=list)  #: nothing is to be done for them

    def open(self) -> None:
        """Sell."""
        people = self.people
        self.sales += [people.sell(), people.sell(), people.sell_to_somebody()]
        self.left_alone += [people.park(), people.lay_by()]

    def go_on(self) -> None:
        """Change what was sold."""
        people = self.people
        laid_by = self.left_alone.pop()
        people.pay_off(laid_by)
        self.sales.append(laid_by)
        self.returns.append(people.take_back(self.sales[0]))
        exchanged = people.exchange()
        self.sales.append(exchanged)
        self.returns.append(exchanged)


@dataclass
class WebChapter:
    """Orders at the web shop: cancelled there, cancelled in the ERP, shipped, refunded."""

    people: WebPeople
    vendors: Vendors
    log: Log
    orders: list[int] = field(default_factory=list)
    refunds: list[int] = field(default_factory=list)
    refused_products: int = 0
    waiting: int = 0  #: the order that waits for a bank transfer
    shipped: int = 0

    def open(self) -> None:
        """Buy."""
        self.orders += [self.people.buy() for _ in range(4)]
        self.waiting = self.people.buy_by_transfer()

    def go_on(self) -> None:
        """Cancel on either side, refund, ship, receive money."""
        by_buyer, by_merchant, refunded, shipped = self.orders
        self.people.cancel(by_buyer)
        brightpearl, statuses = self.vendors.brightpearl, self.vendors.erp.statuses
        brightpearl.set_order_status(self._sales_order(by_merchant), statuses["Cancelled"])
        self.refunds.append(self.people.refund(refunded, "2.00"))
        self._ship(shipped)
        self.people.receive_transfer(self.waiting)
        self.orders.append(self.waiting)

    def faults(self) -> list[str]:
        """Return what did not come about at the shop."""
        if not self.shipped:
            return ["The web shop's part of the story was not played."]
        wanted = {self.orders[1]: "cancelled", self.shipped: "completed"}
        return [
            f"Web order {order} should be {status} and is {found}."
            for order, status in wanted.items()
            if (found := self.people.status(order)) != status
        ]

    def _ship(self, order: int) -> None:
        brightpearl = self.vendors.brightpearl
        note = brightpearl.send_out(self._sales_order(order), reference=PARCEL)
        brightpearl.mark_note(note)
        self.shipped = order

    def _sales_order(self, order: int) -> int:
        found: list[Json] = list(
            self.log.api.items(f"{self.log.base}/logs", kind="order", q=str(order))
        )
        row = next(row for row in found if row["record"] == str(order))
        return int(row["columns"]["target_order_id"])


@dataclass
class Chapters:
    """What the other shops add to the story, as far as the merchant has them."""

    shops: Shops
    outlets: OutletChapter | None = None
    web: WebChapter | None = None

    @property
    def orders(self) -> int:
        """How many rows of orders there are to be."""
        tills = len(self.outlets.sales) + len(self.outlets.left_alone) if self.outlets else 0
        return tills + (len({*self.web.orders, self.web.waiting} - {0}) if self.web else 0)

    def open(self) -> None:
        """Let people buy."""
        for one in (self.outlets, self.web):
            if one is not None:
                one.open()

    def go_on(self) -> None:
        """Let them change what they did."""
        for one in (self.outlets, self.web):
            if one is not None:
                one.go_on()

    def faults(self) -> list[str]:
        """Return what the shops do not show and should."""
        return self.web.faults() if self.web else []

    def ending(self) -> Tally:
        """Return the counts that these shops add."""
        vendors = self.shops.vendors
        waiting, products = len(products_of(vendors, UNMAPPED)), len(vendors.erp.products)
        tally: Tally = Counter()
        for shop in (self.outlets, self.web):
            if shop is not None:
                refused = shop.refused_products
                tally["product", "Pending", "needs_mapping"] += waiting
                tally["product", "Failed", "rejected_by_target"] += refused
                tally["product", "Synced", ""] += products - waiting - refused
                tally["stock", "Pending", "needs_record"] += waiting + refused
                tally["stock", "Synced", ""] += products - waiting - refused
        tally["order", "Synced", ""] += self.orders
        if self.outlets is not None:
            tally["customer", "Synced", ""] += len(self.outlets.people.buyers)
            tally["refund", "Synced", ""] += len(self.outlets.returns)
        if self.web is not None:
            tally["refund", "Synced", ""] += len(self.web.refunds)
            tally["shipment", "Synced", ""] += bool(self.web.shipped)
        return +tally


def open_chapters(vendors: Vendors, shops: Shops, log: Log) -> Chapters:
    """Return the chapters of the shops that the merchant has."""
    outlets, web = vendors.outlets, vendors.web
    return Chapters(
        shops=shops,
        outlets=OutletChapter(people=OutletPeople(outlets, shops.chance)) if outlets else None,
        web=WebChapter(people=WebPeople(web, shops.chance), vendors=vendors, log=log)
        if web
        else None,
    )
