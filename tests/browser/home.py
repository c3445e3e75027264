"""The product with the demo's merchant after its story, and records that no page must trip over."""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from app import app
from chalicelib.domain.retries import RetryPolicy
from chalicelib.flows.catalog import FLOWS
from local.demo.__main__ import SEED
from local.demo.api import Api
from local.demo.log import Log, lines_of
from local.demo.merchant import ORDERS
from local.demo.shops import Shops
from local.demo.story import Story
from local.demo.waiting import Patience
from local.run import running
from tests.journey.house import House, opened, wait_until

PRODUCT_COUNT = 60
WITHIN_S = 120.0
DOWN_S = 3.0
#: Outlasts the outage; the product waits half a minute before a second attempt.
QUICK = RetryPolicy(attempts=6, base_s=1, cap_s=4)
ENVIRONMENT = {"SYNCLOG_WORKERS": "2", "SYNCLOG_LOG_LEVEL": "ERROR"}

SCRIPT = "<script>alert(1)</script>"
IMAGE = "<img src=x onerror=alert(1)>"
#: Names that break pages, by SKU.
AWKWARD = {
    "SCRIPT-1": SCRIPT,
    "LONG-500": ("Supercalifragilistic" * 25)[:500],  # no space to break at
    "LONG-WORDS": ("A long name of many short words " * 16)[:500],
    "ARABIC-1": "قميص أزرق من القطن مع جيب",
    "EMOJI-1": "👕🧵 👩‍👩‍👧‍👦 🏳️‍🌈 🇬🇧 ✨",
    "QUOTES-1": "\"><b>'`{{7*7}}${7*7}&amp;\\",
}
UNMAPPED_CATEGORY = IMAGE
EMPTY = "new-shop"


@dataclass(frozen=True, kw_only=True)
class Shop(House):
    """A merchant of the house with a key that opens its pages."""

    key: str

    @property
    def console(self) -> str:
        """The merchant's part of the console."""
        return f"/console/consumers/{self.consumer}"


@dataclass(frozen=True, kw_only=True)
class Home(Shop):
    """The demo's merchant, who owns the house; the others in it."""

    operator_key: str
    shops: Shops  #: what its people can do further
    other: Shop  #: another merchant, whose Square connection is down
    empty: str = EMPTY  #: a consumer with nothing set up
    awkward: Mapping[str, int]  #: product by SKU, of the names that break pages

    def make_key(self, role: str, consumer: str | None = None) -> str:
        """Return a new key: viewer, operator or admin, of one consumer or of all."""
        body = {"role": role, "name": f"{role} of a test", "consumer": consumer}
        return str(self.operator.post("/v1/keys", body)["key"])


class ToldStory(Story):
    """The demo's story; what a poll of every five minutes finds, an import finds at once."""

    def _lose_a_webhook(self) -> None:
        super()._lose_a_webhook()
        self._import_orders()

    def _break_down(self) -> None:
        super()._break_down()
        self._import_orders()  # no webhook tells of the till's order that only gives back

    def _import_orders(self) -> None:
        just_now = datetime.now(UTC) - timedelta(minutes=1)
        path = f"{self.log.base}/flows/{ORDERS}/executions"
        self.log.api.post(path, {"from": just_now.isoformat()})


@contextmanager
def furnished(folder: Path) -> Iterator[Home]:
    """Run everything in this process until the block ends; half a minute until it begins."""
    flows = {name: replace(flow, retry=QUICK) for name, flow in FLOWS.items()}
    with ExitStack() as stack:
        stack.callback(setattr, app, "__class__", app.__class__)
        product = stack.enter_context(running(ENVIRONMENT, folder=folder, flows=flows))
        operator_key = product.first_key or ""
        operator = Api(product.url, operator_key)
        stack.callback(operator.close)
        ours = stack.enter_context(opened(operator, products=PRODUCT_COUNT))
        theirs = stack.enter_context(
            opened(operator, products=5, consumer="bistro-nord", name="Bistro Nord")
        )
        operator.post("/v1/consumers", {"id": EMPTY, "name": "New Shop", "time_zone": "UTC"})
        shops = Shops(ours.vendors, Random(SEED))
        _tell_story(ours, shops)
        yield Home(
            **vars(ours),
            key=_make_key(ours),
            shops=shops,
            operator_key=operator_key,
            awkward=_add_awkward(ours),
            other=_lose_square(theirs),
        )


def _make_key(house: House) -> str:
    body = {"consumer": house.consumer, "role": "admin", "name": "Browser"}
    return str(house.operator.post("/v1/keys", body)["key"])


def _tell_story(house: House, shops: Shops) -> None:
    shops.name_too_long()
    log = Log(api=house.api, consumer=house.consumer)
    story = ToldStory(
        vendors=house.vendors,
        shops=shops,
        log=log,
        patience=Patience(),
        say=lambda text: None,
        until=time.monotonic() + WITHIN_S,
        down_s=DOWN_S,
    )
    story.play()
    assert lines_of(log.tally()) == lines_of(story.ending())
    house.api.post(f"{house.base}/resyncs", {"filter": {"status": "Failed"}})
    house.settle()


def _add_awkward(house: House) -> dict[str, int]:
    """Add products with awkward names, sell one of each, and add one of a category like that."""
    numbers = {sku: house.add_product(name, sku) for sku, name in AWKWARD.items()}
    numbers["UNMAPPED-1"] = house.add_product("Unmapped", "UNMAPPED-1", category=UNMAPPED_CATEGORY)
    for sku in AWKWARD:
        house.vendors.brightpearl.set_stock(numbers[sku], house.vendors.erp.warehouses[0], 20)
    for sku in AWKWARD:
        house.wait_for("product", numbers[sku], "Synced")
    house.wait_for("product", numbers["UNMAPPED-1"], "Pending", "needs_mapping")
    buyer = house.vendors.square.add_customer(
        given_name=SCRIPT, family_name=AWKWARD["ARABIC-1"], email_address="odd@example.org"
    )
    house.wait_for("order", house.sell(*AWKWARD, customer=buyer), "Synced")
    house.settle()
    return numbers


def _lose_square(house: House) -> Shop:
    """Let Square refuse a merchant's credentials, and change a product that cannot go there now."""
    house.settle()
    path = f"{house.base}/connections/square"
    house.operator.put(path, {"credentials": {"access_token": "revoked-by-somebody"}})
    house.operator.post(f"{path}/check")
    product = house.vendors.erp.products[0]
    house.vendors.brightpearl.edit_product(product, name="Renamed while Square is down")

    def is_held() -> bool:
        row = house.row("product", product)
        return row is not None and row["status"] == "Pending"

    wait_until(is_held, "change that waits for Square")
    return Shop(**vars(house), key=_make_key(house))


def options_of_a_phone() -> dict[str, Any]:
    """Return what a browser's context is made with to look like a phone."""
    return {
        "viewport": {"width": 390, "height": 844},
        "device_scale_factor": 2,
        "is_mobile": True,
        "has_touch": True,
    }
