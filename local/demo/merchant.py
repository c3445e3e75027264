"""The demo's merchant: its shops' accounts, and how a person joins them through the API."""

from collections.abc import Mapping

from local.demo.api import Api
from local.demo.joining import brightpearl, lightspeed, square, woocommerce
from local.demo.joining.parts import UNMAPPED as UNMAPPED
from local.demo.joining.parts import Joining
from local.demo.joining.square import ORDERS as ORDERS
from local.demo.joining.square import PRODUCTS as PRODUCTS
from local.demo.joining.square import STOCK as STOCK
from local.demo.vendors import Vendors

CONSUMER = "corner-shirts"
LONG_NAME = 520  #: characters; Square takes 512


def products_of(vendors: Vendors, category: str) -> list[int]:
    """Return the ids of the products in a category, oldest first."""
    wanted = vendors.erp.categories[category]
    by_id = vendors.brightpearl.world.products.by_id
    return [number for number in vendors.erp.products if wanted in by_id[number].categories]


def set_up(
    api: Api, vendors: Vendors, *, consumer: str = CONSUMER, name: str = "Corner Shirts"
) -> str:
    """Set the merchant up as a person would and return a key of its own."""
    api.post("/v1/consumers", {"id": consumer, "name": name, "time_zone": "Europe/London"})
    base = f"/v1/consumers/{consumer}"
    joined = joinings(vendors)
    for platform, joining in joined.items():
        _connect(api, base, platform, joining)
    for joining in joined.values():
        _answer(api, base, joining)
    made = api.post("/v1/keys", {"consumer": consumer, "role": "admin", "name": name})
    return str(made["key"])


def joinings(vendors: Vendors) -> Mapping[str, Joining]:
    """Return how each account is joined, by platform; the ERP first."""
    found = {"brightpearl": brightpearl.joining(vendors), "square": square.joining(vendors)}
    if vendors.outlets is not None:
        found["lightspeed"] = lightspeed.joining(vendors, vendors.outlets)
    if vendors.web is not None:
        found["woocommerce"] = woocommerce.joining(vendors, vendors.web)
    return found


def _connect(api: Api, base: str, platform: str, joining: Joining) -> None:
    api.put(f"{base}/connections/{platform}", {"platform": platform, **joining.account})
    checked = api.post(f"{base}/connections/{platform}/check")
    if not checked["ok"]:
        raise RuntimeError(f"{platform} cannot be connected: {' '.join(checked['problems'])}")


def _answer(api: Api, base: str, joining: Joining) -> None:
    for flow, name in dict.fromkeys((*joining.mappings, *joining.defaults)):
        body = {"entries": dict(joining.mappings.get((flow, name), {}))}
        default = joining.defaults.get((flow, name))
        api.put(
            f"{base}/mappings/{flow}/{name}", {**body, **({"default": default} if default else {})}
        )
    for flow, settings in joining.settings.items():
        api.put(f"{base}/flows/{flow}", {"settings": dict(settings), "enabled": True})
