"""Erasure of a consumer: everything the log keeps of it, page by page, personal data first."""

from collections.abc import Iterator
from itertools import islice

from chalicelib.store import keys
from chalicelib.store.counts import LANES_AT_MOST
from chalicelib.store.rows import RowPart
from chalicelib.store.table import Index, Key, delete
from chalicelib.store.traces import TracePart

_MANY = 1000  #: items of a partition that are looked at in one step


class ErasurePart(RowPart, TracePart):
    """See ``domain.ports.SyncLog.erase_consumer``."""

    def erase_consumer(self, consumer: str, *, limit: int) -> bool:
        """Erase at most ``limit`` of a consumer's items; True when nothing is left.

        What tells of others comes last: with each row its words and counts change once more.
        """
        for keys_of in (self._telling_keys, self._listing_keys):
            found = list(islice(keys_of(consumer, limit), limit))
            if found:
                self.table.write_many([delete(key) for key in found])
                return False
        return True

    def _telling_keys(self, consumer: str, limit: int) -> Iterator[Key]:
        """Keys of rows, exchanges and executions: what holds personal data first."""
        for lane in self._read_lanes(consumer):
            for letter in keys.LETTERS:
                for shard in range(self.shards):
                    yield from self._row_keys(keys.list_pk(consumer, lane, letter, shard), limit)
        for platform in self.read_platforms(consumer):
            yield from self._listed_keys(keys.exchange_pk(consumer, platform), limit)
        yield from self._run_keys(consumer, limit)

    def _listing_keys(self, consumer: str, limit: int) -> Iterator[Key]:
        """Keys of everything else: links, windows, units, counts and what leads to the rest."""
        yield from self._listed_keys(keys.others_pk(consumer), limit)
        part = keys.escape(consumer)
        for pk in (f"G|{part}", f"H|{part}", f"N|{part}|now", f"N|{part}|calls"):
            for item in self.table.query(pk, limit=max(limit, LANES_AT_MOST)):
                yield pk, item["sk"]

    def _listed_keys(self, pk: str, limit: int) -> Iterator[Key]:
        for entry in self.table.query_index(Index.LIST, pk, limit=limit):
            yield entry.pk, entry.sk

    def _row_keys(self, pk: str, limit: int) -> Iterator[Key]:
        """Attempts and snapshot of each row, then the row: it is what leads to them."""
        for entry in self.table.query_index(Index.LIST, pk, limit=limit):
            items = self.table.query(entry.pk, limit=_MANY)
            rest = [item["sk"] for item in items if item["sk"] != keys.ROW]
            yield from ((entry.pk, sk) for sk in rest)
            if len(items) < _MANY:
                yield entry.pk, keys.ROW

    def _run_keys(self, consumer: str, limit: int) -> Iterator[Key]:
        pk = keys.join("E", consumer)
        for pointer in self.table.query(pk, limit=limit):
            run = keys.join("E", consumer, pointer["id"])
            items = self.table.query(run, limit=_MANY)
            yield from ((run, item["sk"]) for item in items)
            if len(items) < _MANY:
                yield pk, pointer["sk"]
