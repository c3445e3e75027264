"""What many changes of few rows cost: requests join the sync that waits or is under way.

Requests, claims and closings are the protocol's own writes on a metered table; only the time a sync
takes is made up.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from bench.merchant import STOCK
from bench.scale.heat import NOISY
from bench.scale.metering import MeteredTable
from bench.scale.published import PARTITION_WRITES_A_S, VENDOR_CALL_S
from bench.scale.world import World, open_world
from bench.sheet import Sheet
from chalicelib.domain.closings import finish
from chalicelib.domain.protocol import Request, claim, request
from chalicelib.domain.rows import Row, RowName
from chalicelib.domain.statuses import Kind, Outcome, Status

ROWS = (1, 10, 100, 1000, 10_000)
STEP_S = 0.1
BATCH = 100
WORKERS = 10
CALLS = 7  #: of a batch of stock, one after the other (``Flow.calls``)


@dataclass
class Play:
    """One run: what was changed, sent and synced."""

    changes: int = 0
    messages: int = 0
    syncs: int = 0
    waiting: deque[RowName] = field(default_factory=deque)
    under_way: list[tuple[float, list[Row]]] = field(default_factory=list)  #: with its end


def measure_coalescing(
    *, rate: int = 1000, seconds: int = 20, counts: Sequence[int] = ROWS
) -> list[Sheet]:
    """Change random rows of a few at a rate, for some seconds."""
    rows = [_play(count, rate, seconds) for count in counts]
    return [
        Sheet(
            title=f"{rate} changes a second of a few rows: how many syncs they become",
            columns=tuple(rows[0]),
            rows=rows,
            notes=(
                f"{WORKERS} workers, batches of {BATCH}, {CALLS * VENDOR_CALL_S:.1f} s a batch;"
                f" random rows; a row's own partition takes {PARTITION_WRITES_A_S} write units/s.",
            ),
        )
    ]


def _play(count: int, rate: int, seconds: int) -> dict[str, Any]:
    rng, play = Random(2), Play()
    with open_world() as world:
        for step in range(int(seconds / STEP_S)):
            at = step * STEP_S
            records = [rng.randrange(count) for _ in range(int(rate * STEP_S))]
            _request(world, play, records)
            _finish(world, play, at)
            _claim(world, play, at)
            world.clock.pass_s(STEP_S)
        return _told(count, play, world.log_table, seconds)


def _request(world: World, play: Play, records: list[int]) -> None:
    log, now = world.services.log, world.clock()
    for record in records:
        name = RowName(consumer=NOISY, flow=STOCK, record=str(record))
        [written] = log.write_rows(
            [request(Request(name=name, kind=Kind.STOCK, by="webhook"), now)]
        )
        play.changes += 1
        if written.tag == "send":
            play.messages += 1
            play.waiting.append(name)


def _claim(world: World, play: Play, at: float) -> None:
    now = world.clock()
    while play.waiting and len(play.under_way) < WORKERS:
        names = [play.waiting.popleft() for _ in range(min(BATCH, len(play.waiting)))]
        deadline = now + timedelta(seconds=57)
        claims = [
            claim(name, lease_id=f"l{at}", deadline=deadline, settle_s=60, now=now)
            for name in names
        ]
        written = world.services.log.write_rows(claims)
        rows = [done.row for done in written if done.tag == "claimed" and done.row is not None]
        play.under_way.append((at + CALLS * VENDOR_CALL_S, rows))


def _finish(world: World, play: Play, at: float) -> None:
    now = world.clock()
    synced = {"status": Status.SYNCED, "reason": None, "outcome": Outcome.UPDATED, "code": 200}
    over = [batch for batch in play.under_way if batch[0] <= at]
    play.under_way = [batch for batch in play.under_way if batch[0] > at]
    for _, rows in over:
        for done in world.services.log.write_rows([finish(row, synced, now) for row in rows]):
            play.syncs += 1
            if done.tag == "requested_again" and done.row is not None:
                play.messages += 1
                play.waiting.append(done.row.name)


def _told(count: int, play: Play, table: MeteredTable, seconds: int) -> dict[str, Any]:
    hottest = max(
        sum(by_second.values()) / seconds
        for (_, pk), by_second in table.heat.writes.items()
        if pk.startswith("R|")
    )
    return {
        "rows": count,
        "changes": play.changes,
        "messages": play.messages,
        "syncs": play.syncs,
        "changes a sync": play.changes / max(play.syncs, 1),
        "waiting at the end": len(play.waiting),
        "hottest row, write units/s": hottest,
    }
