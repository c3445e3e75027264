"""What saves of the registry and questions about it cost."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from chalicelib.domain.ports import Change
from tests.builders import (
    CONSUMER,
    PRODUCTS,
    make_connection,
    make_consumer,
    make_flow,
    make_history,
    make_key,
    make_mapping,
    make_poll,
    make_release,
)
from tests.referee.costs import Cases
from tests.referee.measured import Measured

cases = Cases()

SAVE = "save"
ONE = "one consumer, connection, flow, mapping, poll, key by hash"
CONSUMERS = "consumers by id, or with a text in id or name"
RELEASES = "releases"  #: as in the log

Asked = Callable[[], Any]


def saved(house: Measured, *puts: Any, **parts: Any) -> None:
    assert house.registry.save(Change(puts=puts, **parts))


@cases.costs(SAVE, "1 w")
def a_save_of_one_item_is_no_transaction(house: Measured) -> Asked:
    return lambda: saved(house, make_flow())


@cases.costs(SAVE, "4 w")
def a_save_with_its_history(house: Measured) -> Asked:
    return lambda: saved(house, make_consumer(), history=[make_history()])


@cases.costs(SAVE, "6 w, 2 w list, 2 w wait")
def a_save_that_releases(house: Measured) -> Asked:
    return lambda: saved(house, make_mapping(), history=[make_history()], releases=[make_release()])


@cases.costs(SAVE, "4 w, 2 w list")
def a_new_connection_with_a_webhook_address(house: Measured) -> Asked:
    connection = make_connection(webhook_token="token")
    return lambda: saved(house, connection, history=[make_history()])


@cases.costs(SAVE, "1 w, 2 w wait")
def a_poll_that_moves_on(house: Measured) -> Asked:
    saved(house, make_poll(next_at=house.clock()))
    poll = house.registry.read_poll(CONSUMER, PRODUCTS)
    assert poll is not None
    later = replace(poll, next_at=house.clock() + timedelta(seconds=300))
    return lambda: saved(house, later)


def set_up(house: Measured) -> None:
    """One of each."""
    saved(house, make_consumer(), make_connection(webhook_token="token"), make_flow())
    saved(house, make_mapping(), make_poll(next_at=house.clock()), make_key())
    saved(house, make_consumer("other"), history=[make_history()], releases=[make_release()])


@cases.costs(ONE, "6 r")
def one_of_each(house: Measured) -> Asked:
    set_up(house)
    registry = house.registry
    return lambda: [
        registry.read_consumer(CONSUMER),
        registry.read_connection(CONSUMER, "square"),
        registry.read_flow(CONSUMER, PRODUCTS),
        registry.read_mapping(CONSUMER, PRODUCTS, "category"),
        registry.read_poll(CONSUMER, PRODUCTS),
        registry.find_key("hash-of-k1"),
    ]


@cases.costs("lists of a consumer's connections, flows, mappings", "3 r")
def all_three_lists(house: Measured) -> Asked:
    set_up(house)
    registry = house.registry
    return lambda: [
        registry.list_connections(CONSUMER),
        registry.list_flows(CONSUMER),
        registry.list_mappings(CONSUMER),
    ]


@cases.costs(CONSUMERS, "1 r")
def consumers_by_id(house: Measured) -> Asked:
    set_up(house)
    return lambda: house.registry.list_consumers(limit=50)


@cases.costs(CONSUMERS, "1 r")
def consumers_with_a_text(house: Measured) -> Asked:
    set_up(house)
    return lambda: house.registry.list_consumers(text="shirt", limit=50)


@cases.costs("connection of a webhook address", "1 r, 0.5 r list")
def the_connection_of_an_address(house: Measured) -> Asked:
    set_up(house)
    return lambda: house.registry.find_connection("token")


@cases.costs("key by id, keys newest first", "2 r, 0.5 r list, 0.5 r wait")
def a_key_and_all_keys(house: Measured) -> Asked:
    set_up(house)
    return lambda: (house.registry.read_key("k1"), house.registry.list_keys(limit=50))


@cases.costs("polls that are due", "1 r, 0.5 r wait")
def a_poll_that_is_due(house: Measured) -> Asked:
    set_up(house)
    before = house.clock() + timedelta(seconds=1)
    return lambda: house.registry.list_due_polls(before=before, limit=50)


@cases.costs("history", "1 r")
def what_people_did(house: Measured) -> Asked:
    set_up(house)
    return lambda: house.registry.list_history(CONSUMER, limit=50)


@cases.costs(RELEASES, "1 r, 0.5 r wait")
def a_release_that_is_due(house: Measured) -> Asked:
    set_up(house)
    before = house.clock() + timedelta(seconds=1)
    return lambda: house.registry.list_releases(due_before=before, limit=50)


@cases.costs(RELEASES, "1 w, 2 w wait")
def a_release_that_is_put_off(house: Measured) -> Asked:
    set_up(house)
    later = make_release(due_at=house.clock() + timedelta(seconds=60))
    return lambda: house.registry.put_release(later)


@cases.costs(RELEASES, "1 w, 1 w list, 1 w wait")
def a_release_that_is_done(house: Measured) -> Asked:
    set_up(house)
    return lambda: house.registry.delete_release(make_release())
