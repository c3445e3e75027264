"""How consumers stand: what is down, what failed, what waits, what is silent."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest

from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.setup import Health
from chalicelib.flows.setup.connections import delete_connection
from chalicelib.flows.setup.consumers import delete_consumer, read_consumer
from chalicelib.flows.setup.flows import save_flow
from chalicelib.flows.setup.platforms import check_connection
from chalicelib.flows.standings import Standing, list_standings, read_standing, read_standings
from tests.app.toy_world import World, open_world
from tests.app.toys import ORDERS, PRODUCTS, STOCK


@pytest.fixture
def world() -> Iterator[World]:
    with open_world() as opened:
        opened.add_consumer("acme")
        yield opened


def stand(world: World, consumer: str = "acme") -> Standing:
    return read_standing(world.services, read_consumer(world.services, consumer))


def switch_off(world: World, flow: str) -> None:
    acme = read_consumer(world.services, "acme")
    save_flow(world.services, acme, flow, enabled=False, settings={}, by="the test")


def run_orders(world: World) -> None:
    world.connect("acme", "shop", "till")
    world.switch_on("acme", ORDERS)


def test_a_consumer_that_has_nothing_stands_at_nothing(world: World) -> None:
    standing = stand(world)

    assert standing.consumer.id == "acme"
    assert standing.connections.total() == standing.failed == standing.pending == 0
    assert standing.flows_on == 0
    assert standing.oldest_waiting_at is None
    assert (standing.down, standing.not_ready, standing.silent) == ([], [], [])


def test_connections_are_counted_by_health_and_those_that_are_down_named(world: World) -> None:
    world.connect("acme", "shop", "shop-2", "till", "till-2")
    check_connection(world.services, "acme", "shop")
    world.platforms["till"].away = SyncFailure(Reason.CONNECTION_DOWN, "Refused.")
    check_connection(world.services, "acme", "till-2")

    standing = stand(world)

    assert standing.connections == {Health.HEALTHY: 1, Health.UNCHECKED: 2, Health.DOWN: 1}
    assert standing.down == ["till-2"]


def test_failed_and_pending_rows_of_all_flows_are_summed_up(world: World) -> None:
    world.failed("acme", ORDERS, "1")
    world.failed("acme", PRODUCTS, "2")
    world.synced("acme", PRODUCTS, "3")
    world.request("acme", PRODUCTS, "4")
    world.held_by_category("acme", "5", "1")
    world.request("acme", STOCK, "6")

    standing = stand(world)

    assert (standing.failed, standing.pending) == (2, 3)


def test_the_oldest_waiting_row_is_that_of_any_flow(world: World) -> None:
    world.failed("acme", ORDERS, "1")
    oldest = world.advance(minutes=1)
    world.request("acme", STOCK, "2")
    world.advance(minutes=1)
    world.request("acme", ORDERS, "3")
    world.request("acme", PRODUCTS, "4")

    assert stand(world).oldest_waiting_at == oldest


def test_rows_of_a_flow_that_is_no_more_are_left_out(world: World) -> None:
    world.request("acme", ORDERS, "1")
    world.failed("acme", ORDERS, "2")
    world.switch_on("acme", ORDERS)
    flows = {name: flow for name, flow in world.services.flows.items() if name != ORDERS}
    services = replace(world.services, flows=flows)

    standing = read_standing(services, read_consumer(services, "acme"))

    assert (standing.failed, standing.pending, standing.flows_on) == (0, 0, 0)
    assert standing.oldest_waiting_at is None


def test_flows_that_are_on_are_counted_and_those_not_ready_named(world: World) -> None:
    run_orders(world)
    world.connect("acme", "till-2")
    world.switch_on("acme", f"{ORDERS}@till-2")
    world.switch_on("acme", PRODUCTS)  # its price list is missing
    switch_off(world, STOCK)
    ready = stand(world)

    delete_connection(world.services, "acme", "till-2", by="the test")

    assert (ready.flows_on, ready.not_ready) == (3, [PRODUCTS])
    assert (stand(world).flows_on, stand(world).not_ready) == (
        3,
        [PRODUCTS, f"{ORDERS}@till-2"],
    )


def test_a_flow_that_runs_and_brought_nothing_for_a_day_is_silent(world: World) -> None:
    run_orders(world)
    world.switch_on("acme", STOCK)
    world.switch_on("acme", PRODUCTS)
    world.request("acme", PRODUCTS, "1")
    world.advance(hours=24)
    world.synced("acme", STOCK, "1")

    assert stand(world).silent == [ORDERS]


def hours_after(world: World, hours: float) -> list[str]:
    world.advance(hours=hours)
    return list(stand(world).silent)


def test_a_flow_that_runs_for_less_than_a_day_is_not_silent_yet(world: World) -> None:
    run_orders(world)

    assert hours_after(world, 23.99) == []
    assert hours_after(world, 0.01) == [ORDERS]


def test_a_row_of_the_last_day_breaks_the_silence_until_its_quarter_is_a_day_old(
    world: World,
) -> None:
    run_orders(world)
    world.advance(hours=48, minutes=14)
    world.request("acme", ORDERS, "1")

    assert hours_after(world, 0) == []
    assert hours_after(world, 23.99) == []
    assert hours_after(world, 0.3) == [ORDERS]


def test_a_row_that_came_this_very_moment_breaks_the_silence(world: World) -> None:
    run_orders(world)
    world.advance(hours=48)
    assert world.time.minute % 15 == 0
    world.request("acme", ORDERS, "1")

    assert stand(world).silent == []


def test_a_flow_that_is_off_or_not_ready_is_not_called_silent(world: World) -> None:
    run_orders(world)
    world.switch_on("acme", PRODUCTS)
    switch_off(world, ORDERS)
    off = hours_after(world, 48)
    world.switch_on("acme", ORDERS)
    delete_connection(world.services, "acme", "till", by="the test")

    assert (off, hours_after(world, 48)) == ([], [])


def test_consumers_are_listed_by_id_and_what_one_has_is_not_anothers(world: World) -> None:
    for number in range(30):
        world.add_consumer(f"shop-{number:02d}")
        for record in range(number):
            world.failed(f"shop-{number:02d}", ORDERS, str(record))

    page = list_standings(world.services, text="shop", limit=25, cursor=None)
    rest = list_standings(world.services, text="shop", limit=25, cursor=page.next)

    found = [(one.consumer.id, one.failed) for one in [*page.items, *rest.items]]
    assert found == [(f"shop-{number:02d}", number) for number in range(30)]
    assert len(page.items) == 25
    assert rest.next is None


def test_deleted_consumers_are_left_out(world: World) -> None:
    world.add_consumer("bistro")
    delete_consumer(world.services, "acme", by="the test")

    page = list_standings(world.services, text=None, limit=5, cursor=None)

    assert [one.consumer.id for one in page.items] == ["bistro"]


def test_no_consumers_have_no_standings(world: World) -> None:
    assert read_standings(world.services, []) == []


def test_a_store_that_fails_for_one_consumer_is_no_answer(world: World) -> None:
    class BrokenError(Exception):
        """A fault of the store."""

    def now() -> datetime:
        raise BrokenError

    run_orders(world)
    broken = replace(world.services, now=now)

    with pytest.raises(BrokenError):
        list_standings(broken, text=None, limit=5, cursor=None)
