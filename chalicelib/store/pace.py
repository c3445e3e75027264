"""Rate windows, backlogs, leases, releases and pending units of the sync log."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from chalicelib.domain.log import Units
from chalicelib.domain.setup import Release
from chalicelib.domain.writes import Op, Term
from chalicelib.store import keys
from chalicelib.store.part import LogPart
from chalicelib.store.releases import Outbox
from chalicelib.store.table import EXISTS, Effect, Index, Key, Write, choice, delete, put, update

BACKLOG = "Z|backlog"  #: partition of index ``wait`` for flagged connections
LEASE_KEPT_S = 24 * 3600  #: a lease nobody gave back is gone a day after it ended


class PacePart(LogPart):
    """See ``domain.ports.PaceStore``."""

    def take_calls(
        self,
        consumer: str,
        connection: str,
        count: int,
        *,
        limit: int,
        window_s: int,
        now: datetime,
    ) -> bool:
        """Take vendor calls of the window that ``now`` falls in; False if they are not there.

        Who wants more than a window holds gets a whole fresh one: it would wait for ever otherwise.
        """
        start = _window_start(now, window_s)
        fits = (Term("w", Op.EQ, start), Term("n", Op.LE_OR_ABSENT, limit - count))
        fresh = (Term("w", Op.LT_OR_ABSENT, start),)
        key = _key(consumer, connection)
        listed = _listed(consumer, key)
        choices = [
            choice("taken", fits, Effect(add={"n": count})),
            choice("taken", fresh, Effect(set={"w": start, "n": count, **listed})),
        ]
        return self.table.write_many([Write(key, choices)])[0].tag is not None

    def set_calls_left(
        self,
        consumer: str,
        connection: str,
        left: int,
        *,
        limit: int,
        window_s: int,
        now: datetime,
    ) -> None:
        """Correct the window by the vendor's own word."""
        start = _window_start(now, window_s)
        key = _key(consumer, connection)
        facts = {"w": start, "n": max(0, limit - left), **_listed(consumer, key)}
        self.table.write_many([update(key, Term("w", Op.LE_OR_ABSENT, start), set=facts)])

    def flag_backlog(self, consumer: str, connection: str, *, now: datetime) -> None:
        """Flag a connection whose rows wait for calls, or say again that it is."""
        key = _key(consumer, connection)
        flag = {"bl": keys.time_text(now), "wp": BACKLOG, "ws": key[0], **_listed(consumer, key)}
        self.table.write_many([update(key, set=flag)])

    def clear_backlog(self, consumer: str, connection: str, *, flagged_before: datetime) -> None:
        """Remove the flag, unless somebody flagged the connection since that moment."""
        flagged = Term("bl", Op.GT, "")
        old = Term("bl", Op.LT_OR_ABSENT, keys.time_text(flagged_before))
        key = _key(consumer, connection)
        self.table.write_many([update(key, flagged, old, remove=["bl", "wp", "ws"])])

    def is_backlogged(self, consumer: str, connection: str) -> bool:
        """Whether the flag stands."""
        item = self.table.get_many([_key(consumer, connection)])[0]
        return item is not None and "bl" in item

    def list_backlogged(self, *, limit: int) -> Sequence[tuple[str, str]]:
        """(consumer, connection) of flagged connections. May lag."""
        entries = self.table.query_index(Index.WAIT, BACKLOG, limit=limit)
        parts = [entry.pk.split("|") for entry in entries]
        return [(keys.unescape(one[1]), keys.unescape(one[2])) for one in parts]

    def take_lease(self, key: str, holder: str, *, until: datetime, now: datetime) -> bool:
        """Take or renew a lease; False while another holds it."""
        effect = Effect(
            set={
                "by": holder,
                "until": keys.time_text(until),
                "ttl": int(until.timestamp()) + LEASE_KEPT_S,
            }
        )
        over = Term("until", Op.LE_OR_ABSENT, keys.time_text(now))
        choices = [  # taking a free one is what happens most
            choice("taken", (over,), effect),
            choice("renewed", (Term("by", Op.EQ, holder),), effect),
        ]
        return self.table.write_many([Write(_lease_key(key), choices)])[0].tag is not None

    def end_lease(self, key: str, holder: str) -> None:
        """Give a lease back, if it is still the holder's."""
        self.table.write_many([delete(_lease_key(key), Term("by", Op.EQ, holder))])

    @property
    def _outbox(self) -> Outbox:
        return Outbox(self.table)

    def put_releases(self, releases: Sequence[Release]) -> None:
        """Write or replace releases in the log's own outbox."""
        self._outbox.put_many(releases)

    def list_releases(self, *, due_before: datetime, limit: int) -> Sequence[Release]:
        """Releases that are due, oldest first."""
        return self._outbox.list_due(due_before=due_before, limit=limit)

    def delete_release(self, release: Release) -> None:
        """Remove a release after its second run."""
        self._outbox.delete(release)

    def put_units(
        self, consumer: str, connection: str, record: str, units: Sequence[Units]
    ) -> None:
        """Set the goods of one order that the ERP has not taken; none clears them."""
        key = (keys.join("U", consumer, connection), keys.bounded(record))
        if not units:
            self.table.write_many([delete(key, EXISTS)])
            return
        item = {
            "pk": key[0],
            "sk": key[1],
            "record": record,
            "units": [_from_units(one) for one in units],
            **_listed(consumer, key),
        }
        self.table.write_many([put(item)])

    def list_units(self, consumer: str, connection: str, *, limit: int) -> Sequence[Units]:
        """Goods sold at a till and not taken by the ERP; ``limit`` orders at most."""
        items = self.table.query(keys.join("U", consumer, connection), limit=limit)
        return [_to_units(item["record"], one) for item in items for one in item["units"]]


def _key(consumer: str, connection: str) -> Key:
    return keys.join("W", consumer, connection), keys.ROW


def _lease_key(key: str) -> Key:
    return keys.join("K", key), keys.ROW


def _listed(consumer: str, key: Key) -> dict[str, str]:
    """Attributes by which an erasure finds the item."""
    return {"lp": keys.others_pk(consumer), "ls": f"{key[0]}|{key[1]}"}


def _window_start(now: datetime, window_s: int) -> int:
    """Seconds since 1970 at which the window began; windows of another length still compare."""
    return int(now.timestamp()) // window_s * window_s


def _from_units(one: Units) -> dict[str, str]:
    return {
        "item": one.item,
        "location": one.location,
        "quantity": str(one.quantity),
        "sold_at": keys.time_text(one.sold_at),
    }


def _to_units(record: str, one: Mapping[str, Any]) -> Units:
    return Units(
        record=record,
        item=one["item"],
        location=one["location"],
        quantity=Decimal(one["quantity"]),
        sold_at=datetime.fromisoformat(one["sold_at"]),
    )
