"""Consumers and keys."""

from collections.abc import Iterator

import pytest

from chalicelib.domain.ports import Change
from chalicelib.domain.setup import Role
from chalicelib.flows.keys import create_first_key, create_key, hash_of, revoke_key
from chalicelib.flows.setup.consumers import (
    add_consumer,
    change_consumer,
    delete_consumer,
    read_consumer,
)
from chalicelib.flows.setup.errors import InvalidError, MovedOnError, TakenError, UnknownError
from chalicelib.flows.setup.flows import save_flow
from chalicelib.flows.setup.saving import entry, save
from tests.app.toy_world import World, open_world
from tests.app.toys import ORDERS, PRODUCTS


@pytest.fixture
def world() -> Iterator[World]:
    with open_world() as opened:
        opened.add_consumer("acme")
        yield opened


def test_everything_wrong_with_a_new_consumer_is_named_at_once(world: World) -> None:
    with pytest.raises(InvalidError) as caught:
        add_consumer(world.services, id="a b", name=" ", time_zone="Mars/Base", by="Ann")

    assert [one.field for one in caught.value.problems] == ["id", "name", "time_zone"]


def test_an_id_is_given_once_even_after_its_consumer_was_deleted(world: World) -> None:
    delete_consumer(world.services, "acme", by="Ann")

    with pytest.raises(TakenError):
        add_consumer(world.services, id="acme", name="Acme", time_zone="UTC", by="Ann")


def test_a_consumer_is_renamed_and_moved(world: World) -> None:
    change_consumer(world.services, "acme", name=" Acme Ltd ", time_zone=None, by="Ann")
    moved = change_consumer(world.services, "acme", name=None, time_zone="Europe/London", by="Ann")

    assert (moved.name, moved.time_zone) == ("Acme Ltd", "Europe/London")
    assert ("Ann", "consumer changed", "acme") in world.history("acme")


def test_a_deleted_consumer_leaves_no_credentials_set_up_rows_or_valid_keys(world: World) -> None:
    registry = world.services.registry
    world.connect("acme", "shop", "till")
    save_flow(
        world.services,
        read_consumer(world.services, "acme"),
        ORDERS,
        enabled=True,
        settings={},
        by="Ann",
    )
    row = world.synced("acme", PRODUCTS, "1")
    key = world.key("acme", Role.VIEWER)

    left, gone = delete_consumer(world.services, "acme", by="Ann")

    found = registry.find_key(hash_of(key))
    assert gone
    assert (left.name, left.deleted_at) == ("", world.time)
    assert list(registry.list_connections("acme")) == []
    assert list(registry.list_flows("acme")) == []
    assert registry.read_poll("acme", ORDERS) is None
    assert world.services.log.read_rows([row.name]) == [None]
    assert found is not None
    assert found.revoked_at == world.time


def test_a_deleted_consumer_is_unknown_and_can_be_deleted_again(world: World) -> None:
    delete_consumer(world.services, "acme", by="Ann")

    with pytest.raises(UnknownError):
        read_consumer(world.services, "acme")
    assert delete_consumer(world.services, "acme", by="Ann")[1]
    with pytest.raises(UnknownError):
        delete_consumer(world.services, "nobody", by="Ann")


def test_deleting_one_consumer_touches_no_other(world: World) -> None:
    world.add_consumer("bistro")
    world.connect("bistro", "shop")
    row = world.synced("bistro", PRODUCTS, "1")
    key = world.key("bistro", Role.VIEWER)

    delete_consumer(world.services, "acme", by="Ann")

    found = world.services.registry.find_key(hash_of(key))
    assert world.services.log.read_rows([row.name]) == [row]
    assert len(world.services.registry.list_connections("bistro")) == 1
    assert found is not None
    assert found.revoked_at is None


def test_a_key_is_told_once_and_kept_as_a_hash(world: World) -> None:
    made, plain = create_key(
        world.services, consumer="acme", role=Role.VIEWER, name=" till ", by="Ann"
    )

    assert plain.startswith("sk_")
    assert len(plain) >= 46
    assert made.hash == hash_of(plain)
    assert plain not in repr(made)
    assert made.name == "till"
    assert ("Ann", "key made", made.id) in world.history("acme")


def test_a_key_needs_a_name_and_a_consumer_that_exists(world: World) -> None:
    with pytest.raises(InvalidError) as caught:
        create_key(world.services, consumer="nobody", role=Role.VIEWER, name="", by="Ann")

    assert [one.field for one in caught.value.problems] == ["name", "consumer"]


def test_only_a_fresh_installation_gets_a_first_key(world: World) -> None:
    first = create_first_key(world.services)

    assert first is not None
    found = world.services.registry.find_key(hash_of(first))
    assert found is not None
    assert (found.consumer, found.role) == (None, Role.ADMIN)
    assert create_first_key(world.services) is None


def test_a_key_is_revoked_once(world: World) -> None:
    made, _ = create_key(world.services, consumer=None, role=Role.ADMIN, name="ops", by="Ann")
    at_first = revoke_key(world.services, made.id, by="Ann").revoked_at
    world.advance(days=1)

    assert revoke_key(world.services, made.id, by="Ann").revoked_at == at_first
    with pytest.raises(UnknownError):
        revoke_key(world.services, "no-such-key", by="Ann")


def test_a_save_that_lost_is_built_again_on_what_the_winner_left(world: World) -> None:
    registry, asked = world.services.registry, []

    def rename_slowly() -> Change:
        found = read_consumer(world.services, "acme")
        if not asked:  # somebody else is faster, once
            asked.append(True)
            change_consumer(world.services, "acme", name="Fast", time_zone=None, by="Bob")
        line = entry(world.services, "acme", by="Ann", what="seen", subject=found.name)
        return Change(puts=[found], history=[line])

    save(world.services, "acme", rename_slowly)

    assert ("Ann", "seen", "Fast") in world.history("acme")
    assert ("Ann", "seen", "Acme") not in world.history("acme")
    assert registry.read_consumer("acme") is not None


def test_a_save_that_always_loses_says_so(world: World) -> None:
    stale = read_consumer(world.services, "acme")
    change_consumer(world.services, "acme", name="Newer", time_zone=None, by="Bob")

    with pytest.raises(MovedOnError):
        save(world.services, "acme", lambda: Change(puts=[stale]))
