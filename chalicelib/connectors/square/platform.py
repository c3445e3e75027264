"""Square as a platform: which ports it offers, opened for one connection and batch."""

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.connectors.square import account as accounts
from chalicelib.connectors.square.client import SquareClient
from chalicelib.connectors.square.customers import CustomerSource
from chalicelib.connectors.square.order_search import OrderWalk
from chalicelib.connectors.square.orders import OrderSource
from chalicelib.connectors.square.products import ProductTarget
from chalicelib.connectors.square.refunds import RefundSource
from chalicelib.connectors.square.stock import StockTarget
from chalicelib.connectors.square.subscriptions import ensure_subscription
from chalicelib.domain.platforms import Account, Check, Choice, Source, Target
from chalicelib.domain.statuses import Kind


class SquarePlatform:
    """The ports of one Square account."""

    def __init__(self, account: Account) -> None:
        self.client = SquareClient(account)
        self._walk = OrderWalk(client=self.client)

    def source(self, kind: Kind) -> Source[Any]:
        """Return the source of orders, customers or refunds."""
        if kind is Kind.ORDER:
            return OrderSource(client=self.client, walk=self._walk)
        if kind is Kind.CUSTOMER:
            return CustomerSource(client=self.client)
        if kind is Kind.REFUND:
            return RefundSource(client=self.client, walk=self._walk)
        raise LookupError(f"Square is no source of {kind.value}")

    def target(self, kind: Kind, settings: Mapping[str, Any]) -> Target[Any]:
        """Return the target of products or stock; the flow's settings change nothing here."""
        if kind is Kind.PRODUCT:
            return ProductTarget(client=self.client)
        if kind is Kind.STOCK:
            return StockTarget(client=self.client, walk=self._walk)
        raise LookupError(f"Square is no target of {kind.value}")

    def check(self) -> Check:
        """Ask Square who we are and whether we may do what the flows need."""
        return accounts.check(self.client)

    def list_choices(self, what: str) -> Sequence[Choice]:
        """Return locations, categories, taxes or tender types."""
        return accounts.list_choices(self.client, what)

    def ensure_webhooks(self, address: str) -> Mapping[str, str]:
        """Leave exactly one enabled subscription; learn its key and whose events are ours."""
        key = ensure_subscription(self.client, address)
        return {**key, **accounts.merchant_of(self.client)}

    def refresh_tokens(self) -> Mapping[str, str]:
        """Exchange the refresh token."""
        return accounts.refresh_tokens(self.client)
