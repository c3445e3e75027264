"""The days of a report, and what is summed up in them."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from chalicelib.domain.log import SlotCounts
from chalicelib.domain.statuses import Kind, Status
from chalicelib.flows.report import Day, list_days, to_buckets, to_orders
from tests.builders import ORDERS, PRODUCTS

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def make_slot(begins_at: datetime, count: int = 1, **changes: Any) -> SlotCounts:
    defaults = {"flow": PRODUCTS, "kind": Kind.PRODUCT, "status": Status.SYNCED, "code": 200}
    facts: dict[str, Any] = {**defaults, "not_applicable": False, **changes}
    return SlotCounts(begins_at=begins_at, count=count, **facts)


def hours_of(day: Day) -> float:
    return (day.ends_at - day.begins_at) / timedelta(hours=1)


def test_the_last_day_is_today_and_days_join_without_a_gap() -> None:
    days = list_days(NOON, time_zone="Asia/Jakarta", count=14)

    assert len(days) == 14
    assert days[-1].date.isoformat() == "2026-11-22"
    assert days[-1].begins_at == datetime(2026, 11, 21, 17, 0, tzinfo=UTC)
    for day, following in pairwise(days):
        assert day.ends_at == following.begins_at
        assert hours_of(day) == 24


def test_it_is_tomorrow_already_where_the_sun_rises_first() -> None:
    [day] = list_days(NOON, time_zone="Pacific/Kiritimati", count=1)

    assert day.date.isoformat() == "2026-11-23"


@pytest.mark.parametrize(
    ("time_zone", "now", "hours"),
    [
        ("Europe/London", datetime(2026, 3, 29, 9, tzinfo=UTC), 23),
        ("Europe/London", datetime(2026, 10, 25, 9, tzinfo=UTC), 25),
        ("Australia/Lord_Howe", datetime(2026, 10, 4, 9, tzinfo=UTC), 23.5),
        ("Africa/Cairo", datetime(2026, 4, 24, 9, tzinfo=UTC), 23),  # midnight itself is skipped
        ("Africa/Cairo", datetime(2026, 10, 29, 9, tzinfo=UTC), 25),  # its last hour comes twice
    ],
)
def test_days_are_as_long_as_their_clocks_make_them(
    time_zone: str, now: datetime, hours: float
) -> None:
    [day] = list_days(now, time_zone=time_zone, count=1)

    assert hours_of(day) == hours


@pytest.mark.parametrize("time_zone", ["Asia/Kathmandu", "Pacific/Chatham", "America/St_Johns"])
def test_every_day_begins_on_a_quarter_of_an_hour(time_zone: str) -> None:
    for day in list_days(NOON, time_zone=time_zone, count=30):
        assert day.begins_at.minute % 15 == 0
        assert day.begins_at.second == 0


def test_a_quarter_counts_on_the_day_it_lies_in() -> None:
    days = list_days(NOON, time_zone="Asia/Kathmandu", count=2)
    midnight = datetime(2026, 11, 21, 18, 15, tzinfo=UTC)

    buckets = to_buckets(
        days, [make_slot(midnight - timedelta(minutes=15), 2), make_slot(midnight, 3)]
    )

    assert [(f"{one.day.date}", one.count) for one in buckets] == [
        ("2026-11-21", 2),
        ("2026-11-22", 3),
    ]


def test_rows_of_several_flows_that_stand_alike_are_one_number() -> None:
    days = list_days(NOON, time_zone="UTC", count=1)
    slots = [
        make_slot(NOON, 2),
        make_slot(NOON, 3, flow=f"{PRODUCTS}@square-2"),
        make_slot(NOON, 4, not_applicable=True),
        make_slot(NOON, 5, code=None),
        make_slot(NOON, 6, status=Status.FAILED),
    ]

    buckets = to_buckets(days, slots)

    assert [(one.status.value, one.code, one.not_applicable, one.count) for one in buckets] == [
        ("Synced", None, False, 5),
        ("Synced", 200, False, 5),
        ("Synced", 200, True, 4),
        ("Failed", 200, False, 6),
    ]


def test_orders_are_counted_by_channel_and_never_with_their_steps() -> None:
    days = list_days(NOON, time_zone="UTC", count=1)
    second = f"{ORDERS}@square-2"
    slots = [
        make_slot(NOON, 2, flow=ORDERS, kind=Kind.ORDER),
        make_slot(NOON, 3, flow=ORDERS, kind=Kind.ORDER, status=Status.FAILED, code=None),
        make_slot(NOON, 4, flow=second, kind=Kind.ORDER),
        make_slot(NOON, 7, flow=ORDERS, kind=Kind.CREATE_ORDER),
        make_slot(NOON, 9),
        make_slot(NOON, 1, flow="shop-orders", kind=Kind.ORDER),
    ]

    orders = to_orders(
        days, slots, {ORDERS: "square", second: "square", PRODUCTS: "x", "shop-orders": "shop"}
    )

    assert [(one.channel, one.flows, one.count) for one in orders] == [
        ("shop", ["shop-orders"], 1),
        ("square", [ORDERS, second], 9),
    ]
