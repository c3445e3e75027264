"""SQS beyond the port: how many requests it takes, and messages that are none of ours."""

import logging
from collections import Counter

import pytest

from chalicelib.domain.ports import QueueMessage
from chalicelib.queue.sqs import BATCH_BYTES, FOREIGN_AT_MOST, SqsQueue
from tests.builders import make_name
from tests.contract import sqs_queues
from tests.contract.aws import clients, queue_urls, wire
from tests.contract.sqs_queues import messages, receive, receive_all

clock, queue = sqs_queues.clock, sqs_queues.queue


def send_foreign(count: int) -> None:
    url = queue_urls()["records"]
    for _ in range(count // 10):
        entries = [{"Id": str(place), "MessageBody": f"secret {place}"} for place in range(10)]
        clients().get("sqs").send_message_batch(QueueUrl=url, Entries=entries)


@pytest.mark.parametrize(("count", "requests"), [(0, 0), (1, 1), (10, 1), (11, 2), (35, 4)])
def test_ten_messages_are_one_request(queue: SqsQueue, count: int, requests: int) -> None:
    queue.send_many("records", messages(count))
    assert wire.calls["SendMessageBatch"] == requests

    taken = receive(queue, limit=200)
    queue.delete_many("records", [one.receipt for one in taken])

    assert wire.calls["DeleteMessageBatch"] == requests
    assert sorted(int(one.name.record) for one in taken) == list(range(count))
    assert queue.count("records") == 0


def test_long_names_go_in_batches_that_a_request_can_hold(queue: SqsQueue) -> None:
    long = [QueueMessage(name=make_name(str(n) + "x" * (BATCH_BYTES // 3))) for n in range(5)]

    queue.send_many("records", long)

    assert wire.calls["SendMessageBatch"] == 3
    assert {one.name for one in receive(queue)} == {one.name for one in long}


def test_a_message_is_of_its_consumers_group(queue: SqsQueue) -> None:
    queue.send_many("records", messages(1, consumer="a-shop") + messages(1, consumer="b-shop"))

    found = (
        clients()
        .get("sqs")
        .receive_message(
            QueueUrl=queue_urls()["records"],
            MaxNumberOfMessages=10,
            MessageSystemAttributeNames=["MessageGroupId"],
        )
    )

    groups = [one["Attributes"]["MessageGroupId"] for one in found["Messages"]]
    assert groups == ["a-shop", "b-shop"]


@pytest.mark.parametrize(
    ("count", "limit", "requests"), [(0, 10, 1), (12, 3, 1), (12, 10, 1), (12, 12, 2), (12, 100, 3)]
)
def test_a_receive_asks_until_it_has_enough_or_nothing_comes(
    queue: SqsQueue, count: int, limit: int, requests: int
) -> None:
    queue.send_many("records", messages(count))

    assert len(receive(queue, limit=limit)) == min(count, limit)
    assert wire.calls["ReceiveMessage"] == requests


def test_only_the_first_of_several_receives_waits(queue: SqsQueue) -> None:
    queue.send_many("records", messages(30))
    patient = SqsQueue(clients().get("sqs"), queue_urls())

    receive(patient, limit=30)

    asked = [what["WaitTimeSeconds"] for name, what in wire.asked if name == "ReceiveMessage"]
    assert asked == [1, 0, 0]


def test_a_look_that_hides_nothing_sees_each_message_once(queue: SqsQueue) -> None:
    queue.send_many("records", messages(5))

    assert Counter(m.name.record for m in receive(queue, limit=50, visibility_s=0)) == Counter(
        "01234"
    )
    assert len(receive(queue)) == 5


def test_a_message_of_others_is_noted_and_stands_in_nobodys_way(
    queue: SqsQueue, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR, "synclog")
    body = {"QueueUrl": queue_urls()["records"], "MessageBody": "secret"}
    clients().get("sqs").send_message(**body)
    queue.send_many("records", messages(2))

    assert receive_all(queue) == Counter("01")

    (noted,) = caplog.records
    assert (noted.message, vars(noted)["why"]) == ("queue.unreadable", "The message is not JSON.")
    assert "secret" not in str(vars(noted))
    assert queue.count("records") == 3


def test_messages_of_others_in_front_hide_none_of_ours(queue: SqsQueue) -> None:
    send_foreign(30)
    queue.send_many("records", messages(1))

    assert receive_all(queue) == Counter("0")


def test_a_queue_full_of_others_messages_is_not_read_for_ever(queue: SqsQueue) -> None:
    send_foreign(FOREIGN_AT_MOST + 10)

    assert receive(queue, limit=10) == []
    assert wire.calls["ReceiveMessage"] == FOREIGN_AT_MOST / 10


def test_one_wrong_receipt_keeps_no_other_message(queue: SqsQueue) -> None:
    queue.send_many("records", messages(12))
    receipts = [one.receipt for one in receive(queue, limit=12)]

    with pytest.raises(ValueError, match="1 no receipt of records: ReceiptHandleIsInvalid"):
        queue.delete_many("records", ["made up", *receipts])

    assert queue.count("records") == 0
