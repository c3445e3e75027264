"""``domain.ports.WorkQueue`` on SQLite, with the habits of SQS that matter.

Delays end at 900 s, a message not deleted comes back after its visibility, and the eleventh receive
moves it to the dead-letter queue.
"""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from chalicelib.domain.ports import QueueMessage
from chalicelib.domain.rows import RowName
from local.sqlite.files import Database

DELAY_AT_MOST_S = 900  #: SendMessage, DelaySeconds
RECEIVES_AT_MOST = 10  #: maxReceiveCount
DEAD_SUFFIX = "-dlq"
QUEUES = ("records", "stock", "records-dlq", "stock-dlq")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, body TEXT NOT NULL,
    visible_at REAL NOT NULL, receives INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS messages_visible ON messages (queue, visible_at, id);
"""
_INSERT = "INSERT INTO messages (queue, body, visible_at) VALUES (?, ?, ?)"
_WAITING = (
    "SELECT id, body, receives FROM messages WHERE queue = ? AND visible_at <= ?"
    " ORDER BY visible_at, id LIMIT ?"
)
_TAKE = "UPDATE messages SET receives = receives + 1, visible_at = ? WHERE id = ?"
_BURY = "UPDATE messages SET queue = ?, receives = 0, visible_at = ? WHERE id = ?"
_FREE = "UPDATE messages SET visible_at = ? WHERE receives > 0"
_DELETE = "DELETE FROM messages WHERE id = ? AND receives = ? AND queue = ?"
_COUNT = "SELECT COUNT(*) FROM messages WHERE queue = ?"

_Waiting = Sequence[tuple[int, str, int]]


class SqliteQueue:
    """The work queues and their dead-letter queues in a file, or in memory."""

    def __init__(self, path: Path | None, *, now: Callable[[], datetime]) -> None:
        self._database = Database(path, _SCHEMA)
        self._now = now

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def send_many(self, queue: str, messages: Sequence[QueueMessage]) -> None:
        """Send messages; see ``WorkQueue``. Raises ``ValueError`` for a delay over 900 s."""
        _check_queue(queue)
        for message in messages:
            if not 0 <= message.delay_s <= DELAY_AT_MOST_S:
                raise ValueError(
                    f"a delay of {message.delay_s} s: a message waits 0 to {DELAY_AT_MOST_S} s"
                )
        now = self._now().timestamp()
        rows = [(queue, _to_body(message), now + message.delay_s) for message in messages]
        if rows:
            with self._database.writing() as db:
                db.executemany(_INSERT, rows)

    def receive_many(
        self, queue: str, *, limit: int, visibility_s: int, now: datetime
    ) -> Sequence[QueueMessage]:
        """Take messages that are visible, oldest first; see ``WorkQueue``."""
        _check_queue(queue)
        at = now.timestamp()
        with self._database.reading() as db:
            if db.execute(_WAITING, (queue, at, 1)).fetchone() is None:
                return []
        with self._database.writing() as db:
            waiting = self._pick(db.execute(_WAITING, (queue, at, limit)).fetchall())
            is_work = not queue.endswith(DEAD_SUFFIX)
            worn = [one for one in waiting if is_work and one[2] >= RECEIVES_AT_MOST]
            taken = [one for one in waiting if one not in worn]
            db.executemany(_BURY, [(queue + DEAD_SUFFIX, at, one[0]) for one in worn])
            db.executemany(_TAKE, [(at + self._hide_s(visibility_s), one[0]) for one in taken])
        return [_to_message(*one) for one in taken]

    def _pick(self, waiting: _Waiting) -> _Waiting:
        """Which of the messages that are visible are delivered, and in which order."""
        return waiting

    def _hide_s(self, visibility_s: int) -> int:
        """How long a message that is delivered now stays away."""
        return visibility_s

    def delete_many(self, queue: str, receipts: Sequence[str]) -> None:
        """Delete messages that were taken; a receipt of an earlier delivery deletes nothing."""
        _check_queue(queue)
        rows = [(*_of_receipt(receipt), queue) for receipt in receipts]
        if rows:
            with self._database.writing() as db:
                db.executemany(_DELETE, rows)

    def free_taken(self) -> None:
        """After a restart: give back what the previous process had taken."""
        with self._database.writing() as db:
            db.execute(_FREE, (self._now().timestamp(),))

    def count(self, queue: str) -> int:
        """How many messages are in the queue, taken and delayed ones included."""
        _check_queue(queue)
        with self._database.reading() as db:
            found: int = db.execute(_COUNT, (queue,)).fetchone()[0]
        return found


def _check_queue(queue: str) -> None:
    if queue not in QUEUES:
        raise ValueError(f"there is no queue {queue!r}: the queues are {', '.join(QUEUES)}")


def _to_body(message: QueueMessage) -> str:
    name = message.name
    body = [name.consumer, name.flow, name.record, name.step, message.handled]
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def _to_message(number: int, body: str, receives: int) -> QueueMessage:
    consumer, flow, record, step, handled = json.loads(body)
    return QueueMessage(
        name=RowName(consumer=consumer, flow=flow, record=record, step=step),
        handled=handled,
        receipt=f"{number}:{receives + 1}",
        receives=receives + 1,
    )


def _of_receipt(receipt: str) -> tuple[int, int]:
    number, _, receives = receipt.partition(":")
    if not (number.isdecimal() and receives.isdecimal()):
        raise ValueError(f"{receipt!r} is no receipt of this queue")
    return int(number), int(receives)
