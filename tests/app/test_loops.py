"""The threads of one machine work what the queues hold, in batches worth a vendor's call."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

import pytest

from chalicelib.domain.ports import QueueMessage, WorkQueue
from chalicelib.domain.protocol import Request
from chalicelib.domain.rows import Row
from chalicelib.domain.statuses import Kind, Status
from chalicelib.flows.door import request_many
from local.loops import BATCHES, Loops
from tests.toy import CONSUMER, Toy, open_toy
from tests.toy_platforms import PRODUCTS, STOCK

RECORDS = [f"thing-{number}" for number in range(40)]
GIVE_UP_S = 10


@dataclass
class Trickle:
    """A queue that hands out ten messages at a time, as when changes come one by one."""

    queue: WorkQueue
    at_once: int = 10
    batches: list[int] = field(default_factory=list)  #: of stock, by size

    def receive_many(
        self, queue: str, *, limit: int, visibility_s: int, now: datetime
    ) -> Sequence[QueueMessage]:
        most = min(limit, self.at_once)
        return self.queue.receive_many(queue, limit=most, visibility_s=visibility_s, now=now)

    def send_many(self, queue: str, messages: Sequence[QueueMessage]) -> None:
        self.queue.send_many(queue, messages)

    def delete_many(self, queue: str, receipts: Sequence[str]) -> None:
        if queue == "stock":
            self.batches.append(len(receipts))
        self.queue.delete_many(queue, receipts)

    def count(self, queue: str) -> int:
        return self.queue.count(queue)


@pytest.fixture
def toy() -> Iterator[Toy]:
    """A merchant whose products are at the till and whose stock has changed."""
    with open_toy() as opened:
        trickle = Trickle(opened.stores.queue)
        opened.services = replace(opened.services, queue=trickle)
        opened.set_up(CONSUMER, PRODUCTS, STOCK)
        for record in RECORDS:
            opened.shop.edit(record)
        ask(opened, PRODUCTS, Kind.PRODUCT)
        opened.work()
        ask(opened, STOCK, Kind.STOCK)
        trickle.batches.clear()
        yield opened


def batches(toy: Toy) -> list[int]:
    assert isinstance(toy.services.queue, Trickle)
    return toy.services.queue.batches


def ask(toy: Toy, flow: str, kind: Kind) -> None:
    names = [toy.name(record, flow) for record in RECORDS]
    request_many(toy.services, [Request(name=name, kind=kind, by="test") for name in names])


@contextmanager
def loops_of(toy: Toy) -> Iterator[Loops]:
    loops = Loops(services=toy.services)
    loops.start()
    try:
        yield loops
    finally:
        loops.stop()


def wait_for(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + GIVE_UP_S
    while not is_so():
        assert time.monotonic() < until, f"not so after {GIVE_UP_S} s"
        threading.Event().wait(0.01)


def rows_of(toy: Toy) -> list[Row]:
    return [toy.row(record, STOCK) for record in RECORDS]


def all_synced(toy: Toy) -> bool:
    return all(row.status is Status.SYNCED for row in rows_of(toy))


def test_stock_changes_that_come_one_by_one_are_worked_together(toy: Toy) -> None:
    with loops_of(toy):
        wait_for(lambda: sum(batches(toy)) == len(RECORDS))

    assert batches(toy) == [len(RECORDS)]
    assert all_synced(toy)


def test_the_last_messages_are_not_kept_waiting_for_a_full_batch(toy: Toy) -> None:
    assert len(RECORDS) < BATCHES["stock"]

    with loops_of(toy):
        wait_for(lambda: all_synced(toy))
        wait_for(lambda: toy.messages("stock") == 0)


def test_what_was_gathered_when_a_stop_came_is_worked_and_not_left_taken(toy: Toy) -> None:
    with loops_of(toy):
        pass

    with loops_of(toy):
        wait_for(lambda: all_synced(toy))
        wait_for(lambda: toy.messages("stock") == 0)
