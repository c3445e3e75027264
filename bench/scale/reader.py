"""How fast the stream is read: decoding and counting measured here, its writes reckoned."""

import time
from typing import Any

from bench.scale.heat import CASES, STREAM_BATCH, Case, change, is_followed, prepare
from bench.scale.load import PROCESSORS
from bench.scale.metering import requests_of
from bench.scale.published import PARTITION_WRITES_A_S, REQUEST_CPU_S, REQUEST_S
from bench.scale.world import open_world
from bench.sheet import Sheet
from chalicelib.store.stream import Pair, follow
from chalicelib.store.wire import Wire, item_from_wire, item_to_wire

INVOKED_S = 0.02  #: Lambda's own time from one batch to the next; assumed

WirePair = tuple[Wire | None, Wire | None]


def measure_reader(*, rows: int = 3000) -> list[Sheet]:
    """Read what the changes of some rows leave in the stream, in batches as the reader gets."""
    told = [_row_of(case, rows) for case in CASES]
    return [
        Sheet(
            title="What one reader of the stream carries (one a partition of the table)",
            columns=tuple(told[0]),
            rows=told,
            notes=(
                f"Decoding and counting measured here, at {PROCESSORS:.2f} of a processor;"
                f" {REQUEST_S * 1000:.0f} ms or {REQUEST_CPU_S * 1000:.1f} ms of CPU a request."
                f" A partition writes at most {PARTITION_WRITES_A_S} records a second.",
            ),
        )
    ]


def _row_of(case: Case, rows: int) -> dict[str, Any]:
    pairs = _pairs_of(case, rows)
    batches = [pairs[at : at + STREAM_BATCH] for at in range(0, len(pairs), STREAM_BATCH)]
    wires = [[_to_wire(pair) for pair in batch] for batch in batches]
    started = time.process_time()
    writes = sum(
        requests_of(follow([_from_wire(one) for one in batch], batch=f"{number:021d}"))
        for number, batch in enumerate(wires)
    )
    cpu_s = time.process_time() - started
    return {"change": case.label, **carried(len(pairs), len(batches), writes, cpu_s, rows)}


def carried(records: int, batches: int, writes: int, cpu_s: float, rows: int) -> dict[str, float]:
    """Return what a reader carries, from what some batches took."""
    writing_s = max(batches * REQUEST_S, writes * REQUEST_CPU_S / PROCESSORS)
    seconds = cpu_s / PROCESSORS + writing_s + batches * INVOKED_S
    return {
        "records a change": records / rows,
        "CPU us a record": cpu_s / records * 1e6,
        "requests a batch": writes / batches,
        "ms a batch": seconds / batches * 1000,
        "records/s": records / seconds,
        "changes/s": rows / seconds,
    }


def _pairs_of(case: Case, rows: int) -> list[Pair]:
    records = [str(number) for number in range(rows)]
    with open_world() as world:
        prepare(world, case, records)
        world.heat.pairs.clear()
        change(world, case.flow, records)
        return [pair for pair in world.heat.pairs if is_followed(pair)]


def _to_wire(pair: Pair) -> WirePair:
    before, after = pair
    return (
        item_to_wire(before) if before is not None else None,
        item_to_wire(after) if after is not None else None,
    )


def _from_wire(pair: WirePair) -> Pair:
    before, after = pair
    return (
        item_from_wire(before) if before is not None else None,
        item_from_wire(after) if after is not None else None,
    )
