"""Filters of the log become one domain query."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from chalicelib.api.filters import read_filter, read_row_query, read_time
from chalicelib.domain.log import RowQuery
from chalicelib.domain.statuses import Status
from chalicelib.flows.setup.errors import InvalidError
from tests.app.toy_world import World, open_world
from tests.app.toys import ORDERS, PRODUCTS, STOCK


@pytest.fixture
def world() -> Iterator[World]:
    with open_world() as opened:
        opened.add_consumer("acme")
        yield opened


def query_of(world: World, **given: list[str]) -> RowQuery | None:
    named = {name.rstrip("_"): values for name, values in given.items()}
    return read_row_query(world.services, "acme", named)


def test_no_filter_means_every_lane_there_is(world: World) -> None:
    query = query_of(world)

    assert query == RowQuery(consumer="acme", lanes=(PRODUCTS, STOCK, ORDERS))


def test_every_filter_finds_its_place(world: World) -> None:
    query = query_of(
        world,
        kind=["product"],
        flow=[PRODUCTS, ORDERS],
        status=["Failed", "Pending"],
        reason=["needs_mapping"],
        code=["400", "none"],
        outcome=["adopted"],
        group=["g"],
        cause=["c"],
        execution=["e"],
        from_=["2026-11-01"],
        to=["2026-11-02T00:00:00+01:00"],
        q=[" sku-1 "],
    )

    assert query == RowQuery(
        consumer="acme",
        lanes=(PRODUCTS,),
        statuses=(Status.FAILED, Status.PENDING),
        reasons=("needs_mapping",),
        codes=(400, None),
        outcomes=("adopted",),
        group="g",
        cause="c",
        execution="e",
        listed_from=datetime(2026, 11, 1, tzinfo=UTC),
        listed_to=datetime(2026, 11, 1, 23, tzinfo=UTC),
        text="sku-1",
    )


def test_a_kind_that_no_flow_carries_matches_nothing(world: World) -> None:
    assert query_of(world, kind=["refund"]) is None
    assert query_of(world, kind=["stock"], flow=[ORDERS]) is None


def test_a_flow_of_a_second_account_is_a_lane_of_its_own(world: World) -> None:
    world.connect("acme", "shop", "till-2")
    world.switch_on("acme", f"{ORDERS}@till-2")

    query = query_of(world, kind=["order"])

    assert query is not None
    assert query.lanes == (ORDERS, f"{ORDERS}@till-2")


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2026-11-01T12:00:00Z", 12),
        ("2026-11-01T12:00:00+02:00", 10),
        ("2026-11-01T12:00:00 02:00", 10),
        ("2026-11-01T12:00", 12),
        ("2026-11-01", 0),
    ],
    ids=["utc", "zone", "plus_sign_not_encoded", "no_zone", "date"],
)
def test_a_time_is_read_in_each_of_its_forms(text: str, hour: int) -> None:
    assert read_time(text) == datetime(2026, 11, 1, hour, tzinfo=UTC)


def test_a_filter_of_a_body_takes_values_and_lists_of_them() -> None:
    given = {"kind": "order", "code": [400, "404"], "q": "SKU"}

    assert read_filter(given) == {"kind": ["order"], "code": ["400", "404"], "q": ["SKU"]}


def test_a_filter_of_a_body_names_all_that_does_not_fit() -> None:
    with pytest.raises(InvalidError) as caught:
        read_filter({"kinds": "order", "code": 4.5, "status": [None], "limit": 1})

    fields = [problem.field for problem in caught.value.problems]
    assert fields == ["filter.kinds", "filter.code", "filter.status", "filter.limit"]
