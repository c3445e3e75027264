"""Brightpearl as a platform: its ports, opened for one batch of work."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chalicelib.connectors.brightpearl.checks import check
from chalicelib.connectors.brightpearl.choices import list_choices
from chalicelib.connectors.brightpearl.client import Api
from chalicelib.connectors.brightpearl.customers import Customers
from chalicelib.connectors.brightpearl.order_changes import OrderChanges
from chalicelib.connectors.brightpearl.orders import Orders
from chalicelib.connectors.brightpearl.products import Products
from chalicelib.connectors.brightpearl.sales_credits import SalesCredits
from chalicelib.connectors.brightpearl.shipments import Shipments
from chalicelib.connectors.brightpearl.stock import StockLevels
from chalicelib.connectors.brightpearl.subscriptions import ensure_webhooks
from chalicelib.connectors.brightpearl.tokens import refresh_tokens
from chalicelib.domain.platforms import Account, Check, Choice, Source, Target
from chalicelib.domain.statuses import Kind

SOURCES: Mapping[Kind, Callable[[Api], Source[Any]]] = {
    Kind.PRODUCT: Products,
    Kind.STOCK: StockLevels,
    Kind.SHIPMENT: Shipments,
    Kind.ORDER: OrderChanges,
}
TARGETS: Mapping[Kind, Callable[[Api], Target[Any]]] = {
    Kind.ORDER: Orders,
    Kind.CUSTOMER: Customers,
    Kind.REFUND: SalesCredits,
}


@dataclass
class Brightpearl:
    """``Platform``; ports share the account's renewed credentials."""

    account: Account
    api: Api = field(init=False)

    def __post_init__(self) -> None:
        self.api = Api(self.account)

    def source(self, kind: Kind) -> Source[Any]:
        """The port that reads records of a kind."""
        if kind not in SOURCES:
            raise LookupError(f"Brightpearl offers no source of {kind.value}")
        return SOURCES[kind](self.api)

    def target(self, kind: Kind, settings: Mapping[str, Any]) -> Target[Any]:
        """The port that writes records of a kind; what it needs is in the records themselves."""
        if kind not in TARGETS:
            raise LookupError(f"Brightpearl offers no target for {kind.value}")
        return TARGETS[kind](self.api)

    def check(self) -> Check:
        """Read one thing of each kind the flows need; nine calls."""
        return check(self.api)

    def list_choices(self, what: str) -> Sequence[Choice]:
        """Values people pick from."""
        return list_choices(self.api, what)

    def ensure_webhooks(self, address: str) -> Mapping[str, str]:
        """Keep exactly the subscriptions we need at ``address``; there is no key to be kept."""
        ensure_webhooks(self.api, address)
        return {}

    def refresh_tokens(self) -> Mapping[str, str]:
        """Exchange the refresh token."""
        return refresh_tokens(self.api)
