"""Throttling is a hold: windows of calls, parked rows, backlogs, one writer per seller."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from chalicelib.domain.causes import parts_of
from chalicelib.domain.log import Exchange
from chalicelib.domain.platforms import Pace
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.statuses import Kind, Status
from chalicelib.flows import rates
from chalicelib.flows.loading import read_setup
from tests.builders import make_exchange
from tests.toy import CONSUMER
from tests.toy_platforms import PRODUCTS, STOCK, throttled
from tests.unit.flows.scenes import Scene, open_scene

CALLS = 10  #: a minute, at the till


@pytest.fixture
def scene() -> Iterator[Scene]:
    with open_scene() as scene:
        scene.offer("till", pace=Pace(calls=CALLS, settle_s=60, timeout_s=10))
        scene.declare(calls=lambda rows: (1, rows))
        scene.declare(STOCK, calls=lambda rows: (1, rows))
        scene.toy.at = scene.toy.at.replace(second=0, microsecond=0)
        yield scene


def records(count: int) -> list[str]:
    return [f"{number:03}" for number in range(count)]


def held(scene: Scene, flow: str = PRODUCTS) -> list[str]:
    found = []
    for shard in range(4):
        cause = f"rate:till:{scene.toy.services.flows[flow].kind.priority}:{shard}"
        names = scene.toy.services.log.list_held(CONSUMER, cause, limit=200).items
        found += [name.record for name in names]
    return sorted(found)


def take(scene: Scene, count: int) -> bool:
    return scene.toy.services.log.take_calls(
        CONSUMER, "till", count, limit=CALLS, window_s=60, now=scene.toy.at
    )


def tend(scene: Scene) -> int:
    return rates.release_backlogs(scene.toy.services)


# --- parking --------------------------------------------------------------------------------------


def test_batch_without_calls_left_is_parked_without_a_claim(scene: Scene) -> None:
    scene.add("1", "2")
    take(scene, CALLS)

    done = scene.attempt("1", "2")

    row = scene.row()
    assert (row.status, row.reason) == (Status.PENDING, Reason.THROTTLED)
    assert (row.requested, row.handled, row.attempts, row.due_at) == (1, 1, 0, None)
    assert held(scene) == ["1", "2"]
    assert done is not None
    assert sorted(done.done) == ["r-1", "r-2"]


def test_parked_rows_keep_counters_and_backoff(scene: Scene) -> None:
    scene.add("1")
    scene.shelf.fails["1"] = SyncFailure(Reason.RETRYING, "Out of order.")
    scene.attempt("1")
    before = scene.row()
    assert (before.tries, before.attempts) == (1, 1)
    take(scene, CALLS - 2)

    scene.attempt("1")

    scene.drain()
    parked = scene.row()
    assert parked.reason is Reason.THROTTLED
    assert (parked.tries, parked.starts) == (before.tries, before.starts)
    assert parked.next_attempt_at == before.next_attempt_at
    scene.ask("1", by="release", only_under_cause=parked.cause)
    assert scene.row().next_attempt_at == before.next_attempt_at
    assert scene.row().tries == 1
    assert scene.visible() == []


def test_parking_flags_the_connection_and_new_rows_wait_under_its_cause(scene: Scene) -> None:
    scene.add("1")
    take(scene, CALLS)
    scene.attempt("1")
    sent = scene.toy.messages()

    scene.add("2")

    assert held(scene) == ["1", "2"]
    assert scene.row("2").reason is Reason.THROTTLED
    assert scene.toy.messages() == sent


def test_vendors_own_refusal_is_a_hold_that_uses_no_tries(scene: Scene) -> None:
    scene.add("1")
    scene.shelf.refuses_all = throttled()

    scene.attempt("1")

    row = scene.row()
    assert (row.reason, row.tries, row.code) == (Reason.THROTTLED, 0, 429)
    assert not row.is_owed
    assert not take(scene, 1)
    assert scene.toy.services.log.is_backlogged(CONSUMER, "till")


def test_vendors_refusal_keeps_the_tries_of_the_episode(scene: Scene) -> None:
    scene.add("1")
    scene.shelf.fails["1"] = SyncFailure(Reason.RETRYING, "Out of order.")
    scene.attempt("1")
    scene.toy.pass_s(60)
    scene.shelf.refuses_all = throttled()
    scene.shelf.during = lambda: scene.ask("1")

    scene.attempt("1")

    row = scene.row()
    assert (row.reason, row.tries) == (Reason.THROTTLED, 1)
    assert not row.is_owed


def test_rows_refused_together_lie_under_the_shards_of_their_own_names(scene: Scene) -> None:
    names = records(8)
    scene.add(*names)
    scene.shelf.refuses_all = throttled()

    scene.attempt(*names)

    causes = {scene.row(name).cause or "" for name in names}
    assert len(causes) == 4
    assert {parts_of(cause)[:3] for cause in causes} == {("rate", "till", "2")}


def test_source_that_refuses_is_the_one_that_is_slow(scene: Scene) -> None:
    scene.add("1")

    scene.reader.refuses_all = throttled()

    scene.attempt("1")

    assert parts_of(scene.row().cause or "")[1] == "shop"
    assert scene.toy.services.log.is_backlogged(CONSUMER, "shop")


# --- release --------------------------------------------------------------------------------------


def backlog(scene: Scene, count: int) -> list[str]:
    names = records(count)
    take(scene, CALLS)
    scene.toy.services.log.flag_backlog(CONSUMER, "till", now=scene.toy.at)
    scene.toy.services.cache.forget(CONSUMER)
    scene.add(*names)
    assert held(scene) == names
    return names


def test_backlog_stays_where_it_is_while_the_window_is_empty(scene: Scene) -> None:
    names = backlog(scene, 5)
    scene.toy.pass_s(1)
    assert tend(scene) == 0
    assert held(scene) == names


def test_no_more_rows_are_released_than_the_window_has_calls_for(scene: Scene) -> None:
    scene.toy.switch(STOCK, on=False)
    scene.declare(calls=lambda rows: (1, 3 * rows))
    backlog(scene, 40)
    scene.toy.pass_s(60)

    released = tend(scene)

    assert released == 3
    scene.toy.work()
    assert len(held(scene)) == 37
    assert tend(scene) == 0


def test_rows_are_released_for_the_calls_that_are_left(scene: Scene) -> None:
    backlog(scene, 40)
    scene.toy.pass_s(60)
    take(scene, 7)
    assert tend(scene) == 3


def test_as_many_full_batches_are_released_as_the_window_has_calls_for(scene: Scene) -> None:
    scene.toy.switch(STOCK, on=True)
    scene.declare(STOCK, queue="stock", calls=lambda rows: (1, -(-rows // 100)))
    scene.toy.services.log.flag_backlog(CONSUMER, "till", now=scene.toy.at)
    scene.toy.services.cache.forget(CONSUMER)
    for name in records(450):
        scene.ask(name, flow=STOCK)
    scene.toy.pass_s(60)
    assert tend(scene) == 450


def test_row_that_needs_more_calls_than_a_window_goes_in_a_whole_one(scene: Scene) -> None:
    scene.declare(calls=lambda rows: (1, 30 * rows))
    backlog(scene, 1)
    scene.toy.pass_s(60)
    assert tend(scene) == 1


def test_everything_behind_a_slow_vendor_gets_through_with_one_park_and_one_release(
    scene: Scene,
) -> None:
    names = backlog(scene, 30)
    for _ in range(60):
        scene.toy.pass_s(10)
        tend(scene)
        scene.toy.work()
    rows = [scene.row(name) for name in names]
    assert {row.status for row in rows} == {Status.SYNCED}
    assert {row.requested for row in rows} == {1}
    assert max(row.attempts for row in rows) == 1


def test_stock_goes_before_products(scene: Scene) -> None:
    scene.sync("1")
    scene.toy.pass_s(60)
    take(scene, CALLS)
    scene.toy.services.log.flag_backlog(CONSUMER, "till", now=scene.toy.at)
    scene.toy.services.cache.forget(CONSUMER)
    scene.add("1")
    scene.ask("1", flow=STOCK)
    scene.toy.pass_s(60)
    take(scene, CALLS - 1)

    tend(scene)

    assert scene.row("1", STOCK).reason is Reason.QUEUED
    assert scene.row("1").reason is Reason.THROTTLED


def test_what_is_urgent_and_does_not_fit_is_not_overtaken(scene: Scene) -> None:
    scene.declare(STOCK, calls=lambda rows: (1, 8 * rows))
    scene.sync("1")
    scene.toy.services.log.flag_backlog(CONSUMER, "till", now=scene.toy.at)
    scene.toy.services.cache.forget(CONSUMER)
    scene.add("1")
    scene.ask("1", flow=STOCK)
    scene.toy.pass_s(60)
    take(scene, 3)

    assert tend(scene) == 0


def test_flag_goes_once_nothing_waits_and_nobody_set_it_lately(scene: Scene) -> None:
    log = scene.toy.services.log
    log.flag_backlog(CONSUMER, "till", now=scene.toy.at)
    scene.toy.pass_s(rates.FLAGGED_AT_LEAST_S)
    tend(scene)
    assert log.is_backlogged(CONSUMER, "till")
    scene.toy.pass_s(1)
    tend(scene)
    assert not log.is_backlogged(CONSUMER, "till")


def test_flag_of_a_connection_that_is_gone_is_taken_down(scene: Scene) -> None:
    log = scene.toy.services.log
    log.flag_backlog(CONSUMER, "till-9", now=scene.toy.at)
    scene.toy.pass_s(1)
    tend(scene)
    assert log.list_backlogged(limit=5) == []


def test_no_slow_connection_keeps_others_from_their_turn(scene: Scene) -> None:
    log = scene.toy.services.log
    for number in range(1100):
        log.flag_backlog(CONSUMER, f"gone-{number}", now=scene.toy.at)
    scene.toy.pass_s(1)
    tend(scene)
    assert log.list_backlogged(limit=5) == []


def test_another_connection_begins_where_time_runs_out(scene: Scene) -> None:
    log = scene.toy.services.log
    for number in range(10):
        log.flag_backlog(CONSUMER, f"gone-{number}", now=scene.toy.at)
    slow = replace(scene.toy.services, now=lambda: scene.toy.pass_s(1), roll=lambda: 0.5)
    rates.release_backlogs(slow, deadline=scene.toy.soon(2))
    left = {name for _, name in log.list_backlogged(limit=20)}
    assert "gone-0" in left
    assert "gone-5" not in left


# --- settling -------------------------------------------------------------------------------------


def settle(scene: Scene, exchanges: list[Exchange], rows: int) -> None:
    setup = read_setup(scene.toy.services, CONSUMER, PRODUCTS)
    assert rates.take_for(scene.toy.services, setup, rows) is None
    rates.settle(scene.toy.services, setup, exchanges, rows)


def test_calls_beyond_those_foreseen_are_taken_afterwards(scene: Scene) -> None:
    made = [make_exchange(f"x{number}", connection="till") for number in range(7)]
    settle(scene, made, 2)
    assert not take(scene, 4)
    assert take(scene, 3)


def test_vendors_own_count_overwrites_the_window(scene: Scene) -> None:
    scene.offer(calls_left=lambda headers: int(headers["left"]) if "left" in headers else None)
    made = [make_exchange(connection="till", response_headers={"left": "1"})]
    settle(scene, made, 2)
    assert not take(scene, 2)
    assert take(scene, 1)


# --- one writer per seller ------------------------------------------------------------------------


@pytest.fixture
def seller(scene: Scene) -> Scene:
    scene.offer("till", one_writer=(Kind.PRODUCT,))
    return scene


def hold_catalogue(scene: Scene, key: str = f"writer/{CONSUMER}/till") -> None:
    log = scene.toy.services.log
    log.take_lease(key, "another", until=scene.toy.soon(30), now=scene.toy.at)


def test_one_writer_per_seller_the_second_comes_back_later(seller: Scene) -> None:
    seller.add("1")
    seller.visible()
    hold_catalogue(seller)

    done = seller.attempt("1")

    assert done is not None
    assert list(done.done) == ["r-1"]
    assert (seller.row().attempts, seller.shelf.writes) == (0, 0)
    assert seller.toy.messages() == 2
    seller.toy.pass_s(31)
    seller.toy.work()
    assert seller.row().status is Status.SYNCED


def test_writer_lease_is_given_back_even_after_a_defect(seller: Scene) -> None:
    seller.add("1", "2")
    seller.shelf.defects = {"1"}
    seller.attempt("1", crash=True)
    seller.attempt("2")
    assert seller.row("2").status is Status.SYNCED


def test_writer_lease_of_one_account_does_not_stop_another(seller: Scene) -> None:
    seller.add("1")
    hold_catalogue(seller, f"writer/{CONSUMER}/till-2")
    seller.attempt("1")
    assert seller.row().status is Status.SYNCED


def test_kind_that_the_vendor_does_not_serialise_needs_no_writer_lease(seller: Scene) -> None:
    seller.sync("1")
    hold_catalogue(seller)
    seller.toy.shop.edit("1")
    seller.ask("1", flow=STOCK)
    seller.attempt("1", flow=STOCK)
    assert seller.row("1", STOCK).status is Status.SYNCED
