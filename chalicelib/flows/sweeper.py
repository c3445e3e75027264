"""The sweeper: whatever is owed and past its due time is sent again, rarer each time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain import protocol
from chalicelib.domain.rows import Row, RowName
from chalicelib.flows.door import is_known, send_rows
from chalicelib.flows.services import Services

ROUNDS = 20
SHARDS = 16  #: partitions of the due index


@dataclass(frozen=True, kw_only=True)
class Swept:
    """What one sweep did."""

    sent: int
    moved: int  #: rows whose due time was moved to their lease's end or their planned attempt
    more: bool  #: a shard held as many as were asked for: sweep again soon
    oldest_s: int = 0  #: age of the oldest row that was sent, since its request


def sweep(services: Services, limit: int = 100) -> Swept:
    """Look at up to ``limit`` rows of each shard that are past their due time.

    It covers a crash before a send, a message lost or in a long delay, a message in the dead-letter
    queue. A row that moved on between the look and the write is left to whoever moved it.
    """
    swept = Swept(sent=0, moved=0, more=False)
    for shard in range(SHARDS):
        names = services.log.list_due(shard, before=services.now(), limit=limit)
        swept = _sum(swept, _sweep_rows(services, names), more=len(names) >= limit)
    _tell(services, swept)
    return swept


def _sum(before: Swept, further: Swept, *, more: bool) -> Swept:
    return Swept(
        sent=before.sent + further.sent,
        moved=before.moved + further.moved,
        more=before.more or more,
        oldest_s=max(before.oldest_s, further.oldest_s),
    )


def _tell(services: Services, swept: Swept) -> None:
    """Count every round, so that a sweeper that stands still shows; note one that did something."""
    services.count("sweeps_run")
    services.count("sweeps_sent", swept.sent)
    services.count("oldest_overdue_s", swept.oldest_s)
    if swept.sent or swept.moved:
        services.note("sweep.sent", sent=swept.sent, moved=swept.moved, oldest_s=swept.oldest_s)


def sweep_until(services: Services, deadline: datetime, *, limit: int = 100) -> Swept:
    """Sweep again while something is left, until ``deadline`` and at most twenty times."""
    sent = moved = 0
    for _ in range(ROUNDS):
        swept = sweep(services, limit)
        sent, moved = sent + swept.sent, moved + swept.moved
        if not swept.more or services.now() >= deadline:
            return Swept(sent=sent, moved=moved, more=swept.more)
    return Swept(sent=sent, moved=moved, more=True)


def _sweep_rows(services: Services, names: Sequence[RowName]) -> Swept:
    now = services.now()
    rows = [row for row in services.log.read_rows(names) if row is not None]
    due = [row for row in rows if row.is_owed and row.due_at is not None and row.due_at <= now]
    if not due:
        return Swept(sent=0, moved=0, more=False)
    written = services.log.write_rows([protocol.sweep(row, now) for row in due])
    sends: list[Row] = [
        done.row
        for done in written
        if done.tag == "send" and done.row is not None and is_known(services, done.row.name)
    ]
    send_rows(services, sends)
    moved = sum(done.tag == "later" for done in written)
    return Swept(sent=len(sends), moved=moved, more=False, oldest_s=_oldest_s(sends, now))


def _oldest_s(rows: Sequence[Row], now: datetime) -> int:
    ages = [(now - row.requested_at).total_seconds() for row in rows if row.requested_at]
    return round(max(ages, default=0))
