"""Calls and capacity units of a webhook, a synced row, a poll and a minute, on the stand-ins."""

import io
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any

from bench.aws.gauge import Sample, Side, measure
from bench.aws.stored import Stored, read_stored
from bench.aws.ticks import play_ticks
from bench.aws.world import open_world
from bench.merchant import ORDERS, PRODUCTS, set_up
from bench.sheet import Sheet
from bench.story import Story, refuse_unsynced
from bench.vendors import running_vendors
from local.aws.dynamodb_local import running

UNITS = {"": "table", "list": "`list`", "wait": "`wait`"}


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Every piece of the story, and what lies in the log at its end."""

    samples: Sequence[Sample]
    stored: Mapping[str, Stored]
    metrics: int  #: of CloudWatch, each name with each set of values


@cache
def measure_work(products: int, orders: int, alone: int) -> Measured:
    """Let the merchant live the story on the stand-ins, once a process."""
    with (
        running() as endpoint,
        running_vendors(products=products, hold_webhooks=True) as vendors,
        open_world(endpoint) as world,
        redirect_stdout(io.StringIO()),  # log lines of what is not measured
    ):
        set_up(world.services, vendors)
        story = Story(
            services=world.services,
            vendors=vendors,
            orders=orders,
            work_off=world.work_off,
            take_one=world.take_one,
            alone=alone,
        )
        pieces = chain(story.play(), play_ticks(world, products=products))
        samples = [measure(piece, world, vendors) for piece in pieces]
        world.follow()
        refuse_unsynced(world.services, (PRODUCTS, ORDERS))
        return Measured(
            samples=samples,
            stored=read_stored(world.client, world.tables.log),
            metrics=len(frozenset().union(*(sample.metrics for sample in samples))),
        )


def sheets_of(measured: Measured) -> list[Sheet]:
    """Return the tables of what was measured."""
    return [
        _calls_sheet(measured.samples),
        _units_sheet(measured.samples),
        _stored_sheet(measured.stored),
    ]


def _calls_sheet(samples: Sequence[Sample]) -> Sheet:
    return Sheet(
        title="What AWS is asked for each webhook, synced row, poll and minute",
        columns=(
            "work", "count", "calls", "waits", "writes w", "reads r", "stream calls", "stream w",
            "vendor calls", "runs", "log bytes", "bytes out", "CPU ms",
        ),
        rows=[_calls_row(sample) for sample in samples if sample.count],
        notes=(
            "calls: of DynamoDB, SQS and KMS by our functions; Lambda's own receives and deletes"
            " apart. waits: calls under way together count once.",
            "w, r: write and read units, counted by DynamoDB Local. stream: the function that"
            " follows the table's changes. runs: of all functions.",
            "alone: one message a batch, as on a quiet day; all other rows in full batches (10;"
            " stock 100). CPU: with that of the stand-ins for queues and keys.",
        ),
    )  # fmt: skip


def _calls_row(one: Sample) -> dict[str, Any]:
    count = one.count
    return {
        "work": one.label,
        "count": one.count,
        "calls": one.own.requests.total() / count,
        "waits": one.own.bursts / count,
        "writes w": one.own.sum_units("write") / count,
        "reads r": one.own.sum_units("read") / count,
        "stream calls": one.follow.requests.total() / count,
        "stream w": one.follow.sum_units("write") / count,
        "vendor calls": one.vendor_calls / count,
        "runs": one.invocations.total() / count,
        "log bytes": one.log_bytes / count,
        "bytes out": one.bytes_out / count,
        "CPU ms": one.own.cpu_ms / count,
    }


def _units_sheet(samples: Sequence[Sample]) -> Sheet:
    rows = [
        {"work": one.label, "by": by, "what": what, "units": told}
        for one in samples
        if one.count
        for by, side in (("functions", one.own), ("stream", one.follow))
        for what in ("write", "read")
        if (told := _units_told(side, what, one.count))
    ]
    return Sheet(title="The units behind it", columns=("work", "by", "what", "units"), rows=rows)


def _units_told(side: Side, what: str, count: int) -> str:
    lines = sorted(
        ((units / max(1, count), kind, index) for (kind, one, index), units in side.units.items()
         if one == what),
        reverse=True,
    )  # fmt: skip
    return ", ".join(
        f"{kind}{' ' + index if index else ''} {units:.2f}" for units, kind, index in lines
    )


def _stored_sheet(stored: Mapping[str, Stored]) -> Sheet:
    rows = [
        {
            "item": kind,
            "items": one.items,
            "bytes": one.bytes / one.items,
            "largest": one.largest,
            "billed bytes": one.billed_bytes / one.items,
        }
        for kind, one in sorted(stored.items(), key=lambda pair: -pair[1].billed_bytes)
    ]
    return Sheet(
        title="What lies in the log table afterwards",
        columns=("item", "items", "bytes", "largest", "billed bytes"),
        rows=rows,
        notes=("billed: with DynamoDB's 100 bytes an item, and the entries in both indexes.",),
    )
