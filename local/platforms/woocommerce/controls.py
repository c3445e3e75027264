"""The ``/_sim`` controls of the simulated WooCommerce: what people and demos do to a shop."""

from decimal import Decimal
from typing import Any

from local.platforms.server import Control
from local.platforms.woocommerce.errors import Json
from local.platforms.woocommerce.world import Behaviour, Coupon

_SETTINGS = [name for name in vars(Behaviour) if name in Behaviour.__annotations__]


def controls_of(shop: Any) -> dict[str, Control]:
    """Return the controls by name; each takes the JSON body of ``POST /_sim/<name>``."""
    return {
        "add_key": lambda body: vars(shop.add_key(**body)),
        "add_product": lambda body: {"id": shop.add_product(**body)},
        "add_variation": lambda body: {"id": shop.add_variation(**body)},
        "add_coupon": lambda body: _add_coupon(shop, **body),
        "set_stock": lambda body: shop.set_stock(**body),
        "restore_product": lambda body: shop.restore_product(**body),
        "buy": lambda body: {"order": shop.buy(**body)},
        "set_order_status": lambda body: shop.set_order_status(**body),
        "refund": lambda body: {"refund": shop.refund(**body)},
        "use_gift_card": lambda body: shop.orders.use_gift_card(
            body["order"], body.get("code", "GIFT"), Decimal(body["amount"])
        ),
        "limit_calls": lambda body: shop.limit_calls(**body),
        "behave": lambda body: _behave(shop, body),
        "state": lambda _: _state(shop),
    }


def _add_coupon(shop: Any, code: str, amount: str, kind: str = "percent") -> None:
    if kind not in ("percent", "fixed_cart"):
        raise ValueError(f"kind {kind!r} must be percent or fixed_cart")
    name = code.lower()
    shop.world.coupons[name] = Coupon(code=name, kind=kind, amount=Decimal(amount))


def _behave(shop: Any, body: Json) -> Json:
    """Set attributes of `Behaviour`; without any, show them."""
    unknown = sorted(set(body) - set(_SETTINGS))
    if unknown:
        raise ValueError(f"unknown: {', '.join(unknown)}; known: {', '.join(_SETTINGS)}")
    for name, value in body.items():
        setattr(shop, name, value)
    return {name: getattr(shop, name) for name in _SETTINGS}


def _state(shop: Any) -> Json:
    """Show how much there is, and the webhooks with their failures in a row."""
    hooks = shop.parts.webhooks.by_id.values()
    return {
        "products": len(shop.products.by_id),
        "orders": len(shop.orders.by_id),
        "customers": len(shop.parts.customers.by_id),
        "money_returned": [[number, str(sum_)] for number, sum_ in shop.world.money_returned],
        "webhooks": [{"id": h.id, "status": h.status, "failures": h.failures} for h in hooks],
    }
