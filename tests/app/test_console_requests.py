"""What pages cost: requests to the stores, which do not grow with the log."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from app import app
from chalicelib import wiring
from chalicelib.store.registry import TableRegistry
from chalicelib.store.sync_log import TableSyncLog
from tests.app.browsing import Browser
from tests.app.toy_world import World
from tests.app.toys import PRODUCTS
from tests.contract.counting import CountingTable

ACME = "/console/consumers/acme"
Cost = Callable[[str], Counter[str]]


@pytest.fixture
def cost(world: World) -> Iterator[Cost]:
    """Return what a page asks of the stores, by method of the table."""
    log, registry = (
        CountingTable(world.stores.log.table),
        CountingTable(world.stores.registry.table),
    )
    counted = replace(
        world.services,
        log=TableSyncLog(table=log, vault=world.services.vault, retention=timedelta(days=30)),
        registry=TableRegistry(table=registry),
    )
    with wiring.use(counted, world.settings):
        browser = Browser(app)
        browser.sign_in(world.key())

        def count(address: str) -> Counter[str]:
            log.calls.clear()
            registry.calls.clear()
            assert browser.get(address).status == 200
            return log.calls + registry.calls

        yield count


def add_rows(world: World, count: int) -> None:
    for number in range(count):
        world.failed("acme", PRODUCTS, f"P{number}", name="Shirt", sku=f"SH-{number}")


@pytest.mark.parametrize(
    "address",
    [
        f"{ACME}/logs?kind=product",
        f"{ACME}/logs?kind=product&status=Failed",
        ACME,
        f"{ACME}/groups",
    ],
    ids=["log", "failed", "overview", "groups"],
)
def test_a_page_costs_as_much_with_a_hundred_rows_as_with_a_few(
    world: World, cost: Cost, address: str
) -> None:
    add_rows(world, 40)
    few = cost(address)
    add_rows(world, 140)
    assert cost(address) == few


def test_a_page_of_one_log_is_a_dozen_requests(world: World, cost: Cost) -> None:
    add_rows(world, 40)
    counted = cost(f"{ACME}/logs?kind=product")
    assert counted.total() <= 13
    assert counted["write_many"] == counted["transact"] == 0


@pytest.mark.parametrize(
    ("page", "most"),
    [
        ("/console/consumers", 8),  # three for each of two consumers
        ("/console/dead-letters", 11),
        ("/console/keys", 3),
        (ACME, 27),
        (f"{ACME}/settings", 4),
        (f"{ACME}/logs/{PRODUCTS}.P1", 19),
        (f"{ACME}/flows", 20),  # two for each of three flows
        (f"{ACME}/flows/{PRODUCTS}", 14),
        (f"{ACME}/mappings", 7),
        (f"{ACME}/connections", 5),
        (f"{ACME}/executions", 18),
        (f"{ACME}/transactions", 6),
        (f"{ACME}/report", 12),
        (f"{ACME}/history", 5),
        (f"{ACME}/diagnosis?flow={PRODUCTS}", 23),
        (f"{ACME}/export?kind=product", 10),
        (f"{ACME}/resyncs/new", 6),
    ],
    ids=lambda value: str(value).removeprefix("/console/"),
)
def test_a_page_asks_the_stores_no_more_often_than_this(
    world: World, cost: Cost, page: str, most: int
) -> None:
    add_rows(world, 40)
    assert cost(page).total() <= most
