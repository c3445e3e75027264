"""What AWS calls besides HTTP, through the real app."""

from collections.abc import Iterator
from threading import Barrier
from typing import Any

import pytest
from chalice.local import LambdaContext

from app import app
from chalicelib import wiring
from chalicelib.domain.ports import QueueMessage
from chalicelib.domain.protocol import Request
from chalicelib.domain.statuses import Kind, Status
from chalicelib.flows.door import request_many
from chalicelib.queue.messages import to_text
from tests.app.toy_world import make_settings
from tests.toy import Toy, open_toy
from tests.toy_platforms import PRODUCTS, STOCK, PowerCutError


@pytest.fixture
def toy() -> Iterator[Toy]:
    with open_toy() as toy, wiring.use(toy.services, make_settings()):
        toy.set_up()
        yield toy


def invoke(name: str, event: dict[str, Any]) -> Any:
    """Call an entry point as Lambda does, with a minute to go: Chalice's test client gives 3 s."""
    context = LambdaContext(name, 1024, max_runtime_ms=60_000)
    return app.handler_map[name](event, context)


def batch(*bodies: str) -> dict[str, Any]:
    return {
        "Records": [
            {
                "messageId": f"m{number}",
                "receiptHandle": f"r{number}",
                "body": body,
                "attributes": {"ApproximateReceiveCount": "1"},
            }
            for number, body in enumerate(bodies)
        ]
    }


def message(toy: Toy, record: str, flow: str = PRODUCTS, *, owed: bool = True) -> str:
    name = toy.name(record, flow)
    kind = Kind.STOCK if flow == STOCK else Kind.PRODUCT
    toy.shop.edit(record)
    if owed:
        request_many(toy.services, [Request(name=name, kind=kind, by="webhook")])
    return to_text(QueueMessage(name=name))


def failures(answer: Any) -> list[str]:
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


def schedule(name: str) -> Any:
    event = {
        "version": "0",
        "account": "1",
        "region": "r",
        "detail": {},
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "time": "2026-03-02T09:00:00Z",
        "id": "1",
        "resources": [],
    }
    return invoke(name, event)


@pytest.mark.parametrize("queue", ["sync_records", "sync_stock"])
def test_batch_of_messages_is_worked(toy: Toy, queue: str) -> None:
    answer = invoke(queue, batch(message(toy, "1"), message(toy, "2")))
    assert failures(answer) == []
    assert [toy.row(id_).status for id_ in "12"] == [Status.SYNCED] * 2


def test_message_that_is_none_of_ours_comes_back_alone(toy: Toy) -> None:
    answer = invoke("sync_records", batch(message(toy, "1"), '{"v": 9}', message(toy, "2")))
    assert failures(answer) == ["m1"]
    assert toy.row("2").status is Status.SYNCED


def test_defect_brings_the_messages_of_its_flow_back_and_no_others(
    toy: Toy, capsys: pytest.CaptureFixture[str]
) -> None:
    toy.switch(STOCK, on=True)
    bodies = message(toy, "1"), message(toy, "2", STOCK), message(toy, "3")
    toy.break_down = PRODUCTS
    answer = invoke("sync_records", batch(*bodies))
    assert sorted(failures(answer)) == ["m0", "m2"]
    assert toy.row("2", STOCK).attempts == 1
    assert "worker.crashed" in "".join(capsys.readouterr())  # which of the two, the home decides


def test_messages_for_rows_that_are_not_owed_are_dropped(toy: Toy) -> None:
    answer = invoke("sync_records", batch(message(toy, "1", owed=False)))
    assert failures(answer) == []
    assert toy.find("1") is None


def test_dispatcher_poller_and_sweeper_run_on_their_schedules(toy: Toy) -> None:
    toy.shop.edit("1")
    schedule("poll_sources")
    assert toy.row("1").requested_by == "poll"
    toy.work()
    schedule("dispatch_due")
    [run] = toy.services.log.list_executions("corner-shirts", limit=5).items
    assert run.ended_at is not None
    message(toy, "2")
    taken = toy.services.queue.receive_many("records", limit=9, visibility_s=1, now=toy.at)
    toy.services.queue.delete_many("records", [one.receipt for one in taken])
    toy.pass_s(301)
    schedule("sweep_overdue")
    assert toy.messages() == 1


def test_poller_asks_platforms_at_the_same_time(toy: Toy) -> None:
    toy.set_up("other-shirts")
    both = Barrier(2, timeout=10)
    toy.shop.between = both.wait
    schedule("poll_sources")
    assert len(toy.shop.asked) == 2


def test_dispatcher_leaves_polls_to_the_poller(toy: Toy) -> None:
    toy.shop.edit("1")
    schedule("dispatch_due")
    assert toy.find("1") is None


def test_defect_of_a_schedule_is_raised(toy: Toy) -> None:
    toy.shop.faults = [PowerCutError()]
    with pytest.raises(PowerCutError):
        schedule("poll_sources")
