"""Releases: exactly the rows under a cause, twice."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from threading import Barrier

import pytest

from chalicelib.domain.causes import connection_cause, flow_cause, mapping_cause
from chalicelib.domain.log import Page
from chalicelib.domain.ports import Change, SyncLog
from chalicelib.domain.protocol import Request
from chalicelib.domain.reasons import Reason
from chalicelib.domain.rows import Row, RowName
from chalicelib.domain.setup import Health, Release
from chalicelib.domain.statuses import Kind, Status
from chalicelib.flows.door import request_many
from chalicelib.flows.releases import AGAIN_AFTER_S, Released, run_releases
from tests.toy import CONSUMER, Toy, open_toy
from tests.toy_platforms import PRODUCTS, STOCK, PowerCutError

HATS = mapping_cause(PRODUCTS, "category", "hats")


@pytest.fixture
def toy() -> Iterator[Toy]:
    with open_toy() as toy:
        toy.set_up()
        run_releases(toy.services)
        toy.pass_s(AGAIN_AFTER_S)
        run_releases(toy.services)  # those of the set-up itself
        yield toy


def ask(toy: Toy, *records: str, flow: str = PRODUCTS) -> None:
    kind = Kind.STOCK if flow == STOCK else Kind.PRODUCT
    asked = [Request(name=toy.name(r, flow), kind=kind, by="webhook") for r in records]
    request_many(toy.services, asked)


def hold(toy: Toy, *records: str, category: str = "hats") -> None:
    for record in records:
        toy.shop.edit(record, category=category)
    ask(toy, *records)
    toy.work()


def put(toy: Toy, cause: str) -> None:
    release = Release(consumer=CONSUMER, cause=cause, id=toy.services.new_id(), due_at=toy.at)
    toy.services.log.put_releases([release])


def waiting(toy: Toy) -> list[Release]:
    soon = toy.soon(10_000)
    log, registry = toy.services.log, toy.services.registry
    return [
        *log.list_releases(due_before=soon, limit=50),
        *registry.list_releases(due_before=soon, limit=50),
    ]


def test_saving_a_mapping_releases_exactly_the_rows_that_wait_for_it(toy: Toy) -> None:
    hold(toy, "1", "2")
    hold(toy, "3", category="socks")
    assert toy.row("1").cause == HATS
    toy.map_category("hats", "Hats")
    assert run_releases(toy.services) == Released(rows=2, more=False)
    toy.work()
    assert [toy.row(id_).status for id_ in "12"] == [Status.SYNCED] * 2
    assert toy.row("3").reason is Reason.NEEDS_MAPPING
    assert toy.row("3").attempts == 1


def test_release_runs_again_for_a_worker_that_held_its_row_by_the_old_state(toy: Toy) -> None:
    toy.map_category("hats", "Hats")
    assert run_releases(toy.services).rows == 0
    # A worker read the mapping before it was saved, and holds its row only now.
    toy.shop.edit("1", category="hats")
    saved = toy.services.registry.read_mapping(CONSUMER, PRODUCTS, "category")
    assert saved is not None
    toy.services.registry.save(Change(deletes=[saved]))
    ask(toy, "1")
    toy.work()
    assert toy.row("1").cause == HATS
    toy.services.registry.save(Change(puts=[replace(saved, version=0)]))
    toy.pass_s(AGAIN_AFTER_S - 1)
    assert run_releases(toy.services).rows == 0
    toy.pass_s(1)
    assert run_releases(toy.services).rows == 1
    toy.work()
    assert toy.row("1").status is Status.SYNCED


def test_release_is_deleted_after_its_second_run(toy: Toy) -> None:
    put(toy, HATS)
    run_releases(toy.services)
    assert [release.runs for release in waiting(toy)] == [1]
    toy.pass_s(AGAIN_AFTER_S)
    run_releases(toy.services)
    assert waiting(toy) == []


def test_both_outboxes_are_run(toy: Toy) -> None:
    hold(toy, "1")
    hold(toy, "2", category="socks")
    toy.map_category("hats", "Hats")  # written into the registry
    put(toy, mapping_cause(PRODUCTS, "category", "socks"))  # written into the log
    assert run_releases(toy.services).rows == 2


def test_large_release_goes_on_in_slices_and_keeps_its_place(toy: Toy) -> None:
    hold(toy, *(f"{number:03}" for number in range(150)))
    put(toy, HATS)
    assert run_releases(toy.services, limit=100) == Released(rows=100, more=True)
    assert waiting(toy)[0].cursor is not None
    assert run_releases(toy.services, limit=100) == Released(rows=50, more=False)
    assert toy.messages() == 150


def test_large_release_goes_on_while_there_is_time(toy: Toy) -> None:
    hold(toy, *(f"{number:03}" for number in range(250)))
    put(toy, HATS)
    done = run_releases(toy.services, limit=100, deadline=toy.soon(50))
    assert done == Released(rows=250, more=False)


def test_all_releases_that_are_due_run_in_one_tick(toy: Toy) -> None:
    for number in range(250):
        put(toy, mapping_cause(PRODUCTS, "category", f"hats-{number}"))
    assert run_releases(toy.services, deadline=toy.soon(50)).more is False
    assert {release.due_at > toy.at for release in waiting(toy)} == {True}


def test_no_release_runs_after_the_deadline(toy: Toy) -> None:
    hold(toy, "1")
    put(toy, HATS)
    assert run_releases(toy.services, deadline=toy.at) == Released(rows=0, more=True)
    assert toy.row("1").cause == HATS


def test_releases_run_at_the_same_time(toy: Toy) -> None:
    hold(toy, "1")
    for _ in range(2):
        put(toy, HATS)
    both = Barrier(2, timeout=10)
    log = LaggingLog(toy.services.log, [], meanwhile=both.wait)
    run_releases(replace(toy.services, log=log), threads=2)  # type: ignore[arg-type]
    assert [release.runs for release in waiting(toy)] == [1, 1]


def test_release_that_meets_a_defect_stops_no_other_and_does_not_spin(toy: Toy) -> None:
    hold(toy, "1")
    for _ in range(2):
        put(toy, HATS)
    cuts = iter([PowerCutError()])

    def cut() -> None:
        for fault in cuts:
            raise fault

    log = LaggingLog(toy.services.log, [toy.name("1")], meanwhile=cut)
    with pytest.raises(PowerCutError):
        run_releases(replace(toy.services, log=log), deadline=toy.soon(50))  # type: ignore[arg-type]
    assert toy.row("1").is_owed
    assert sorted(release.runs for release in waiting(toy)) == [0, 1]


class LaggingLog:
    """A log whose index still names rows that moved on."""

    def __init__(
        self,
        log: SyncLog,
        held: Sequence[RowName],
        meanwhile: Callable[[], object] = lambda: None,
    ) -> None:
        self.log = log
        self.held = held
        self.meanwhile = meanwhile

    def list_held(self, consumer: str, cause: str, **_: object) -> Page[RowName]:
        self.meanwhile()
        return Page(items=self.held)

    def __getattr__(self, name: str) -> object:
        return getattr(self.log, name)


def test_row_that_is_not_under_the_cause_any_more_is_left_alone(toy: Toy) -> None:
    toy.shop.edit("1")
    ask(toy, "1")
    toy.work()
    put(toy, HATS)
    lagging = LaggingLog(toy.services.log, [toy.name("1")])
    assert run_releases(replace(toy.services, log=lagging)).rows == 0  # type: ignore[arg-type]
    assert not toy.row("1").is_owed


def test_switching_a_flow_on_releases_the_rows_parked_while_it_was_off(toy: Toy) -> None:
    ask(toy, "1")
    toy.shop.edit("1")
    toy.switch(PRODUCTS, on=False)
    toy.work()
    assert (toy.row("1").reason, toy.row("1").cause) == (Reason.FLOW_OFF, flow_cause(PRODUCTS))
    toy.switch(PRODUCTS, on=True)
    run_releases(toy.services)
    toy.work()
    assert toy.row("1").status is Status.SYNCED


def test_reconnecting_releases_the_rows_parked_while_the_account_was_down(toy: Toy) -> None:
    toy.shop.edit("1")
    ask(toy, "1")
    down = replace(toy.connection(), health=Health.DOWN)
    toy.services.registry.save(Change(puts=[down]))
    toy.work()
    assert toy.row("1").cause == connection_cause("shop")
    up = replace(toy.connection(), health=Health.HEALTHY)
    release = Release(consumer=CONSUMER, cause=connection_cause("shop"), id="r", due_at=toy.at)
    toy.services.registry.save(Change(puts=[up], releases=[release]))
    run_releases(toy.services)
    toy.work()
    assert toy.row("1").status is Status.SYNCED


def test_stock_follows_its_product_without_anybody_acting(toy: Toy) -> None:
    toy.switch(STOCK, on=True)
    toy.shop.edit("1")
    ask(toy, "1", flow=STOCK)
    toy.work()
    assert toy.row("1", STOCK).reason is Reason.NEEDS_RECORD
    ask(toy, "1")
    toy.work()
    run_releases(toy.services)
    toy.work()
    stock: Row = toy.row("1", STOCK)
    assert stock.status is Status.SYNCED
