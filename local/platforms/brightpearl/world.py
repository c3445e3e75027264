"""Everything one simulated account is made of, and how it behaves where it can be chosen."""

from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from local.platforms.brightpearl.state.contacts import Contacts
from local.platforms.brightpearl.state.orders import Order, Orders
from local.platforms.brightpearl.state.payments import Payments
from local.platforms.brightpearl.state.products import Products
from local.platforms.brightpearl.state.references import References
from local.platforms.brightpearl.state.stock import Stock
from local.platforms.brightpearl.state.webhooks import Webhooks
from local.platforms.sender import Clock

ON_HAND_MODIFIED = "product.modified.on-hand-modified"


@dataclass(kw_only=True)
class Behaviour:
    """What differs from account to account, or is not known for certain."""

    search_lag_s: float = 0.0  #: how long searches do not see what was written
    invoice_after_s: float = 0.0  #: how long invoicing stays pending
    repeat_answers_id: bool = False  #: whether a repeated sales-order POST answers the old id
    private_apps_have_instances: bool = True  #: whether the unique pair works without OAuth


@dataclass(kw_only=True)
class World:
    """The state behind the calls."""

    account: str
    clock: Clock
    zone: ZoneInfo
    behaviour: Behaviour
    references: References
    products: Products
    stock: Stock
    orders: Orders
    contacts: Contacts
    payments: Payments
    webhooks: Webhooks

    def stock_changed(self, product_ids: Iterable[int]) -> None:
        """Tell subscribers that ``onHand`` may have moved."""
        self.webhooks.raise_event(ON_HAND_MODIFIED, product_ids)

    def order_changed(self, order: Order, event: str = "order.modified") -> None:
        """Note a change of an order and tell subscribers."""
        self.orders.touch(order)
        self.webhooks.raise_event(event, [order.id])

    def settled(self, order: Order) -> Order:
        """Return the order after finishing a pending invoice whose time has come."""
        if self.orders.settle_invoice(order):
            self.webhooks.raise_event("order.modified", [order.id])
        return order
