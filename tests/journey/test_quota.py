"""Brightpearl's 200 calls a minute, shared by everything that goes on with three shops."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import takewhile
from pathlib import Path
from random import Random

import pytest

from local.demo.comparing import differences
from local.demo.outlets import OutletPeople
from local.demo.web import WebPeople
from local.platforms.brightpearl.account import REQUESTS_PER_MINUTE
from tests.journey.by_clock import STEP_S, Minutes, keeping_time
from tests.journey.desk import DeskPeople

PRODUCTS = 24
SALES = 15  #: at each shop
MINUTES_AT_MOST = 15
HANDFUL = 5  #: calls that Brightpearl may refuse
BEHIND = ("stock", "product")  #: kinds that wait until the orders are through


@pytest.fixture
def minutes(tmp_path: Path) -> Iterator[Minutes]:
    with keeping_time(tmp_path, products=PRODUCTS) as found:
        found.pass_s(120)
        assert differences(found.house.vendors) == []
        house = found.house
        house.vendors.brightpearl.throttle.limit = REQUESTS_PER_MINUTE
        settings = {"calls_per_minute": REQUESTS_PER_MINUTE}
        body = {"platform": "brightpearl", "settings": settings}
        house.api.put(f"{house.base}/connections/brightpearl", body)
        found.pass_s(120)
        yield found


def open_rows(minutes: Minutes) -> Counter[str]:
    """Count rows that are not Synced, by kind."""
    rows = minutes.house.rows(status=["Pending", "Processing", "Failed"])
    return Counter(str(row["kind"]) for row in rows)


def burst(minutes: Minutes) -> None:
    """Edit and count every product, and sell at all shops, in one moment."""
    vendors = minutes.house.vendors
    assert vendors.outlets is not None
    assert vendors.web is not None
    chance = Random(7)
    with vendors.brightpearl.batch():
        for product in vendors.erp.products:
            vendors.brightpearl.edit_product(product, description=f"<p>{chance.random()}</p>")
            for warehouse in vendors.erp.warehouses:
                vendors.brightpearl.set_stock(product, warehouse, chance.randint(60, 90))
    sellers = (
        DeskPeople(vendors, chance).sell,
        OutletPeople(vendors.outlets, chance).sell,
        WebPeople(vendors.web, chance).buy,
    )
    for sell in sellers:
        for _ in range(SALES):
            sell()
    minutes.hear()


def calls_of_each_minute(minutes: Minutes) -> list[int]:
    calls = minutes.house.vendors.brightpearl.calls
    at = [call.at for call in calls]
    return [sum(1 for one in at if first <= one < first + timedelta(minutes=1)) for first in at]


def test_burst_gets_through_a_small_quota_with_orders_first(minutes: Minutes) -> None:
    brightpearl = minutes.house.vendors.brightpearl
    brightpearl.calls.clear()
    brightpearl.throttle_next()  # the quota is used up already, by somebody else's app
    minutes.house.poll_now("square-orders-to-brightpearl")
    minutes.work()
    burst(minutes)

    story = [open_rows(minutes)]
    while story[-1] and len(story) < MINUTES_AT_MOST * 60 // STEP_S:
        minutes.pass_s(STEP_S)
        story.append(open_rows(minutes))

    assert story[0]["order"] == 3 * SALES
    assert not story[-1], story[-1]
    with_orders = list(takewhile(lambda then: then["order"], story))
    for then in with_orders:
        assert all(then[kind] == story[0][kind] for kind in BEHIND), then
    assert sum(1 for call in brightpearl.calls if call.status == 503) <= HANDFUL
    assert max(calls_of_each_minute(minutes)) > 0.8 * REQUESTS_PER_MINUTE
    assert differences(minutes.house.vendors) == []
