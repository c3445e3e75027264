"""The demo's merchant: two vendors' accounts, and how a person joins them through the API."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from local.demo.api import Api, Json
from local.platforms.brightpearl import demo as brightpearl_demo
from local.platforms.brightpearl.simulator import BrightpearlSimulator
from local.platforms.server import wall_clock
from local.platforms.square import SquareSimulator
from local.platforms.square import demo as square_demo

CONSUMER = "corner-shirts"
PRODUCTS = "brightpearl-products-to-square"
STOCK = "brightpearl-stock-to-square"
ORDERS = "square-orders-to-brightpearl"
FLOWS = (PRODUCTS, STOCK, ORDERS)

PRODUCT_COUNT = 300
UNMAPPED = "Candles"  #: the category nobody mapped
CALLS_PER_MINUTE = 3000  #: of the simulated Brightpearl; a real account has 200
SOLD_SINCE_DAYS = 7
ACCOUNTS_AGE = timedelta(days=90)
LONG_NAME = 520  #: characters; Square takes 512
#: Simulators show at once what they got, so nothing has to wait a vendor's minute.
PACE = {"settle_s": 2, "timeout_s": 5, "awaiting_every_s": 2, "awaiting_limit_s": 30}

TENDERS = {
    "CARD": "CARD",
    "CASH": "CASH",
    "WALLET": "WALLET",
    "SQUARE_GIFT_CARD": "GIFT_CARD",
    "OTHER": "OTHER",
}
TAXES = {"VAT": "T20", "": "T0"}


@dataclass(frozen=True, kw_only=True)
class Vendors:
    """Both simulators with a merchant's accounts in them."""

    brightpearl: BrightpearlSimulator
    square: SquareSimulator
    erp: brightpearl_demo.DemoMerchant
    tills: square_demo.DemoMerchant

    @property
    def addresses(self) -> dict[str, str]:
        """Where they listen, by platform."""
        return {"square": self.square.base_url, "brightpearl": self.brightpearl.base_url}

    def stop(self) -> None:
        """Stop both."""
        self.square.stop()
        self.brightpearl.stop()


def open_vendors(products: int = PRODUCT_COUNT) -> Vendors:
    """Start both simulators on free ports and fill the merchant's accounts.

    The accounts are older than the demo: a poll that found 300 products made this minute would
    ask for each of them again, for they may have changed since.
    """
    long_ago = datetime.now(UTC) - ACCOUNTS_AGE
    brightpearl = BrightpearlSimulator(requests_per_minute=CALLS_PER_MINUTE, clock=lambda: long_ago)
    square = SquareSimulator()
    erp = brightpearl_demo.demo_merchant(brightpearl, products)
    tills = square_demo.demo_merchant(square, list(erp.categories))
    brightpearl.clock = wall_clock
    brightpearl.start()
    square.start()
    return Vendors(brightpearl=brightpearl, square=square, erp=erp, tills=tills)


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
    _connect(api, base, vendors)
    for (flow, mapping), entries in _mappings_of(vendors).items():
        default = {"default": "OTHER"} if mapping == "payment_method" else {}
        api.put(f"{base}/mappings/{flow}/{mapping}", {"entries": entries, **default})
    for flow, settings in _settings_of(vendors).items():
        api.put(f"{base}/flows/{flow}", {"settings": settings, "enabled": True})
    made = api.post("/v1/keys", {"consumer": consumer, "role": "admin", "name": name})
    return str(made["key"])


def _connect(api: Api, base: str, vendors: Vendors) -> None:
    brightpearl, square = vendors.brightpearl, vendors.square
    accounts: dict[str, Json] = {
        "brightpearl": {
            "base_url": brightpearl.base_url,
            "settings": {
                "account": brightpearl.world.account,
                "app_ref": brightpearl.app_ref,
                "calls_per_minute": CALLS_PER_MINUTE,
                **PACE,
            },
            "credentials": {"staff_token": brightpearl.staff_token},
        },
        "square": {
            "base_url": square.base_url,
            "settings": {"calls_per_minute": CALLS_PER_MINUTE, **PACE},
            "credentials": {"access_token": vendors.tills.token},
        },
    }
    for name, account in accounts.items():
        api.put(f"{base}/connections/{name}", {"platform": name, **account})
        checked = api.post(f"{base}/connections/{name}/check")
        if not checked["ok"]:
            raise RuntimeError(f"{name} cannot be connected: {' '.join(checked['problems'])}")


def _mappings_of(vendors: Vendors) -> Mapping[tuple[str, str], dict[str, str]]:
    warehouses = [str(number) for number in vendors.erp.warehouses]
    locations = list(vendors.tills.location_ids.values())
    channels = [str(number) for number in vendors.erp.channels]
    categories = vendors.tills.category_ids
    return {
        (PRODUCTS, "category"): {k: v for k, v in categories.items() if k != UNMAPPED},
        (STOCK, "location"): dict(zip(warehouses, locations, strict=True)),
        (ORDERS, "warehouse"): dict(zip(locations, warehouses, strict=True)),
        (ORDERS, "channel"): dict(zip(locations, channels, strict=False)),
        (ORDERS, "tax"): TAXES,
        (ORDERS, "payment_method"): TENDERS,
    }


def _settings_of(vendors: Vendors) -> Mapping[str, dict[str, str]]:
    statuses = vendors.erp.statuses
    start = datetime.now(UTC) - timedelta(days=SOLD_SINCE_DAYS)
    price_list = str(vendors.erp.price_list)
    return {
        PRODUCTS: {"price_list": price_list},
        STOCK: {},
        ORDERS: {
            "start_date": start.isoformat(timespec="seconds"),
            "order_status": str(statuses["New order"]),
            "cancelled_status": str(statuses["Cancelled"]),
            "walk_in_customer": str(vendors.erp.walk_in),
            "price_list": price_list,
            "take_stock": "reserved",
            "tip_nominal_code": "4009",
        },
    }
