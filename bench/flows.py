"""Calls at both platforms that a row of each flow costs, alone and in full batches."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from statistics import mean
from typing import Any

from bench.day import Day
from bench.errors import BenchError
from bench.merchant import CONSUMER
from bench.sheet import Sheet
from bench.shops import Merchant, open_merchant
from bench.tracing import Worked
from chalicelib.domain.ports import QueueMessage
from chalicelib.domain.statuses import Status
from chalicelib.flows import dispatch
from chalicelib.flows.catalog import FLOWS
from chalicelib.flows.declare import Flow
from chalicelib.flows.engine import sync_batch
from chalicelib.flows.polls import run_poll
from chalicelib.flows.services import Services
from local.loops import BATCHES, CLAIM_S, VISIBILITY_S

ALONE = 3  #: rows of each flow that are worked one by one, each time there is something to do
LOOK_EVERY_S = 0.1
GIVE_UP_S = 60
TOGETHER = 10_000  #: messages that are taken at once


@dataclass
class Figures:
    """What was seen: batches of each flow, and calls and runs of its poll."""

    batches: dict[str, list[Worked]] = field(default_factory=lambda: defaultdict(list))
    poll_calls: Counter[str] = field(default_factory=Counter)
    polls: Counter[str] = field(default_factory=Counter)


def measure_flows(folder: Path, *, products: int, orders: int) -> list[Sheet]:
    """Let a merchant with all shops live through a day, and count the calls of every row."""
    with open_merchant(folder, products=products) as merchant:
        figures = live(merchant, orders=orders, changes=orders // 4)
        refuse_failed(merchant.services)
    return [rows_sheet(figures), batches_sheet(figures)]


def live(merchant: Merchant, *, orders: int, changes: int) -> Figures:
    """Begin with the goods, then sell, then change what was done; ask again at the end."""
    figures = Figures()
    merchant.traces.clear()
    _poll(merchant, figures)
    _work_off(merchant, figures)
    day = Day(merchant, orders=orders, changes=changes)
    for do in (day.open, day.go_on):
        do()
        _work_off(merchant, figures)
    _poll(merchant, figures)
    return figures


def refuse_failed(services: Services) -> None:
    """Refuse figures of rows that failed: they would be figures of something else."""
    for one in services.log.count_now(CONSUMER):
        if one.status is Status.FAILED and one.count:
            raise BenchError(f"{one.count} rows of {one.flow} failed")


def _poll(merchant: Merchant, figures: Figures) -> None:
    """Run every poll once; what it requests is worked by whoever comes next."""
    services, traces = merchant.services, merchant.traces
    for name in FLOWS:
        traces.others.clear()
        until = services.now() + timedelta(seconds=CLAIM_S)
        run_poll(services, CONSUMER, name, until=until)
        figures.poll_calls[name] += traces.others.total()
        figures.polls[name] += 1


def _work_off(merchant: Merchant, figures: Figures) -> None:
    """Take webhooks and messages until nothing is owed; each flow's rows in batches of its own."""
    services, until = merchant.services, time.monotonic() + GIVE_UP_S
    while True:
        merchant.take_webhooks()
        dispatch.tend(services, deadline=services.now() + timedelta(seconds=CLAIM_S))
        worked = sum(_work_queue(merchant, queue) for queue in BATCHES)
        if not worked:
            if not any(services.queue.count(queue) for queue in BATCHES):
                break
            if time.monotonic() > until:
                raise BenchError("rows are still owed after a minute")
            time.sleep(LOOK_EVERY_S)
    for one in merchant.traces.batches:
        figures.batches[one.flow].append(one)
    merchant.traces.clear()


def _work_queue(merchant: Merchant, queue: str) -> int:
    services = merchant.services
    messages = services.queue.receive_many(
        queue, limit=TOGETHER, visibility_s=VISIBILITY_S, now=services.now()
    )
    for some in in_batches(messages, BATCHES[queue]):
        deadline = services.now() + timedelta(seconds=CLAIM_S)
        done = sync_batch(services, some, deadline=deadline).done
        services.queue.delete_many(queue, list(done))
    return len(messages)


