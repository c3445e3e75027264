"""What is done once in a while for every consumer: rounds, and causes that went away."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest

from chalicelib.domain.causes import (
    connection_cause,
    flow_cause,
    mapping_cause,
    rate_cause,
    record_cause,
    setting_cause,
)
from chalicelib.domain.closings import finish
from chalicelib.domain.log import Link
from chalicelib.domain.ports import Change, QueueMessage
from chalicelib.domain.protocol import Request, claim
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.rows import RowName
from chalicelib.domain.setup import Health
from chalicelib.domain.statuses import Kind, Status
from chalicelib.flows import dispatch, housekeeping
from chalicelib.flows.door import request_many
from chalicelib.flows.setup.account import Given
from chalicelib.flows.setup.connections import save_connection, webhook_address
from tests.toy import CONSUMER, Toy, open_toy
from tests.toy_platforms import PRODUCTS, STOCK

OTHER = "other-shirts"


@pytest.fixture
def toy() -> Iterator[Toy]:
    with open_toy() as toy:
        toy.set_up()
        yield toy


def tick(toy: Toy) -> None:
    """Let the next minute's tick run."""
    toy.pass_s(60)
    dispatch.tick(toy.services, deadline=toy.soon(50))


def ask(toy: Toy, *names: RowName) -> None:
    kinds = {PRODUCTS: Kind.PRODUCT, STOCK: Kind.STOCK}
    asked = [Request(name=name, kind=kinds[name.flow], by="webhook") for name in names]
    request_many(toy.services, asked)


# --- rounds over all consumers --------------------------------------------------------------------


def test_round_visits_every_consumer_once_in_its_time(toy: Toy) -> None:
    for number in range(45):
        toy.set_up(f"shop-{number:02}")
    visited: list[str] = []

    def walk(seconds: float = 50) -> bool:
        return housekeeping.walk_consumers(
            toy.services, "a-round", 3600, visited.append, deadline=toy.soon(seconds)
        )

    assert walk() is False
    assert (len(visited), len(set(visited))) == (46, 46)
    walk()
    assert len(visited) == 46
    toy.pass_s(3600)
    walk()
    assert len(visited) == 92


def test_round_goes_on_where_its_time_was_over(toy: Toy) -> None:
    for number in range(45):
        toy.set_up(f"shop-{number:02}")
    visited: list[str] = []

    def visit(consumer: str) -> None:
        visited.append(consumer)
        toy.pass_s(1)

    def walk() -> bool:
        return housekeeping.walk_consumers(
            toy.services, "a-round", 3600, visit, deadline=toy.soon(5)
        )

    assert [walk(), walk(), walk()] == [True, True, False]
    assert (len(visited), len(set(visited))) == (46, 46)


def test_tokens_are_exchanged_by_the_dispatcher(toy: Toy) -> None:
    given = Given(credentials={"refresh_token": "refresh-1"})
    save_connection(toy.services, CONSUMER, "shop", given, loopback=True, by="test")
    tick(toy)
    assert toy.tokens.made == 2
    assert toy.connection().tokens_refreshed_at == toy.at


def connect_with_tokens(toy: Toy, consumer: str = CONSUMER) -> None:
    given = Given(credentials={"refresh_token": "refresh-1"})
    save_connection(toy.services, consumer, "shop", given, loopback=True, by="test")


def test_token_of_half_an_hour_never_ends(toy: Toy) -> None:
    toy.tokens.life_s = 1800
    connect_with_tokens(toy)
    for second in range(10):  # as late in its minute as a walk may end
        tick(toy)
        toy.pass_s(second % 7)
    made = toy.tokens.made
    for _ in range(60):
        tick(toy)
        ends = toy.connection().tokens_expire_at
        assert ends is not None
        assert ends > toy.at + timedelta(seconds=60)
    assert toy.tokens.made > made


def test_consumers_are_looked_at_for_tokens_each_five_minutes(toy: Toy) -> None:
    ended = set()
    for _ in range(20):
        tick(toy)
        state = toy.services.registry.read_poll("~rounds", "tokens")
        assert state is not None
        ended.add(state.finished_at)
    assert len(ended) in (4, 5)


def test_tokens_of_many_consumers_are_exchanged_at_the_same_time(toy: Toy) -> None:
    toy.set_up(OTHER)
    for consumer in (CONSUMER, OTHER):
        connect_with_tokens(toy, consumer)
    both = Barrier(2, timeout=10)
    toy.during_refresh = both.wait
    housekeeping.tend_tokens(toy.services, deadline=toy.soon(), threads=2)
    assert toy.tokens.made == 3


def test_failing_exchange_of_one_account_stops_no_other(toy: Toy) -> None:
    toy.set_up(OTHER)
    given = Given(credentials={"refresh_token": "refresh-1"})
    for consumer in (CONSUMER, OTHER):
        save_connection(toy.services, consumer, "shop", given, loopback=True, by="test")
    toy.tokens.faults = [SyncFailure(Reason.RETRYING, "Shop answered 503.")]
    tick(toy)
    exchanged = [toy.connection("shop", c).tokens_refreshed_at for c in (CONSUMER, OTHER)]
    assert exchanged == [None, toy.at]
    assert ("housekeeping_failed", "retrying") in toy.counted


