"""The whole product on a free port, both simulated vendors, and a merchant set up over HTTP."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from app import app
from chalicelib.domain.retries import RetryPolicy
from chalicelib.flows.catalog import FLOWS
from local.demo import merchant
from local.demo.api import Api, Json
from local.demo.log import Log
from local.demo.vendors import SQUARE, Vendors, open_vendors
from local.demo.waiting import LateError, Patience
from local.run import running

WITHIN_S = 30.0
LOOK_EVERY_S = 0.05
#: Retries as the product has them, without their half minutes.
QUICK = RetryPolicy(attempts=3, base_s=0.2, cap_s=1)
_TOLD = ("status", "reason", "outcome", "sentence", "columns", "attempts")
_SELL = {"category": "Shirts", "price": {"RETAIL": "20.00"}}


def wait_until(is_so: Callable[[], bool], what: str, *, within_s: float = WITHIN_S) -> None:
    """Wait for a condition; fails, naming ``what``, if it does not come about in time."""
    until = time.monotonic() + within_s
    try:
        Patience().wait_until(is_so, what, until=until, every_s=LOOK_EVERY_S)
    except LateError:
        raise AssertionError(f"within {within_s:.0f} s there was no {what}") from None


@dataclass(frozen=True, kw_only=True)
class House:
    """A merchant's view of the product: its API, its till, its ERP."""

    url: str
    operator: Api
    api: Api
    consumer: str
    vendors: Vendors

    @property
    def base(self) -> str:
        """The consumer's part of the API."""
        return f"/v1/consumers/{self.consumer}"

    # the log

    def row(self, kind: str, record: str | int, flow: str | None = None) -> Json | None:
        """Return the row of a record (of any flow, or of this one), None where there is none."""
        named = {"kind": kind} if flow is None else {"flow": flow}
        rows = self.api.items(f"{self.base}/logs", **named)
        return next((row for row in rows if row["record"] == str(record)), None)

    def rows(self, **filters: Any) -> list[Json]:
        """Return all rows of a filter."""
        return list(self.api.items(f"{self.base}/logs", **filters))

    def detail(self, row: Json) -> Json:
        """Return a row whole."""
        return self.api.get(f"{self.base}/logs/{row['id']}")

    def outcomes(self, row: Json) -> list[str]:
        """Return what a row's attempts came to, oldest first."""
        return [str(one["outcome"]) for one in reversed(self.detail(row)["attempts"])]

    def resync(self, row: Json) -> None:
        """Press a row's re-sync button."""
        self.api.post(f"{self.base}/logs/{row['id']}/resync")

    def wait_for(
        self,
        kind: str,
        record: str | int,
        status: str,
        reason: str | None = None,
        *,
        fits: Callable[[Json], bool] = lambda row: True,
        within_s: float = WITHIN_S,
        flow: str | None = None,
    ) -> Json:
        """Wait until a record's row has a status (and reason), and return the row."""
        last: Json = {}

        def is_so() -> bool:
            row = self.row(kind, record, flow)
            last.clear()
            last.update(row or {})
            return (
                row is not None and (row["status"], row["reason"]) == (status, reason) and fits(row)
            )

        try:
            wait_until(is_so, f"{kind} {record} {status}/{reason}", within_s=within_s)
        except AssertionError as error:
            told = {k: last.get(k) for k in _TOLD}
            raise AssertionError(f"{error}; it is {told}") from None
        return dict(last)

    def settle(self, *, within_s: float = WITHIN_S) -> None:
        """Wait until webhooks and first polls are through and nothing is left to do by itself."""
        log = Log(api=self.api, consumer=self.consumer)
        senders = self.vendors.senders

        def is_quiet() -> bool:
            flows = self.api.get(f"{self.base}/flows")["items"]
            polled = all(flow["last_execution"] for flow in flows if flow["enabled"])
            return polled and all(sender.drain(0) for sender in senders) and not log.is_owed()

        wait_until(is_quiet, "quiet log", within_s=within_s)

    # the set-up

    def map(self, flow: str, name: str, **entries: str | None) -> None:
        """Save entries of a mapping."""
        self.api.put(f"{self.base}/mappings/{flow}/{name}", {"entries": entries})

    def configure(self, flow: str, **settings: str | None) -> None:
        """Save settings of a flow."""
        self.api.put(f"{self.base}/flows/{flow}", {"settings": settings})

    def poll_now(self, flow: str) -> None:
        """Let a flow's poll run now: it does whenever the flow is switched on."""
        for enabled in (False, True):
            self.api.put(f"{self.base}/flows/{flow}", {"enabled": enabled})

    # the vendors, as their own endpoints tell

    def ask_square(self, method: str, path: str, body: Json | None = None) -> Json:
        """Ask the till's vendor."""
        token = self.vendors.tills.token
        return _ask(
            method,
            f"{self.vendors.square.base_url}{path}",
            {"Authorization": f"Bearer {token}"},
            body,
        )

    def ask_brightpearl(self, path: str) -> Any:
        """Ask the ERP's vendor."""
        brightpearl = self.vendors.brightpearl
        headers = {
            "brightpearl-app-ref": brightpearl.app_ref,
            "brightpearl-staff-token": brightpearl.staff_token,
        }
        account = brightpearl.world.account
        url = f"{brightpearl.base_url}/public-api/{account}/{path}"
        return _ask("GET", url, headers, None)["response"]

    def add_product(self, name: str, sku: str, **more: Any) -> int:
        """Make a product in the ERP that can be sold."""
        return self.vendors.brightpearl.add_product(name, sku, **{**_SELL, **more})

    def variation(self, sku: str) -> Json:
        """Return a variation at Square by its SKU."""
        found = self.variations(sku)
        assert len(found) == 1, f"Square has {len(found)} variations {sku}"
        return found[0]

    def variations(self, sku: str) -> list[Json]:
        """Return all variations at Square with a SKU."""
        query = {"exact_query": {"attribute_name": "sku", "attribute_value": sku}}
        body = {"object_types": ["ITEM_VARIATION"], "query": query}
        return list(self.ask_square("POST", "/v2/catalog/search", body).get("objects", []))

    def in_stock(self, sku: str, shop: int = 0) -> int:
        """Return how many of a SKU a shop has, by Square's own count; 0 if it has no count."""
        location = list(self.vendors.tills.location_ids.values())[shop]
        path = f"/v2/inventory/{self.variation(sku)['id']}?location_ids={location}"
        counts = self.ask_square("GET", path).get("counts", [])
        return sum(int(one["quantity"]) for one in counts if one["state"] == "IN_STOCK")

    def sales_order(self, row: Json) -> Json:
        """Return the order an order's row tells of, from the ERP."""
        found: Json = self.ask_brightpearl(
            f"order-service/order/{row['columns']['target_order_id']}"
        )[0]
        return found

    def payments(self, row: Json) -> list[list[Any]]:
        """Return the ERP's payments of an order: reference, method, amount."""
        order = row["columns"]["target_order_id"]
        path = f"accounting-service/customer-payment-search?orderId={order}"
        columns = "transactionRef,paymentMethodCode,amountPaid"
        found: list[list[Any]] = self.ask_brightpearl(f"{path}&columns={columns}")["results"]
        return found

    def on_hand(self, product: int, shop: int = 0) -> int:
        """Return how many of a product the ERP has in a warehouse, sold ones taken off."""
        found = self.ask_brightpearl(f"warehouse-service/product-availability/{product}")
        warehouse = str(self.vendors.erp.warehouses[shop])
        return int(found[str(product)]["warehouses"].get(warehouse, {"onHand": 0})["onHand"])

    def sell(self, *skus: str, shop: int = 0, **options: Any) -> str:
        """Ring up one piece of each SKU."""
        location = list(self.vendors.tills.location_ids.values())[shop]
        lines = [{"sku": sku, "quantity": 1} for sku in skus]
        return self.vendors.square.sell(location, lines, **options)

    def sell_ready(self, name: str, sku: str, *, stock: int = 20, **more: Any) -> int:
        """Make a product and wait until the tills can sell it."""
        product = self.add_product(name, sku, **more)
        self.vendors.brightpearl.set_stock(product, self.vendors.erp.warehouses[0], stock)
        self.wait_for("product", product, "Synced")
        self.wait_for("stock", product, "Synced", fits=lambda r: self.in_stock(sku) == stock)
        return product


