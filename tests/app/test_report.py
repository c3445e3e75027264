"""The report through the API: behind each number stand exactly as many rows."""

from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.domain import protocol
from chalicelib.domain.reasons import Reason
from chalicelib.domain.rows import RowName
from chalicelib.domain.setup import Role
from chalicelib.domain.statuses import Kind, Outcome, Status
from chalicelib.flows.setup.consumers import change_consumer
from tests.app.asking import Api
from tests.app.toy_world import World
from tests.app.toys import ORDERS, PRODUCTS, STOCK

ACME = "/v1/consumers/acme"


def live_in(world: World, time_zone: str) -> None:
    change_consumer(world.services, "acme", name=None, time_zone=time_zone, by="the test")


def fill(world: World, days: int = 3) -> int:
    """Make rows of every status at every time of day; returns how many."""
    world.time = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)
    count = days * 24 * 2
    for made in range(count):
        record, turn = f"R{made:03d}", made % 7
        if turn == 0:
            world.synced("acme", PRODUCTS, record)
        elif turn == 1:
            world.failed("acme", ORDERS, record)
        elif turn == 2:
            world.request("acme", ORDERS, record)
        elif turn == 3:
            world.held_by_category("acme", record, "Hats")
        elif turn == 4:
            row = world.request("acme", STOCK, record)
            world.end(row, status=Status.SYNCED, reason=None, outcome=Outcome.NOT_APPLICABLE)
        elif turn == 5:
            world.synced("acme", STOCK, record)
            world.end(world.request("acme", STOCK, record), code=503, reason=Reason.RETRYING)
        else:
            row = world.request("acme", ORDERS, record)
            done = {"status": Status.SYNCED, "reason": None, "outcome": Outcome.UPDATED}
            world.end(row, **done, code=200)
        world.advance(minutes=30)
    world.synced("bistro", PRODUCTS, "P9")
    return count


def rows_behind(api: Api, wanted: dict[str, Any]) -> list[dict[str, Any]]:
    """Page through the log with the filter of a number."""
    given = {"from_" if name == "from" else name: value for name, value in wanted.items()}
    rows, cursor = [], None
    while True:
        page = api.get(f"{ACME}/logs", limit=20, cursor=cursor, **given).json
        rows += page["items"]
        cursor = page["next"]
        if cursor is None:
            return rows


@pytest.mark.parametrize(
    "time_zone", ["UTC", "Asia/Jakarta", "America/Los_Angeles", "Asia/Kathmandu"]
)
def test_the_list_behind_each_number_has_exactly_that_many_rows(
    api: Api, world: World, time_zone: str
) -> None:
    made = fill(world)
    live_in(world, time_zone)

    report = api.get(f"{ACME}/report").json

    for item in report["items"]:
        rows = rows_behind(api, item["filter"])
        assert len(rows) == item["count"], item
        alike = {(row["kind"], row["status"], row["code"]) for row in rows}
        assert alike == {(item["kind"], item["status"], item["code"])}
        outcomes = {row["outcome"] for row in rows}
        assert (outcomes == {"not_applicable"}) == item["not_applicable"]
    for item in report["orders"]:
        assert len(rows_behind(api, item["filter"])) == item["count"], item
    assert sum(item["count"] for item in report["items"]) == made
    assert sum(item["count"] for item in report["orders"]) == sum(
        item["count"] for item in report["items"] if item["kind"] == "order"
    )


def test_a_resync_takes_the_filter_of_a_number(api: Api, world: World) -> None:
    fill(world)

    [item, *_] = [
        item for item in api.get(f"{ACME}/report").json["items"] if item["status"] == "Failed"
    ]
    counted = api.post(f"{ACME}/resyncs", {"filter": item["filter"], "dry_run": True})

    assert (counted.json["count"], counted.json["exact"]) == (item["count"], True)


def test_an_order_of_late_evening_counts_on_the_next_day_further_east(
    api: Api, world: World
) -> None:
    world.time = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    world.failed("acme", ORDERS, "SALE42")
    at_home = api.get(f"{ACME}/report").json["orders"]
    live_in(world, "Asia/Jakarta")
    further_east = api.get(f"{ACME}/report").json

    assert [item["day"] for item in at_home] == ["2026-11-20"]
    assert [item["day"] for item in further_east["orders"]] == ["2026-11-21"]
    assert further_east["orders"][0]["channel"] == "till"
    assert further_east["time_zone"] == "Asia/Jakarta"
    assert further_east["orders"][0]["filter"] == {
        "kind": "order",
        "flow": [ORDERS],
        "from": "2026-11-20T17:00:00.000Z",
        "to": "2026-11-21T17:00:00.000Z",
    }


def test_rows_without_an_answer_have_a_number_of_their_own(api: Api, world: World) -> None:
    world.failed("acme", ORDERS, "SALE1")
    world.request("acme", ORDERS, "SALE2")

    items = api.get(f"{ACME}/report", kind="order").json["items"]

    assert [(item["status"], item["code"], item["count"]) for item in items] == [
        ("Pending", None, 1),
        ("Failed", 400, 1),
    ]


def test_a_kind_narrows_the_rows_and_orders_stand_beside_them(api: Api, world: World) -> None:
    fill(world, days=1)

    report = api.get(f"{ACME}/report", kind=["product", "stock"]).json

    assert {item["kind"] for item in report["items"]} == {"product", "stock"}
    assert report["orders"] != []


def test_a_report_covers_today_and_the_days_before_it(api: Api, world: World) -> None:
    world.failed("acme", ORDERS, "SALE1")
    world.advance(days=7)

    week = api.get(f"{ACME}/report").json
    fortnight = api.get(f"{ACME}/report", days=14).json

    assert (week["days"][0], week["days"][-1], len(week["days"])) == ("2026-11-03", "2026-11-09", 7)
    assert week["items"] == week["orders"] == []
    assert [item["day"] for item in fortnight["items"]] == ["2026-11-02"]
    assert len(api.get(f"{ACME}/report", days=30).json["days"]) == 30


def test_rows_of_a_flow_that_is_no_more_are_in_no_list_and_in_no_number(
    api: Api, world: World
) -> None:
    name = RowName(consumer="acme", flow="fax-orders-to-shop", record="SALE1")
    asked = protocol.Request(name=name, kind=Kind.ORDER, by="webhook")
    world.services.log.write_rows([protocol.request(asked, world.time)])

    report = api.get(f"{ACME}/report").json

    assert report["items"] == report["orders"] == []
    assert api.get(f"{ACME}/logs").json["items"] == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"days": "8"}, "days"),
        ({"days": ""}, "days"),
        ({"days": "1e9"}, "days"),
        ({"kind": "inventory"}, "kind"),
        ({"status": "Failed"}, "status"),
    ],
)
def test_what_does_not_fit_is_named(api: Api, query: dict[str, str], field: str) -> None:
    answered = api.get(f"{ACME}/report", **query)

    assert (answered.status, answered.fields) == (422, [field])


def test_a_viewer_may_read_the_report_of_its_own_consumer_alone(api: Api, world: World) -> None:
    viewer = api.using(world.key("acme", Role.VIEWER))

    assert viewer.get(f"{ACME}/report").status == 200
    assert viewer.get("/v1/consumers/bistro/report").status == 404
