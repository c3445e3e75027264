"""While AWS is busy callers are asked to come back, and what they said is not lost."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib import wiring
from chalicelib.flows.setup.connections import webhook_address
from chalicelib.flows.sweeper import sweep_until
from tests.app.asking import Api
from tests.app.toy_world import World
from tests.app.toys import PRODUCTS
from tests.builders import Clock
from tests.contract import aws


@pytest.fixture
def on_sqs(world: World) -> Iterator[None]:
    with aws.running():
        world.services = replace(world.services, queue=aws.open_aws_queue(Clock(world.time)))
        with wiring.use(world.services, world.settings):
            yield


@pytest.mark.usefixtures("on_sqs")
@pytest.mark.parametrize("fault", [aws.TIMEOUT, aws.UNAVAILABLE], ids=["timeout", "503"])
def test_a_delivery_that_could_not_be_sent_is_refused_for_now_and_swept(
    api: Api, world: World, fault: aws.Fault
) -> None:
    world.connect("acme", "shop", "till")
    world.switch_on("acme", PRODUCTS, price_list="7")
    connection = world.services.registry.read_connection("acme", "shop")
    assert connection is not None
    path = webhook_address(world.services, connection).removeprefix("https://hooks.example")
    aws.wire.fail_next("SendMessageBatch", fault)

    answered = api.using(None).send("POST", path, b"signed product 7")

    assert (answered.status, answered.json["error"]["code"]) == (503, "busy")
    assert answered.headers["Retry-After"] == "5"
    assert world.services.queue.count("records") == 0
    world.advance(minutes=6)
    sweep_until(world.services, world.time + timedelta(seconds=50))
    assert world.services.queue.count("records") == 1
