"""A shop as a platform: which ports it offers, opened for one connection and batch."""

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.connectors.woocommerce import account as accounts
from chalicelib.connectors.woocommerce.client import WooClient
from chalicelib.connectors.woocommerce.facts import FactsReader
from chalicelib.connectors.woocommerce.order_status import OrderStatusTarget
from chalicelib.connectors.woocommerce.orders import OrderSource
from chalicelib.connectors.woocommerce.products import ProductTarget
from chalicelib.connectors.woocommerce.refunds import RefundSource
from chalicelib.connectors.woocommerce.shipments import ShipmentTarget
from chalicelib.connectors.woocommerce.shipping_ways import Ways
from chalicelib.connectors.woocommerce.stock import StockTarget
from chalicelib.connectors.woocommerce.stock_sales import Sales
from chalicelib.connectors.woocommerce.subscriptions import ensure_webhooks
from chalicelib.domain.platforms import Account, Check, Choice, Source, Target
from chalicelib.domain.statuses import Kind


class WooCommercePlatform:
    """The ports of one shop; what they all need to know of it is read once."""

    def __init__(self, account: Account) -> None:
        self.client = WooClient(account)
        self._facts = FactsReader(self.client)
        self._sales = Sales(self.client)
        self._ways = Ways(self.client)

    def source(self, kind: Kind) -> Source[Any]:
        """Return the source of orders or refunds."""
        if kind is Kind.ORDER:
            return OrderSource(client=self.client)
        if kind is Kind.REFUND:
            return RefundSource(client=self.client)
        raise LookupError(f"WooCommerce is no source of {kind.value}")

    def target(self, kind: Kind, settings: Mapping[str, Any]) -> Target[Any]:
        """Return the target of products, stock, shipments or the statuses of orders.

        Of the flow's settings ``shipment_way`` is read: where a shipment is shown.
        """
        if kind is Kind.PRODUCT:
            return ProductTarget(client=self.client, facts=self._facts)
        if kind is Kind.STOCK:
            return StockTarget(client=self.client, sales=self._sales)
        if kind is Kind.SHIPMENT:
            wish = str(settings.get("shipment_way") or "")
            return ShipmentTarget(client=self.client, ways=self._ways, wish=wish)
        if kind is Kind.ORDER:
            return OrderStatusTarget(client=self.client)
        raise LookupError(f"WooCommerce is no target of {kind.value}")

    def check(self) -> Check:
        """Ask the shop who it is and whether we may do what the flows need."""
        return accounts.check(self.client)

    def list_choices(self, what: str) -> Sequence[Choice]:
        """Return the location, categories, taxes, payment methods or statuses of orders."""
        return accounts.list_choices(self.client, what)

    def ensure_webhooks(self, address: str) -> Mapping[str, str]:
        """Leave one active webhook for each of our topics."""
        return ensure_webhooks(self.client, address)

    def refresh_tokens(self) -> Mapping[str, str]:
        """Return nothing: a shop's key does not end."""
        return {}
