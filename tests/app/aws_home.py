"""The product as Lambda runs it: wired from a function's environment, over moto, real simulators.

AWS is moto in this process, the vendors are simulators on this machine, and what AWS does between
functions (queues and the stream that call, schedules) the test does step by step.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from chalice.local import LambdaContext
from chalice.test import Client

from app import app
from chalicelib import wiring
from chalicelib.flows.keys import create_first_key
from chalicelib.ops import logging, metrics
from local.aws.streams import Stream
from local.demo import merchant
from local.demo.api import Api, Json, RefusedError
from local.demo.vendors import open_vendors
from tests.app.toy_world import make_settings
from tests.contract import aws
from tests.contract.dynamo import moto_streams, whole
from tests.contract.simulators import Receiver
from tests.journey.house import House

ROOT = Path(__file__).parents[2]
STAGE = "dev"
SCHEDULED = {
    "version": "0",
    "account": aws.ACCOUNT,
    "region": aws.REGION,
    "detail": {},
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "time": "2026-11-22T09:00:00Z",
    "id": "1",
    "resources": [],
}


def environment_of_a_function(tables: Any, public_url: str) -> dict[str, str]:
    """Return what a function finds: settings of the stage, what the template knows, AWS's own."""
    config = json.loads((ROOT / ".chalice" / "config.json").read_text(encoding="utf-8"))
    stage = config["stages"][STAGE]["environment_variables"]
    urls = aws.queue_urls()
    known = {
        "SYNCLOG_PUBLIC_URL": public_url,
        "SYNCLOG_TABLE_LOG": tables.log,
        "SYNCLOG_TABLE_REGISTRY": tables.registry,
        "SYNCLOG_QUEUE_RECORDS": urls["records"],
        "SYNCLOG_QUEUE_STOCK": urls["stock"],
        "SYNCLOG_KEY_ID": aws.KEY_ALIAS,
    }
    assert known.keys() <= stage.keys()  # the template puts in nothing that the stage lacks
    region = dict.fromkeys(("AWS_REGION", "AWS_DEFAULT_REGION"), aws.REGION)
    return {**config["environment_variables"], **stage, **known, **region}


def on_an_emulator() -> dict[str, str]:
    """Return variables that let simulators of this machine be called, while AWS stays moto's."""
    services = {f"AWS_ENDPOINT_URL_{name.upper()}": _endpoint(name) for name in aws.SERVICES}
    return {
        **services,
        "AWS_ENDPOINT_URL": "http://127.0.0.1",
        "SYNCLOG_ALLOW_PRIVATE_HOSTS": "yes",
    }


def _endpoint(service: str) -> str:
    return f"https://{service}.{aws.REGION}.amazonaws.com"


@contextmanager
def nothing_wired() -> Iterator[None]:
    """Begin as a new process does, and leave everything as it was."""
    try:
        with wiring.use(None, None):  # type: ignore[arg-type]  # as in a process that only began
            yield
    finally:
        logging.configure(make_settings())
        metrics.configure(make_settings())


class InProcess(Api):
    """The API, asked as API Gateway asks the function."""

    def __init__(self, key: str | None) -> None:
        self.key = key

    def _ask(self, method: str, path: str, **content: Any) -> Json:
        query = urlencode(content.get("params") or {}, doseq=True)
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        body = json.dumps(content["json"]).encode() if "json" in content else b""
        answer = send(method, f"{path}?{query}" if query else path, headers, body)
        if answer.status_code >= 400:
            raise RefusedError(f"{method} {path}: {answer.status_code} {answer.body!r}")
        found: Json = json.loads(answer.body)
        return found


def send(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Any:
    """Call ``api_handler`` with a request."""
    with Client(app, project_dir=str(ROOT)) as client:
        return client.http.request(method, path, headers=dict(headers), body=body)


def invoke(function: str, event: Any, *, left_ms: int = 60_000) -> Any:
    """Call a function as Lambda does; it has a minute to go unless said otherwise."""
    return app.handler_map[function](event, LambdaContext(function, 1024, max_runtime_ms=left_ms))


def _follow(event: Any) -> None:
    invoke("follow_changes", {**event, "Records": whole(event["Records"])})


@dataclass
class Home:
    """A merchant on the aws home."""

    house: House
    door: Receiver  #: where vendors' webhooks arrive
    stream: Stream
    _passed: int = field(default=0)

    def deliver(self) -> list[int]:
        """Hand the webhooks that arrived to the API, as they are; returns the answers' statuses."""
        for sender in (self.house.vendors.square.sender, self.house.vendors.brightpearl.sender):
            sender.drain(5)
        new = self.door.got[self._passed :]
        self._passed = len(self.door.got)
        return [send("POST", _path(one), one.headers, one.body).status_code for one in new]

    def work(self, queue: str) -> list[str]:
        """Call a queue's worker with a batch of what is in it; returns the ids that come back."""
        sqs, url = aws.clients().get("sqs"), aws.queue_urls()[queue]
        taken = sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
        ).get("Messages", [])
        records = [
            {
                "messageId": one["MessageId"],
                "receiptHandle": one["ReceiptHandle"],
                "body": one["Body"],
                "attributes": one["Attributes"],
            }
            for one in taken
        ]
        answer = invoke(f"sync_{queue}", {"Records": records})
        failed = [one["itemIdentifier"] for one in answer["batchItemFailures"]]
        for one in taken:
            if one["MessageId"] not in failed:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
        return failed

    def counts(self) -> dict[tuple[str, str], int]:
        """Return how many rows each flow has in each status, as the stream reader counted them."""
        found = wiring.services().log.count_now(self.house.consumer)
        return {(one.flow, one.status.value): one.count for one in found}


def _path(request: Any) -> str:
    query = urlencode(request.query, doseq=True) if request.query else ""
    path = urlsplit(request.path).path
    return f"{path}?{query}" if query else path


@contextmanager
def open_home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """Wire the product from a function's environment, and set a merchant up."""
    with ExitStack() as stack:
        tables = stack.enter_context(aws.running())
        streams = moto_streams()  # made before the environment says where AWS is
        door = stack.enter_context(Receiver())
        values = environment_of_a_function(tables, door.base_url)
        for name, value in {**values, **on_an_emulator()}.items():
            monkeypatch.setenv(name, value)
        stack.enter_context(nothing_wired())
        services = wiring.services()
        stack.callback(services.open.__self__.http.close)  # type: ignore[attr-defined]  # Openings'
        aws.wire.tap(services.log.table.client)  # type: ignore[attr-defined]  # DynamoTable's
        vendors = open_vendors(0)
        stack.callback(vendors.stop)
        operator = InProcess(create_first_key(services))
        key = merchant.set_up(operator, vendors)
        house = House(
            url=door.base_url,
            operator=operator,
            api=InProcess(key),
            consumer=merchant.CONSUMER,
            vendors=vendors,
        )
        stream = Stream(streams, tables.stream, _follow)
        yield Home(house=house, door=door, stream=stream)
