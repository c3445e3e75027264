"""``store.table.Table`` on SQLite: conditions are judged inside ``BEGIN IMMEDIATE``.

It answers what DynamoDB can answer and refuses what DynamoDB refuses (sizes, empty keys). All
writes of a call and what follows from them are one commit.
"""

import json
import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from chalicelib.store.keys import join
from chalicelib.store.stream import Pair
from chalicelib.store.table import (
    HIGHEST,
    ITEM_BYTES,
    TRANSACT_AT_MOST,
    Entry,
    Index,
    Item,
    Key,
    LimitError,
    Result,
    Write,
    applied,
    check_keys,
    holds,
)
from local.sqlite.files import Database

T = TypeVar("T")

PRUNED_AT_ONCE = 200
PRUNED_EVERY_S = 60

_SCHEMA = """
CREATE TABLE IF NOT EXISTS items (
    pk TEXT NOT NULL, sk TEXT NOT NULL, body TEXT NOT NULL,
    lp TEXT, ls TEXT, wp TEXT, ws TEXT, ttl INTEGER,
    UNIQUE (pk, sk)
);
CREATE INDEX IF NOT EXISTS items_list ON items (lp, ls) WHERE lp IS NOT NULL;
CREATE INDEX IF NOT EXISTS items_wait ON items (wp, ws) WHERE wp IS NOT NULL;
CREATE INDEX IF NOT EXISTS items_ttl ON items (ttl) WHERE ttl IS NOT NULL;
"""
_COLUMNS = ("pk", "sk", "lp", "ls", "wp", "ws", "ttl")
_LIVE = "(ttl IS NULL OR ttl > ?)"
_GET = "SELECT rowid, body, lp, ls, wp, ws, ttl FROM items WHERE pk = ? AND sk = ?"
_ALL = "SELECT pk, sk, body, lp, ls, wp, ws, ttl FROM items"
_QUERY = (
    "SELECT sk, body, lp, ls, wp, ws, ttl FROM items"  # noqa: S608 - our own words
    f" WHERE pk = ? AND sk >= ? AND sk < ? AND {_LIVE} ORDER BY sk {{}} LIMIT ?"
)
_QUERY_INDEX = {
    index: (
        f"SELECT {s}, pk, sk FROM items INDEXED BY items_{index.value}"  # noqa: S608 - our own words
        f" WHERE {p} = ? AND {s} >= ? AND {s} < ? AND {_LIVE} ORDER BY {s} {{}} LIMIT ?"
    )
    for index, p, s in ((Index.LIST, "lp", "ls"), (Index.WAIT, "wp", "ws"))
}
_COUNT_INDEX = {
    index: f"SELECT COUNT(*) FROM items WHERE {p} = ? AND {_LIVE}"  # noqa: S608 - our own words
    for index, p in ((Index.LIST, "lp"), (Index.WAIT, "wp"))
}
_INSERT = "INSERT INTO items (pk, sk, lp, ls, wp, ws, ttl, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_UPDATE_BODY = "UPDATE items SET body = ? WHERE rowid = ?"
# An index is only touched where one of its columns is named.
_UPDATE_WAIT = "UPDATE items SET wp = ?, ws = ?, body = ? WHERE rowid = ?"
_UPDATE_ALL = "UPDATE items SET lp = ?, ls = ?, wp = ?, ws = ?, ttl = ?, body = ? WHERE rowid = ?"
_DELETE = "DELETE FROM items WHERE rowid = ?"
_PRUNE = (
    "DELETE FROM items WHERE rowid IN (SELECT rowid FROM items WHERE ttl <= ? ORDER BY ttl LIMIT ?)"
)

_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode
_decode = json.loads

#: What follows from changed items, as further writes: ``store.stream.follow``.
Follow = Callable[[Sequence[Pair]], Sequence[Write]]


