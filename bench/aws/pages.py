"""A page of the log on DynamoDB Local as the log grows: requests, units and time stay, or not."""

import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from random import Random
from types import SimpleNamespace
from typing import Any

from bench.aws.world import make_clients
from bench.errors import BenchError
from bench.filling import fill_items
from bench.pages import FLAT, ONE_KIND, QUESTIONS, ROWS_OF_A_PAGE, WARM_UP
from bench.sheet import Sheet
from chalicelib import wiring
from chalicelib.domain.ports import SyncLog
from chalicelib.store.dynamo import DynamoTable
from chalicelib.store.sync_log import TableSyncLog
from chalicelib.store.table import put
from local.aws.dynamodb_local import running
from local.aws.metering import Bill, Meter
from local.aws.tables import read_definition

#: Searching needs the words of the stream reader: several writes for each row that is filled in.
ASKED = {name: ask for name, ask in QUESTIONS.items() if not name.startswith("search")}
SAME = 1.05  #: units may differ by a half where the smallest log ends on the page
WRITERS = 2  #: more make DynamoDB Local no faster
PATIENCE = 10  #: tries of a request: while a log is filled, DynamoDB Local pauses for seconds
TOGETHER = 1000


@dataclass(frozen=True, kw_only=True)
class Log:
    """A filled log and the meter of its client."""

    rows: int
    log: SyncLog
    meter: Meter
    second_page: str
    filled_s: float


def measure_local_pages(*, sizes: Sequence[int], rounds: int) -> list[Sheet]:
    """Fill a log of each size and ask for its pages, the sizes in turn.

    Args:
        rounds: how often each page is asked for; the median counts.
    """
    with ExitStack() as stack:
        endpoint = stack.enter_context(running())
        threads = stack.enter_context(ThreadPoolExecutor(wiring.THREADS))
        logs = [_open(endpoint, threads, rows) for rows in sizes]
        found = {name: _ask(name, logs, rounds) for name in ASKED}
    rows = [
        _row(name, log, median_ms, bill, asked[0])
        for name, asked in found.items()
        for log, (median_ms, bill) in zip(logs, asked, strict=True)
    ]
    filled = ", ".join(f"{log.rows:,} rows in {log.filled_s:.0f} s" for log in logs)
    return [
        Sheet(
            title="A page of the log on DynamoDB Local",
            columns=("page", "rows", "requests", "read units", "ms", "x smallest", "verdict"),
            rows=rows,
            notes=(
                f"{ROWS_OF_A_PAGE} rows a page, medians of {rounds}; flat: the same requests and"
                f" units, at most {FLAT} times the smallest log's time. Filled: {filled}.",
                "Times are those of DynamoDB Local on this machine, not of DynamoDB.",
            ),
        )
    ]


def _open(endpoint: str, threads: ThreadPoolExecutor, rows: int) -> Log:
    client = make_clients(endpoint_url=endpoint, attempts=PATIENCE)._make("dynamodb")
    table = DynamoTable(client, _create_log(client, rows), wiring.utc_now, threads)
    log = TableSyncLog(table=table, vault=None, retention=timedelta(days=30))  # type: ignore[arg-type]
    started = time.perf_counter()
    _fill(table, log, rows)
    filled_s = time.perf_counter() - started
    first = log.list_rows(ONE_KIND, limit=ROWS_OF_A_PAGE)
    if first.next is None:
        raise BenchError(f"{rows} rows have no second page")
    meter = Meter()
    meter.watch(client)
    return Log(rows=rows, log=log, meter=meter, second_page=first.next, filled_s=filled_s)


def _create_log(client: Any, rows: int) -> str:
    """Create the log table alone, without its stream: DynamoDB Local would keep that in memory."""
    parameters = dict(read_definition(f"bench-{rows}")["LogTable"])
    parameters.pop("StreamSpecification")
    name: str = client.create_table(**parameters)["TableDescription"]["TableName"]
    return name


def _fill(table: DynamoTable, log: SyncLog, rows: int) -> None:
    """Write the items of the store's own making in batches, several at a time."""
    alone = DynamoTable(table.client, table.name, table.now)
    items = fill_items(SimpleNamespace(log=log, log_table=table), rows)

    def write(batch: Sequence[Any]) -> None:
        alone.write_many([put(item) for item in batch])

    with ThreadPoolExecutor(WRITERS) as writers:
        while batches := [b for _ in range(WRITERS) if (b := list(islice(items, TOGETHER)))]:
            list(writers.map(write, batches))


def _ask(name: str, logs: Sequence[Log], rounds: int) -> list[tuple[float, Bill]]:
    """Return the median milliseconds of a page of each log, and the bill of one page."""
    times: list[list[float]] = [[] for _ in logs]
    bills: list[Bill] = []
    for number in range(WARM_UP + rounds):
        for log, spent in zip(logs, times, strict=True):
            with log.meter.measuring() as bill:
                started = time.perf_counter()
                page = ASKED[name](log, Random(1))  # type: ignore[arg-type]
                spent.append((time.perf_counter() - started) * 1000)
            if len(page.items) != ROWS_OF_A_PAGE:
                raise BenchError(f"a page of {log.rows} rows has {len(page.items)}")
            if number == 0:
                bills.append(bill)
    medians = (statistics.median(spent[WARM_UP:]) for spent in times)
    return list(zip(medians, bills, strict=True))


def _row(
    name: str, log: Log, median_ms: float, bill: Bill, smallest: tuple[float, Bill]
) -> dict[str, Any]:
    ratio = median_ms / smallest[0]
    least = smallest[1]
    same = bill.requests == least.requests and bill.read_units <= SAME * least.read_units
    return {
        "page": name,
        "rows": log.rows,
        "requests": bill.requests.total(),
        "read units": bill.read_units,
        "ms": median_ms,
        "x smallest": ratio,
        "verdict": "flat" if same and ratio <= FLAT else "NOT FLAT",
    }
