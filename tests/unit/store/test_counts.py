"""Counts of now, as they are told."""

from chalicelib.domain.statuses import Status
from local.sqlite.stores import open_stores
from tests.builders import Clock
from tests.contract.stores import World


def test_a_status_that_all_rows_left_is_not_told() -> None:
    clock = Clock()
    stores = open_stores(None, now=clock)
    world = World(stores, clock)
    world.request("1")
    world.sync("1")

    counts = stores.log.count_now("corner-shirts")

    assert [(one.status, one.count) for one in counts] == [(Status.SYNCED, 1)]
    stores.close()