def in_batches(messages: Sequence[QueueMessage], size: int) -> Iterator[Sequence[QueueMessage]]:
    """Yield batches of one flow each: its first messages alone, the others as many as fit."""
    by_flow: dict[str, list[QueueMessage]] = defaultdict(list)
    for message in messages:
        by_flow[message.name.flow].append(message)
    for name in FLOWS:
        some = by_flow[name]
        yield from ([one] for one in some[:ALONE])
        rest = some[ALONE:]
        yield from (rest[at : at + size] for at in range(0, len(rest), size))


def rows_sheet(figures: Figures) -> Sheet:
    """Return what a row of each flow costs, and a run of its poll."""
    return Sheet(
        title="Calls at the platforms for each row of a flow",
        columns=(
            "flow",
            "rows",
            "attempts",
            "source / row",
            "target / row",
            "source / attempt",
            "target / attempt",
            "in batches of",
            "calls / poll",
        ),
        rows=[_row_of(flow, figures) for flow in FLOWS.values()],
        notes=(
            "Every row is new once, some change once more; attempts that found nothing to do count,"
            " too.",
            "Polls: the first of each flow, which finds everything, and one at the end of the day.",
            "The day is the same each time; what hangs on clocks may differ by an attempt or call.",
            f"Each time {ALONE} rows of a flow are worked alone, the others in batches of up to"
            f" {BATCHES['records']} (stock {BATCHES['stock']}).",
        ),
    )


def _row_of(flow: Flow, figures: Figures) -> dict[str, Any]:
    batches = figures.batches[flow.name]
    attempts = sum(len(one.rows) for one in batches)
    rows = len({name for one in batches for name in one.rows})
    source, target = (
        sum(one.calls[side] for one in batches) for side in (flow.source, flow.target)
    )
    return {
        "flow": flow.name,
        "rows": rows,
        "attempts": attempts,
        "source / row": source / max(1, rows),
        "target / row": target / max(1, rows),
        "source / attempt": source / max(1, attempts),
        "target / attempt": target / max(1, attempts),
        "in batches of": attempts / max(1, len(batches)),
        "calls / poll": figures.poll_calls[flow.name] / max(1, figures.polls[flow.name]),
    }


def batches_sheet(figures: Figures) -> Sheet:
    """Return what batches made beside what `Flow.calls` has reserved for them."""
    sides = ("source", "target")
    columns = [f"{side} {what}" for side in sides for what in ("calls", "most", "reserved")]
    return Sheet(
        title="Calls of one batch, and what is taken from a connection's window before it",
        columns=("flow", "work", "batches", "rows", *columns),
        rows=[row for flow in FLOWS.values() for row in _sizes_of(flow, figures)],
        notes=(
            "Means, but for the most. Rows that need no call are among them: what is not new, a"
            " shop's echo of what was written.",
        ),
    )


def _sizes_of(flow: Flow, figures: Figures) -> Iterator[dict[str, Any]]:
    batches = figures.batches[flow.name]
    alone = [one for one in batches if len(one.rows) == 1]
    together = [one for one in batches if len(one.rows) > 1]
    for label, some in (("one row", alone), ("several", together)):
        if not some:
            continue
        row: dict[str, Any] = {
            "flow": flow.name,
            "work": label,
            "batches": len(some),
            "rows": mean(len(one.rows) for one in some),
        }
        for number, (side, name) in enumerate((("source", flow.source), ("target", flow.target))):
            made = [one.calls[name] for one in some]
            row[f"{side} calls"] = float(mean(made))
            row[f"{side} most"] = max(made)
            row[f"{side} reserved"] = float(mean(flow.calls(len(o.rows))[number] for o in some))
        yield row
