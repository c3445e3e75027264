"""Lightspeed as a platform: which ports it offers, opened for one connection and batch."""

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.connectors.lightspeed import account as accounts
from chalicelib.connectors.lightspeed.client import LightspeedClient
from chalicelib.connectors.lightspeed.customers import CustomerSource
from chalicelib.connectors.lightspeed.lookups import Lookups
from chalicelib.connectors.lightspeed.orders import OrderSource
from chalicelib.connectors.lightspeed.products import ProductTarget
from chalicelib.connectors.lightspeed.refunds import RefundSource
from chalicelib.connectors.lightspeed.sales import Sales
from chalicelib.connectors.lightspeed.stock import StockTarget
from chalicelib.connectors.lightspeed.subscriptions import ensure_webhooks
from chalicelib.domain.platforms import Account, Check, Choice, Source, Target
from chalicelib.domain.statuses import Kind


class LightspeedPlatform:
    """The ports of one Lightspeed account; what names things is read once for all of them."""

    def __init__(self, account: Account) -> None:
        self.client = LightspeedClient(account)
        self.lookups = Lookups(client=self.client)
        self.sales = Sales(client=self.client, lookups=self.lookups)

    def source(self, kind: Kind) -> Source[Any]:
        """Return the source of orders, customers or refunds."""
        if kind is Kind.ORDER:
            return OrderSource(sales=self.sales)
        if kind is Kind.CUSTOMER:
            return CustomerSource(client=self.client, lookups=self.lookups)
        if kind is Kind.REFUND:
            return RefundSource(sales=self.sales)
        raise LookupError(f"Lightspeed is no source of {kind.value}")

    def target(self, kind: Kind, settings: Mapping[str, Any]) -> Target[Any]:
        """Return the target of products or stock; the flow's settings change nothing here."""
        if kind is Kind.PRODUCT:
            return ProductTarget(client=self.client, lookups=self.lookups)
        if kind is Kind.STOCK:
            return StockTarget(client=self.client, lookups=self.lookups, sales=self.sales)
        raise LookupError(f"Lightspeed is no target of {kind.value}")

    def check(self) -> Check:
        """Ask Lightspeed who we are and whether we may do what the flows need."""
        return accounts.check(self.client)

    def list_choices(self, what: str) -> Sequence[Choice]:
        """Return outlets, registers, categories, taxes or ways to pay."""
        return accounts.list_choices(self.client, what)

    def ensure_webhooks(self, address: str) -> Mapping[str, str]:
        """Leave one active webhook of each type; their key is the application's own secret."""
        ensure_webhooks(self.client, address)
        return {}

    def refresh_tokens(self) -> Mapping[str, str]:
        """Exchange the refresh token."""
        return accounts.refresh_tokens(self.client)
