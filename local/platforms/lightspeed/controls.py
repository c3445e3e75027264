"""The ``/_sim`` controls of the simulated Lightspeed: JSON in, JSON out."""

from typing import Any

from local.platforms.lightspeed.fields import Json
from local.platforms.lightspeed.world import Behaviour
from local.platforms.server import Control

_SETTINGS = list(Behaviour.__annotations__)


def controls_of(store: Any) -> dict[str, Control]:
    """Return the controls by name; each takes the JSON body of ``POST /_sim/<name>``."""
    return {
        "sell": lambda body: {"sale": store.sell(**body)},
        "change_sale": lambda body: store.change_sale(**body),
        "take_back": lambda body: {"sale": store.take_back(**body)},
        "close_register": lambda body: {"closure": store.till.close_register(**body)},
        "add_product": lambda body: {"products": store.add_product(**body)},
        "add_customer": lambda body: {"customer": store.add_customer(**body)},
        "set_stock": lambda body: store.set_stock(**body),
        "delete": lambda body: store.delete(**body),
        "add_token": lambda body: {"access_token": store.add_token(**body)},
        "grant": lambda body: store.grant(**body),
        "expire_token": lambda body: store.oauth.expire(body["token"]),
        "disconnect": lambda body: store.oauth.disconnect(),
        "switch_off_webhooks": lambda body: store.webhooks.switch_off(body.get("url", "")),
        "limit_calls": lambda body: _limit(store, body["calls"]),
        "behave": lambda body: _behave(store, body),
        "state": lambda body: _state(store),
    }


def _limit(store: Any, calls: int | None) -> None:
    """Let so many calls pass in a window; None: what the registers allow."""
    store.calls_per_window = None if calls is None else int(calls)


def _behave(store: Any, body: Json) -> Json:
    """Set attributes of `Behaviour`, and show them all."""
    unknown = sorted(set(body) - set(_SETTINGS))
    if unknown:
        raise ValueError(f"unknown: {', '.join(unknown)}; known: {', '.join(_SETTINGS)}")
    for name, value in body.items():
        setattr(store, name, value)
    return {name: getattr(store, name) for name in _SETTINGS}


def _state(store: Any) -> Json:
    """Show outlets, products with their stock, and how many there are of the rest."""
    outlets = [row.id for row in store.account.outlets.live()]
    return {
        "retailer": store.world.retailer_id,
        "domain_prefix": store.world.domain_prefix,
        "outlets": outlets,
        "products": [
            {
                "id": row.id,
                "sku": row.data["sku"],
                "stock": {one: str(store.inventory.level(row.id, one)) for one in outlets},
            }
            for row in store.products.feed.live()
        ],
        "sales": len(store.sales.feed.rows),
        "customers": len(store.customers.feed.live()),
    }
