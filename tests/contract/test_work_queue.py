"""Work queues: at least once, delays, visibility, dead letters; and the stand-in's bad habits."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from chalicelib.domain.ports import QueueMessage, WorkQueue
from local.sqlite.queue import RECEIVES_AT_MOST, SqliteQueue
from local.sqlite.unruly import UnrulyQueue
from tests.builders import Clock, make_name
from tests.contract import aws
from tests.contract import stores as under_contract

clock = under_contract.clock

VISIBILITY_S = 360


@pytest.fixture(params=["sqlite-memory", "sqlite-file", "moto"])
def queue(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[WorkQueue]:
    if request.param == "moto":
        with aws.running():
            yield aws.open_aws_queue(clock)
    else:
        path = tmp_path / "queue.db" if request.param == "sqlite-file" else None
        with closing(SqliteQueue(path, now=clock)) as opened:
            yield opened


def message(record: str = "1", **changes: int) -> QueueMessage:
    return QueueMessage(name=make_name(record), **changes)


def receive(
    queue: WorkQueue, clock: Clock, name: str = "records", *, limit: int = 10
) -> list[QueueMessage]:
    return list(queue.receive_many(name, limit=limit, visibility_s=VISIBILITY_S, now=clock()))


def records(messages: list[QueueMessage]) -> list[str]:
    return [one.name.record for one in messages]


def test_a_message_brings_the_name_of_its_row(queue: WorkQueue, clock: Clock) -> None:
    name = make_name("日|/%", step="add_payment")
    queue.send_many("records", [QueueMessage(name=name)])

    (got,) = receive(queue, clock)

    assert (got.name, got.handled, got.receives) == (name, None, 1)
    assert got.receipt


def test_messages_come_in_the_order_sent_and_no_more_than_asked_for(
    queue: WorkQueue, clock: Clock
) -> None:
    queue.send_many("records", [message(str(number)) for number in range(25)])

    assert records(receive(queue, clock, limit=10)) == [str(number) for number in range(10)]
    assert len(receive(queue, clock, limit=100)) == 15
    assert receive(queue, clock) == []


def test_queues_are_apart(queue: WorkQueue, clock: Clock) -> None:
    queue.send_many("stock", [message()])
    queue.send_many("records-dlq", [message("2", handled=5)])

    assert receive(queue, clock, "records") == []
    assert records(receive(queue, clock, "stock")) == ["1"]
    assert [one.handled for one in receive(queue, clock, "records-dlq")] == [5]


def test_a_delayed_message_comes_after_its_delay(queue: WorkQueue, clock: Clock) -> None:
    queue.send_many("records", [message("late", delay_s=900), message("now")])

    assert records(receive(queue, clock)) == ["now"]
    clock.pass_s(899)
    assert "late" not in records(receive(queue, clock))
    clock.pass_s(1)
    assert "late" in records(receive(queue, clock))


@pytest.mark.parametrize("delay_s", [901, -1])
def test_a_delay_the_queue_cannot_keep_is_refused(queue: WorkQueue, delay_s: int) -> None:
    with pytest.raises(ValueError, match="0 to 900 s"):
        queue.send_many("records", [message(), message(delay_s=delay_s)])

    assert queue.count("records") == 0


def test_a_message_that_is_not_deleted_comes_back(queue: WorkQueue, clock: Clock) -> None:
    queue.send_many("records", [message()])
    receive(queue, clock)
    clock.pass_s(VISIBILITY_S - 1)
    assert receive(queue, clock) == []

    clock.pass_s(1)

    assert [one.receives for one in receive(queue, clock)] == [2]


def test_a_deleted_message_does_not_come_back(queue: WorkQueue, clock: Clock) -> None:
    queue.send_many("records", [message("1"), message("2")])
    first, second = receive(queue, clock)

    queue.delete_many("records", [first.receipt])
    queue.delete_many("records", [first.receipt])
    clock.pass_s(VISIBILITY_S)

    assert records(receive(queue, clock)) == ["2"]
    assert second.receipt != first.receipt


def test_a_message_taken_too_often_moves_to_the_dead_letters(
    queue: WorkQueue, clock: Clock
) -> None:
    queue.send_many("stock", [message()])
    for _ in range(RECEIVES_AT_MOST):
        assert len(receive(queue, clock, "stock")) == 1
        clock.pass_s(VISIBILITY_S)

    assert receive(queue, clock, "stock") == []

    assert (queue.count("stock"), queue.count("stock-dlq")) == (0, 1)
    (dead,) = receive(queue, clock, "stock-dlq")
    assert (dead.name, dead.handled) == (make_name("1"), None)


def test_a_dead_letter_stays_however_often_it_is_looked_at(queue: WorkQueue, clock: Clock) -> None:
    queue.send_many("records-dlq", [message(handled=1)])

    for _ in range(RECEIVES_AT_MOST + 2):
        assert len(receive(queue, clock, "records-dlq")) == 1
        clock.pass_s(VISIBILITY_S)


def test_a_queue_counts_taken_and_delayed_messages_too(queue: WorkQueue, clock: Clock) -> None:
    queue.send_many("records", [message("1"), message("2", delay_s=60)])
    receive(queue, clock)

    assert (queue.count("records"), queue.count("stock")) == (2, 0)


def test_many_takers_share_the_messages(queue: WorkQueue, clock: Clock) -> None:
    queue.send_many("records", [message(str(number)) for number in range(80)])

    with ThreadPoolExecutor(8) as pool:
        batches = list(pool.map(lambda _: receive(queue, clock, limit=10), range(8)))

    taken = Counter(one.name.record for batch in batches for one in batch)
    assert set(taken.values()) == {1}
    assert len(taken) == 80


def test_nothing_sent_or_deleted_is_no_request(queue: WorkQueue) -> None:
    queue.send_many("records", [])
    queue.delete_many("records", [])

    assert queue.count("records") == 0


@pytest.mark.parametrize("name", ["", "records-dlq-dlq", "other"])
def test_an_unknown_queue_is_refused(queue: WorkQueue, clock: Clock, name: str) -> None:
    with pytest.raises(ValueError, match="there is no queue"):
        queue.send_many(name, [message()])
    with pytest.raises(ValueError, match="there is no queue"):
        receive(queue, clock, name)


def test_a_receipt_that_is_none_is_refused(queue: WorkQueue) -> None:
    with pytest.raises(ValueError, match="no receipt"):
        queue.delete_many("records", ["made up"])


@pytest.fixture
def unruly(clock: Clock) -> Iterator[UnrulyQueue]:
    with closing(UnrulyQueue(now=clock, rng=Random(3))) as opened:
        yield opened


def test_the_stand_in_deletes_nothing_by_a_receipt_of_an_earlier_delivery(
    unruly: UnrulyQueue, clock: Clock
) -> None:
    """SQS promises neither: by such a receipt "the message might not be deleted"."""
    unruly.send_many("records", [message()])
    (old,) = receive(unruly, clock)
    clock.pass_s(VISIBILITY_S)
    receive(unruly, clock)

    unruly.delete_many("records", [old.receipt])

    assert unruly.count("records") == 1


def test_the_stand_in_can_reorder_and_hold_back(unruly: UnrulyQueue, clock: Clock) -> None:
    unruly.reorders = True
    unruly.send_many("records", [message(str(number)) for number in range(10)])

    got: list[str] = []
    for _ in range(100):
        got += records(receive(unruly, clock))

    assert sorted(got) == [str(number) for number in range(10)]
    assert got != sorted(got)


def test_the_stand_in_can_deliver_twice(unruly: UnrulyQueue, clock: Clock) -> None:
    unruly.repeats = 1.0
    unruly.send_many("records", [message()])

    first, second = receive(unruly, clock), receive(unruly, clock)

    assert records(first) == records(second) == ["1"]


def test_the_stand_in_can_forget_a_delete(unruly: UnrulyQueue, clock: Clock) -> None:
    unruly.forgets_deletes = 1.0
    unruly.send_many("records", [message()])
    (got,) = receive(unruly, clock)

    unruly.delete_many("records", [got.receipt])

    assert unruly.count("records") == 1
