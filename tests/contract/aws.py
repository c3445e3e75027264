"""AWS in this process: moto, with the queues, the key and the tables of a deployment.

``running`` (or ``start`` and ``stop``) begins with everything empty. Clients are made once, with
made-up credentials, and nothing of them is left in the environment. ``wire`` counts what is asked
of AWS, and fails it on demand.
"""

import json
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
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
#: One request after another: moto looks and writes in two steps, and would let two threads in.
_turn = Lock()


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What becomes of one request: an answer that says no, or none at all."""

    status: int = 0  #: 0: nobody answers in time
    code: str = ""
    done: bool = False  #: what was asked is carried out all the same
    again: bool = False  #: and asked once more, as a client does that had no answer


@dataclass(frozen=True, kw_only=True)
class Partly:
    """A batch of which some entries fail: those at the places given; the others are carried out."""

    failed: Sequence[int]
    code: str = "InternalError"
    sender: bool = False  #: SQS says that the fault is ours


FINE = None
TIMEOUT, LOST = Fault(), Fault(done=True)
UNAVAILABLE, BROKEN_AFTER = (
    Fault(status=503, code="ServiceUnavailable"),
    Fault(status=500, done=True),
)


class Wire:
    """What goes to AWS: counted by operation, with its parameters, and failed on demand."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.calls: Counter[str] = Counter()
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._faults: dict[str, deque[Fault | Partly | None]] = {}
        #: Asked where nothing else was told: which fault an operation meets.
        self.draw: Callable[[str], Fault | None] = lambda operation: None

    def fail_next(self, operation: str, *faults: Fault | Partly | None) -> None:
        """Let the next requests of an operation (``SendMessageBatch`` …) fail, one by one.

        None lets one of them pass.
        """
        self._faults.setdefault(operation, deque()).extend(faults)

    def send(self, request: Any, event_name: str, **_: Any) -> AWSResponse:
        """Count a request, then pass it on to moto, or let it fail."""
        operation = event_name.rpartition(".")[2]
        asked = json.loads(request.body)
        with self._lock:
            self.calls[operation] += 1
            self.asked.append((operation, asked))
            faults = self._faults.get(operation)
            fault = faults.popleft() if faults else self.draw(operation)
        match fault:
            case Partly():
                return _carry_out_partly(request, event_name, asked["Entries"], fault)
            case Fault():
                return _fail(request, event_name, fault)
        return _carry_out(request, event_name)

    def tap(self, client: Any) -> None:
        """Stand between a client and moto, in moto's own place: it would answer all the same."""
        client.meta.events.unregister("before-send", botocore_stubber)
        client.meta.events.register("before-send", self.send)


def _carry_out(request: Any, event_name: str) -> AWSResponse:
    with _turn:
        answer: AWSResponse = botocore_stubber(event_name, request)
    return answer


def _fail(request: Any, event_name: str, fault: Fault) -> AWSResponse:
    if fault.done or fault.again:
        _carry_out(request, event_name)
    if fault.again:
        return _carry_out(request, event_name)
    if not fault.status:
        raise ReadTimeoutError(endpoint_url=request.url)
    return _answer(request, fault.status, {"__type": fault.code, "message": "told to fail"})


def _carry_out_partly(
    request: Any, event_name: str, entries: Sequence[Any], fault: Partly
) -> AWSResponse:
    failed = [
        {"Id": entries[place]["Id"], "Code": fault.code, "SenderFault": fault.sender}
        for place in fault.failed
    ]
    others = [entry for place, entry in enumerate(entries) if place not in fault.failed]
    said: dict[str, Any] = {"Successful": []}
    if others:
        request.body = json.dumps({**json.loads(request.body), "Entries": others}).encode()
        said = json.loads(_carry_out(request, event_name).content)
    return _answer(request, 200, {**said, "Failed": failed})


def _answer(request: Any, status: int, said: Any) -> AWSResponse:
    raw = MockRawResponse(json.dumps(said).encode())
    return AWSResponse(request.url, status, {}, raw)


wire = Wire()


@cache
def clients() -> Clients:
    """Return clients that lead to moto and ask once: a fault is seen, not tried away."""
    found = Clients(
        attempts=1,
        validates=True,
        region_name=REGION,
        aws_access_key_id="nobody",
        aws_secret_access_key="nothing",
    )
    for service in SERVICES:
        wire.tap(found.get(service))
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
    """SQS whose time goes on as the test's clock does: moto knows the real time alone."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clients().get("sqs"), queue_urls(), wait_s=0, pause=clock.pass_s)
        self._clock = clock
        self._seen = clock()

    def send_many(self, queue: str, messages: Sequence[QueueMessage]) -> None:
        """Send messages."""
        self._catch_up()
        super().send_many(queue, messages)

    def receive_many(
        self, queue: str, *, limit: int, visibility_s: int, now: datetime
    ) -> Sequence[QueueMessage]:
        """Take messages."""
        self._catch_up()
        return super().receive_many(queue, limit=limit, visibility_s=visibility_s, now=now)

    def _catch_up(self) -> None:
        with _turn:
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
