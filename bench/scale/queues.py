"""The queues under ten thousand merchants and a noisy one, as tables; see ``dwell``."""

from typing import Any

from bench.scale.dwell import NOISY_ROWS, Scene, Simulation
from bench.scale.load import CONSUMERS
from bench.sheet import Sheet
from chalicelib.triggers.batches import THREADS

MANY = 80_000  #: merchants, so that no worker ever waits
SATURATED_S = 30


def measure_dwell(*, seconds: int = 120) -> list[Sheet]:
    """Play both queues alone, under noise, and with fair queues; with more and more workers."""
    return [
        _sheet_of("stock", (10, 30, 50), seconds),
        _sheet_of("records", (10, 20, 50), seconds),
        _threads_of(seconds),
        _consumers_of(),
    ]


def _sheet_of(queue: str, workers: tuple[int, ...], seconds: int) -> Sheet:
    rows = [_row_of(queue, count, seconds) for count in workers]
    return Sheet(
        title=f"Queue {queue}: seconds a quiet merchant's message waits, {CONSUMERS} merchants in"
        " their busy hour, one with 1000 changes a second",
        columns=tuple(rows[0]),
        rows=rows,
        notes=(
            f"{seconds} s from an empty queue; {NOISY_ROWS} rows of the noisy merchant; its vendor"
            " allows everything. Waiting: quiet messages left at the end, with fair queues.",
        ),
    )


def _row_of(queue: str, workers: int, seconds: int) -> dict[str, Any]:
    alone, mixed, fair = (
        Simulation(
            Scene(queue=queue, workers=workers, fair=is_fair, noisy_a_s=rate, seconds=seconds)
        ).run()
        for is_fair, rate in ((True, 0.0), (False, 1000.0), (True, 1000.0))
    )
    return {
        "workers": workers,
        "alone p50": alone.quantile_s(0.5),
        "alone p99": alone.quantile_s(0.99),
        "no groups p50": mixed.quantile_s(0.5),
        "no groups p99": mixed.quantile_s(0.99),
        "fair p50": fair.quantile_s(0.5),
        "fair p99": fair.quantile_s(0.99),
        "quiet synced/s": len(fair.quiet_s) / seconds,
        "noisy synced/s": len(fair.noisy_s) / seconds,
        "given back/s": fair.given_back / seconds,
        "waiting": fair.waiting,
    }


def _threads_of(seconds: int) -> Sheet:
    """Stock of many merchants in one batch: each is a group of its own, and groups take threads."""
    rows = []
    for threads in (10, THREADS, 100):
        for workers in (10, 30):
            scene = Scene(
                queue="stock", workers=workers, fair=True, threads=threads, seconds=seconds
            )
            played = Simulation(scene).run()
            rows.append(
                {
                    "threads": threads,
                    "workers": workers,
                    "p50": played.quantile_s(0.5),
                    "p99": played.quantile_s(0.99),
                    "waiting": played.waiting,
                    "carries rows/s": most_a_second("stock", workers, threads),
                }
            )
    return Sheet(
        title=f"Queue stock, {CONSUMERS} merchants without noise, by threads of a worker",
        columns=tuple(rows[0]),
        rows=rows,
        notes=("Seconds a message waits until its group is begun.",),
    )


def _consumers_of() -> Sheet:
    """What the workers get done when there is always more, and how many merchants that is."""
    rows = []
    for queue in ("records", "stock"):
        for workers in (10, 20, 40):
            rate = most_a_second(queue, workers)
            a_merchant = sum(Scene(queue=queue, workers=1, fair=True, consumers=1).flows.values())
            rows.append(
                {
                    "queue": queue,
                    "workers": workers,
                    "rows/s": rate,
                    "merchants": float(round(rate / a_merchant, -2)),
                }
            )
    return Sheet(
        title="What a queue's workers carry: rows a second, merchants in their busy hour",
        columns=tuple(rows[0]),
        rows=rows,
    )


def most_a_second(queue: str, workers: int, threads: int = THREADS) -> float:
    """Return the rows a second that workers get done of many merchants' when none ever waits."""
    scene = Scene(
        queue=queue,
        workers=workers,
        fair=True,
        consumers=MANY,
        threads=threads,
        seconds=SATURATED_S,
    )
    return len(Simulation(scene).run().quiet_s) / SATURATED_S
