"""The product on AWS's stand-ins: tables on DynamoDB Local, queues and the key on moto.

All is built by the product's own wiring. What Lambda does around the functions is done here: it
receives and deletes messages, hands on the stream, and counts as nobody's request.
"""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
from moto import mock_aws

from bench.aws.filters import stream_filter
from bench.aws.ledger import Ledger
from bench.story import take_webhook
from chalicelib import wiring
from chalicelib.domain.ports import QueueMessage
from chalicelib.flows.services import Services
from chalicelib.ops import logging, metrics
from chalicelib.ops.aws import Clients
from chalicelib.ops.settings import Settings
from chalicelib.queue.messages import to_text
from chalicelib.queue.sqs import SqsQueue
from chalicelib.store.changes import follow_changes
from chalicelib.store.dynamo import DynamoTable
from chalicelib.triggers.batches import work
from local.aws.dynamodb_local import REGION
from local.aws.metering import Meter
from local.aws.streams import Stream
from local.aws.tables import Tables, create_tables
from local.loops import BATCHES, VISIBILITY_S

WORK_S = 57  #: a function's time less what it spares for its last writes
QUEUES = ("records", "stock")


@dataclass
class Runs:
    """How often each function ran since last cleared, and the CPU of those that follow."""

    invocations: Counter[str] = field(default_factory=Counter)
    stream_records: int = 0  #: those that the filter lets through
    follow_cpu_s: float = 0.0
    bytes_out: int = 0  #: sent to vendors, without what TLS adds

    def clear(self) -> None:
        """Begin anew."""
        self.invocations.clear()
        self.stream_records = 0
        self.follow_cpu_s = 0.0
        self.bytes_out = 0

    def hear(self, request: httpx.Request) -> None:
        """Count what a request to a vendor sends."""
        head = sum(len(name) + len(value) + 4 for name, value in request.headers.raw)
        self.bytes_out += len(str(request.url)) + head + len(request.content)


@dataclass(frozen=True, kw_only=True)
class World:
    """The product on the stand-ins, and what listens to it.

    ``meter`` and ``ledger`` hear the functions that take webhooks, work and tick; ``follow_meter``
    and ``follow_ledger`` hear the reader of the stream.
    """

    services: Services
    stores: wiring.AwsStores
    tables: Tables
    client: Any  #: of DynamoDB Local; nobody listens to it
    meter: Meter
    ledger: Ledger
    follow_meter: Meter
    follow_ledger: Ledger
    stream: Stream
    runs: Runs
    lambda_queue: SqsQueue

    def take_one(self, delivery: dict[str, Any]) -> None:
        """Take a webhook as the function of the API does."""
        with logging.correlated(self.services.new_id()):
            take_webhook(self.services, delivery)
        self.ran("api_handler")
        self.follow()

    def work_off(self, queue: str, *, at_once: int | None = None) -> int:
        """Work a queue until it is empty; returns how many rows."""
        worked = 0
        while messages := self.lambda_queue.receive_many(
            queue,
            limit=at_once or BATCHES[queue],
            visibility_s=VISIBILITY_S,
            now=self.services.now(),
        ):
            self._work(queue, messages)
            worked += len(messages)
            if at_once:
                self.follow()
        self.follow()
        return worked

    def _work(self, queue: str, messages: Sequence[QueueMessage]) -> None:
        records = [{"messageId": one.receipt, "body": to_text(one)} for one in messages]
        deadline = self.services.now() + timedelta(seconds=WORK_S)
        answer = work(self.services, records, deadline=deadline)
        self.ran(f"sync_{queue}")
        failed = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
        done = [one.receipt for one in messages if one.receipt not in failed]
        self.lambda_queue.delete_many(queue, done)

    def ran(self, function: str) -> None:
        """Note that a function ran to its end."""
        metrics.flush()
        self.runs.invocations[function] += 1

    def clear(self) -> None:
        """Forget what was heard; bills are opened and closed by themselves."""
        self.ledger.clear()
        self.follow_ledger.clear()
        self.runs.clear()

    def follow(self) -> None:
        """Let counts and words follow what was written so far."""
        self.stream.drain()


