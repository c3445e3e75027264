"""Fills a sync log with rows as their life would have left them, quickly.

One row of each flow and status lives its life through the store; the others are copies of its item
with their own name, times, ids and columns, written through the same table with the same
consequences (counts, groups, search words). Attempts and exchanges are left out.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from bench.errors import BenchError
from bench.merchant import CONSUMER, ORDERS, PRODUCTS, STOCK
from chalicelib.domain.closings import finish
from chalicelib.domain.protocol import Request, claim, request
from chalicelib.domain.reasons import Reason
from chalicelib.domain.rows import RowName
from chalicelib.domain.statuses import Kind, Outcome, Status
from chalicelib.domain.writes import RowWrite
from chalicelib.store import keys
from chalicelib.store.table import Item, put
from local.sqlite.stores import Stores

#: Newest row of every log; each further one is a second older.
NEWEST = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
TOGETHER = 2000
KINDS = {PRODUCTS: Kind.PRODUCT, STOCK: Kind.STOCK, ORDERS: Kind.ORDER}
ENDINGS: Mapping[str, Mapping[str, Any]] = {
    "synced": {
        "status": Status.SYNCED,
        "reason": None,
        "outcome": Outcome.UPDATED,
        "target_id": "template",
        "synced_at": NEWEST,
        "sent_hash": "0" * 32,
        "record_hash": "0" * 32,
        "code": 200,
    },
    "failed": {
        "status": Status.FAILED,
        "reason": Reason.REJECTED_BY_TARGET,
        "detail": "Square does not take a name of 520 characters: 512 are the most.",
        "fingerprint": "template",
        "failed_at": NEWEST,
        "code": 400,
    },
    "held": {
        "status": Status.PENDING,
        "reason": Reason.NEEDS_MAPPING,
        "detail": "The category Shirts has no Square category yet.",
        "cause": f"mapping:{PRODUCTS}:category:Shirts",
    },
}
#: Of ten rows, so that even a thousand rows hold a page of each list.
SHARES = ("synced",) * 7 + ("failed",) * 2 + ("held",)
GROUPS = 20  #: different failures


def fill(stores: Stores, rows: int) -> None:
    """Write so many rows of one consumer: a third of each kind."""
    items = fill_items(stores, rows)
    while batch := list(islice(items, TOGETHER)):
        stores.log_table.write_many([put(item) for item in batch])


def fill_items(stores: Any, rows: int) -> Iterator[Item]:
    """Yield the items of so many rows, for others to write; templates are written at once.

    Args:
        stores: a log and its table: of SQLite, or of any other store.
    """
    templates = {
        (flow, ending): _live(stores, flow, ending) for flow in KINDS for ending in ENDINGS
    }
    return (_copy(templates, number) for number in range(rows))


def sku_of(number: int) -> str:
    """Return the SKU of a row; a hundred begin alike without the last two digits."""
    return f"LIN-{number:07d}"


def _live(stores: Any, flow: str, ending: str) -> Item:
    """Let one row live its life; it belongs to a consumer that nobody lists."""
    name = RowName(consumer="template", flow=flow, record=ending)
    asked = Request(name=name, kind=KINDS[flow], by="webhook", columns=_columns(0, flow))
    _write(stores, request(asked, NEWEST))
    deadline = NEWEST + timedelta(seconds=60)
    row = _write(stores, claim(name, lease_id="l" * 20, deadline=deadline, settle_s=60, now=NEWEST))
    _write(stores, finish(row, dict(ENDINGS[ending]), NEWEST))
    [item] = stores.log_table.get_many([keys.row_key(name)])
    if item is None:
        raise BenchError("a template row was not written")
    return item


def _write(stores: Any, write: RowWrite) -> Any:
    [written] = stores.log.write_rows([write])
    if written.row is None or written.tag is None:
        raise BenchError("a template row was refused")
    return written.row


def _columns(number: int, flow: str) -> dict[str, Any]:
    if flow == ORDERS:
        return {
            "order_id": f"SALE{number:08d}",
            "target_order_id": str(5_000_000 + number),
            "total": {"amount": "58.71", "currency": "GBP"},
            "source": "Square",
        }
    columns: dict[str, Any] = {"name": f"Linen shirt {number}", "sku": sku_of(number)}
    if flow == PRODUCTS:
        return {**columns, "source": "Brightpearl"}
    return {**columns, "quantity": "12", "locations": []}


def _copy(templates: Mapping[tuple[str, str], Item], number: int) -> dict[str, Any]:
    """Return the item of a row: number 0 is the newest."""
    flow = tuple(KINDS)[number % 3]
    ending = SHARES[number // 3 % len(SHARES)]
    item = dict(templates[flow, ending])
    name = RowName(consumer=CONSUMER, flow=flow, record=f"{number:08d}")
    at = keys.time_text(NEWEST - timedelta(seconds=number))
    item["pk"] = keys.row_pk(name)
    item["lp"] = keys.list_pk(CONSUMER, name.lane, item["lp"].rsplit("|", 2)[1], 0)
    item["ls"] = keys.list_sort(at, name.record)
    item["co"] = _columns(number, flow)
    item |= {short: at for short in ("ra", "qa", "ua", "la", "sa", "fa") if short in item}
    if "ti" in item:
        item["ti"] = f"T{number:012d}"
    item |= dict(_waits(item, name, at, number))
    return item


def _waits(item: Item, name: RowName, at: str, number: int) -> Iterator[tuple[str, str]]:
    if "fp" in item:
        fingerprint = f"{number % GROUPS:032d}"
        yield "fp", fingerprint
        yield "wp", keys.group_pk(CONSUMER, fingerprint)
    elif "ca" in item:
        yield "wp", keys.cause_pk(CONSUMER, item["ca"])
    if "wp" in item:
        yield "ws", keys.wait_sort(at, name)