class SqliteTable:
    """One table in a file, or in memory. ``now`` says what has expired."""

    def __init__(
        self, path: Path | None, *, now: Callable[[], datetime], follow: Follow | None = None
    ) -> None:
        self._database = Database(path, _SCHEMA)
        self._now = now
        self._follow = follow
        self._prune_at = 0

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _now_s(self) -> int:
        return int(self._now().timestamp())

    def together(self, works: Sequence[Callable[[], T]]) -> Sequence[T]:
        """Do one after another: nothing here waits for a network."""
        return [work() for work in works]

    def get_many(
        self, keys: Sequence[Key], *, consistent: bool = True
    ) -> Sequence[dict[str, Any] | None]:
        """Read items by key; see ``Table``. Reads here are always consistent."""
        now = self._now_s()
        with self._database.reading() as db:
            return [_read(db, key, now)[1] for key in keys]

    def read_all(self) -> Sequence[dict[str, Any]]:
        """Every item: for tests and stand-ins; no part of the port."""
        with self._database.reading() as db:
            found = db.execute(_ALL).fetchall()
        return [_to_item((pk, sk), *rest) for pk, sk, *rest in found]

    def forget(self, first_part: str) -> int:
        """Remove every item whose key begins with a part; for a start only, no part of the port."""
        start = join(first_part, "")
        with self._database.writing() as db:
            gone = db.execute("DELETE FROM items WHERE pk >= ? AND pk < ?", (start, f"{start}~"))
            return gone.rowcount

    def query(
        self, pk: str, *, low: str = "", high: str = HIGHEST, forward: bool = True, limit: int
    ) -> Sequence[dict[str, Any]]:
        """Items of a partition; see ``Table``."""
        sql = _QUERY.format("ASC" if forward else "DESC")
        with self._database.reading() as db:
            found = db.execute(sql, (pk, low, high, self._now_s(), limit)).fetchall()
        return [_to_item((pk, sk), *rest) for sk, *rest in found]

    def query_index(
        self,
        index: Index,
        pk: str,
        *,
        low: str = "",
        high: str = HIGHEST,
        forward: bool = True,
        limit: int,
    ) -> Sequence[Entry]:
        """Entries of an index partition; see ``Table``."""
        sql = _QUERY_INDEX[index].format("ASC" if forward else "DESC")
        with self._database.reading() as db:
            found = db.execute(sql, (pk, low, high, self._now_s(), limit))
            return [Entry(*one) for one in found]

    def count_index(self, index: Index, pk: str) -> int:
        """How many entries an index partition has; see ``Table``."""
        with self._database.reading() as db:
            found: int = db.execute(_COUNT_INDEX[index], (pk, self._now_s())).fetchone()[0]
        return found

    def write_many(self, writes: Sequence[Write]) -> Sequence[Result]:
        """Carry out each write by itself, in one commit; see ``Table``."""
        with self._database.writing() as db:
            batch = _Batch(db, self._now_s())
            results = [batch.apply(write) for write in writes]
            self._finish(batch)
        return results

    def transact(self, writes: Sequence[Write]) -> bool:
        """Carry out all writes, or none; see ``Table``."""
        if len(writes) > TRANSACT_AT_MOST:
            raise LimitError(f"a transaction holds {TRANSACT_AT_MOST} writes, not {len(writes)}")
        if len({write.key for write in writes}) < len(writes):
            raise LimitError("a transaction writes an item at most once")
        with self._database.writing() as db:
            batch = _Batch(db, self._now_s())
            if any(batch.apply(write).tag is None for write in writes):
                return False
            self._finish(batch)
        return True

    def _finish(self, batch: "_Batch") -> None:
        if self._follow is not None:
            for write in self._follow(batch.pairs()):
                batch.apply(write)
        batch.flush()
        if batch.now >= self._prune_at:
            pruned = batch.db.execute(_PRUNE, (batch.now, PRUNED_AT_ONCE)).rowcount
            self._prune_at = batch.now + (0 if pruned == PRUNED_AT_ONCE else PRUNED_EVERY_S)


class _Held:
    """An item touched by a batch: as it was, and as it is now."""

    __slots__ = ("after", "before", "rowid")

    def __init__(self, rowid: int | None, item: dict[str, Any] | None) -> None:
        self.rowid = rowid
        self.before = item
        self.after = item


class _Batch:
    """The writes of one transaction: items are read once, changed here, and written at the end."""

    def __init__(self, db: sqlite3.Connection, now: int) -> None:
        self.db = db
        self.now = now
        self._held: dict[Key, _Held] = {}

    def apply(self, write: Write) -> Result:
        """Apply the first choice whose terms hold."""
        held = self._held.get(write.key)
        if held is None:
            held = self._held[write.key] = _Held(*_read(self.db, write.key, self.now))
        for choice in write.choices:
            if holds(held.after, choice.when):
                effect = choice.make()
                if not effect.is_empty:
                    held.after = applied(write.key, held.after, effect)
                return Result(choice.tag, held.after)
        return Result(None, held.after)

    def pairs(self) -> list[Pair]:
        """Items that changed, before and after."""
        return [
            (one.before, one.after) for one in self._held.values() if one.after is not one.before
        ]

    def flush(self) -> None:
        """Write what changed, alike statements together."""
        statements: dict[str, list[tuple[Any, ...]]] = {}
        for held in self._held.values():
            if held.after is not held.before:
                sql, values = _statement(held)
                statements.setdefault(sql, []).append(values)
        for sql, rows in statements.items():
            self.db.executemany(sql, rows)


def _statement(held: _Held) -> tuple[str, tuple[Any, ...]]:
    after, before = held.after, held.before
    if after is None:
        return _DELETE, (held.rowid,)
    columns = tuple(map(after.get, _COLUMNS))
    body = _encode({name: after[name] for name in after if name not in _COLUMNS})
    _check(after, body)
    if held.rowid is None:
        return _INSERT, (*columns, body)
    if before is not None:
        if columns == tuple(map(before.get, _COLUMNS)):
            return _UPDATE_BODY, (body, held.rowid)
        if columns[:4] == tuple(map(before.get, _COLUMNS[:4])) and columns[6] == before.get("ttl"):
            return _UPDATE_WAIT, (*columns[4:6], body, held.rowid)
    return _UPDATE_ALL, (*columns[2:], body, held.rowid)


def _check(item: Item, body: str) -> None:
    """Refuse what DynamoDB would refuse."""
    size = len(body)
    if size * 4 > ITEM_BYTES and (size := len(body.encode())) > ITEM_BYTES:
        raise LimitError(
            f"item {item['pk'][:80]!r} has {size} bytes; at most {ITEM_BYTES} can be stored"
        )
    check_keys(item)


def _read(db: sqlite3.Connection, key: Key, now: int) -> tuple[int | None, dict[str, Any] | None]:
    """Return where an item lies and the item; an expired one lies there and is none."""
    found = db.execute(_GET, key).fetchone()
    if found is None:
        return None, None
    expires = found[6]
    if expires is not None and expires <= now:
        return found[0], None
    return found[0], _to_item(key, *found[1:])


def _to_item(
    key: Key,
    body: str,
    lp: str | None,
    ls: str | None,
    wp: str | None,
    ws: str | None,
    ttl: int | None,
) -> dict[str, Any]:
    item: dict[str, Any] = _decode(body)
    item["pk"], item["sk"] = key
    if lp is not None:
        item["lp"], item["ls"] = lp, ls
    if wp is not None:
        item["wp"], item["ws"] = wp, ws
    if ttl is not None:
        item["ttl"] = ttl
    return item
