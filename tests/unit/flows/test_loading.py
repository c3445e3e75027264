"""What a batch of rows is worked with: set-up, connections, mappings, links."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from chalicelib.domain.ports import Change
from chalicelib.domain.reasons import Reason
from chalicelib.domain.setup import Health
from chalicelib.flows.loading import read_setup, settings_of, with_links
from tests.builders import make_flow
from tests.toy import CONSUMER
from tests.toy_platforms import PRODUCTS, STOCK
from tests.unit.flows.scenes import Scene, open_scene


@pytest.fixture
def scene() -> Iterator[Scene]:
    with open_scene() as scene:
        yield scene


# --- blocked rows are parked without a claim ------------------------------------------------------


def take_down(scene: Scene, name: str) -> None:
    down = replace(scene.toy.connection(name), health=Health.DOWN)
    scene.toy.services.registry.save(Change(puts=[down]))


def parked(scene: Scene) -> tuple[Reason | None, str | None, int, bool]:
    scene.attempt("1")
    row = scene.row()
    return row.reason, row.cause, row.attempts, row.is_owed


def test_flow_that_is_off_parks_its_rows_unclaimed(scene: Scene) -> None:
    scene.add("1")
    scene.toy.switch(PRODUCTS, on=False)
    assert parked(scene) == (Reason.FLOW_OFF, f"flow:{PRODUCTS}", 0, False)
    assert scene.reader.reads == []


@pytest.mark.parametrize("name", ["shop", "till"])
def test_connection_that_is_down_parks_its_rows_unclaimed(scene: Scene, name: str) -> None:
    scene.add("1")
    take_down(scene, name)
    assert parked(scene) == (Reason.CONNECTION_DOWN, f"connection:{name}", 0, False)
    assert scene.reader.reads == []


def test_connection_that_was_deleted_counts_as_down(scene: Scene) -> None:
    scene.add("1")
    gone = scene.toy.connection("till")
    scene.toy.services.registry.save(Change(deletes=[gone]))
    assert parked(scene)[:2] == (Reason.CONNECTION_DOWN, "connection:till")


def test_flow_that_was_never_set_up_is_off(scene: Scene) -> None:
    setup = read_setup(scene.toy.services, CONSUMER, f"{PRODUCTS}@till-2")
    assert setup.blocked == (Reason.FLOW_OFF, f"flow:{PRODUCTS}@till-2")
    assert (setup.source.name, setup.target.name) == ("shop", "till-2")


def test_flow_in_order_is_not_blocked(scene: Scene) -> None:
    assert read_setup(scene.toy.services, CONSUMER, PRODUCTS).blocked is None


# --- taking a connection down ---------------------------------------------------------------------


def test_refused_connection_is_marked_with_the_time_and_counted(scene: Scene) -> None:
    setup = read_setup(scene.toy.services, CONSUMER, PRODUCTS)
    setup.take_down(scene.toy.services, setup.target)
    down = scene.toy.connection("till")
    assert (down.health, down.checked_at) == (Health.DOWN, scene.toy.at)
    assert "401" in down.health_detail
    assert ("connection_down", "till") in scene.toy.counted


def test_connection_that_was_saved_meanwhile_is_not_taken_down(scene: Scene) -> None:
    setup = read_setup(scene.toy.services, CONSUMER, PRODUCTS)
    renewed = replace(scene.toy.connection("till"), health=Health.HEALTHY)
    scene.toy.services.registry.save(Change(puts=[renewed]))
    setup.take_down(scene.toy.services, setup.target)
    assert scene.toy.connection("till").health is Health.HEALTHY


# --- planning -------------------------------------------------------------------------------------


def test_settings_take_declared_defaults_and_empty_counts_as_absent(scene: Scene) -> None:
    flow = scene.toy.services.flows[PRODUCTS]
    declared = replace(
        flow,
        settings=(
            replace(flow.settings[0], name="a", default="A"),
            replace(flow.settings[0], name="b", default=None),
            replace(flow.settings[0], name="c", default="C"),
        ),
    )
    given = make_flow(settings={"a": "", "b": "", "c": "given", "unknown": "x"})
    assert settings_of(declared, given) == {"a": "A", "c": "given"}
    assert settings_of(declared, None) == {"a": "A", "c": "C"}


def test_mapping_saved_after_a_request_is_seen_by_its_attempt(scene: Scene) -> None:
    scene.add("1", category="hats")
    scene.toy.map_category("hats", "Hats")
    scene.attempt("1")
    assert scene.shelf.copies("1")[0].startswith("Cup@Hats/")


def test_links_are_read_for_the_records_that_need_them(scene: Scene) -> None:
    scene.sync("1")
    services = scene.toy.services
    setup = read_setup(services, CONSUMER, STOCK)
    things = [scene.toy.shop.edit("1"), scene.toy.shop.edit("2")]
    assert with_links(services, setup, setup.planning, things).linked == {"1": "T1"}


def test_flow_that_needs_no_links_reads_none(scene: Scene) -> None:
    services = scene.toy.services
    setup = read_setup(services, CONSUMER, PRODUCTS)
    thing = scene.toy.shop.edit("1")
    assert with_links(services, setup, setup.planning, [thing]) is setup.planning
