"""The package, deployed into MiniStack and really running; what tests ask of it and do to it."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.aws.ministack.door import door_to
from local.aws.ministack.server import MiniStack, ministack
from local.aws.ministack.stack import Stack, Template, deploy
from local.demo.api import Api
from tests.deploy.bends import bent, put_gateway_responses

STAGE = "dev"
STACK = f"synclog-{STAGE}"
API_STAGE = "api"  #: the first segment of every address
SCHEDULED = ("DispatchDue", "PollSources", "SweepOverdue")
LAMBDA_LOGS = "/aws/lambda/"
HURRY_EVERY_S = 3.0

#: Paces of the test stage, set after the deployment. As deployed a worker may take 60 s and its
#: messages come back after 360: nobody waits that long to see what a killed worker leaves behind.
WORKER_TIMEOUT_S = 20
VISIBLE_AGAIN_S = 30


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A deployed stage."""

    ministack: MiniStack
    stack: Stack
    url: str  #: of the API, its stage included
    operator: Api

    def client(self, service: str) -> Any:
        """Return a client of the emulated AWS."""
        return self.ministack.client(service)

    # functions, by their logical names

    def call(self, function: str) -> None:
        """Run a scheduled function once, with an event as the schedule sends it."""
        answer = self.client("lambda").invoke(
            FunctionName=self.stack.ids[function], Payload=json.dumps(SCHEDULE_EVENT)
        )
        assert "FunctionError" not in answer, answer["Payload"].read().decode()

    def kill(self, function: str) -> int:
        """Kill every process of a function, as Lambda does with a broken host; returns how many."""
        mark = f"{self.ministack.folder}/ministack-lambda-{self.stack.ids[function]}-"
        found = [pid for pid, command in _processes() if mark in command]
        for pid in found:
            os.kill(pid, signal.SIGKILL)
        return len(found)

    def keep_logs(self, folder: Path) -> None:
        """Write down what every function said, for whoever wants to know what went wrong."""
        for group in self.client("logs").describe_log_groups()["logGroups"]:
            name = group["logGroupName"]
            if name.startswith(LAMBDA_LOGS):
                lines = self._lines(name)
                path = folder / f"{name.removeprefix(LAMBDA_LOGS)}.log"
                path.write_text("\n".join(lines), encoding="utf-8")

    def _lines(self, group: str) -> list[str]:
        pages = self.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
        return [event["message"] for page in pages for event in page["events"]]

    # queues, by "records", "stock", "records-dlq" …

    def queue_url(self, queue: str) -> str:
        """Return a queue's address."""
        found = self.client("sqs").get_queue_url(QueueName=f"synclog-{STAGE}-{queue}")
        return str(found["QueueUrl"])

    def count(self, queue: str) -> int:
        """Return how many messages a queue holds, those on their way included."""
        names = [
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
        ]
        url = self.queue_url(queue)
        found = self.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)
        return sum(int(found["Attributes"][name]) for name in names)

    def peek(self, queue: str) -> list[str]:
        """Return the bodies of up to ten messages, which are there for the next one at once."""
        found = self.client("sqs").receive_message(
            QueueUrl=self.queue_url(queue), MaxNumberOfMessages=10, VisibilityTimeout=0
        )
        return [message["Body"] for message in found.get("Messages", [])]

    @contextmanager
    def coming_back(self, queue: str, after_s: int) -> Iterator[None]:
        """Let messages that were not dealt with come back after so long, until the block ends."""
        self._set_visible_again(queue, after_s)
        try:
            yield
        finally:
            self._set_visible_again(queue, VISIBLE_AGAIN_S)

    def set_paces(self) -> None:
        """Set the paces of the test stage."""
        for function in ("SyncRecords", "SyncStock"):
            self.client("lambda").update_function_configuration(
                FunctionName=self.stack.ids[function], Timeout=WORKER_TIMEOUT_S
            )
        for queue in ("records", "stock"):
            self._set_visible_again(queue, VISIBLE_AGAIN_S)

    def _set_visible_again(self, queue: str, after_s: int) -> None:
        self.client("sqs").set_queue_attributes(
            QueueUrl=self.queue_url(queue), Attributes={"VisibilityTimeout": str(after_s)}
        )

    @contextmanager
    def paused(self, function: str) -> Iterator[None]:
        """Take no messages to a worker until the block ends; they collect in its queue."""
        client = self.client("lambda")
        name = self.stack.ids[function]
        found = client.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
        try:
            for mapping in found:
                client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
            yield
        finally:
            for mapping in found:
                client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)

    @contextmanager
    def hurrying(self) -> Iterator[None]:
        """Run the scheduled functions every few seconds, as well as every minute."""
        ended = threading.Event()

        def hurry() -> None:
            while not ended.wait(HURRY_EVERY_S):
                for function in SCHEDULED:
                    self.call(function)

        thread = threading.Thread(target=hurry, name="hurry")
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


SCHEDULE_EVENT: Mapping[str, Any] = {
    "version": "0",
    "id": "0",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": "000000000000",
    "time": "2026-01-01T00:00:00Z",
    "region": "eu-west-1",
    "resources": ["arn:aws:events:eu-west-1:000000000000:rule/test"],
    "detail": {},
}


@dataclass(frozen=True, kw_only=True)
class Package:
    """What ``make package`` makes."""

    template: Template
    code: Path  #: the zip


@contextmanager
def deployed(package: Package, folder: Path) -> Iterator[Stage]:
    """Deploy into a MiniStack of its own, which ends with the block.

    Args:
        folder: keeps MiniStack's log and, at the end, those of the functions.
    """
    with ExitStack() as opened:
        emulator = opened.enter_context(ministack(folder))
        door = opened.enter_context(door_to(emulator.port))
        url = f"{door.url}/{API_STAGE}"
        stack = deploy(emulator, STACK, bent(package.template, url), package.code, {"Stage": STAGE})
        api = stack.ids["RestAPI"]
        put_gateway_responses(emulator.client("apigateway"), api, package.template)
        door.host = f"{api}.execute-api.127.0.0.1"
        operator = Api(url, _first_key(emulator))
        opened.callback(operator.close)
        stage = Stage(ministack=emulator, stack=stack, url=url, operator=operator)
        opened.callback(stage.keep_logs, folder)
        stage.set_paces()
        yield stage


def _first_key(emulator: MiniStack) -> str:
    """Make the operator's first key as a person who deployed does: with AWS credentials alone."""
    made = subprocess.run(
        [sys.executable, "-m", "infra.first_key", "--stage", STAGE],
        env={**os.environ, **emulator.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


def _processes() -> Iterator[tuple[int, str]]:
    """Yield number and command of every process of this machine, as Linux tells."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it ended meanwhile, or is somebody else's
            yield (
                int(path.parent.name),
                path.read_bytes().replace(b"\0", b" ").decode(errors="replace"),
            )
