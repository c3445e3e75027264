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


def sweep(services: Services, limit: int = 100) -> Swept:
    """Look at up to ``limit`` rows of each shard that are past their due time.

    It covers a crash before a send, a message lost or in a long delay, a message in the dead-letter
    queue. A row that moved on between the look and the write is left to whoever moved it.
    """
    sent = moved = 0
    more = False
    for shard in range(SHARDS):
        names = services.log.list_due(shard, before=services.now(), limit=limit)
        more = more or len(names) >= limit
        for_shard = _sweep_rows(services, names)
        sent += for_shard[0]
        moved += for_shard[1]
    return Swept(sent=sent, moved=moved, more=more)


def sweep_until(services: Services, deadline: datetime, *, limit: int = 100) -> Swept:
    """Sweep again while something is left, until ``deadline`` and at most twenty times."""
    sent = moved = 0
    for _ in range(ROUNDS):
        swept = sweep(services, limit)
        sent, moved = sent + swept.sent, moved + swept.moved
        if not swept.more or services.now() >= deadline:
            return Swept(sent=sent, moved=moved, more=swept.more)
    return Swept(sent=sent, moved=moved, more=True)


def _sweep_rows(services: Services, names: Sequence[RowName]) -> tuple[int, int]:
    now = services.now()
    rows = [row for row in services.log.read_rows(names) if row is not None]
    due = [row for row in rows if row.is_owed and row.due_at is not None and row.due_at <= now]
    if not due:
        return 0, 0
    written = services.log.write_rows([protocol.sweep(row, now) for row in due])
    sends: list[Row] = [
        done.row
        for done in written
        if done.tag == "send" and done.row is not None and is_known(services, done.row.name)
    ]
    send_rows(services, sends)
    return len(sends), sum(done.tag == "later" for done in written)
