"""Counts of the sync log as they stand, and how they are mended."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from chalicelib.domain.log import Counts, SlotCounts
from chalicelib.domain.statuses import Kind, Status
from chalicelib.domain.writes import Op, Term
from chalicelib.store import keys
from chalicelib.store.part import LogPart
from chalicelib.store.stream import SLOT_MINUTES
from chalicelib.store.table import EXISTS, HIGHEST, Index, Item, update

LANES_AT_MOST = 200
SLOTS_AT_MOST = LANES_AT_MOST * 24 * 60 // SLOT_MINUTES  #: of a day
_STATUS_ATTRIBUTES = {
    Status.PENDING: "P",
    Status.PROCESSING: "R",
    Status.SYNCED: "S",
    Status.FAILED: "F",
}
#: What a recount compares: shelves of index ``list``, and the counters that tell of them.
_SHELVES = (("PW", ("P", "R")), ("S", ("S",)), ("F", ("F",)))


class CountPart(LogPart):
    """See ``domain.ports.RowStore``."""

    def count_now(self, consumer: str) -> Sequence[Counts]:
        """Rows by flow, kind and status, now; see ``RowStore``."""
        return [
            Counts(
                flow=flow,
                kind=Kind(item["k"]),
                status=status,
                count=item[short],
                not_applicable=item.get("na", 0) if status is Status.SYNCED else 0,
            )
            for item in self._read_counts(consumer)
            for flow in [keys.unescape(item["sk"].split("/")[0])]
            for status, short in _STATUS_ATTRIBUTES.items()
            if item.get(short, 0) > 0
        ]

    def count_slots(
        self, consumer: str, *, listed_from: datetime, listed_to: datetime
    ) -> Sequence[SlotCounts]:
        """Rows by the quarter of an hour they are listed in; see ``RowStore``."""
        works = [
            partial(
                self.table.query,
                f"N|{keys.escape(consumer)}|{day}",
                low=low,
                high=high,
                limit=SLOTS_AT_MOST,
            )
            for day, low, high in _days_between(listed_from, listed_to)
        ]
        return [
            counts
            for items in self.table.together(works)
            for item in items
            for counts in _counts_of_slot(item)
        ]

    def mend_counts(self, consumer: str) -> int:
        """Compare counts with the lists; see ``RowStore``.

        Counts and index are late, each by its own moment, so a difference alone proves nothing. It
        is noted, and only one that is found again as it was, a recount later, is added.
        """
        return sum(self._mend(consumer, item) for item in self._read_counts(consumer))

    def _mend(self, consumer: str, item: Item) -> bool:
        lane = _lane_of(item)
        missing = [
            self._count_shelf(consumer, lane, letters) - sum(item.get(one, 0) for one in counters)
            for letters, counters in _SHELVES
        ]
        noted, seen = item.get("rc"), " ".join(map(str, missing))
        key = (item["pk"], item["sk"])
        if not any(missing):
            if noted is not None:
                self.table.write_many([update(key, EXISTS, remove=["rc"])])
            return False
        if noted != seen:
            self.table.write_many([update(key, EXISTS, set={"rc": seen})])
            return False
        adds = {
            counters[0]: count
            for (_, counters), count in zip(_SHELVES, missing, strict=True)
            if count
        }
        same = Term("rc", Op.EQ, seen)
        done = self.table.write_many([update(key, same, add=adds, remove=["rc"])])
        return done[0].tag is not None

    def _count_shelf(self, consumer: str, lane: str, letters: str) -> int:
        parts = [
            keys.list_pk(consumer, lane, letter, shard)
            for letter in letters
            for shard in range(self.shards)
        ]
        works = [partial(self.table.count_index, Index.LIST, pk) for pk in parts]
        return sum(self.table.together(works))

    def _read_counts(self, consumer: str) -> Sequence[Item]:
        return self.table.query(f"N|{keys.escape(consumer)}|now", limit=LANES_AT_MOST)

    def _read_lanes(self, consumer: str) -> list[str]:
        """Lanes in which a consumer has ever had a row."""
        return [_lane_of(item) for item in self._read_counts(consumer)]


def _lane_of(item: Item) -> str:
    return "/".join(keys.unescape(part) for part in item["sk"].split("/"))


def _days_between(begin: datetime, end: datetime) -> Iterator[tuple[str, str, str]]:
    """Yield each day of a period in UTC, with the first slot in the period and the first after."""
    begin, end = begin.astimezone(UTC), end.astimezone(UTC)
    day = begin.replace(hour=0, minute=0, second=0, microsecond=0)
    while day < end:
        following = day + timedelta(days=1)
        low = f"{begin:%H:%M}" if day < begin else ""
        high = f"{end:%H:%M}" if end < following else HIGHEST
        yield f"{day:%Y-%m-%d}", low, high
        day = following


def _counts_of_slot(item: Item) -> Iterator[SlotCounts]:
    """Read the counters of a lane and slot: ``Synced.200`` or, left alone, ``Synced..na``."""
    begins_at = datetime.fromisoformat(f"{item['pk'][-10:]}T{item['sk'][:5]}+00:00")
    lane = item["sk"].partition("|")[2]
    for name, count in item.items():
        status, *rest = name.split(".")
        if not rest or count <= 0:
            continue
        yield SlotCounts(
            begins_at=begins_at,
            flow=keys.unescape(lane.split("/")[0]),
            kind=Kind(item["k"]),
            status=Status(status),
            code=int(rest[0]) if rest[0] else None,
            not_applicable=rest[-1] == "na",
            count=count,
        )
