"""The sweeper: nothing waits for ever, nothing multiplies."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain import protocol
from chalicelib.domain.ports import Change
from chalicelib.domain.protocol import Request
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.statuses import Kind, Status
from chalicelib.flows.door import request_many
from chalicelib.flows.sweeper import sweep, sweep_until
from tests.toy import CONSUMER, Toy, open_toy


@pytest.fixture
def toy() -> Iterator[Toy]:
    with open_toy() as toy:
        toy.set_up()
        toy.shop.edit("1")
        yield toy


def ask(toy: Toy, *records: str) -> None:
    request_many(
        toy.services,
        [Request(name=toy.name(r), kind=Kind.PRODUCT, by="webhook") for r in records],
    )


def lose_messages(toy: Toy) -> None:
    taken = toy.services.queue.receive_many("records", limit=1000, visibility_s=1, now=toy.at)
    toy.services.queue.delete_many("records", [one.receipt for one in taken])


def test_row_whose_message_was_lost_is_sent_again_when_it_is_due(toy: Toy) -> None:
    ask(toy, "1")
    lose_messages(toy)
    toy.pass_s(299)
    assert sweep(toy.services).sent == 0
    toy.pass_s(2)
    assert sweep(toy.services).sent == 1
    toy.work()
    assert toy.row("1").status is Status.SYNCED


def test_row_is_sent_rarer_each_time(toy: Toy) -> None:
    ask(toy, "1")
    toy.pass_s(301)
    intervals = []
    for _ in range(9):
        assert sweep(toy.services).sent == 1
        due_at = toy.row("1").due_at
        assert due_at is not None
        intervals.append((due_at - toy.at).total_seconds())
        toy.at = due_at + timedelta(seconds=1)
    assert intervals == [600, 1200, 2400, 4800, 9600, 19200, 21600, 21600, 21600]


def test_two_sweepers_at_once_send_a_row_once(toy: Toy) -> None:
    ask(toy, "1")
    lose_messages(toy)
    toy.pass_s(301)
    toy.stores.log_table.lag_indexes = True  # the second one still sees the row as due
    assert sweep(toy.services).sent + sweep(toy.services).sent == 1
    assert toy.messages() == 1


def test_leased_row_is_not_sent_but_looked_at_when_its_lease_ends(toy: Toy) -> None:
    ask(toy, "1")
    deadline = toy.pass_s(290) + timedelta(seconds=60)
    claim = protocol.claim(toy.name("1"), lease_id="w", deadline=deadline, settle_s=60, now=toy.at)
    toy.services.log.write_rows([claim])
    toy.pass_s(20)
    swept = sweep(toy.services)
    assert (swept.sent, swept.moved) == (0, 1)
    assert toy.row("1").due_at == toy.row("1").lease_until


def test_backoff_is_not_bypassed(toy: Toy) -> None:
    toy.till.fails["1"] = SyncFailure(Reason.RETRYING, "Later.", retry_after_s=5000)
    ask(toy, "1")
    toy.work()
    next_attempt_at = toy.row("1").next_attempt_at
    toy.pass_s(4000)
    assert sweep(toy.services).sent == 0
    assert toy.row("1").next_attempt_at == next_attempt_at
    toy.pass_s(1400)
    assert sweep(toy.services).sent == 1


def test_settled_rows_are_left_alone(toy: Toy) -> None:
    ask(toy, "1")
    toy.work()
    toy.pass_s(100_000)
    assert sweep(toy.services) == sweep(toy.services)
    assert toy.messages() == 0


def test_rows_of_a_deleted_consumer_are_not_sent(toy: Toy) -> None:
    ask(toy, "1")
    lose_messages(toy)
    known = toy.services.registry.read_consumer(CONSUMER)
    assert known is not None
    toy.services.registry.save(Change(puts=[replace(known, deleted_at=toy.at)]))
    toy.services.cache.forget(CONSUMER)
    toy.pass_s(301)
    assert sweep(toy.services).sent == 0
    assert toy.messages() == 0


def test_sweep_is_bounded_and_says_that_more_is_left(toy: Toy) -> None:
    ask(toy, *(str(number) for number in range(100)))
    lose_messages(toy)
    toy.pass_s(301)
    first = sweep(toy.services, limit=2)
    assert first.more
    assert first.sent <= 32
    sent = first.sent
    for _ in range(20):
        sent += sweep(toy.services, limit=2).sent
    assert sent == 100
    assert not sweep(toy.services).more


def test_sweep_goes_on_while_something_is_left(toy: Toy) -> None:
    ask(toy, *(str(number) for number in range(100)))
    lose_messages(toy)
    toy.pass_s(301)
    swept = sweep_until(toy.services, toy.soon(), limit=3)
    assert (swept.sent, swept.more) == (100, False)
