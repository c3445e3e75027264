"""What a webhook and a synced row cost: port calls, table calls, vendor calls, CPU."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.errors import BenchError
from bench.floor import webhook_floor_ms
from bench.merchant import CONSUMER, ORDERS, PRODUCTS, STOCK, set_up
from bench.product import Product, open_product, work_off
from bench.sheet import Sheet
from bench.vendors import Vendors, running_vendors
from chalicelib.domain.protocol import Request
from chalicelib.domain.rows import RowName
from chalicelib.domain.statuses import Kind
from chalicelib.flows.door import request_many
from chalicelib.flows.intake import receive

WARM_UP = 10  #: webhooks taken before any is measured


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What one kind of work cost in all."""

    label: str
    count: int  #: webhooks or rows
    cpu_ms: float
    ports: Counter[str]
    tables: Counter[str]
    requests: float
    vendor_calls: Counter[str]
    floor_ms: float | None = None


@dataclass(frozen=True, kw_only=True)
class Bench:
    """The product and the vendors, and how to measure between them."""

    product: Product
    vendors: Vendors

    def measure(self, label: str, work: Callable[[], int], **facts: Any) -> Sample:
        """Do some work, which returns its count, and say what it cost."""
        self.vendors.take_calls()
        self.product.tally.clear()
        started = time.process_time()
        count = work()
        cpu_ms = (time.process_time() - started) * 1000
        tally = self.product.tally
        return Sample(
            label=label,
            count=count,
            cpu_ms=cpu_ms,
            ports=Counter(tally.ports),
            tables=Counter(tally.tables),
            requests=tally.requests,
            vendor_calls=self.vendors.take_calls(),
            **facts,
        )

    def take(self, deliveries: Sequence[dict[str, Any]]) -> int:
        """Take webhooks as the route does, once Chalice has handed them over."""
        for one in deliveries:
            platform, token = one["url"].split("/")[-2:]
            got = receive(
                self.product.services,
                platform,
                token.partition("?")[0],
                one["headers"],
                {},
                one["body"].encode(),
            )
            if got.status != 200:
                raise BenchError(f"a webhook of {platform} was answered {got.status}")
        return len(deliveries)

    def work_off(self, queue: str) -> int:
        """Work a queue until it is empty."""
        return work_off(self.product.services, queue)


def measure_costs(folder: Path, *, products: int, orders: int) -> list[Sheet]:
    """Return the cost of each kind of work, and the calls it is made of."""
    with (
        running_vendors(products=products, hold_webhooks=True) as vendors,
        open_product(folder) as product,
    ):
        set_up(product.services, vendors)
        bench = Bench(product=product, vendors=vendors)
        vendors.take_webhooks("brightpearl")
        vendors.take_webhooks("square")
        samples = [
            *_measure_products(bench, folder),
            *_measure_stock(bench, folder),
            *_measure_orders(bench, folder, orders),
        ]
        _refuse_unsynced(product)
        return [_sheet_of(samples), _details_of(samples)]


def _measure_products(bench: Bench, folder: Path) -> list[Sample]:
    """Every product for the first time, then changed by a webhook each."""
    services, erp = bench.product.services, bench.vendors.brightpearl
    names = [
        RowName(consumer=CONSUMER, flow=PRODUCTS, record=str(number)) for number in erp["products"]
    ]
    request_many(services, [Request(name=name, kind=Kind.PRODUCT, by="import") for name in names])
    first = bench.measure("row: product, new", lambda: bench.work_off("records"))
    stock = bench.measure("row: stock, first count", lambda: bench.work_off("stock"))
    bench.vendors.control("brightpearl", "edit-products", products=erp["products"], suffix="(new)")
    deliveries = bench.vendors.take_webhooks("brightpearl")
    hook = _measure_webhooks(bench, "webhook: one product (Brightpearl)", deliveries, folder)
    again = bench.measure("row: product, changed", lambda: bench.work_off("records"))
    return [hook, first, again, stock]


def _measure_stock(bench: Bench, folder: Path) -> list[Sample]:
    """Levels changed by a webhook each, then all by id sets."""
    _change_levels(bench, quantity=50, together=False)
    deliveries = bench.vendors.take_webhooks("brightpearl")
    hook = _measure_webhooks(bench, "webhook: one stock level (Brightpearl)", deliveries, folder)
    rows = bench.measure("row: stock, changed", lambda: bench.work_off("stock"))
    _change_levels(bench, quantity=60, together=True)
    deliveries = bench.vendors.take_webhooks("brightpearl")
    count = _count_ids(bench)

    def take_set() -> int:
        bench.take(deliveries)
        return count

    return [hook, bench.measure("webhook: id set, per id", take_set), rows]


