"""While SQS fails: what becomes of each message, and what the caller is told."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from random import Random

import pytest
from botocore.exceptions import ClientError

from chalicelib.domain.ports import QueueBusyError, QueueMessage
from chalicelib.queue.sqs import TRIES, MessageRefusedError, SqsQueue
from tests.builders import NOW, Clock
from tests.contract import sqs_queues
from tests.contract.aws import (
    BROKEN_AFTER,
    FINE,
    LOST,
    TIMEOUT,
    UNAVAILABLE,
    Fault,
    Partly,
    clients,
    queue_urls,
    wire,
)
from tests.contract.sqs_queues import messages, receive, receive_all

NOT_DONE = pytest.mark.parametrize(
    "fault",
    [TIMEOUT, UNAVAILABLE, Fault(status=500), Fault(status=400, code="RequestThrottled")],
    ids=["timeout", "503", "500", "throttled"],
)
DONE = pytest.mark.parametrize("fault", [LOST, BROKEN_AFTER], ids=["lost", "500"])
#: What may happen to a request in the middle of all.
MOODS = (FINE, FINE, TIMEOUT, LOST, UNAVAILABLE, BROKEN_AFTER)


clock, queue = sqs_queues.clock, sqs_queues.queue


def test_what_of_a_batch_was_not_taken_is_sent_again_alone(queue: SqsQueue, clock: Clock) -> None:
    wire.fail_next("SendMessageBatch", Partly(failed=[1, 3]), Partly(failed=[0]))

    queue.send_many("records", messages(5))

    assert receive_all(queue) == Counter("01234")
    assert wire.calls["SendMessageBatch"] == 3
    assert 0 < (clock() - NOW).total_seconds() < 1


def test_what_is_never_taken_is_told_and_the_rest_is_sent(queue: SqsQueue) -> None:
    wire.fail_next("SendMessageBatch", Partly(failed=[1]), *[Partly(failed=[0])] * 10)

    with pytest.raises(QueueBusyError, match="1 of 3 were not taken: InternalError"):
        queue.send_many("records", messages(3))

    assert wire.calls["SendMessageBatch"] == TRIES
    wire.reset()
    assert receive_all(queue) == Counter("02")


def test_what_sqs_refuses_is_a_defect_and_is_not_sent_again(queue: SqsQueue) -> None:
    wire.fail_next(
        "SendMessageBatch", Partly(failed=[0], code="InvalidMessageContents", sender=True)
    )

    with pytest.raises(MessageRefusedError, match="1 of 12: InvalidMessageContents"):
        queue.send_many("records", messages(12))

    assert wire.calls["SendMessageBatch"] == 2
    assert len(receive(queue, limit=20)) == 11


def test_a_throttled_entry_is_no_defect_whoever_is_said_to_be_at_fault(queue: SqsQueue) -> None:
    wire.fail_next("SendMessageBatch", Partly(failed=[0], code="KmsThrottled", sender=True))

    queue.send_many("records", messages(2))

    assert receive_all(queue) == Counter("01")


@NOT_DONE
def test_a_send_that_failed_is_told_and_can_be_said_again(queue: SqsQueue, fault: Fault) -> None:
    wire.fail_next("SendMessageBatch", fault)

    with pytest.raises(QueueBusyError):
        queue.send_many("records", messages(2))
    assert queue.count("records") == 0

    queue.send_many("records", messages(2))
    assert receive_all(queue) == Counter("01")


@DONE
def test_a_send_whose_answer_was_lost_is_told_and_may_double(queue: SqsQueue, fault: Fault) -> None:
    wire.fail_next("SendMessageBatch", fault)

    with pytest.raises(QueueBusyError):
        queue.send_many("records", messages(2))

    queue.send_many("records", messages(2))
    assert receive_all(queue) == Counter("0011")


def test_one_batch_of_many_that_fails_is_told(queue: SqsQueue) -> None:
    wire.fail_next("SendMessageBatch", UNAVAILABLE)

    with pytest.raises(QueueBusyError):
        queue.send_many("records", messages(30))

    assert queue.count("records") in (0, 10, 20)


def test_a_queue_that_is_gone_is_a_defect(queue: SqsQueue) -> None:
    clients().get("sqs").delete_queue(QueueUrl=queue_urls()["records"])

    with pytest.raises(ClientError, match="does not exist"):
        queue.send_many("records", messages(1))


@NOT_DONE
def test_a_receive_that_failed_is_told(queue: SqsQueue, fault: Fault) -> None:
    queue.send_many("records", messages(1))
    wire.fail_next("ReceiveMessage", fault)

    with pytest.raises(QueueBusyError):
        receive(queue)

    assert receive_all(queue) == Counter("0")


def test_what_was_taken_before_a_failure_is_given(queue: SqsQueue) -> None:
    queue.send_many("records", messages(30))
    wire.fail_next("ReceiveMessage", FINE, UNAVAILABLE)

    assert len(receive(queue, limit=30)) == 10
    assert len(receive(queue, limit=30)) == 20


@DONE
def test_messages_taken_by_a_lost_answer_come_back(
    queue: SqsQueue, clock: Clock, fault: Fault
) -> None:
    queue.send_many("records", messages(3))
    wire.fail_next("ReceiveMessage", fault)
    with pytest.raises(QueueBusyError):
        receive(queue)
    assert receive(queue) == []

    clock.pass_s(360)

    assert receive_all(queue) == Counter("012")


@NOT_DONE
def test_a_delete_that_failed_is_told_and_can_be_said_again(queue: SqsQueue, fault: Fault) -> None:
    queue.send_many("records", messages(2))
    receipts = [one.receipt for one in receive(queue)]
    wire.fail_next("DeleteMessageBatch", fault)

    with pytest.raises(QueueBusyError):
        queue.delete_many("records", receipts)
    assert queue.count("records") == 2

    queue.delete_many("records", receipts)
    assert queue.count("records") == 0


@DONE
def test_a_delete_whose_answer_was_lost_can_be_said_again(queue: SqsQueue, fault: Fault) -> None:
    queue.send_many("records", messages(2))
    receipts = [one.receipt for one in receive(queue)]
    wire.fail_next("DeleteMessageBatch", fault)
    with pytest.raises(QueueBusyError):
        queue.delete_many("records", receipts)

    queue.delete_many("records", receipts)

    assert queue.count("records") == 0


def test_a_count_that_failed_is_told(queue: SqsQueue) -> None:
    wire.fail_next("GetQueueAttributes", TIMEOUT)

    with pytest.raises(QueueBusyError, match="cannot be reached"):
        queue.count("records")


@pytest.mark.parametrize("seed", range(3))
def test_whatever_fails_what_was_sent_is_taken_and_goes_in_the_end(
    queue: SqsQueue, clock: Clock, seed: int
) -> None:
    rng = Random(seed)
    sent: set[str] = set()
    taken: set[str] = set()
    for turn in range(20):
        wire.fail_next("ReceiveMessage", rng.choice(MOODS))
        for operation in ("SendMessageBatch", "DeleteMessageBatch"):
            wire.fail_next(operation, rng.choice((*MOODS, Partly(failed=[0]))))
        batch = messages(rng.randint(1, 12), flow=f"flow-{turn}")
        with suppress(QueueBusyError):
            queue.send_many("records", batch)
            sent |= {one.name.id for one in batch}
        taken |= work(queue)
        clock.pass_s(rng.choice((1, 360)))

    wire.reset()
    for name in ("records", "records-dlq"):
        while queue.count(name):
            clock.pass_s(360)
            taken |= work(queue, name)

    assert sent <= taken
    assert sent


def work(queue: SqsQueue, name: str = "records") -> set[str]:
    """Take what can be taken and try to delete it; the ids of the rows that were worked."""
    taken: Sequence[QueueMessage] = ()
    with suppress(QueueBusyError):
        taken = queue.receive_many(name, limit=20, visibility_s=300, now=NOW)
        queue.delete_many(name, [one.receipt for one in taken])
    return {one.name.id for one in taken}
