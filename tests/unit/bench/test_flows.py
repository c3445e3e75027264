"""The bench says which platform a flow's rows call, how often, and how many of them at once."""

from collections import Counter
from collections.abc import Iterator

import pytest

from bench.errors import BenchError
from bench.flows import ALONE, Figures, batches_sheet, in_batches, refuse_failed, rows_sheet
from bench.merchant import CONSUMER as BENCH_CONSUMER
from bench.tracing import Traces, Worked, traced
from chalicelib.domain.ports import QueueMessage
from chalicelib.domain.protocol import Request
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.rows import RowName
from chalicelib.domain.statuses import Kind
from chalicelib.flows.catalog import FLOWS
from chalicelib.flows.door import request_many
from chalicelib.flows.polls import run_poll
from tests.toy import CONSUMER
from tests.toy_platforms import PRODUCTS
from tests.unit.flows.scenes import Scene, open_scene

FLOW = "square-orders-to-brightpearl"
OTHER = "brightpearl-stock-to-square"


@pytest.fixture
def scene() -> Iterator[Scene]:
    with open_scene() as scene:
        yield scene


def worked(flow: str, *records: str, **calls: int) -> Worked:
    names = [RowName(consumer="c", flow=flow, record=record) for record in records]
    return Worked(flow=flow, rows=names, calls=Counter(calls))


def test_calls_of_a_batch_are_those_its_rows_have_in_the_log(scene: Scene) -> None:
    traces = Traces()
    scene.toy.services = traced(scene.toy.services, traces)
    scene.add("1", "2")
    scene.attempt("1", "2")

    [batch] = traces.batches
    assert [name.record for name in batch.rows] == ["1", "2"]
    log = scene.toy.services.log
    [attempt] = log.list_attempts(scene.toy.name("1"), limit=5).items
    kept = log.read_exchanges(CONSUMER, attempt.exchanges)
    assert batch.calls == Counter(one.connection for one in kept if one is not None)
    assert batch.flow == PRODUCTS
    assert not traces.others


def test_calls_of_a_poll_are_of_no_row(scene: Scene) -> None:
    traces = Traces()
    services = traced(scene.toy.services, traces)

    run_poll(services, CONSUMER, PRODUCTS, until=scene.toy.soon(600))

    assert (traces.batches, traces.others) == ([], {"shop": 1})
    traces.clear()
    assert not traces.others


def test_first_rows_of_a_flow_are_worked_alone_and_the_others_together() -> None:
    messages = [
        QueueMessage(name=RowName(consumer="c", flow=flow, record=str(number)))
        for number in range(16)
        for flow in (FLOW, OTHER)
    ]

    batches = list(in_batches(messages, 10))

    assert [len(batch) for batch in batches] == 2 * [*[1] * ALONE, 10, 3]
    assert all(len({message.name.flow for message in batch}) == 1 for batch in batches)
    assert sum(map(len, batches)) == len(messages)


def test_a_row_that_was_worked_twice_is_one_row_and_two_attempts() -> None:
    figures = Figures()
    figures.batches[FLOW] = [
        worked(FLOW, "1", "2", square=1, brightpearl=16),
        worked(FLOW, "1", square=1, brightpearl=2),
    ]
    figures.poll_calls[FLOW], figures.polls[FLOW] = 6, 2

    row = next(row for row in rows_sheet(figures).rows if row["flow"] == FLOW)

    assert row == {
        "flow": FLOW,
        "rows": 2,
        "attempts": 3,
        "source / row": 1,
        "target / row": 9,
        "source / attempt": 2 / 3,
        "target / attempt": 6,
        "in batches of": 1.5,
        "calls / poll": 3,
    }


def test_figures_of_rows_that_failed_are_refused(scene: Scene) -> None:
    toy = scene.toy
    toy.set_up(BENCH_CONSUMER)
    toy.shop.edit("1")
    name = toy.name("1", consumer=BENCH_CONSUMER)
    scene.shelf.fails["1"] = SyncFailure(Reason.REJECTED_BY_TARGET, "The name is too long.")
    refuse_failed(toy.services)

    request_many(toy.services, [Request(name=name, kind=Kind.PRODUCT, by="webhook")])
    toy.work()

    with pytest.raises(BenchError, match=f"1 rows of {PRODUCTS} failed"):
        refuse_failed(toy.services)


def test_every_flow_of_the_catalogue_has_its_line() -> None:
    assert [row["flow"] for row in rows_sheet(Figures()).rows] == list(FLOWS)


def test_calls_of_a_batch_stand_beside_those_that_were_reserved() -> None:
    figures = Figures()
    figures.batches[FLOW] = [
        worked(FLOW, "1", square=1, brightpearl=9),
        worked(FLOW, "1", "2", square=1, brightpearl=17),
        worked(FLOW, "1", "2", "3", "4", square=2, brightpearl=20),
    ]

    alone, several = batches_sheet(figures).rows

    assert (alone["batches"], alone["source calls"], alone["target most"]) == (1, 1, 9)
    assert alone["target reserved"] == FLOWS[FLOW].calls(1)[1]
    assert (several["batches"], several["rows"], several["source calls"]) == (2, 3, 1.5)
    assert (several["target calls"], several["target most"]) == (18.5, 20)
    assert several["target reserved"] == (FLOWS[FLOW].calls(2)[1] + FLOWS[FLOW].calls(4)[1]) / 2
