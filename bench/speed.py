"""Stock changes a second, end to end on one machine: webhook in, counted at Square, row Synced."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.errors import BenchError
from bench.merchant import CONSUMER, PRODUCTS, STOCK, set_up
from bench.sheet import Sheet
from bench.vendors import Vendors, running_vendors
from chalicelib.domain.protocol import Request
from chalicelib.domain.rows import RowName
from chalicelib.domain.statuses import Kind, Status
from chalicelib.flows.door import request_many
from chalicelib.flows.services import Services
from local.run import Running, running

WANTED, AIMED = 200, 1000  #: changes a second
GIVE_UP_S = 300
LOOK_EVERY_S = 0.02
ENVIRONMENT = {"SYNCLOG_ALLOW_PRIVATE_HOSTS": "yes", "SYNCLOG_LOG_LEVEL": "WARNING"}


@dataclass(frozen=True, kw_only=True)
class Round:
    """One round: every product's level changed once."""

    changes: int
    seconds: float
    cpu_s: float  #: of the product's process


def measure_speed(folder: Path, *, products: int, rounds: int) -> list[Sheet]:
    """Let all levels change, again and again, and time until all rows are Synced."""
    with (
        running_vendors(products=products, hold_webhooks=False) as vendors,
        running(ENVIRONMENT, folder=folder) as product,
    ):
        set_up(product.services, vendors)
        goods = _sync_everything(product.services, vendors)
        rows = []
        for label, together in (("a webhook for each change", False), ("id sets", True)):
            _play(product, vendors, goods, level=1000, together=together)  # warm-up
            played = [
                _play(product, vendors, goods, level=2000 + 100 * number, together=together)
                for number in range(rounds)
            ]
            rows.append(_row_of(label, played))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    notes = (
        f"{len(goods)} products, 3 locations, {cores} cores shared with the vendors; rate limits"
        f" off. Wanted: {WANTED}/s; the aim: {AIMED}/s.",
        "Load of the machine while measuring (1 minute): "
        + (f"{os.getloadavg()[0]:.1f}." if hasattr(os, "getloadavg") else "unknown."),
    )
    columns = ("changes told by", "changes", "per second", "CPU ms a change", "verdict")
    title = "Stock changes end to end (webhook in, counted at Square, row Synced)"
    return [Sheet(title=title, columns=columns, rows=rows, notes=notes)]


def _row_of(label: str, played: list[Round]) -> dict[str, object]:
    rate = median(one.changes / one.seconds for one in played)
    return {
        "changes told by": label,
        "changes": sum(one.changes for one in played),
        "per second": rate,
        "CPU ms a change": median(one.cpu_s / one.changes for one in played) * 1000,
        "verdict": "as aimed" if rate >= AIMED else "as wanted" if rate >= WANTED else "TOO SLOW",
    }


def _sync_everything(services: Services, vendors: Vendors) -> list[str]:
    """Bring all products and their first counts to Square; returns the products with stock."""
    every = [str(number) for number in vendors.brightpearl["products"]]
    asked = [
        Request(
            name=RowName(consumer=CONSUMER, flow=PRODUCTS, record=one),
            kind=Kind.PRODUCT,
            by="bench",
        )
        for one in every
    ]
    request_many(services, asked)
    _wait(lambda: _synced(services, PRODUCTS) == len(every), "products are not Synced")
    _wait(lambda: _synced(services, STOCK) == len(every), "first counts are not Synced")
    names = [RowName(consumer=CONSUMER, flow=STOCK, record=one) for one in every]
    rows = services.log.read_rows(names)
    return [row.name.record for row in rows if row is not None and row.columns.get("locations")]


def _play(
    product: Running, vendors: Vendors, goods: list[str], *, level: int, together: bool
) -> Round:
    """Change every level once, and wait until Square holds them and every row is Synced."""
    erp, tills = vendors.brightpearl, vendors.square
    warehouse, location = erp["warehouses"][0], next(iter(tills["location_ids"].values()))
    levels = {one: level + number % 10 for number, one in enumerate(goods)}
    total = str(sum(levels.values()))
    started, cpu = time.perf_counter(), time.process_time()
    vendors.control(
        "brightpearl", "set-stocks", levels=levels, warehouse=warehouse, together=together
    )
    _wait(
        lambda: _all_synced(product.services) and _total_at(vendors, location) == total,
        "changes are not Synced",
    )
    return Round(
        changes=len(levels),
        seconds=time.perf_counter() - started,
        cpu_s=time.process_time() - cpu,
    )


def _all_synced(services: Services) -> bool:
    found = services.log.count_now(CONSUMER)
    return all(one.status is Status.SYNCED for one in found if one.count)


def _total_at(vendors: Vendors, location: str) -> str:
    answer = vendors.control("square", "stock-sum", location=location)
    return str(answer["sum"])


def _synced(services: Services, flow: str) -> int:
    found = services.log.count_now(CONSUMER)
    return sum(one.count for one in found if one.flow == flow and one.status is Status.SYNCED)


def _wait(is_done: Callable[[], bool], otherwise: str) -> None:
    until = time.monotonic() + GIVE_UP_S
    while not is_done():
        if time.monotonic() > until:
            raise BenchError(f"after {GIVE_UP_S} s {otherwise}")
        time.sleep(LOOK_EVERY_S)
