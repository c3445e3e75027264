"""What a merchant of the simulations does in a busy hour, and what a batch of its rows takes."""

from collections.abc import Mapping

from bench.merchant import ORDERS, PRODUCTS, STOCK
from bench.scale.published import REQUEST_CPU_S, VENDOR_CALL_S
from chalicelib.flows.catalog import FLOWS

CONSUMERS = 10_000
#: Changes of one merchant in its busiest hour: 100 sales, 270 levels and 30 products a day, a
#: seventh of them in that hour. Assumed; the figures grow and shrink with it.
BUSY_HOUR: Mapping[str, float] = {ORDERS: 15, STOCK: 40, PRODUCTS: 4}

# ``python -m bench --only costs``: CPU of a row, without boto3; AWS requests of a row.
ROW_CPU_S: Mapping[str, float] = {ORDERS: 0.0079, STOCK: 0.0007, PRODUCTS: 0.0018}
ROW_REQUESTS: Mapping[str, float] = {ORDERS: 4.7, STOCK: 2.3, PRODUCTS: 4.2}
#: Lambda, "Memory": 1,769 MB are one processor; all functions but the API have 512 MB.
PROCESSORS = 512 / 1769


def vendor_calls(flow: str, rows: int) -> tuple[int, int]:
    """Return the calls a batch makes at source and target, as ``python -m bench`` counts them.

    An order makes seven calls of its own at Brightpearl; the others are as the flow declares.
    """
    if flow == ORDERS:
        return 1, 1 + 7 * rows
    return FLOWS[flow].calls(rows)


def wait_s(flow: str, rows: int) -> float:
    """Return how long a group of rows waits for its vendors: its calls are one after another."""
    return sum(vendor_calls(flow, rows)) * VENDOR_CALL_S


def cpu_s(flow: str, rows: int) -> float:
    """Return the time a worker's processor needs for rows, boto3's share included."""
    return rows * (ROW_CPU_S[flow] + ROW_REQUESTS[flow] * REQUEST_CPU_S) / PROCESSORS
