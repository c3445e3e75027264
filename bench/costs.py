"""What a webhook and a synced row cost: port calls, table calls, vendor calls, CPU."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bench.floor import webhook_floor_ms
from bench.merchant import ORDERS, PRODUCTS, set_up
from bench.product import Product, open_product, work_off
from bench.sheet import Sheet
from bench.story import Piece, Story, refuse_unsynced, take_webhook
from bench.vendors import Vendors, running_vendors


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


def measure_costs(folder: Path, *, products: int, orders: int) -> list[Sheet]:
    """Return the cost of each kind of work, and the calls it is made of."""
    with (
        running_vendors(products=products, hold_webhooks=True) as vendors,
        open_product(folder) as product,
    ):
        services = product.services
        set_up(services, vendors)
        story = Story(
            services=services,
            vendors=vendors,
            orders=orders,
            work_off=partial(work_off, services),
            take_one=partial(take_webhook, services),
        )
        samples = [_measure(piece, product, vendors, folder) for piece in story.play()]
        refuse_unsynced(services, (PRODUCTS, ORDERS))
        return [_sheet_of(samples), _details_of(samples)]


def _measure(piece: Piece, product: Product, vendors: Vendors, folder: Path) -> Sample:
    """Do a piece of work and say what it cost."""
    floor_ms = None
    if piece.body is not None:
        floor_ms = webhook_floor_ms(folder, piece.body)
        for file in folder.glob("floor-*"):
            file.unlink()
    vendors.take_calls()
    tally = product.tally
    tally.clear()
    started = time.process_time()
    count = piece.work()
    return Sample(
        label=piece.label,
        count=count,
        cpu_ms=(time.process_time() - started) * 1000,
        ports=Counter(tally.ports),
        tables=Counter(tally.tables),
        requests=tally.requests,
        vendor_calls=vendors.take_calls(),
        floor_ms=floor_ms,
    )


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
