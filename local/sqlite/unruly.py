"""Stores that misbehave as AWS does, for tests: off until switched on.

Indexes and reads that lag, requests that are throttled or whose answer is lost, messages that come
in another order, twice, or again after they were deleted.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from chalicelib.store.registry import TableRegistry
from chalicelib.store.stream import follow
from chalicelib.store.table import HIGHEST, Entry, Index, Key, Result, TableBusyError, Write
from local.sqlite.queue import SqliteQueue
from local.sqlite.stores import Stores, build_log
from local.sqlite.table import Follow, SqliteTable
from local.sqlite.vault import FileVault

_INDEX_KEYS = {Index.LIST: ("lp", "ls"), Index.WAIT: ("wp", "ws")}


class UnrulyTable(SqliteTable):
    """A table in memory whose indexes and cheap reads can lag, and whose requests can fail."""

    def __init__(self, *, now: Callable[[], datetime], follow: Follow | None = None) -> None:
        super().__init__(None, now=now, follow=follow)
        self.stale_reads = False  #: whether reads that are not consistent show what an index shows
        self._shown: Mapping[Key, dict[str, Any]] | None = None
        self._faults: dict[str, deque[bool]] = {}

    @property
    def lag_indexes(self) -> bool:
        """Whether queries of the indexes see the items as they were at the last ``catch_up``."""
        return self._shown is not None

    @lag_indexes.setter
    def lag_indexes(self, on: bool) -> None:
        self._shown = None
        if on:
            self._shown = self._items_now()

    def catch_up(self) -> None:
        """Let the indexes show everything that was written."""
        self.lag_indexes = self.lag_indexes

    def _items_now(self) -> dict[Key, dict[str, Any]]:
        return {(item["pk"], item["sk"]): item for item in self.read_all()}

    def fail_next(self, method: str, *, after: bool = False, times: int = 1) -> None:
        """Let the next calls of a method raise ``TableBusyError``.

        ``after``: what was asked is done, and the answer is lost.
        """
        self._faults.setdefault(method, deque()).extend([after] * times)

    def _fault(self, method: str) -> bool:
        """Raise, or say whether the answer is to be lost."""
        faults = self._faults.get(method)
        if not faults:
            return False
        if faults.popleft():
            return True
        raise TableBusyError(f"{method} was throttled")

    def get_many(
        self, keys: Sequence[Key], *, consistent: bool = True
    ) -> Sequence[dict[str, Any] | None]:
        """Read items by key; stale ones, if that was asked for and allowed."""
        self._fault("get_many")
        if consistent or not self.stale_reads or self._shown is None:
            return super().get_many(keys)
        return [dict(self._shown[key]) if key in self._shown else None for key in keys]

    def query(
        self, pk: str, *, low: str = "", high: str = HIGHEST, forward: bool = True, limit: int
    ) -> Sequence[dict[str, Any]]:
        """Items of a partition."""
        self._fault("query")
        return super().query(pk, low=low, high=high, forward=forward, limit=limit)

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
        """Entries of an index partition, as far as the index has come."""
        self._fault("query_index")
        if self._shown is None:
            return super().query_index(index, pk, low=low, high=high, forward=forward, limit=limit)
        part, sort = _INDEX_KEYS[index]
        entries = [
            Entry(item[sort], *key)
            for key, item in self._shown.items()
            if item.get(part) == pk and low <= item[sort] < high
        ]
        return sorted(entries, reverse=not forward)[:limit]

    def count_index(self, index: Index, pk: str) -> int:
        """How many entries an index partition has, as far as the index has come."""
        self._fault("count_index")
        if self._shown is None:
            return super().count_index(index, pk)
        part, _ = _INDEX_KEYS[index]
        return sum(item.get(part) == pk for item in self._shown.values())

    def write_many(self, writes: Sequence[Write]) -> Sequence[Result]:
        """Carry out each write by itself."""
        lost = self._fault("write_many")
        results = super().write_many(writes)
        if lost:
            raise TableBusyError("the answer of write_many was lost")
        return results

    def transact(self, writes: Sequence[Write]) -> bool:
        """Carry out all writes, or none."""
        lost = self._fault("transact")
        done = super().transact(writes)
        if lost:
            raise TableBusyError("the answer of transact was lost")
        return done


class UnrulyQueue(SqliteQueue):
    """Queues in memory; chances are numbers from 0 to 1, drawn from ``rng``."""

    def __init__(self, *, now: Callable[[], datetime], rng: Random) -> None:
        super().__init__(None, now=now)
        self._rng = rng
        self.reorders = False  #: deliver what is visible in any order, and not always all of it
        self.repeats = 0.0  #: chance that a message is delivered again at once
        self.forgets_deletes = 0.0  #: chance that a delete changes nothing

    def _pick(self, waiting: Sequence[tuple[int, str, int]]) -> Sequence[tuple[int, str, int]]:
        if not self.reorders:
            return waiting
        return self._rng.sample(waiting, self._rng.randint(1, len(waiting))) if waiting else []

    def _hide_s(self, visibility_s: int) -> int:
        return 0 if self._rng.random() < self.repeats else visibility_s

    def delete_many(self, queue: str, receipts: Sequence[str]) -> None:
        """Delete messages that were taken, or forget to."""
        kept = [one for one in receipts if self._rng.random() >= self.forgets_deletes]
        super().delete_many(queue, kept)


@dataclass(frozen=True, kw_only=True)
class UnrulyStores(Stores):
    """Stores whose tables and queue can be told to misbehave."""

    queue: UnrulyQueue
    log_table: UnrulyTable
    registry_table: UnrulyTable


def open_unruly_stores(
    *, now: Callable[[], datetime], rng: Random, retention_days: int = 30, shards: int = 1
) -> UnrulyStores:
    """Open stores in memory that behave until they are told not to."""
    vault = FileVault(None)
    log_table = UnrulyTable(now=now, follow=follow)
    registry_table = UnrulyTable(now=now)
    return UnrulyStores(
        log=build_log(log_table, vault, retention_days=retention_days, shards=shards),
        registry=TableRegistry(table=registry_table),
        queue=UnrulyQueue(now=now, rng=rng),
        vault=vault,
        log_table=log_table,
        registry_table=registry_table,
    )
