"""The registry: saves that are all or nothing, and everything that comes back as it was saved."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from chalicelib.domain.log import CursorError
from chalicelib.domain.ports import Change, Registry
from chalicelib.domain.setup import Connection, Health, Role
from chalicelib.store.table import LimitError
from local.sqlite.stores import Stores
from local.sqlite.unruly import UnrulyStores, open_unruly_stores
from tests.builders import (
    CONSUMER,
    NOW,
    PRODUCTS,
    Clock,
    make_connection,
    make_consumer,
    make_flow,
    make_history,
    make_key,
    make_mapping,
    make_name,
    make_poll,
    make_release,
)
from tests.contract import stores as under_contract
from tests.contract.stores import read_all

clock, stores = under_contract.clock, under_contract.stores

END = NOW + timedelta(days=1)


@pytest.fixture
def registry(stores: Stores) -> Registry:
    return stores.registry


def save(registry: Registry, *puts: Any, **change: Any) -> bool:
    return registry.save(Change(puts=puts, **change))


def test_a_consumer_comes_back_whole_also_when_it_is_deleted(registry: Registry) -> None:
    consumer = make_consumer(time_zone="Asia/Jakarta", deleted_at=NOW)

    assert save(registry, consumer)
    assert registry.read_consumer(CONSUMER) == replace(consumer, version=1)
    assert registry.read_consumer("another") is None


def test_a_connection_comes_back_whole(registry: Registry) -> None:
    connection = make_connection(
        base_url="https://square.test",
        settings={"pace": {"calls": 5}, "seller": "S1"},
        sealed_credentials=b"\x00\xff",
        credential_names=("access_token", "refresh_token"),
        webhook_token="secret",
        health=Health.DOWN,
        health_detail="The account refused us.",
        checked_at=NOW,
        webhooks_at=NOW,
        webhooks_problem="Webhooks could not be registered.",
        tokens_expire_at=END,
        tokens_refreshed_at=NOW,
    )
    save(registry, connection)

    assert registry.read_connection(CONSUMER, "square") == replace(connection, version=1)
    assert registry.read_connection(CONSUMER, "brightpearl") is None
    assert registry.read_connection("another", "square") is None


def test_flows_mappings_and_polls_come_back_whole(registry: Registry) -> None:
    flow = make_flow(enabled=True, settings={"start_date": "2026-01-01"}, completed_at=NOW)
    mapping = make_mapping(entries={"Shirts": "C1", "": "C0"}, default="C9", records={"7": "C7"})
    poll = make_poll(
        cursor=NOW, page="p", execution="e1", started_at=NOW, finished_at=NOW, next_at=END
    )
    save(registry, flow, mapping, poll)

    assert registry.read_flow(CONSUMER, PRODUCTS) == replace(flow, version=1)
    assert registry.read_mapping(CONSUMER, PRODUCTS, "category") == replace(mapping, version=1)
    assert registry.read_poll(CONSUMER, PRODUCTS) == replace(poll, version=1)


@pytest.fixture
def lagging(clock: Clock) -> Iterator[UnrulyStores]:
    with closing(open_unruly_stores(now=clock, rng=Random(1))) as opened:
        yield opened


def test_a_late_index_names_nothing_that_has_changed_since(lagging: UnrulyStores) -> None:
    registry, release = lagging.registry, make_release()
    save(registry, make_connection(webhook_token="old"), make_poll(next_at=NOW))
    registry.put_release(release)
    lagging.registry_table.lag_indexes = True
    save(registry, make_connection(webhook_token="new", version=1))
    save(registry, make_poll(next_at=END, version=1))
    registry.put_release(replace(release, due_at=END))
    soon = NOW + timedelta(seconds=60)

    assert registry.find_connection("old") is None
    assert registry.list_due_polls(before=soon, limit=5) == []
    assert registry.list_releases(due_before=soon, limit=5) == []


def test_things_that_were_never_saved_are_not_there(registry: Registry) -> None:
    assert registry.read_flow(CONSUMER, PRODUCTS) is None
    assert registry.read_mapping(CONSUMER, PRODUCTS, "category") is None
    assert registry.read_poll(CONSUMER, PRODUCTS) is None
    assert registry.find_key("") is registry.find_key("none") is registry.read_key("none") is None
    assert registry.find_connection("") is registry.find_connection("none") is None
    assert registry.list_connections(CONSUMER) == registry.list_flows(CONSUMER) == []
    assert registry.list_mappings(CONSUMER) == []
    assert registry.list_keys(limit=5).items == []


@pytest.mark.parametrize(
    "made",
    [make_consumer(), make_connection(), make_flow(), make_mapping(), make_poll()],
    ids=["consumer", "connection", "flow", "mapping", "poll"],
)
def test_a_save_over_an_older_version_is_refused(registry: Registry, made: Any) -> None:
    assert save(registry, made)
    assert not save(registry, made)  # it is not new any more
    assert save(registry, replace(made, version=1))
    assert not save(registry, replace(made, version=1))
    assert save(registry, replace(made, version=2))


def test_a_save_that_is_refused_in_one_part_writes_nothing(registry: Registry) -> None:
    save(registry, make_flow())
    change = {"history": [make_history()], "releases": [make_release()]}

    assert not save(registry, make_connection(), make_mapping(), make_flow(), **change)

    assert registry.list_connections(CONSUMER) == registry.list_mappings(CONSUMER) == []
    assert registry.list_history(CONSUMER, limit=5).items == []
    assert registry.list_releases(due_before=END, limit=5) == []


def test_one_of_many_saves_at_once_wins(registry: Registry) -> None:
    save(registry, make_mapping())
    change = replace(make_mapping(), version=1)

    with ThreadPoolExecutor(8) as pool:
        saved = list(pool.map(lambda n: save(registry, replace(change, default=str(n))), range(8)))

    assert saved.count(True) == 1
    found = registry.read_mapping(CONSUMER, PRODUCTS, "category")
    assert found is not None
    assert found.default == str(saved.index(True))


def test_a_save_of_more_releases_than_one_write_holds_keeps_them_all(registry: Registry) -> None:
    releases = [make_release(f"r{number:03d}") for number in range(250)]

    assert save(registry, make_mapping(), history=[make_history()], releases=releases)

    found = registry.list_releases(due_before=END, limit=1000)
    assert sorted(one.id for one in found) == [one.id for one in releases]
    assert registry.read_mapping(CONSUMER, PRODUCTS, "category") is not None


def test_a_save_of_too_many_things_is_refused_with_a_reason(registry: Registry) -> None:
    with pytest.raises(LimitError, match="100 changes, not 101"):
        save(registry, *[make_flow(f"f{number}") for number in range(101)])


def test_deleted_things_are_gone(registry: Registry) -> None:
    things = [
        make_connection(webhook_token="t"),
        make_flow(),
        make_mapping(),
        make_poll(next_at=NOW),
    ]
    save(registry, *things)

    assert registry.save(Change(deletes=things))

    assert registry.list_connections(CONSUMER) == registry.list_flows(CONSUMER) == []
    assert registry.list_mappings(CONSUMER) == []
    assert registry.read_poll(CONSUMER, PRODUCTS) is None
    assert registry.find_connection("t") is None
    assert registry.list_due_polls(before=END, limit=5) == []


def test_set_ups_are_listed_by_name_and_by_consumer(registry: Registry) -> None:
    for consumer in (CONSUMER, "another", CONSUMER + "|connection"):
        puts = [make_connection(name, consumer=consumer) for name in ("square@2", "square", "bp")]
        puts += [make_flow(flow, consumer=consumer) for flow in ("b-to-c", "a-to-b")]
        puts += [make_mapping(name, consumer=consumer) for name in ("tax", "category")]
        save(registry, *puts)

    assert [one.name for one in registry.list_connections(CONSUMER)] == ["bp", "square", "square@2"]
    assert [one.flow for one in registry.list_flows(CONSUMER)] == ["a-to-b", "b-to-c"]
    assert [one.name for one in registry.list_mappings(CONSUMER)] == ["category", "tax"]
    assert {one.consumer for one in registry.list_flows(CONSUMER)} == {CONSUMER}


def test_a_connection_is_found_by_the_secret_of_its_webhook_address(registry: Registry) -> None:
    save(registry, make_connection("square", webhook_token="one"))
    save(registry, make_connection("square@2", webhook_token="two"))
    save(registry, make_connection("bp"))

    found = [registry.find_connection(token) for token in ("one", "two", "on", "ONE", "one ")]

    assert [one.name if one else None for one in found] == ["square", "square@2", None, None, None]


def test_a_replaced_webhook_secret_finds_nothing(registry: Registry) -> None:
    save(registry, make_connection(webhook_token="old"))
    save(registry, make_connection(webhook_token="new", version=1))

    assert registry.find_connection("old") is None
    found = registry.find_connection("new")
    assert isinstance(found, Connection)


def test_consumers_are_listed_by_id_and_found_by_a_part_of_id_or_name(registry: Registry) -> None:
    for number in range(7):
        save(registry, make_consumer(f"shop-{number}", name=f"Bistro {number} Ltd"))

    def found(text: str | None, limit: int = 3) -> list[str]:
        return [
            one.id
            for one in read_all(
                lambda cursor: registry.list_consumers(text=text, limit=limit, cursor=cursor)
            )
        ]

    everybody = [f"shop-{number}" for number in range(7)]
    assert found(None) == found("") == found("BISTRO") == found("shop-", 1) == everybody
    assert found("o 5 L") == found("p-5") == ["shop-5"]
    assert found("none") == []


def test_consumers_page_both_ways(registry: Registry) -> None:
    for number in range(5):
        save(registry, make_consumer(f"c{number}"))
    first = registry.list_consumers(limit=2)
    second = registry.list_consumers(limit=2, cursor=first.next)

    back = registry.list_consumers(limit=2, cursor=second.previous)

    assert [one.id for one in second.items] == ["c2", "c3"]
    assert back.items == first.items
    assert (first.previous, back.previous) == (None, None)
    with pytest.raises(CursorError):
        registry.list_consumers(text="c", limit=2, cursor=first.next)


def test_a_key_is_found_by_its_hash_and_by_its_id_also_when_revoked(registry: Registry) -> None:
    key = make_key(role=Role.ADMIN, consumer=None)
    save(registry, key)
    assert registry.find_key(key.hash) == registry.read_key("k1") == key
    revoked = replace(key, revoked_at=NOW)

    save(registry, revoked)

    assert registry.find_key(key.hash) == registry.read_key("k1") == revoked
    assert registry.find_key("k1") is registry.read_key(key.hash) is None


def test_keys_are_listed_newest_first(registry: Registry) -> None:
    for number in range(5):
        save(registry, make_key(f"k{number}", created_at=NOW + timedelta(seconds=number)))

    found = read_all(lambda cursor: registry.list_keys(limit=2, cursor=cursor))

    assert [one.id for one in found] == ["k4", "k3", "k2", "k1", "k0"]


def test_polls_are_due_at_their_time_oldest_first(registry: Registry) -> None:
    save(registry, make_poll("b", next_at=NOW + timedelta(seconds=2)))
    save(registry, make_poll("a", next_at=NOW + timedelta(seconds=1), consumer="another"))
    save(registry, make_poll("never"))

    def due(seconds: int, limit: int = 5) -> list[str]:
        before = NOW + timedelta(seconds=seconds)
        return [one.flow for one in registry.list_due_polls(before=before, limit=limit)]

    assert (due(1), due(2), due(3), due(3, limit=1)) == ([], ["a"], ["a", "b"], ["a"])
    save(registry, make_poll("a", consumer="another", version=1))
    assert due(3) == ["b"]


def test_history_is_kept_newest_first_for_each_consumer(registry: Registry) -> None:
    entries = [
        make_history(str(number), at=NOW + timedelta(seconds=number), old={"a": None}, new=[number])
        for number in range(5)
    ]
    for entry in entries:
        registry.save(Change(history=[entry]))
    operator = make_history(consumer="")
    registry.save(Change(history=[operator]))

    found = read_all(lambda cursor: registry.list_history(CONSUMER, limit=2, cursor=cursor))

    assert found == entries[::-1]
    assert registry.list_history("", limit=5).items == [operator]
    assert registry.list_history("another", limit=5).items == []


def test_entries_of_one_moment_are_all_kept(registry: Registry) -> None:
    registry.save(Change(history=[make_history("a"), make_history("b"), make_history("a")]))
    registry.save(Change(history=[make_history("c")]))

    found = registry.list_history(CONSUMER, limit=9).items

    assert sorted(one.subject for one in found) == ["a", "a", "b", "c"]


def test_a_release_in_the_registrys_outbox_is_listed_replaced_and_deleted(
    registry: Registry,
) -> None:
    release = make_release(due_at=NOW)
    save(registry, make_mapping(), releases=[release])
    assert registry.list_releases(due_before=NOW, limit=5) == []
    assert registry.list_releases(due_before=END, limit=5) == [release]
    again = replace(release, runs=1, cursor="c", due_at=NOW + timedelta(seconds=120))

    registry.put_release(again)

    assert registry.list_releases(due_before=NOW + timedelta(seconds=60), limit=5) == []
    assert registry.list_releases(due_before=END, limit=5) == [again]
    registry.delete_release(again)
    assert registry.list_releases(due_before=END, limit=5) == []


@pytest.mark.parametrize("odd", ["a|b", "a%7Cb", "a/b", "日本", " ", "~", "C"])
def test_odd_ids_stay_apart(registry: Registry, odd: str) -> None:
    save(registry, make_consumer("a"), make_flow("b", consumer="a"))
    save(
        registry,
        make_consumer(odd),
        make_flow(odd, consumer=odd),
        make_mapping(odd, consumer=odd, flow=odd, entries={odd: odd}),
        make_connection(odd, consumer=odd),
    )

    assert [one.id for one in registry.list_consumers(limit=9).items] == sorted(["a", odd])
    assert [one.flow for one in registry.list_flows(odd)] == [odd]
    assert [one.entries for one in registry.list_mappings(odd)] == [{odd: odd}]
    assert [one.name for one in registry.list_connections(odd)] == [odd]
    assert make_name("x").consumer not in {one.id for one in registry.list_consumers(limit=9).items}


def test_what_was_given_or_got_cannot_change_the_registry(registry: Registry) -> None:
    entries = {"Shirts": "C1"}
    save(registry, make_mapping(entries=entries))
    entries["Shirts"] = "changed"
    got = registry.read_mapping(CONSUMER, PRODUCTS, "category")
    assert got is not None
    got.entries["Shirts"] = "changed"  # type: ignore[index]

    again = registry.read_mapping(CONSUMER, PRODUCTS, "category")

    assert again is not None
    assert again.entries == {"Shirts": "C1"}
