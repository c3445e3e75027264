"""Rows of the sync log: conditional writes, reads by name, and the lists people page through."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from chalicelib.domain.log import Group, Page, RowQuery
from chalicelib.domain.ports import Written
from chalicelib.domain.reasons import RULES, Reason
from chalicelib.domain.rows import Row, RowName, letter_of
from chalicelib.domain.statuses import Status
from chalicelib.domain.writes import RowWrite
from chalicelib.store import keys
from chalicelib.store.counts import CountPart
from chalicelib.store.items import to_row, to_write
from chalicelib.store.paging import Fetch, Listing, from_index, from_partition
from chalicelib.store.runs import rows_of_run
from chalicelib.store.stream import to_word, words_of
from chalicelib.store.table import HIGHEST, Index, Item, Key, starting_with

HEAPS_READ = 1000  #: groups or causes of a consumer that are read
HEAPS_SHOWN = 200
OLDEST_LOOKED_AT = 20

_LETTERS_OF = {
    Status.PENDING: "P",
    Status.PROCESSING: "PW",
    Status.SYNCED: "S",
    Status.FAILED: "F",
}


class RowPart(CountPart):
    """See ``domain.ports.RowStore``."""

    def write_rows(self, writes: Sequence[RowWrite]) -> Sequence[Written]:
        """Carry out each conditional write by itself; see ``RowStore``."""
        results = self.table.write_many([to_write(write, shards=self.shards) for write in writes])
        return [
            Written(tag=result.tag, row=to_row(result.item) if result.item else None)
            for result in results
        ]

    def read_rows(self, names: Sequence[RowName]) -> Sequence[Row | None]:
        """Read rows by name, strongly consistent."""
        items = self.table.get_many([keys.row_key(name) for name in names])
        return [to_row(item) if item else None for item in items]

    def list_rows(self, query: RowQuery, *, limit: int, cursor: str | None = None) -> Page[Row]:
        """Return rows newest first; see ``RowStore``.

        Rows of a group or cause stand in the order in which they came to it; found by a text, in
        the order of the word that was found.
        """
        if query.text is not None:
            return self._list_found(query, query.text, limit, cursor)
        if query.cause is not None or query.group is not None:
            return self._list_waiting(query, limit, cursor)
        if query.execution is not None:
            return self._list_run(query, query.execution, limit, cursor)
        lanes = query.lanes or self._read_lanes(query.consumer)
        parts = {
            pk: from_index(self.table, Index.LIST, pk)
            for lane in lanes
            for letter in _letters(query)
            for shard in range(self.shards)
            for pk in [keys.list_pk(query.consumer, lane, letter, shard)]
        }
        return self._listing(
            query,
            parts,
            filters=_has_filters(query),
            low=keys.time_text(query.listed_from) if query.listed_from else "",
            high=keys.time_text(query.listed_to) if query.listed_to else HIGHEST,
        ).read_page(limit=limit, cursor=cursor)

    def _listing(
        self,
        query: RowQuery,
        parts: Mapping[str, Fetch],
        *,
        filters: bool,
        low: str = "",
        high: str = HIGHEST,
    ) -> Listing[Row]:
        shown: set[RowName] = set()

        def examine(found: Sequence[Key]) -> list[Row | None]:
            rows = self._read_listed(found)
            return [row if row and _accepts(query, row, shown) else None for row in rows]

        return Listing(
            question=("rows", _question(query)),
            parts=parts,
            examine=examine,
            low=low,
            high=high,
            filters=filters,
            together=self.table.together,
        )

    def _read_listed(self, found: Sequence[Key]) -> list[Row | None]:
        items = self.table.get_many(found, consistent=False)
        return [to_row(item) if item else None for item in items]

    def _list_waiting(self, query: RowQuery, limit: int, cursor: str | None) -> Page[Row]:
        if query.cause is not None:
            pk = keys.cause_pk(query.consumer, query.cause)
        else:
            pk = keys.group_pk(query.consumer, query.group or "")
        parts = {pk: from_index(self.table, Index.WAIT, pk)}
        return self._listing(query, parts, filters=_has_filters(query)).read_page(
            limit=limit, cursor=cursor
        )

    def _list_run(
        self, query: RowQuery, execution: str, limit: int, cursor: str | None
    ) -> Page[Row]:
        """Rows a run requested, as they stand now, whichever run requested them last."""
        shown: set[RowName] = set()
        others = replace(query, execution=None)

        def examine(found: Sequence[Item]) -> list[Row | None]:
            rows = self._read_listed([(item["row"], keys.ROW) for item in found])
            return [row if row and _accepts(others, row, shown) else None for row in rows]

        pk, low, high = rows_of_run(query.consumer, execution)
        listing = Listing(
            question=("run", _question(query)),
            parts={pk: from_partition(self.table, pk)},
            examine=examine,
            newest_first=False,
            low=low,
            high=high,
            filters=_has_filters(others) or bool(others.lanes or others.statuses),
        )
        return listing.read_page(limit=limit, cursor=cursor)

    def _list_found(self, query: RowQuery, text: str, limit: int, cursor: str | None) -> Page[Row]:
        word = to_word(text)
        if len(word) < keys.PREFIX_LENGTH:
            raise ValueError(f"a search needs at least {keys.PREFIX_LENGTH} letters, not {text!r}")
        start = keys.escape(word)
        shown: set[RowName] = set()

        def examine(found: Sequence[Item]) -> list[Row | None]:
            items = self.table.get_many(
                [(item["row"], keys.ROW) for item in found], consistent=False
            )
            rows = []
            for entry, item in zip(found, items, strict=True):
                row = to_row(item) if item and _first_word(item, start) == entry["sk"] else None
                rows.append(row if row and _accepts(query, row, shown) else None)
            return rows

        low, high = starting_with(start)
        pk = keys.word_pk(query.consumer, word)
        listing = Listing(
            question=("found", _question(query)),
            parts={pk: from_partition(self.table, pk)},
            examine=examine,
            newest_first=False,
            low=low,
            high=high,
            filters=True,
        )
        return listing.read_page(limit=limit, cursor=cursor)

    def list_due(self, shard: int, *, before: datetime, limit: int) -> Sequence[RowName]:
        """Names of owed rows of a shard whose due time is past, oldest first. May lag."""
        entries = self.table.query_index(
            Index.WAIT, keys.due_pk(shard), high=keys.time_text(before), limit=limit
        )
        return [keys.name_of(entry.pk) for entry in entries]

    def list_held(
        self, consumer: str, cause: str, *, limit: int, cursor: str | None = None
    ) -> Page[RowName]:
        """Names of rows held under a cause, oldest first. May lag."""
        pk = keys.cause_pk(consumer, cause)
        return Listing(
            question=("held", consumer, cause),
            parts={pk: from_index(self.table, Index.WAIT, pk)},
            examine=lambda found: [keys.name_of(key[0]) for key in found],
            newest_first=False,
        ).read_page(limit=limit, cursor=cursor)

    def list_groups(self, consumer: str) -> Sequence[Group]:
        """Failure groups with their counts, largest first."""
        return self._list_heaps(f"G|{keys.escape(consumer)}")

    def list_causes(self, consumer: str) -> Sequence[Group]:
        """Held causes with their counts, largest first."""
        return self._list_heaps(f"H|{keys.escape(consumer)}")

    def _list_heaps(self, pk: str) -> list[Group]:
        items = self.table.query(pk, limit=HEAPS_READ)
        groups = [_to_group(item) for item in items if item.get("n", 0) > 0]
        return sorted(groups, key=lambda group: (-group.count, group.key))[:HEAPS_SHOWN]

    def read_oldest_due(self, consumer: str, lane: str) -> Row | None:
        """The oldest Pending row of a lane; None if nothing waits."""
        found: list[tuple[str, Key]] = []
        for shard in range(self.shards):
            pk = keys.list_pk(consumer, lane, "P", shard)
            entries = self.table.query_index(Index.LIST, pk, limit=OLDEST_LOOKED_AT)
            found += [(entry.sort, (entry.pk, entry.sk)) for entry in entries]
        rows = self._read_listed([key for _, key in sorted(found)][:OLDEST_LOOKED_AT])
        return next((row for row in rows if row and row.status is Status.PENDING), None)


def _letters(query: RowQuery) -> str:
    """Shelves of the list index that can hold an answer."""
    letters = set("".join(_LETTERS_OF[status] for status in query.statuses) or keys.LETTERS)
    if query.outcomes:
        letters &= {"S"}
    if query.reasons:
        letters &= {_letter_of_reason(reason) for reason in query.reasons}
    return "".join(sorted(letters))


def _letter_of_reason(reason: str) -> str:
    return letter_of(RULES[Reason(reason)].status, Reason(reason))


def _has_filters(query: RowQuery) -> bool:
    """Whether many of the rows that are read may be no answer: then more are read at once."""
    few_leased = Status.PROCESSING in query.statuses and Status.PENDING not in query.statuses
    if query.reasons or query.codes or query.outcomes or query.execution or few_leased:
        return True
    waiting = query.cause is not None or query.group is not None
    return waiting and bool(query.lanes or query.statuses or query.listed_from or query.listed_to)


def _accepts(query: RowQuery, row: Row, shown: set[RowName]) -> bool:
    """Whether a row, as it stands now, is an answer: an index may be late."""
    answers = (
        (not query.lanes or row.name.lane in query.lanes)
        and (not query.statuses or row.status in query.statuses)
        and (not query.reasons or row.reason in query.reasons)
        and (not query.codes or row.code in query.codes)
        and _accepts_outcome(query, row)
        and _accepts_heap(query, row)
        and _accepts_time(query, row)
    )
    if not answers or row.name in shown:
        return False
    shown.add(row.name)
    return True


def _accepts_outcome(query: RowQuery, row: Row) -> bool:
    """An outcome of before is still known of a row that is not Synced any more."""
    return not query.outcomes or (row.status is Status.SYNCED and row.outcome in query.outcomes)


def _accepts_heap(query: RowQuery, row: Row) -> bool:
    return (
        (query.group is None or row.fingerprint == query.group)
        and (query.cause is None or row.cause == query.cause)
        and (query.execution is None or row.execution == query.execution)
    )


def _accepts_time(query: RowQuery, row: Row) -> bool:
    at = row.listed_at
    if at is None:
        return query.listed_from is None and query.listed_to is None
    return (query.listed_from is None or at >= query.listed_from) and (
        query.listed_to is None or at < query.listed_to
    )


def _question(query: RowQuery) -> tuple[object, ...]:
    """What a cursor is bound to; the order of alternatives does not matter."""
    return (
        query.consumer,
        sorted(query.lanes),
        sorted(query.statuses),
        sorted(query.reasons),
        sorted(query.codes, key=str),
        sorted(query.outcomes),
        query.group,
        query.cause,
        query.execution,
        query.listed_from and keys.time_text(query.listed_from),
        query.listed_to and keys.time_text(query.listed_to),
        query.text and to_word(query.text),
    )


def _first_word(item: Item, start: str) -> str | None:
    """Sort key of the first of a row's words that begins so: there alone the row is shown."""
    return min((key[1] for key in words_of(item) if key[1].startswith(start)), default=None)


def _to_group(item: Item) -> Group:
    return Group(
        key=item["key"],
        flow=item["fl"],
        reason=item["r"],
        count=item["n"],
        first_at=datetime.fromisoformat(item["first"]),
        last_at=datetime.fromisoformat(item["last"]),
        example=item["ex"],
        detail=item["d"],
    )
