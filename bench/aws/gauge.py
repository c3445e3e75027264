"""What one piece of work asked of AWS and of the vendors, in all."""

import io
import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass

from bench.aws.ledger import Ledger, Line
from bench.aws.world import World
from bench.story import Piece
from bench.vendors import Vendors
from local.aws.metering import Bill

LINE_EXTRA_BYTES = 26  #: what CloudWatch adds to the size of every event


@dataclass(frozen=True, kw_only=True)
class Side:
    """What was asked of AWS by functions of one sort."""

    requests: Counter[str]  #: by operation
    units: dict[Line, float]  #: by kind of item
    bursts: int  #: waits: requests under way together are one
    cpu_ms: float

    def sum_units(self, side: str) -> float:
        """Return units of all kinds, ``read`` or ``write``."""
        return sum(units for (_, one, _), units in self.units.items() if one == side)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What one kind of work took."""

    label: str
    count: int  #: webhooks, rows, polls or ticks
    own: Side  #: of the functions that do the work
    follow: Side  #: of the reader of the stream
    invocations: Counter[str]
    stream_records: int
    vendor_calls: int
    bytes_out: int  #: sent to vendors
    log_bytes: int  #: lines of ours, as CloudWatch counts them
    metrics: frozenset[str]  #: those that were told, each with its dimensions


def measure(piece: Piece, world: World, vendors: Vendors) -> Sample:
    """Do a piece of work and say what it took. Its log lines are counted, and not shown."""
    world.follow()
    vendors.take_calls()
    world.clear()
    said = io.StringIO()
    with (
        world.meter.measuring() as bill,
        world.follow_meter.measuring() as follow_bill,
        redirect_stdout(said),
    ):
        started = time.process_time()
        count = piece.work()
        cpu_ms = (time.process_time() - started) * 1000
    follow_ms = world.runs.follow_cpu_s * 1000
    lines = said.getvalue().splitlines()
    return Sample(
        label=piece.label,
        count=count,
        own=_side(bill, world.ledger, cpu_ms - follow_ms),
        follow=_side(follow_bill, world.follow_ledger, follow_ms),
        invocations=Counter(world.runs.invocations),
        stream_records=world.runs.stream_records,
        vendor_calls=vendors.take_calls().total(),
        bytes_out=world.runs.bytes_out,
        log_bytes=sum(len(line.encode()) + LINE_EXTRA_BYTES for line in lines),
        metrics=frozenset(name for line in lines for name in _metrics_in(line)),
    )


def _metrics_in(line: str) -> Iterator[str]:
    """Return the metrics that a line in CloudWatch's embedded format tells of."""
    said = json.loads(line) if line.startswith("{") else {}
    for directive in said.get("_aws", {}).get("CloudWatchMetrics", ()):
        for dimensions in directive["Dimensions"]:
            told = ",".join(f"{name}={said[name]}" for name in sorted(dimensions))
            yield from (f"{metric['Name']} {told}" for metric in directive["Metrics"])


def _side(bill: Bill, ledger: Ledger, cpu_ms: float) -> Side:
    units = dict(ledger.units)
    side = Side(requests=Counter(bill.requests), units=units, bursts=ledger.bursts, cpu_ms=cpu_ms)
    if rest := bill.write_units - side.sum_units("write"):
        kinds = [kind for operation, kind in ledger.requests if operation == "TransactWriteItems"]
        units[f"{kinds[0] if kinds else 'other'}, in transactions", "write", ""] = rest
    return side
