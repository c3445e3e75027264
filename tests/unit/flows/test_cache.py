"""What a process remembers of set-ups, how long, and who makes it forget."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from chalicelib.domain.ports import Change
from chalicelib.flows.cache import BACKLOG_KEPT_S, CREDENTIALS_KEPT_S, KEPT_S, SetupCache
from tests.toy import CONSUMER, Toy, open_toy
from tests.toy_platforms import PRODUCTS

OTHER = "north-mugs"


@pytest.fixture
def toy() -> Iterator[Toy]:
    with open_toy() as toy:
        toy.set_up()
        yield toy


@pytest.fixture
def cache(toy: Toy) -> SetupCache:
    services = toy.services
    return SetupCache(registry=services.registry, log=services.log, now=toy.now)


def rename(toy: Toy, **changes: object) -> None:
    known = toy.services.registry.read_consumer(CONSUMER)
    assert known is not None
    toy.services.registry.save(Change(puts=[replace(known, **changes)]))  # type: ignore[arg-type]  # its own fields


def name_of(cache: SetupCache) -> str | None:
    consumer = cache.read_consumer(CONSUMER)
    return consumer.name if consumer else None


def test_change_by_another_process_is_seen_after_thirty_seconds(
    toy: Toy, cache: SetupCache
) -> None:
    assert name_of(cache) == "Corner"
    rename(toy, name="Renamed")
    toy.pass_s(KEPT_S - 1)
    assert name_of(cache) == "Corner"
    toy.pass_s(1)
    assert name_of(cache) == "Renamed"


def test_change_by_this_process_is_seen_at_once(toy: Toy, cache: SetupCache) -> None:
    assert name_of(cache) == "Corner"
    rename(toy, name="Renamed")
    cache.forget(CONSUMER)
    assert name_of(cache) == "Renamed"


def test_forgetting_one_consumer_keeps_the_others(toy: Toy, cache: SetupCache) -> None:
    toy.set_up(OTHER)
    before = cache.list_flows(OTHER)
    cache.forget(CONSUMER)
    assert cache.list_flows(OTHER) is before


def test_consumer_that_is_being_erased_is_unknown(toy: Toy, cache: SetupCache) -> None:
    rename(toy, deleted_at=toy.at)
    assert cache.read_consumer(CONSUMER) is None
    assert cache.read_consumer("nobody") is None


def test_flows_of_a_consumer_are_remembered(toy: Toy, cache: SetupCache) -> None:
    assert [flow.flow for flow in cache.list_flows(CONSUMER)] == [PRODUCTS]
    toy.switch(PRODUCTS, on=False)
    assert [flow.enabled for flow in cache.list_flows(CONSUMER)] == [True]
    toy.pass_s(KEPT_S)
    assert [flow.enabled for flow in cache.list_flows(CONSUMER)] == [False]


def test_backlog_is_remembered_for_a_few_seconds(toy: Toy, cache: SetupCache) -> None:
    assert not cache.is_backlogged(CONSUMER, "till")
    toy.services.log.flag_backlog(CONSUMER, "till", now=toy.at)
    toy.pass_s(BACKLOG_KEPT_S - 1)
    assert not cache.is_backlogged(CONSUMER, "till")
    toy.pass_s(1)
    assert cache.is_backlogged(CONSUMER, "till")
    assert not cache.is_backlogged(CONSUMER, "shop")


def test_credentials_are_opened_once_in_five_minutes_and_anew_when_they_changed(
    toy: Toy, cache: SetupCache
) -> None:
    opened: list[int] = []

    def open_sealed() -> dict[str, str]:
        opened.append(len(opened))
        return {"access_token": str(len(opened))}

    connection = toy.connection("till")
    assert [cache.read_credentials(connection, open_sealed) for _ in range(3)] == [
        {"access_token": "1"}
    ] * 3
    toy.pass_s(CREDENTIALS_KEPT_S)
    assert cache.read_credentials(connection, open_sealed) == {"access_token": "2"}
    changed = replace(connection, sealed_credentials=b"other")
    assert cache.read_credentials(changed, open_sealed) == {"access_token": "3"}


def test_webhook_address_that_is_unknown_is_looked_up_each_time(
    toy: Toy, cache: SetupCache
) -> None:
    assert cache.find_connection("soon") is None
    connection = replace(toy.connection("till"), webhook_token="soon")
    toy.services.registry.save(Change(puts=[connection]))
    found = cache.find_connection("soon")
    assert found is not None
    assert found.name == "till"
