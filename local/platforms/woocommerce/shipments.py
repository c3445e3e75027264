"""What shops add to orders about parcels: fulfilments of the core, and tracking extensions.

Assumed: a list of fulfilments is a plain list; a fulfilment needs items; an extension refuses a
carrier it does not know.
"""

import secrets
from typing import Any

from local.platforms.woocommerce.errors import Json, WooError, missing_params, no_route
from local.platforms.woocommerce.fields import boolean, objects, string
from local.platforms.woocommerce.orders import Order, Orders
from local.platforms.woocommerce.world import World

NAMESPACES = {"official": "wc-shipment-tracking/v3", "old": "wc-ast/v3"}
PROVIDERS = {"United Kingdom": {"DHL": "https://dhl.example/", "Royal Mail": "https://rm.example/"}}


class Shipments:
    """Fulfilments and tracking entries of all orders; which of them exist, the site says."""

    def __init__(self, world: World, orders: Orders) -> None:
        self.world = world
        self.orders = orders
        self.fulfilments: dict[int, list[Json]] = {}
        self.trackings: dict[int, list[Json]] = {}

    def list_fulfilments(self, order_id: int) -> list[Json]:
        """Return the fulfilments of an order."""
        return self._of(self.fulfilments, self._order(order_id))

    def fulfil(self, order_id: int, body: Json) -> Json:
        """Make a fulfilment of some lines of an order."""
        order = self._order(order_id)
        made = {"id": self.world.new_id("fulfilment"), "entity_id": order.id}
        self._fill(made, order, body)
        self._of(self.fulfilments, order).append(made)
        return made

    def refill(self, order_id: int, number: int, body: Json) -> Json:
        """Replace a fulfilment; meta data the request does not name are gone."""
        order = self._order(order_id)
        known = [one for one in self._of(self.fulfilments, order) if one["id"] == number]
        if not known:
            raise WooError(400, "woocommerce_rest_fulfillment_error", "Invalid fulfillment ID.")
        self._fill(known[0], order, body)
        return known[0]

    def list_trackings(self, namespace: str, order_id: int) -> list[Json]:
        """Return the tracking entries of an order."""
        self._check_extension(namespace)
        return self._of(self.trackings, self.orders.one(order_id))

    def track(self, namespace: str, order_id: int, body: Json) -> Json:
        """Add a tracking entry, the same number a second time too."""
        self._check_extension(namespace)
        order = self.orders.one(order_id)
        number = string(body, "tracking_number")
        if not number:
            raise missing_params("tracking_number")
        provider, link = string(body, "tracking_provider"), string(body, "custom_tracking_link")
        known = {name for names in PROVIDERS.values() for name in names}
        if provider and provider not in known:
            raise WooError(400, "rest_invalid_param", "Invalid parameter(s): tracking_provider")
        made = {
            "tracking_id": secrets.token_hex(16),
            "tracking_provider": provider or string(body, "custom_tracking_provider"),
            "tracking_link": link,
            "tracking_number": number,
            "date_shipped": string(body, "date_shipped"),
        }
        self._of(self.trackings, order).append(made)
        return made

    def untrack(self, namespace: str, order_id: int, tracking_id: str) -> Json:
        """Remove a tracking entry."""
        self._check_extension(namespace)
        rows = self._of(self.trackings, self.orders.one(order_id))
        found = [one for one in rows if one["tracking_id"] == tracking_id]
        if not found:
            code = "woocommerce_rest_invalid_shipment_tracking_id"
            raise WooError(404, code, "Invalid shipment tracking ID.")
        rows.remove(found[0])
        return found[0]

    def providers(self, namespace: str) -> Json:
        """Return the carriers an extension knows, by country."""
        self._check_extension(namespace)
        return dict(PROVIDERS)

    def _fill(self, found: Json, order: Order, body: Json) -> None:
        values = {str(one.get("key")): one.get("value") for one in objects(body, "meta_data")}
        items: Any = values.get("_items")
        if not isinstance(items, list) or not items:
            text = "The fulfillment should contain at least one item."
            raise WooError(400, "woocommerce_rest_fulfillment_error", text)
        pieces = {line.id: line.quantity for line in order.of("line_items")}
        for item in items:
            if not 0 < int(item.get("qty", 0)) <= pieces.get(item.get("item_id"), 0):
                raise WooError(400, "woocommerce_rest_fulfillment_error", "Invalid item quantity.")
        rows = [
            {"id": self.world.new_id("meta"), "key": key, "value": value}
            for key, value in values.items()
        ]
        found |= {
            "status": string(body, "status") or "unfulfilled",
            "is_fulfilled": boolean(body, "is_fulfilled"),
            "notified": boolean(body, "notify_customer"),
            "meta_data": rows,
        }

    def _order(self, order_id: int) -> Order:
        if not self.world.behaviour.fulfilments:
            raise no_route()
        return self.orders.one(order_id)

    def _check_extension(self, namespace: str) -> None:
        if namespace != NAMESPACES.get(self.world.behaviour.tracking):
            raise no_route()

    def _of(self, rows: dict[int, list[Json]], order: Order) -> list[Json]:
        return rows.setdefault(order.id, [])
