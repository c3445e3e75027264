"""AWS in this process: moto, with the queues, the key and the tables of a deployment.

``running`` (or ``start`` and ``stop``) begins with everything empty. Clients are made once, with
made-up credentials, and nothing of them is left in the environment. ``wire`` counts what is asked
of AWS, and fails it on demand.
"""

import json
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from threading import Lock
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError
from moto import mock_aws
from moto.core.botocore_stubber import MockRawResponse
from moto.core.models import botocore_stubber
from moto.sqs.models import sqs_backends

from chalicelib.domain.ports import QueueMessage
from chalicelib.ops.aws import Clients
from chalicelib.queue.sqs import SqsQueue
from chalicelib.store.sealing import KmsVault
from local.aws.tables import Tables, create_tables
from tests.builders import Clock

ACCOUNT = "123456789012"
REGION = "eu-west-1"
SERVICES = ("dynamodb", "kms", "sqs")
QUEUES = ("records", "stock")
KEY_ALIAS = "alias/synclog-test"
RECEIVES_AT_MOST = 10

_moto = mock_aws()


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What becomes of one request: an answer that says no, or none at all.

    ``done``: what was asked is carried out all the same.
    """

    status: int = 0  #: 0: nobody answers in time
    code: str = ""
    done: bool = False


TIMEOUT, LOST = Fault(), Fault(done=True)
UNAVAILABLE, BROKEN_AFTER = (
    Fault(status=503, code="ServiceUnavailable"),
    Fault(status=500, done=True),
)


class Wire:
    """What goes to AWS: counted by operation, with its parameters, and failed on demand."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.calls: Counter[str] = Counter()
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._faults: dict[str, deque[Fault]] = {}

    def fail_next(self, operation: str, *faults: Fault) -> None:
        """Let the next requests of an operation (``SendMessageBatch`` …) fail, one by one."""
        self._faults.setdefault(operation, deque()).extend(faults)

    def send(self, request: Any, event_name: str, **_: Any) -> AWSResponse | None:
        """Stand before moto: count, then let through (None), answer, or raise."""
        operation = event_name.rpartition(".")[2]
        self.calls[operation] += 1
        self.asked.append((operation, json.loads(request.body)))
        faults = self._faults.get(operation)
        if not faults:
            return None
        fault = faults.popleft()
        if fault.done:
            botocore_stubber(event_name, request)
        if not fault.status:
            raise ReadTimeoutError(endpoint_url=request.url)
        body = json.dumps({"__type": fault.code, "message": "told to fail"}).encode()
        return AWSResponse(request.url, fault.status, {}, MockRawResponse(body))


wire = Wire()


@cache
def clients() -> Clients:
    """Return clients that lead to moto and ask once: a fault is seen, not tried away."""
    found = Clients(
        attempts=1,
        region_name=REGION,
        aws_access_key_id="nobody",
        aws_secret_access_key="nothing",
    )
    for service in SERVICES:
        found.get(service).meta.events.register_first("before-send", wire.send)
    return found


def start() -> Tables:
    """Start moto, empty but for what a deployment makes; return the names of the tables."""
    clients()
    _moto.start()
    for name in QUEUES:
        _create_queue(name)
    key = clients().get("kms").create_key()["KeyMetadata"]["KeyId"]
    clients().get("kms").create_alias(AliasName=KEY_ALIAS, TargetKeyId=key)
    tables = create_tables(clients().get("dynamodb"))
    wire.reset()
    return tables


def stop() -> None:
    """Stop moto; what was in it is gone."""
    _moto.stop()


@contextmanager
def running() -> Iterator[Tables]:
    """Run moto for a while; gives the names of the tables."""
    tables = start()
    try:
        yield tables
    finally:
        stop()


def queue_urls() -> dict[str, str]:
    """URLs of the work queues by name."""
    return {name: _url(name) for name in QUEUES}


def open_aws_queue(clock: Clock) -> SqsQueue:
    """Open the queues of ``start``; their time goes on as the clock does."""
    return ClockedQueue(clock)


def open_aws_vault(clock: Clock) -> KmsVault:
    """Open a vault on the key of ``start``."""
    return KmsVault(clients().get("kms"), KEY_ALIAS, now=clock)


class ClockedQueue(SqsQueue):
    """SQS whose time goes on as the test's clock does: moto knows the real time alone.

    Receives go one after another: moto can hand one message to two who ask at the same moment.
    """

    def __init__(self, clock: Clock) -> None:
        super().__init__(clients().get("sqs"), queue_urls(), wait_s=0, pause=clock.pass_s)
        self._clock = clock
        self._seen = clock()
        self._turn = Lock()

    def send_many(self, queue: str, messages: Sequence[QueueMessage]) -> None:
        """Send messages."""
        self._catch_up()
        super().send_many(queue, messages)

    def receive_many(
        self, queue: str, *, limit: int, visibility_s: int, now: datetime
    ) -> Sequence[QueueMessage]:
        """Take messages."""
        self._catch_up()
        with self._turn:
            return super().receive_many(queue, limit=limit, visibility_s=visibility_s, now=now)

    def _catch_up(self) -> None:
        with self._turn:
            passed_ms = (self._clock() - self._seen).total_seconds() * 1000
            self._seen = self._clock()
            for queue in sqs_backends[ACCOUNT][REGION].queues.values():
                for message in queue._messages:
                    message.visible_at -= passed_ms
                    message.delayed_until -= passed_ms


def _create_queue(name: str) -> None:
    sqs = clients().get("sqs")
    sqs.create_queue(QueueName=f"{name}-dlq")
    redrive = {
        "deadLetterTargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}-dlq",
        "maxReceiveCount": RECEIVES_AT_MOST,
    }
    sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": json.dumps(redrive)})


def _url(name: str) -> str:
    return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"
