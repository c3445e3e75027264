"""What an attempt leaves: traces, exchanges, snapshots, goods that were sold."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.log import Attempt
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.statuses import Outcome, Status
from chalicelib.flows.closing import to_json
from chalicelib.flows.services import Opened
from tests.builders import make_exchange, make_units
from tests.toy import CONSUMER
from tests.toy_platforms import PRODUCTS, START
from tests.unit.flows.scenes import Scene, open_scene


@pytest.fixture
def scene() -> Iterator[Scene]:
    with open_scene() as scene:
        yield scene


# --- what is kept ---------------------------------------------------------------------------------


def attempts(scene: Scene, record: str = "1") -> list[Attempt]:
    return list(scene.toy.services.log.list_attempts(scene.toy.name(record), limit=50).items)


def test_every_attempt_leaves_one_trace(scene: Scene) -> None:
    scene.shelf.fails["1"] = SyncFailure(Reason.RETRYING, "Out of order.", code=500)
    scene.add("1")
    scene.attempt("1")
    scene.shelf.fails.clear()
    scene.toy.pass_s(30)
    scene.attempt("1")
    last, first = attempts(scene)
    assert (first.number, first.status, first.reason) == (1, Status.PENDING, "retrying")
    assert (first.detail, first.code, first.by) == ("Out of order.", 500, "webhook")
    assert (last.number, last.status, last.outcome) == (2, Status.SYNCED, "created")
    assert (last.started_at, last.reason) == (scene.toy.at, None)


def test_exchanges_are_attributed_to_the_rows_they_served(scene: Scene) -> None:
    services = scene.toy.services

    def opened(*asked: Any) -> Opened:
        real = services.open(*asked)
        mine = real.connection.name == "till"
        made = [make_exchange("all", connection="till")] if mine else []
        made += [make_exchange(f"of-{one}", connection="till", serves=one) for one in "12" if mine]
        return replace(real, take_exchanges=lambda: made)

    scene.toy.services = replace(services, open=opened)
    scene.add("1", "2")
    scene.attempt("1", "2")
    assert [sorted(attempts(scene, one)[0].exchanges) for one in "12"] == [
        ["all", "of-1"],
        ["all", "of-2"],
    ]
    assert None not in scene.toy.services.log.read_exchanges(CONSUMER, ["all", "of-1", "of-2"])


def test_snapshot_is_kept_and_written_only_when_the_record_changed(scene: Scene) -> None:
    scene.sync("1", name="Mug")
    log = scene.toy.services.log
    assert (log.read_snapshot(scene.toy.name("1")) or {})["name"] == "Mug"
    log.put_snapshots([(scene.toy.name("1"), {"name": "a mark"})])
    scene.ask("1", by="person")
    scene.toy.work()
    assert log.read_snapshot(scene.toy.name("1")) == {"name": "a mark"}
    scene.toy.pass_s(1)
    scene.sync("1", name="Cup")
    assert (log.read_snapshot(scene.toy.name("1")) or {})["name"] == "Cup"


def test_snapshot_is_kept_of_a_record_that_could_not_be_sent(scene: Scene) -> None:
    scene.sync("1", category="hats")
    snapshot = scene.toy.services.log.read_snapshot(scene.toy.name("1"))
    assert (snapshot or {})["category"] == "hats"


def test_flow_that_keeps_no_records_writes_no_snapshot(scene: Scene) -> None:
    scene.declare(keeps_record=False)
    scene.sync("1")
    assert scene.toy.services.log.read_snapshot(scene.toy.name("1")) is None


def test_canonical_record_becomes_json_values() -> None:
    order = make_units("1", Decimal("1.50"))
    assert to_json(order)["quantity"] == "1.50"
    assert to_json(order)["sold_at"] == order.sold_at.isoformat()


# --- goods sold and not taken by the ERP ----------------------------------------------------------


def noted(scene: Scene) -> list[Decimal]:
    return [
        units.quantity for units in scene.toy.services.log.list_units(CONSUMER, "shop", limit=9)
    ]


@pytest.fixture
def selling(scene: Scene) -> Scene:
    scene.declare(units=lambda thing: (make_units(thing.id, Decimal(2)),))
    return scene


def test_goods_of_an_order_that_did_not_get_through_are_noted(selling: Scene) -> None:
    selling.toy.fail("1")
    selling.sync("1")
    assert noted(selling) == [Decimal(2)]
    assert selling.row("1").has_units


def test_noted_goods_are_cleared_once_the_order_got_through(selling: Scene) -> None:
    selling.toy.fail("1")
    selling.sync("1")
    selling.toy.till.fails.clear()
    selling.ask("1")
    selling.toy.work()
    assert noted(selling) == []
    assert not selling.row("1").has_units


def test_order_that_got_through_at_once_notes_nothing(selling: Scene) -> None:
    selling.sync("1")
    assert noted(selling) == []


def test_goods_of_an_order_that_waits_with_them_stay_noted(selling: Scene) -> None:
    selling.declare(skips=lambda thing, planning: "It is not paid.", waits=lambda thing: True)
    selling.sync("1")
    assert selling.row("1").outcome is Outcome.NOT_APPLICABLE
    assert noted(selling) == [Decimal(2)]
    selling.declare(skips=lambda thing, planning: None)
    selling.ask("1")
    selling.toy.work()
    assert noted(selling) == []


def test_order_from_before_the_start_never_waits_with_its_goods(selling: Scene) -> None:
    selling.declare(starts_at=lambda thing: START - timedelta(days=1), waits=lambda thing: True)
    selling.toy.switch(PRODUCTS, on=True, settings={"start_date": START.isoformat()})
    selling.sync("1")
    assert selling.row("1").outcome is Outcome.NOT_APPLICABLE
    assert noted(selling) == []
