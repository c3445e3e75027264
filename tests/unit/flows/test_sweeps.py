"""Full sweeps: each linked record is requested once in a while, whatever a poll can see."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from chalicelib.domain.log import Link
from chalicelib.domain.protocol import Request
from chalicelib.domain.rows import RowName
from chalicelib.domain.setup import PollState
from chalicelib.domain.statuses import Kind, Status
from chalicelib.flows.door import request_many
from chalicelib.flows.polls import run_poll
from chalicelib.flows.sweeps import sweep_of
from chalicelib.flows.walking import BEGINNING
from tests.toy import CONSUMER, Toy, open_toy
from tests.toy_platforms import PRODUCTS, STOCK


@pytest.fixture
def toy() -> Iterator[Toy]:
    with open_toy() as toy:
        toy.set_up()
        yield toy


def poll(toy: Toy, flow: str) -> bool:
    return run_poll(toy.services, CONSUMER, flow, until=toy.soon(600))


def state(toy: Toy, flow: str) -> PollState:
    found = toy.services.registry.read_poll(CONSUMER, flow)
    assert found is not None
    return found


def edit(toy: Toy, *ids: str, ago_s: float) -> None:
    for number, id_ in enumerate(ids):
        toy.shop.edit(id_, at=toy.at - timedelta(seconds=ago_s - number))


def link(toy: Toy, record: str) -> None:
    ids = {"id": record, "other_id": f"T-{record}"}
    toy.services.log.put_links(
        [Link(consumer=CONSUMER, kind="product", platform="shop", other_platform="till", **ids)]
    )


def test_full_sweep_requests_every_linked_record_once_a_day(toy: Toy) -> None:
    toy.switch(STOCK, on=True)
    edit(toy, "1", "2", "3", "4", "held", ago_s=90_000)
    poll(toy, STOCK)
    link(toy, "1")
    link(toy, "4")
    toy.work()
    link(toy, "held")
    edit(toy, "5", ago_s=86_000)
    assert toy.row("1", STOCK).status is Status.SYNCED
    planned = state(toy, sweep_of(STOCK))
    assert planned.next_at == toy.at + timedelta(days=1)
    toy.pass_s(86_400)
    assert poll(toy, sweep_of(STOCK)) is False
    assert toy.row("1", STOCK).is_owed
    assert toy.row("4", STOCK).is_owed
    assert not toy.row("held", STOCK).is_owed  # its release will come
    assert toy.find("5", STOCK) is None  # its product is not linked
    assert state(toy, sweep_of(STOCK)).next_at == toy.at + timedelta(days=1)
    assert toy.shop.asked[-2][0] == BEGINNING


def test_what_an_attempt_saw_since_the_last_sweep_is_left_alone(toy: Toy) -> None:
    toy.switch(STOCK, on=True)
    edit(toy, "quiet", "busy", ago_s=90_000)
    poll(toy, STOCK)
    for record in ("quiet", "busy"):
        link(toy, record)
    toy.work()
    toy.pass_s(86_400 - 3600)
    name = RowName(consumer=CONSUMER, flow=STOCK, record="busy")
    request_many(toy.services, [Request(name=name, kind=Kind.STOCK, by="webhook")])
    toy.work()
    assert toy.row("busy", STOCK).status is Status.SYNCED

    toy.pass_s(3600)
    poll(toy, sweep_of(STOCK))
    assert toy.row("quiet", STOCK).is_owed
    assert not toy.row("busy", STOCK).is_owed
    toy.work()

    toy.pass_s(86_400 - 60)  # a sweep that comes a little early looks at all of them again
    poll(toy, sweep_of(STOCK))
    assert toy.row("quiet", STOCK).is_owed
    assert toy.row("busy", STOCK).is_owed


def test_flow_without_a_full_sweep_plans_none(toy: Toy) -> None:
    poll(toy, PRODUCTS)
    assert toy.services.registry.read_poll(CONSUMER, sweep_of(PRODUCTS)) is None
