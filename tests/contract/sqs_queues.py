"""The queues of a fresh moto, and what goes in and out of them."""

from collections import Counter
from collections.abc import Iterator

import pytest

from chalicelib.domain.ports import QueueMessage
from chalicelib.queue.sqs import SqsQueue
from tests.builders import NOW, Clock, make_name
from tests.contract.aws import open_aws_queue, running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue(clock: Clock) -> Iterator[SqsQueue]:
    with running():
        yield open_aws_queue(clock)


def messages(count: int, **name: str) -> list[QueueMessage]:
    return [QueueMessage(name=make_name(str(number), **name)) for number in range(count)]


def receive(queue: SqsQueue, *, limit: int = 10, visibility_s: int = 360) -> list[QueueMessage]:
    return list(queue.receive_many("records", limit=limit, visibility_s=visibility_s, now=NOW))


def receive_all(queue: SqsQueue) -> Counter[str]:
    return Counter(one.name.record for one in receive(queue, limit=10_000))