def _ask(method: str, url: str, headers: Mapping[str, str], body: Json | None) -> Json:
    with httpx.Client(trust_env=False, timeout=10) as http:
        answer = http.request(method, url, headers=dict(headers), json=body)
    assert answer.status_code == 200, f"{method} {url}: {answer.status_code} {answer.text[:300]}"
    found: Json = answer.json()
    return found


@contextmanager
def keeping_house(
    folder: Path, *, products: int = 0, shops: Collection[str] = (SQUARE,)
) -> Iterator[House]:
    """Run everything in this process until the block ends."""
    quick = {name: replace(flow, retry=QUICK) for name, flow in FLOWS.items()}
    plain = app.__class__
    with ExitStack() as stack:
        stack.callback(setattr, app, "__class__", plain)
        environment = {"SYNCLOG_WORKERS": "2", "SYNCLOG_LOG_LEVEL": "ERROR"}
        product = stack.enter_context(running(environment, folder=folder, flows=quick))
        operator = Api(product.url, product.first_key or "")
        stack.callback(operator.close)
        yield stack.enter_context(opened(operator, products=products, shops=shops))


@contextmanager
def opened(
    operator: Api,
    *,
    products: int = 0,
    consumer: str = merchant.CONSUMER,
    name: str = "Corner Shirts",
    shops: Collection[str] = (SQUARE,),
) -> Iterator[House]:
    """Open a merchant's shops and set the merchant up at the product."""
    vendors = open_vendors(products, shops=shops)
    try:
        key = merchant.set_up(operator, vendors, consumer=consumer, name=name)
        api = Api(operator.url, key)
        try:
            yield House(
                url=operator.url, operator=operator, api=api, consumer=consumer, vendors=vendors
            )
        finally:
            api.close()
            assert not any(one.defects for one in vendors.simulators.values())
    finally:
        vendors.stop()
