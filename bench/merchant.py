"""The merchant of the bench: one consumer, both accounts, all three flows switched on."""

from bench.errors import BenchError
from bench.vendors import Vendors
from chalicelib.domain.setup import Consumer
from chalicelib.flows.services import Services
from chalicelib.flows.setup.account import Given
from chalicelib.flows.setup.connections import save_connection
from chalicelib.flows.setup.consumers import add_consumer
from chalicelib.flows.setup.flows import save_flow
from chalicelib.flows.setup.mappings import Answers, save_mapping
from chalicelib.flows.setup.platforms import check_connection

CONSUMER = "bench-shirts"
PRODUCTS = "brightpearl-products-to-square"
STOCK = "brightpearl-stock-to-square"
ORDERS = "square-orders-to-brightpearl"
WHO = "bench"
#: Simulators show a write at once, and the bench measures us, not a vendor's limits.
_PACE = {"settle_s": "1", "timeout_s": "10", "calls_per_minute": "100000000"}


def set_up(services: Services, vendors: Vendors) -> Consumer:
    """Set up everything as a person would, and register the webhooks."""
    consumer = add_consumer(
        services, id=CONSUMER, name="Bench Shirts", time_zone="Europe/London", by=WHO
    )
    _connect(services, vendors)
    _map(services, vendors)
    _switch_on(services, consumer, vendors)
    for name in ("brightpearl", "square"):
        checked = check_connection(services, CONSUMER, name)
        if not checked.ok or checked.problems:
            raise BenchError(f"{name} could not be connected: {' '.join(checked.problems)}")
    return consumer


def _connect(services: Services, vendors: Vendors) -> None:
    erp, tills = vendors.brightpearl, vendors.square
    given = {
        "brightpearl": Given(
            platform="brightpearl",
            base_url=erp["url"],
            settings={"account": erp["account"], "app_ref": erp["app_ref"], **_PACE},
            credentials={"staff_token": erp["staff_token"]},
        ),
        "square": Given(
            platform="square",
            base_url=tills["url"],
            settings=_PACE,
            credentials={"access_token": tills["token"]},
        ),
    }
    for name, one in given.items():
        save_connection(services, CONSUMER, name, one, loopback=True, by=WHO)


def _map(services: Services, vendors: Vendors) -> None:
    erp, tills = vendors.brightpearl, vendors.square
    locations = list(tills["location_ids"].values())
    warehouses = [str(number) for number in erp["warehouses"]]
    channels = [str(number) for number in erp["channels"]]
    tables = {
        (PRODUCTS, "category"): Answers(entries=tills["category_ids"]),
        (STOCK, "location"): Answers(entries=dict(zip(warehouses, locations, strict=True))),
        (ORDERS, "warehouse"): Answers(entries=dict(zip(locations, warehouses, strict=True))),
        (ORDERS, "channel"): Answers(entries=dict(zip(locations, channels, strict=False))),
        (ORDERS, "tax"): Answers(default="T20", sets_default=True),
        (ORDERS, "payment_method"): Answers(default="CARD", sets_default=True),
    }
    for (flow, name), answers in tables.items():
        save_mapping(services, CONSUMER, flow, name, answers, by=WHO)


def _switch_on(services: Services, consumer: Consumer, vendors: Vendors) -> None:
    erp = vendors.brightpearl
    settings = {
        PRODUCTS: {"price_list": str(erp["price_list"])},
        STOCK: {},
        ORDERS: {
            "start_date": "2026-01-01T00:00:00Z",
            "order_status": str(erp["statuses"]["New order"]),
            "cancelled_status": str(erp["statuses"]["Cancelled"]),
            "walk_in_customer": str(erp["walk_in"]),
        },
    }
    for flow, given in settings.items():
        save_flow(services, consumer, flow, enabled=True, settings=given, by=WHO)