def _count_ids(bench: Bench) -> int:
    return len(bench.vendors.brightpearl["products"])


def _change_levels(bench: Bench, *, quantity: int, together: bool) -> None:
    erp = bench.vendors.brightpearl
    levels = {str(number): quantity + number % 7 for number in erp["products"]}
    bench.vendors.control(
        "brightpearl",
        "set-stocks",
        levels=levels,
        warehouse=erp["warehouses"][0],
        together=together,
    )


def _measure_orders(bench: Bench, folder: Path, orders: int) -> list[Sample]:
    """Sales of two lines, paid by card, of nobody in particular."""
    bench.work_off("stock")
    services, tills = bench.product.services, bench.vendors.square
    record = str(bench.vendors.brightpearl["products"][0])
    [row] = services.log.read_rows([RowName(consumer=CONSUMER, flow=PRODUCTS, record=record)])
    variation = row.target_id if row is not None else None
    location = next(iter(tills["location_ids"]))
    sale = {"location": location, "lines": [[variation, 1], [variation, 2]]}
    bench.vendors.control("square", "sell-many", times=orders, sale=sale)
    deliveries = bench.vendors.take_webhooks("square")
    hook = _measure_webhooks(bench, "webhook: one order (Square)", deliveries, folder)
    return [hook, bench.measure("row: order, new", lambda: bench.work_off("records"))]


def _measure_webhooks(
    bench: Bench, label: str, deliveries: Sequence[dict[str, Any]], folder: Path
) -> Sample:
    body = deliveries[0]["body"].encode()
    floor_ms = webhook_floor_ms(folder, body)
    for file in folder.glob("floor-*"):
        file.unlink()
    bench.take(deliveries[:WARM_UP])
    return bench.measure(label, lambda: bench.take(deliveries[WARM_UP:]), floor_ms=floor_ms)


def _refuse_unsynced(product: Product) -> None:
    """Figures of rows that failed would be figures of something else."""
    for one in product.services.log.count_now(CONSUMER):
        if one.status.value != "Synced" and one.count and one.flow != STOCK:
            raise BenchError(f"{one.count} rows of {one.flow} are {one.status.value}, not Synced")
    if not any(one.flow == ORDERS for one in product.services.log.count_now(CONSUMER)):
        raise BenchError("no order was synced")


def _sheet_of(samples: Sequence[Sample]) -> Sheet:
    return Sheet(
        title="Cost of one webhook and of one synced row (warm, batches as the workers take them)",
        columns=(
            "work",
            "count",
            "port calls",
            "table calls",
            "AWS requests",
            "vendor calls",
            "CPU ms",
            "floor ms",
            "x floor",
        ),
        rows=[_row_of(sample) for sample in samples],
        notes=(
            "AWS requests: what DynamoDB and SQS would see (README of the stores); receiving and"
            " deleting messages is Lambda's.",
            "CPU: of this process, the vendors run in another. Floor: signature, JSON, one row and"
            " one message written by hand.",
        ),
    )


def _row_of(sample: Sample) -> dict[str, Any]:
    count = max(1, sample.count)
    cpu_ms = sample.cpu_ms / count
    return {
        "work": sample.label,
        "count": sample.count,
        "port calls": sum(sample.ports.values()) / count,
        "table calls": sum(sample.tables.values()) / count,
        "AWS requests": sample.requests / count,
        "vendor calls": sum(sample.vendor_calls.values()) / count,
        "CPU ms": cpu_ms,
        "floor ms": sample.floor_ms,
        "x floor": cpu_ms / sample.floor_ms if sample.floor_ms else None,
    }


def _details_of(samples: Sequence[Sample]) -> Sheet:
    kinds = ("ports", "tables", "vendor_calls")
    rows = [
        {"work": sample.label, "of": kind.replace("_", " "), "calls per unit": told}
        for sample in samples
        for kind in kinds
        if (told := _per_unit(getattr(sample, kind), sample.count))
    ]
    return Sheet(title="The calls behind it", columns=("work", "of", "calls per unit"), rows=rows)


def _per_unit(calls: Counter[str], count: int) -> str:
    return ", ".join(f"{call} {number / max(1, count):.2f}" for call, number in calls.most_common())