@contextmanager
def open_world(endpoint: str) -> Iterator[World]:
    """Open the product over DynamoDB Local at ``endpoint``, everything empty."""
    with ExitStack() as stack:
        stack.enter_context(mock_aws())
        threads = stack.enter_context(ThreadPoolExecutor(wiring.THREADS))
        local, moto = make_clients(endpoint_url=endpoint), make_clients()
        tables = create_tables(local.get("dynamodb"), stage="bench")
        settings = _settings(endpoint, tables, _create_queues(moto.get("sqs")), _create_key(moto))
        meter, ledger = Meter(), Ledger(tables.registry)
        clients = _Watched({"dynamodb": local, "sqs": moto, "kms": moto}, meter, ledger)
        stores = wiring.open_aws_stores(settings, clients=clients, threads=threads)  # type: ignore[arg-type]
        runs = Runs()
        http = stack.enter_context(httpx.Client(event_hooks={"request": [runs.hear]}))
        logging.configure(settings)
        metrics.configure(settings)
        stack.callback(metrics.reset)
        services = wiring.build(
            settings,
            log=stores.log,
            registry=stores.registry,
            queue=stores.queue,
            vault=stores.vault,
            http=http,
        )
        urls = {"records": settings.queue_records, "stock": settings.queue_stock}
        yield World(
            services=services,
            stores=stores,
            tables=tables,
            client=local.get("dynamodb"),
            meter=meter,
            ledger=ledger,
            lambda_queue=SqsQueue(moto.get("sqs"), urls, wait_s=0),
            runs=runs,
            **_follower(endpoint, tables, runs),
        )


class _Watched:
    """Clients of their own for the product, each heard by a meter and a ledger."""

    def __init__(self, clients: Mapping[str, Clients], meter: Meter, ledger: Ledger) -> None:
        self._clients, self._meter, self._ledger = clients, meter, ledger

    def get(self, service: str) -> Any:
        client = self._clients[service]._make(service)
        self._meter.watch(client)
        self._ledger.watch(client)
        return client


def make_clients(*, attempts: int = 1, **options: str) -> Clients:
    """Return clients of stand-ins, which ask for no credentials."""
    return Clients(
        attempts=attempts,
        region_name=REGION,
        aws_access_key_id="nobody",
        aws_secret_access_key="nothing",  # noqa: S106 - a stand-in asks for none
        **options,
    )


def _create_queues(sqs: Any) -> dict[str, str]:
    urls = {}
    for name in QUEUES:
        sqs.create_queue(QueueName=f"{name}-dlq")
        urls[name] = sqs.create_queue(QueueName=name)["QueueUrl"]
    return urls


def _create_key(clients: Clients) -> str:
    key: str = clients.get("kms").create_key()["KeyMetadata"]["KeyId"]
    return key


def _settings(endpoint: str, tables: Tables, urls: Mapping[str, str], key: str) -> Settings:
    return Settings.from_env(
        {
            "AWS_ENDPOINT_URL": endpoint,  # says that this is no AWS: vendors may be on loopback
            "SYNCLOG_HOME": "aws",
            "SYNCLOG_STAGE": "prod",
            "SYNCLOG_PUBLIC_URL": "http://127.0.0.1:8080",
            "SYNCLOG_ALLOW_PRIVATE_HOSTS": "yes",
            "SYNCLOG_TABLE_LOG": tables.log,
            "SYNCLOG_TABLE_REGISTRY": tables.registry,
            "SYNCLOG_QUEUE_RECORDS": urls["records"],
            "SYNCLOG_QUEUE_STOCK": urls["stock"],
            "SYNCLOG_KEY_ID": key,
        }
    )


def _follower(endpoint: str, tables: Tables, runs: Runs) -> dict[str, Any]:
    """Return the reader of the stream and what listens to it."""
    meter, ledger = Meter(), Ledger(tables.registry)
    clients = _Watched({"dynamodb": make_clients(endpoint_url=endpoint)}, meter, ledger)
    table = DynamoTable(clients.get("dynamodb"), tables.log, wiring.utc_now)
    passes = stream_filter()

    def handle(event: dict[str, Any]) -> None:
        records = [record for record in event["Records"] if passes(record)]
        if not records:
            return
        started = time.process_time()
        follow_changes(table, records)
        runs.follow_cpu_s += time.process_time() - started
        runs.invocations["follow_changes"] += 1
        runs.stream_records += len(records)

    streams = make_clients(endpoint_url=endpoint).get("dynamodbstreams")
    return {
        "follow_meter": meter,
        "follow_ledger": ledger,
        "stream": Stream(streams, tables.stream, handle, batch_size=1000),
    }