def test_webhooks_are_mended_once_a_day(toy: Toy) -> None:
    tick(toy)
    addresses = {(n, webhook_address(toy.services, toy.connection(n))) for n in ("shop", "till")}
    assert set(toy.registered) == addresses
    tick(toy)
    assert len(toy.registered) == 2
    toy.pass_s(86_400)
    tick(toy)
    assert len(toy.registered) == 4


def test_account_that_is_down_is_not_called(toy: Toy) -> None:
    for name in ("shop", "till"):
        down = replace(toy.connection(name), health=Health.DOWN)
        toy.services.registry.save(Change(puts=[down]))
    tick(toy)
    assert toy.opened == 0


def test_dead_letters_are_pruned_each_hour(toy: Toy) -> None:
    ghost = QueueMessage(name=toy.name("ghost"), handled=1)
    tick(toy)
    toy.services.queue.send_many("records-dlq", [ghost])
    tick(toy)
    assert toy.messages("records-dlq") == 1
    toy.pass_s(3600)
    tick(toy)
    assert toy.messages("records-dlq") == 0


# --- causes that went away without anybody saying so ----------------------------------------------

CATEGORY = mapping_cause(PRODUCTS, "category", "hats")
LINK = Link(
    consumer=CONSUMER,
    kind="product",
    platform="shop",
    id="7",
    other_platform="till",
    other_id="T-7",
)


def hold(toy: Toy, cause: str, flow: str = PRODUCTS) -> None:
    """Hold a row under a cause."""
    name = toy.name("7", flow)
    ask(toy, name)
    deadline = toy.soon()
    [taken] = toy.services.log.write_rows(
        [claim(name, lease_id="w", deadline=deadline, settle_s=60, now=toy.at)]
    )
    assert taken.row is not None
    changes = {"status": Status.PENDING, "reason": Reason.NEEDS_MAPPING, "cause": cause}
    toy.services.log.write_rows([finish(taken.row, changes, toy.at)])


def released(toy: Toy) -> list[str]:
    due = toy.services.log.list_releases(due_before=toy.soon(), limit=50)
    return [release.cause for release in due]


def add_mapping(toy: Toy) -> None:
    known = toy.services.registry.read_mapping(CONSUMER, PRODUCTS, "category")
    assert known is not None
    toy.services.registry.save(Change(puts=[replace(known, entries={"hats": "Hats"})]))


def add_setting(toy: Toy) -> None:
    known = toy.services.registry.read_flow(CONSUMER, PRODUCTS)
    assert known is not None
    settings = {"start_date": "2026-01-01T00:00:00+00:00"}
    toy.services.registry.save(Change(puts=[replace(known, settings=settings)]))


def add_link(toy: Toy) -> None:
    toy.services.log.put_links([LINK])


def nothing(toy: Toy) -> None:
    """Leave everything as it is."""


def take_down(toy: Toy) -> None:
    down = replace(toy.connection("till"), health=Health.DOWN)
    toy.services.registry.save(Change(puts=[down]))


def switch_off(toy: Toy) -> None:
    known = toy.services.registry.read_flow(CONSUMER, PRODUCTS)
    assert known is not None
    toy.services.registry.save(Change(puts=[replace(known, enabled=False)]))


@pytest.mark.parametrize(
    ("cause", "happens", "is_released"),
    [
        pytest.param(CATEGORY, add_mapping, True, id="mapping saved"),
        pytest.param(CATEGORY, nothing, False, id="mapping missing"),
        pytest.param(setting_cause(PRODUCTS, "start_date"), add_setting, True, id="setting given"),
        pytest.param(setting_cause(PRODUCTS, "start_date"), nothing, False, id="setting missing"),
        pytest.param(record_cause("product", "7"), add_link, True, id="record linked"),
        pytest.param(record_cause("product", "7"), nothing, False, id="record not linked"),
        pytest.param(connection_cause("till"), nothing, True, id="connection works"),
        pytest.param(connection_cause("till"), take_down, False, id="connection down"),
        pytest.param(flow_cause(PRODUCTS), nothing, True, id="flow on"),
        pytest.param(flow_cause(PRODUCTS), switch_off, False, id="flow off"),
        pytest.param("day:till:2026-03-01", nothing, False, id="nobody can look it up"),
    ],
)
def test_cause_with_held_rows_is_checked_again_nightly(
    toy: Toy, cause: str, happens: Callable[[Toy], None], is_released: bool
) -> None:
    hold(toy, cause)
    happens(toy)
    housekeeping.recheck_causes(toy.services, deadline=toy.soon())
    assert released(toy) == ([cause] if is_released else [])


def test_throttled_rows_without_a_flag_are_found_by_the_nightly_check(toy: Toy) -> None:
    hold(toy, rate_cause("till", 2, 0))
    assert toy.services.log.list_backlogged(limit=10) == []
    housekeeping.recheck_causes(toy.services, deadline=toy.soon())
    assert list(toy.services.log.list_backlogged(limit=10)) == [(CONSUMER, "till")]
    assert released(toy) == []


def test_causes_are_checked_once_a_day(toy: Toy) -> None:
    tick(toy)
    hold(toy, CATEGORY)
    add_mapping(toy)
    tick(toy)
    assert toy.row("7").cause == CATEGORY
    toy.at += timedelta(days=1)
    tick(toy)
    tick(toy)
    assert toy.row("7").cause is None
