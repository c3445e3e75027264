"""What the shop tells of itself: settings, taxes, gateways, versions."""

from collections.abc import Callable

from local.platforms.woocommerce.errors import Json
from local.platforms.woocommerce.shipments import NAMESPACES
from local.platforms.woocommerce.world import VERSION, WORDPRESS_VERSION, World

Answer = Callable[[World], Json | list[Json]]


def site_routes() -> dict[str, Answer]:
    """Return the read-only answers by path."""
    return {
        "settings/general/woocommerce_currency": lambda w: _setting(
            "woocommerce_currency", w.currency
        ),
        "settings/tax/woocommerce_prices_include_tax": lambda w: _setting(
            "woocommerce_prices_include_tax", "yes" if w.prices_include_tax else "no"
        ),
        "settings/general": lambda w: [
            _setting("woocommerce_currency", w.currency),
            _setting("woocommerce_price_num_decimals", str(w.decimals)),
            _setting("woocommerce_calc_taxes", "yes" if w.charges_tax else "no"),
        ],
        "settings/tax": lambda w: [
            _setting("woocommerce_prices_include_tax", "yes" if w.prices_include_tax else "no")
        ],
        "taxes": _taxes,
        "taxes/classes": _tax_classes,
        "payment_gateways": _gateways,
        "system_status": _status,
    }


def index(world: World, paths: list[str]) -> Json:
    """Return the answer of ``/wp-json/``: which namespaces and routes there are."""
    extension = NAMESPACES.get(world.behaviour.tracking)
    routes = [p for p in paths if world.behaviour.fulfilments or "fulfillments" not in p]
    return {
        "name": "Simulated shop",
        "url": world.home,
        "home": world.home,
        "timezone_string": str(world.zone),
        "namespaces": ["wc/v3", *([extension] if extension else []), "wp/v2"],
        "routes": {f"/wc/v3/{path}": {"namespace": "wc/v3"} for path in routes},
    }


def _setting(name: str, value: str) -> Json:
    return {"id": name, "label": name, "type": "select", "default": "", "value": value}


def _taxes(world: World) -> list[Json]:
    return [
        {
            "id": one.id,
            "country": one.country,
            "state": "",
            "rate": f"{one.percent:.4f}",
            "name": one.label,
            "priority": 1,
            "compound": False,
            "shipping": one.on_shipping,
            "class": one.tax_class or "standard",
        }
        for one in world.rates
    ]


def _tax_classes(world: World) -> list[Json]:
    names = dict.fromkeys(["standard", *(one.tax_class for one in world.rates if one.tax_class)])
    return [{"slug": name, "name": name.replace("-", " ").capitalize()} for name in names]


def _gateways(world: World) -> list[Json]:
    names = dict.fromkeys(["bacs", "cod", *sorted(world.refunding_gateways)])
    return [
        {
            "id": name,
            "title": name,
            "enabled": True,
            "method_supports": ["products"]
            + (["refunds"] if name in world.refunding_gateways else []),
        }
        for name in names
    ]


def _status(world: World) -> Json:
    return {
        "environment": {
            "home_url": world.home,
            "site_url": world.home,
            "version": VERSION,
            "wp_version": WORDPRESS_VERSION,
        },
        "settings": {"currency": world.currency, "api_enabled": True, "force_ssl": False},
    }
