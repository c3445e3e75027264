"""Erasing a consumer leaves nothing of it, and everything of the others."""

from decimal import Decimal
from typing import Any

import pytest

from tests.builders import (
    CONSUMER,
    ORDERS,
    make_attempt,
    make_exchange,
    make_execution,
    make_link,
    make_name,
    make_release,
    make_units,
)
from tests.contract import stores as under_contract
from tests.contract.stores import World

clock, stores, world = under_contract.clock, under_contract.stores, under_contract.world


def fill(world: World, consumer: str) -> None:
    """Leave something of every sort."""
    for number in range(6):
        name = make_name(f"{number}", consumer=consumer)
        (world.sync, world.fail, world.hold, world.request)[number % 4](name)
        world.log.put_snapshots([(name, {"email": f"{consumer}@example.com"})])
        world.log.put_traces(
            [make_attempt(name, number=one) for one in range(3)],
            [make_exchange(f"{consumer}-{number}", consumer=consumer, status=404)],
        )
        world.log.put_links([make_link(f"{number}", f"SQ{number}", consumer=consumer)])
    email = {"email": f"{consumer}@example.com"}
    world.sync(make_name("SALE1", consumer=consumer, flow=ORDERS), columns=email)
    world.log.save_execution(make_execution(consumer=consumer))
    world.log.put_execution_rows(consumer, "e1", [make_name(consumer=consumer)])
    options: dict[str, Any] = {"limit": 10, "window_s": 60, "now": world.clock()}
    world.log.take_calls(consumer, "square", 1, **options)
    world.log.flag_backlog(consumer, "square", now=world.clock())
    world.log.put_releases([make_release(consumer=consumer)])
    world.log.put_units(consumer, "square", "SALE1", [make_units("SALE1", Decimal(1))])


@pytest.mark.parametrize("limit", [1, 7, 1000])
def test_nothing_of_an_erased_consumer_is_left(world: World, limit: int) -> None:
    fill(world, "another")
    others = stored(world)
    fill(world, CONSUMER)

    rounds = 0
    while not world.log.erase_consumer(CONSUMER, limit=limit):
        rounds += 1

    assert stored(world) == others
    assert rounds >= 2


def test_erasing_nobody_is_done_at_once(world: World) -> None:
    assert world.log.erase_consumer("nobody", limit=10)


def test_a_round_of_erasure_is_bounded(world: World) -> None:
    fill(world, CONSUMER)
    before = len(stored(world))

    assert not world.log.erase_consumer(CONSUMER, limit=5)

    # With a row go its search words and counts.
    assert before - 20 <= len(stored(world)) < before


def stored(world: World) -> dict[tuple[str, str], str]:
    """Every item of the log by its key."""
    items = world.stores.log_table.read_all()
    return {(item["pk"], item["sk"]): repr(item) for item in items}
