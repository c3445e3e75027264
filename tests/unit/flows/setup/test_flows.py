"""A consumer's flows: switch, settings, what is missing."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.causes import flow_cause, setting_cause
from chalicelib.domain.log import Counts
from chalicelib.domain.rows import Row, RowName
from chalicelib.domain.setup import Consumer, FlowSetup
from chalicelib.domain.statuses import Kind, Status
from chalicelib.flows.setup.connections import delete_connection
from chalicelib.flows.setup.errors import InvalidError, UnknownError
from chalicelib.flows.setup.flows import (
    describe_flow,
    describe_flows,
    read_oldest_waiting,
    save_flow,
)
from tests.app.toy_world import START, World, open_world
from tests.app.toys import ORDERS, PRODUCTS, STOCK


@pytest.fixture
def world() -> Iterator[World]:
    with open_world() as opened:
        opened.add_consumer("acme", time_zone="Asia/Jakarta")
        yield opened


def acme(world: World) -> Consumer:
    found = world.services.registry.read_consumer("acme")
    assert found is not None
    return found


def save(
    world: World, flow: str = PRODUCTS, *, enabled: bool | None = None, **settings: Any
) -> FlowSetup:
    return save_flow(
        world.services, acme(world), flow, enabled=enabled, settings=settings, by="Ann"
    )


def lacks(world: World, flow: str = PRODUCTS) -> list[tuple[str, str]]:
    view = describe_flow(world.services, "acme", flow)
    return [(lack.what, lack.name) for lack in view.missing]


def row_of(world: World, record: str, flow: str = ORDERS) -> Row:
    [row] = world.services.log.read_rows([RowName(consumer="acme", flow=flow, record=record)])
    assert row is not None
    return row


@pytest.mark.parametrize("has_list", [True, False])
@pytest.mark.parametrize("names", [(), ("shop",), ("till",), ("shop", "till")])
def test_a_flow_names_exactly_what_is_missing(
    world: World, names: tuple[str, ...], *, has_list: bool
) -> None:
    world.connect("acme", *names)
    save(world, enabled=True, price_list="7" if has_list else None)

    expected = [("connection", name) for name in ("shop", "till") if name not in names]
    expected += [] if has_list else [("setting", "price_list")]
    assert lacks(world) == expected
    assert describe_flow(world.services, "acme", PRODUCTS).ready is (expected == [])


def test_a_flow_that_was_ready_stays_so_when_a_setting_is_taken_away(world: World) -> None:
    world.connect("acme", "shop", "till")
    save(world, enabled=True, price_list="7")

    save(world, price_list=None)

    assert describe_flow(world.services, "acme", PRODUCTS).ready
    assert lacks(world) == [("setting", "price_list")]


def test_a_flow_without_one_of_its_connections_is_not_ready_until_it_is_back(world: World) -> None:
    world.connect("acme", "shop", "till")
    save(world, ORDERS, enabled=True)

    delete_connection(world.services, "acme", "till", by="Ann")
    without = describe_flow(world.services, "acme", ORDERS).ready
    world.connect("acme", "till")

    assert not without
    assert describe_flow(world.services, "acme", ORDERS).ready


def test_switching_on_releases_what_was_parked_and_starts_the_poll(world: World) -> None:
    world.connect("acme", "shop", "till")
    save(world, ORDERS, enabled=False)
    world.advance(hours=1)

    save(world, ORDERS, enabled=True)

    poll = world.services.registry.read_poll("acme", ORDERS)
    assert flow_cause(ORDERS) in world.releases()
    assert poll is not None
    assert poll.next_at == world.time


def test_a_flow_that_is_on_already_releases_nothing_again(world: World) -> None:
    world.connect("acme", "shop", "till")
    save(world, ORDERS, enabled=True)
    before = world.releases()

    save(world, ORDERS, enabled=True)

    assert world.releases() == before


def test_a_flow_that_is_not_ready_starts_no_poll(world: World) -> None:
    save(world, enabled=True)

    assert world.services.registry.read_poll("acme", PRODUCTS) is None


def test_the_next_poll_is_told_of_a_flow_that_runs_and_of_no_other(world: World) -> None:
    world.connect("acme", "shop", "till")
    save(world, ORDERS, enabled=True)
    running = describe_flow(world.services, "acme", ORDERS).next_poll_at

    save(world, ORDERS, enabled=False)

    assert running == world.time
    assert world.services.registry.read_poll("acme", ORDERS) is not None
    assert describe_flow(world.services, "acme", ORDERS).next_poll_at is None
    assert describe_flow(world.services, "acme", STOCK).next_poll_at is None  # never polled yet


def test_a_flow_that_lost_a_connection_has_no_next_poll(world: World) -> None:
    world.connect("acme", "shop", "till")
    save(world, ORDERS, enabled=True)

    delete_connection(world.services, "acme", "till", by="Ann")

    assert describe_flow(world.services, "acme", ORDERS).next_poll_at is None


def test_a_flow_that_is_not_polled_has_no_next_poll(world: World) -> None:
    world.connect("acme", "shop", "till")
    save(world, ORDERS, enabled=True)
    pushed = replace(world.services.flows[ORDERS], poll_every_s=None)
    services = replace(world.services, flows={**world.services.flows, ORDERS: pushed})

    assert describe_flow(services, "acme", ORDERS).next_poll_at is None


def test_the_oldest_waiting_row_of_a_flow_is_its_own_and_pending(world: World) -> None:
    world.failed("acme", ORDERS, "1")
    world.advance(minutes=1)
    second = world.request("acme", ORDERS, "2").listed_at
    world.advance(minutes=1)
    third = world.request("acme", ORDERS, "3").listed_at
    stock = world.request("acme", STOCK, "4").listed_at
    views = {view.setup.flow: view for view in describe_flows(world.services, "acme")}
    world.end(row_of(world, "2"), status=Status.SYNCED, reason=None)

    assert views[ORDERS].oldest_waiting_at == second
    assert views[STOCK].oldest_waiting_at == stock
    assert views[PRODUCTS].oldest_waiting_at is None
    assert describe_flow(world.services, "acme", ORDERS).oldest_waiting_at == third


def test_a_flow_without_a_pending_row_is_not_asked_for_its_oldest(world: World) -> None:
    counts = [
        Counts(flow=ORDERS, kind=Kind.ORDER, status=Status.FAILED, count=1),
        Counts(flow=STOCK, kind=Kind.STOCK, status=Status.PENDING, count=1),
    ]
    world.request("acme", ORDERS, "1")

    assert read_oldest_waiting(world.services, "acme", ORDERS, counts) is None


def test_a_setting_that_got_another_value_releases_its_rows_alone(world: World) -> None:
    save(world, price_list="7", note="a")
    before = world.releases()
    save(world, price_list="7", note="b", archived=None)

    assert before == sorted(
        [setting_cause(PRODUCTS, "price_list"), setting_cause(PRODUCTS, "note")]
    )
    assert world.releases() == sorted([*before, setting_cause(PRODUCTS, "note")])


def test_settings_are_read_by_their_type(world: World) -> None:
    setup = save(
        world,
        price_list=7,
        start_date="2026-11-01",
        tolerance="0.050",
        live=False,
        archived="keep",
        note=" hello ",
    )

    assert setup.settings == {
        "price_list": "7",
        "start_date": "2026-10-31T17:00:00+00:00",  # midnight in Jakarta
        "tolerance": "0.050",
        "live": "no",
        "archived": "keep",
        "note": "hello",
    }


def test_every_wrong_setting_is_named_at_once_and_nothing_is_saved(world: World) -> None:
    wrong = {
        "start_date": "yesterday",
        "tolerance": "NaN",
        "live": "maybe",
        "archived": "burn",
        "note": "x" * 1001,
        "price_list": True,
        "colour": "red",
    }

    with pytest.raises(InvalidError) as caught:
        save(world, enabled=True, **wrong)

    assert [one.field for one in caught.value.problems] == [f"settings.{name}" for name in wrong]
    assert world.services.registry.read_flow("acme", PRODUCTS) is None


def test_what_is_not_given_stays(world: World) -> None:
    save(world, enabled=True, note="a")

    setup = save(world, price_list="7")

    assert setup.enabled
    assert setup.settings == {"note": "a", "price_list": "7"}


def test_an_unknown_flow_is_refused_with_the_known_ones(world: World) -> None:
    with pytest.raises(UnknownError, match=PRODUCTS):
        save(world, "shop-dreams-to-till")


def test_a_flow_on_a_second_account_needs_that_account(world: World) -> None:
    second = f"{ORDERS}@till-2"
    with pytest.raises(UnknownError, match="till-2"):
        save(world, second)
    world.connect("acme", "shop", "till-2")

    save(world, second, enabled=True)

    names = [view.setup.flow for view in describe_flows(world.services, "acme")]
    assert names == [PRODUCTS, STOCK, ORDERS, second]
    assert describe_flow(world.services, "acme", second).ready
    assert not describe_flow(world.services, "acme", ORDERS).ready


def test_the_counts_of_a_flow_are_its_own(world: World) -> None:
    world.failed("acme", PRODUCTS, "1")
    world.synced("acme", STOCK, "1")

    [count] = describe_flow(world.services, "acme", PRODUCTS).counts

    assert (count.status, count.count) == ("Failed", 1)


def test_the_history_holds_who_changed_what_from_what(world: World) -> None:
    save(world, note="a")
    world.advance(minutes=1)
    save(world, note="b")

    newest = world.services.registry.list_history("acme", limit=1).items[0]

    assert (newest.who, newest.what, newest.subject) == ("Ann", "flow changed", PRODUCTS)
    assert newest.old["settings"] == {"note": "a"}
    assert newest.new["settings"] == {"note": "b"}
    assert newest.at > START
