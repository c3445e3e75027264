"""A flow on a second account is on one of its own two platforms, and on another account there."""

from collections.abc import Iterator

import pytest

from chalicelib.domain.ports import Change
from chalicelib.domain.setup import Connection
from chalicelib.flows.setup.consumers import read_consumer
from chalicelib.flows.setup.errors import UnknownError
from chalicelib.flows.setup.flows import save_flow
from tests.app.toy_world import World, open_world
from tests.app.toys import PRODUCTS


@pytest.fixture
def world() -> Iterator[World]:
    with open_world() as opened:
        opened.add_consumer("acme")
        opened.connect("acme", "shop", "shop-2", "till", "till-2")
        depot = Connection(consumer="acme", name="depot", platform="depot")
        assert opened.services.registry.save(Change(puts=[depot]))
        yield opened


def save(world: World, name: str) -> None:
    consumer = read_consumer(world.services, "acme")
    save_flow(world.services, consumer, name, enabled=False, settings={}, by="Ann")


@pytest.mark.parametrize("second", ["shop-2", "till-2"])
def test_a_flow_runs_on_a_second_account_of_either_side(world: World, second: str) -> None:
    save(world, f"{PRODUCTS}@{second}")
    assert world.services.registry.read_flow("acme", f"{PRODUCTS}@{second}")


@pytest.mark.parametrize("second", ["shop", "till"])
def test_the_first_account_is_no_second_one(world: World, second: str) -> None:
    """It would be the flow itself, with rows of its own: each record would be made twice."""
    with pytest.raises(UnknownError, match="no connection"):
        save(world, f"{PRODUCTS}@{second}")
    assert world.services.registry.read_flow("acme", f"{PRODUCTS}@{second}") is None


def test_an_account_on_a_third_platform_is_no_second_one(world: World) -> None:
    with pytest.raises(UnknownError, match="no connection"):
        save(world, f"{PRODUCTS}@depot")
