"""What goes on at the merchant's other shops while somebody watches; one thing after another."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

from local.demo.outlets import OutletPeople
from local.demo.vendors import Vendors
from local.demo.web import WebPeople

KEPT = 20  #: sales that may still change
REFUNDED = Decimal("1.00")


@dataclass
class OutletDay:
    """Sales, laybys, returns and exchanges."""

    people: OutletPeople
    chance: Random
    sales: list[str] = field(default_factory=list)
    laid_by: list[str] = field(default_factory=list)

    @property
    def acts(self) -> dict[Callable[[], object], int]:
        """What may happen next, and how often it does."""
        return {
            self._sell: 6,
            self.people.exchange: 1,
            self._lay_by: 1,
            self._pay_off: 1,
            self._take_back: 1,
        }

    def _sell(self) -> None:
        sell = self.chance.choice((self.people.sell, self.people.sell_to_somebody))
        self.sales = [*self.sales, sell()][-KEPT:]

    def _lay_by(self) -> None:
        self.laid_by.append(self.people.lay_by())

    def _pay_off(self) -> None:
        if self.laid_by:
            self.people.pay_off(self.laid_by.pop(0))

    def _take_back(self) -> None:
        if self.sales:
            self.people.take_back(self.sales.pop(0))


@dataclass
class WebDay:
    """Orders that are paid, cancelled, refunded."""

    people: WebPeople
    vendors: Vendors
    chance: Random
    orders: list[int] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)

    @property
    def acts(self) -> dict[Callable[[], object], int]:
        """What may happen next, and how often it does."""
        return {
            self._buy: 6,
            self._buy_by_transfer: 1,
            self._receive_transfer: 1,
            self._cancel: 1,
            self._refund: 1,
            self._ship: 3,
        }

    def _buy(self) -> None:
        self.orders = [*self.orders, self.people.buy()][-KEPT:]

    def _buy_by_transfer(self) -> None:
        self.waiting.append(self.people.buy_by_transfer())

    def _receive_transfer(self) -> None:
        if self.waiting:
            self.people.receive_transfer(self.waiting.pop(0))

    def _cancel(self) -> None:
        if self.orders:
            self.people.cancel(self.orders.pop())

    def _refund(self) -> None:
        if self.orders:
            self.people.refund(self.orders.pop(0), str(REFUNDED))

    def _ship(self) -> None:
        """Let the ERP's people send out an order, once it is there."""
        erp = self.vendors.brightpearl
        with erp.lock:
            known = {one.external_ref: one.id for one in erp.world.orders.by_id.values()}
        order = next((one for one in self.orders if str(one) in known), None)
        if order is not None:
            self.orders.remove(order)
            parcel = f"JD{self.chance.randint(10**8, 10**9)}"
            erp.mark_note(erp.send_out(known[str(order)], reference=parcel))


def acts_elsewhere(vendors: Vendors, chance: Random) -> dict[Callable[[], object], int]:
    """Return what may happen at the merchant's Lightspeed outlets and web shop."""
    acts: dict[Callable[[], object], int] = {}
    if vendors.outlets is not None:
        acts |= OutletDay(OutletPeople(vendors.outlets, chance), chance).acts
    if vendors.web is not None:
        acts |= WebDay(WebPeople(vendors.web, chance), vendors, chance).acts
    return acts
