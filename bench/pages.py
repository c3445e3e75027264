"""The time of a page of the log as the log grows: flat, or not."""

import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from bench.counting import Tally, counted_table
from bench.errors import BenchError
from bench.filling import fill, sku_of
from bench.merchant import CONSUMER, ORDERS, PRODUCTS, STOCK
from bench.sheet import Sheet
from chalicelib.domain.log import Page, RowQuery
from chalicelib.domain.ports import SyncLog
from chalicelib.domain.rows import Row
from chalicelib.domain.statuses import Status
from chalicelib.wiring import utc_now
from local.sqlite.stores import build_log, open_stores

ROWS_OF_A_PAGE = 50
FLAT = 1.2  #: promised: the largest log may take so many times the smallest's time
WARM_UP = 10
ALL = RowQuery(consumer=CONSUMER, lanes=(PRODUCTS, STOCK, ORDERS))
ONE_KIND = RowQuery(consumer=CONSUMER, lanes=(PRODUCTS,))
FAILED = RowQuery(consumer=CONSUMER, lanes=(PRODUCTS,), statuses=(Status.FAILED,))


@dataclass(frozen=True, kw_only=True)
class Log:
    """A filled log, and what its table was asked."""

    rows: int
    log: SyncLog
    tally: Tally
    second_page: str  #: cursor
    filled_s: float


#: Asks for one page; a search begins elsewhere each time.
Question = Callable[[Log, Random], Page[Row]]


def _search(log: Log, random: Random) -> Page[Row]:
    hundreds = random.randrange(log.rows // 100)
    start = sku_of(hundreds * 100)[:-2].lower()
    query = RowQuery(consumer=CONSUMER, lanes=ALL.lanes, text=start)
    return log.log.list_rows(query, limit=ROWS_OF_A_PAGE)


QUESTIONS: dict[str, Question] = {
    "all kinds": lambda log, _: log.log.list_rows(ALL, limit=ROWS_OF_A_PAGE),
    "one kind": lambda log, _: log.log.list_rows(ONE_KIND, limit=ROWS_OF_A_PAGE),
    "one kind, second page": lambda log, _: log.log.list_rows(
        ONE_KIND, limit=ROWS_OF_A_PAGE, cursor=log.second_page
    ),
    "one kind, status=Failed": lambda log, _: log.log.list_rows(FAILED, limit=ROWS_OF_A_PAGE),
    "search by start of SKU": _search,
}


def measure_pages(folder: Path, *, sizes: Sequence[int], rounds: int) -> list[Sheet]:
    """Fill a log of each size and time its pages, the sizes in turn, so that none has better luck.

    Args:
        rounds: how often each page is asked for; the median counts.
    """
    with ExitStack() as stack:
        logs = [_open(stack, folder / f"log-{rows}", rows) for rows in sizes]
        found = {name: _time(question, logs, rounds) for name, question in QUESTIONS.items()}
    rows = [
        _row(name, log, median_ms, requests, times[0][0])
        for name, times in found.items()
        for log, (median_ms, requests) in zip(logs, times, strict=True)
    ]
    filled = ", ".join(f"{log.rows:,} rows in {log.filled_s:.0f} s" for log in logs)
    notes = (
        f"Medians of {rounds}, {ROWS_OF_A_PAGE} rows a page, on SQLite; flat: at most {FLAT} times"
        " the smallest log.",
        f"Filled: {filled}.",
    )
    columns = ("page", "rows", "ms", "requests", "x smallest", "verdict")
    return [Sheet(title="Time of a page of the log", columns=columns, rows=rows, notes=notes)]


def _open(stack: ExitStack, folder: Path, rows: int) -> Log:
    stores = open_stores(folder, now=utc_now)
    stack.callback(stores.close)
    started = time.perf_counter()
    fill(stores, rows)
    tally = Tally()
    log = build_log(counted_table(stores.log_table, "log", tally), stores.vault)
    first = log.list_rows(ONE_KIND, limit=ROWS_OF_A_PAGE)
    if first.next is None:
        raise BenchError(f"{rows} rows have no second page")
    filled_s = time.perf_counter() - started
    return Log(rows=rows, log=log, tally=tally, second_page=first.next, filled_s=filled_s)


def _time(question: Question, logs: Sequence[Log], rounds: int) -> list[tuple[float, float]]:
    """Return median milliseconds and requests of a page for each log."""
    random = Random(1)
    times: list[list[float]] = [[] for _ in logs]
    for number in range(WARM_UP + rounds):
        if number == WARM_UP:
            for log in logs:
                log.tally.clear()
        for log, spent in zip(logs, times, strict=True):
            started = time.perf_counter()
            page = question(log, random)
            spent.append((time.perf_counter() - started) * 1000)
            if len(page.items) != ROWS_OF_A_PAGE:
                raise BenchError(f"a page of {log.rows} rows has {len(page.items)}")
    return [
        (statistics.median(spent[WARM_UP:]), log.tally.requests / rounds)
        for log, spent in zip(logs, times, strict=True)
    ]


def _row(name: str, log: Log, median_ms: float, requests: float, smallest: float) -> dict[str, Any]:
    ratio = median_ms / smallest
    return {
        "page": name,
        "rows": log.rows,
        "ms": median_ms,
        "requests": requests,
        "x smallest": ratio,
        "verdict": "flat" if ratio <= FLAT else "NOT FLAT",
    }
