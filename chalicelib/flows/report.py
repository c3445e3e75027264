"""The report: how the rows of each of the last days stand now, and how many orders came.

Rows are counted by quarters of an hour, on which the days of every time zone begin. A row counts on
the day it is listed under, so the log between the same two times holds exactly the rows of a count.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from chalicelib.domain.log import SlotCounts
from chalicelib.domain.setup import Consumer
from chalicelib.domain.statuses import Kind, Status
from chalicelib.flows.declare import base_name
from chalicelib.flows.services import Services
from chalicelib.flows.setup.flows import list_flow_names

PERIODS = (7, 14, 30)  #: days a report may cover


@dataclass(frozen=True, kw_only=True)
class Day:
    """One day of a consumer, which has 23 to 25 hours."""

    date: date
    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """Rows of one day that stand alike.

    ``code`` is None where no answer came; ``not_applicable`` means that a written rule left them
    alone, which is Synced too.
    """

    day: Day
    kind: Kind
    status: Status
    code: int | None
    not_applicable: bool
    count: int


@dataclass(frozen=True, kw_only=True)
class Orders:
    """Distinct orders of one day and channel, however many steps each of them has."""

    day: Day
    channel: str  #: the platform they were placed at
    flows: Sequence[str]  #: that bring them
    count: int


@dataclass(frozen=True, kw_only=True)
class Report:
    """What happened in some days, oldest first."""

    days: Sequence[Day]
    buckets: Sequence[Bucket]
    orders: Sequence[Orders]


def read_report(services: Services, consumer: Consumer, *, days: int) -> Report:
    """Return the report of today and the days before it; one query a day."""
    period = list_days(services.now(), time_zone=consumer.time_zone, count=days)
    slots = services.log.count_slots(
        consumer.id, listed_from=period[0].begins_at, listed_to=period[-1].ends_at
    )
    # A flow that is no more has rows, and no list that shows them.
    channels = {
        name: flow.source
        for name in list_flow_names(services, consumer.id)
        if (flow := services.flows.get(base_name(name))) is not None
    }
    known = [slot for slot in slots if slot.flow in channels]
    return Report(
        days=period, buckets=to_buckets(period, known), orders=to_orders(period, known, channels)
    )


def list_days(now: datetime, *, time_zone: str, count: int) -> list[Day]:
    """Return the last days of a time zone, oldest first; the last one is today."""
    zone = ZoneInfo(time_zone)
    today = now.astimezone(zone).date()
    dates = [today - timedelta(days=back) for back in range(count - 1, -1, -1)]
    return [
        Day(
            date=one,
            begins_at=_midnight(one, zone),
            ends_at=_midnight(one + timedelta(days=1), zone),
        )
        for one in dates
    ]


def to_buckets(days: Sequence[Day], slots: Sequence[SlotCounts]) -> list[Bucket]:
    """Sum up slots by day, kind, status and code."""
    counts: Counter[tuple[int, Kind, Status, int | None, bool]] = Counter()
    for slot in slots:
        place = _place_of(days, slot.begins_at)
        counts[place, slot.kind, slot.status, slot.code, slot.not_applicable] += slot.count
    kinds, statuses = list(Kind), list(Status)
    ordered = sorted(
        counts,
        key=lambda key: (key[0], kinds.index(key[1]), statuses.index(key[2]), key[3] or 0, key[4]),
    )
    return [
        Bucket(
            day=days[key[0]],
            kind=key[1],
            status=key[2],
            code=key[3],
            not_applicable=key[4],
            count=counts[key],
        )
        for key in ordered
    ]


def to_orders(
    days: Sequence[Day], slots: Sequence[SlotCounts], channel_by_flow: Mapping[str, str]
) -> list[Orders]:
    """Count orders by day and channel: their own rows of any status, never those of their steps."""
    counts: Counter[tuple[int, str]] = Counter()
    flows: dict[tuple[int, str], set[str]] = {}
    for slot in slots:
        if slot.kind is Kind.ORDER:
            key = _place_of(days, slot.begins_at), channel_by_flow[slot.flow]
            counts[key] += slot.count
            flows.setdefault(key, set()).add(slot.flow)
    return [
        Orders(day=days[key[0]], channel=key[1], flows=sorted(flows[key]), count=counts[key])
        for key in sorted(counts)
    ]


def _place_of(days: Sequence[Day], at: datetime) -> int:
    return bisect_right(days, at, key=lambda day: day.begins_at) - 1


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return when a day begins; where clocks skip midnight, the moment they skip it."""
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)
