"""What a worker could not do leaves a line that says which rows it was about."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from chalice.local import LambdaContext

from app import app
from chalicelib import wiring
from chalicelib.domain.ports import QueueMessage
from chalicelib.domain.protocol import Request
from chalicelib.domain.statuses import Kind
from chalicelib.flows.door import request_many
from chalicelib.ops import logging
from chalicelib.queue.messages import to_text
from tests.app.toy_world import make_settings
from tests.toy import CONSUMER, Toy, open_toy
from tests.toy_platforms import PRODUCTS


@pytest.fixture
def toy() -> Iterator[Toy]:
    logging.configure(make_settings())
    with open_toy() as toy, wiring.use(toy.services, make_settings()):
        toy.set_up()
        yield toy


def work(*bodies: str) -> None:
    records = [{"messageId": f"m{n}", "body": body} for n, body in enumerate(bodies)]
    context = LambdaContext("sync_records", 1024, max_runtime_ms=60_000)
    app.handler_map["sync_records"]({"Records": records}, context)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_message_that_is_none_of_ours_is_named(
    toy: Toy, capsys: pytest.CaptureFixture[str]
) -> None:
    work('{"v": 9}')

    [line] = lines(capsys)
    assert (line["message"], line["level"]) == ("queue.unreadable", "ERROR")
    assert line["message_id"] == "m0"


def test_a_defect_names_its_rows_and_itself(toy: Toy, capsys: pytest.CaptureFixture[str]) -> None:
    toy.break_down = PRODUCTS
    toy.shop.edit("1")
    name = toy.name("1")
    request_many(toy.services, [Request(name=name, kind=Kind.PRODUCT, by="webhook")])
    work(to_text(QueueMessage(name=name)))

    [line] = lines(capsys)
    assert (line["message"], line["level"]) == ("worker.crashed", "ERROR")
    assert (line["consumer"], line["flow"], line["rows"]) == (CONSUMER, PRODUCTS, [f"{PRODUCTS}.1"])
    assert line["error"] == "PowerCutError"
    assert "PowerCutError" in line["exception"]
