"""The ``/_sim`` controls of the simulated Square: JSON in, JSON out, for demos and outsiders."""

from typing import Any

from local.platforms.server import Control
from local.platforms.square.fields import Json, plain
from local.platforms.square.world import Behaviour

_SETTINGS = [name for name in vars(Behaviour) if name in Behaviour.__annotations__]


def controls_of(square: Any) -> dict[str, Control]:
    """Return the controls by name; each takes the JSON body of ``POST /_sim/<name>``."""
    return {
        "sell": lambda body: {"order": square.sell(**body)},
        "pay": lambda body: {"payment": square.pay(**body)},
        "cancel": lambda body: square.cancel(**body),
        "edit": lambda body: square.edit(**body),
        "add_customer": lambda body: {"customer": square.add_customer(**body)},
        "change_customer": lambda body: square.change_customer(**body),
        "delete_customer": lambda body: square.delete_customer(**body),
        "merge_customers": lambda body: {"customer": square.merge_customers(**body)},
        "refund": lambda body: {"refunds": square.refund(**body)},
        "take_back": lambda body: {"refund": square.take_back(**body)},
        "exchange": lambda body: square.exchange(**body),
        "settle_refund": lambda body: square.settle_refund(**body),
        "edit_catalog": lambda body: {"version": square.edit_catalog(**body)},
        "delete_catalog": lambda body: square.delete_catalog(*body["ids"]),
        "set_stock": lambda body: square.set_stock(**body),
        "subscribe": lambda body: {"signature_key": square.subscribe(**body)},
        "limit_calls": lambda body: square.limit_calls(**body),
        "hold_catalog": lambda body: square.hold_catalog(**body),
        "refuse_counts_at": lambda body: square.refuse_counts_at(**body),
        "reject_names": lambda body: square.reject_names(*body["words"]),
        "behave": lambda body: _behave(square, body),
        "add_token": lambda body: {"access_token": square.add_token(**body)},
        "expire_token": lambda body: square.oauth.expire(body["token"]),
        "revoke": lambda body: square.oauth.revoke_all(body.get("by", "MERCHANT")),
        "state": lambda body: _state(square),
    }


def _behave(square: Any, body: Json) -> Json:
    """Set attributes of `Behaviour`; without any, show them."""
    unknown = sorted(set(body) - set(_SETTINGS))
    if unknown:
        raise ValueError(f"unknown: {', '.join(unknown)}; known: {', '.join(_SETTINGS)}")
    for name, value in body.items():
        setattr(square, name, value)
    return {name: getattr(square, name) for name in _SETTINGS}


def _state(square: Any) -> Json:
    """Show what is there: locations, variations with their stock, and how many of the rest."""
    locations = list(square.world.locations)
    variations = [one for one in square.catalog.views() if one.type == "ITEM_VARIATION"]
    return {
        "merchant": square.world.merchant_id,
        "locations": [{"id": one.id, "name": one.name} for one in square.world.locations.values()],
        "variations": [
            {
                "id": one.id,
                "sku": one.data.get("sku", ""),
                "price": (one.data.get("price_money") or {}).get("amount"),
                "stock": {at: plain(square.inventory.on_hand(one.id, at)) for at in locations},
            }
            for one in variations
        ],
        "orders": len(square.orders.orders),
        "refunds": len(square.refunds.refunds),
        "customers": len(square.customers.customers),
    }
