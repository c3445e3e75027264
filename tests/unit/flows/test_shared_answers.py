"""A flow that shares another's answers: whose mappings and settings it is worked with."""

from collections.abc import Iterator, Mapping

import pytest

from chalicelib.flows.catalog import FLOWS
from chalicelib.flows.declare import Flow, Planning
from chalicelib.flows.loading import read_setup
from chalicelib.flows.setup.consumers import read_consumer
from chalicelib.flows.setup.flows import save_flow
from chalicelib.flows.setup.mappings import Answers, describe_mapping, save_mapping
from tests.app.toy_refunds import REFUNDS, open_refunds
from tests.app.toy_world import World
from tests.app.toys import ORDERS, PRODUCTS

SECOND_ORDERS, SECOND_REFUNDS = f"{ORDERS}@till-2", f"{REFUNDS}@till-2"


@pytest.fixture
def world() -> Iterator[World]:
    with open_refunds() as opened:
        opened.connect("acme", "shop", "till", "till-2")
        yield opened


def answer(world: World, flow: str, name: str, entries: Mapping[str, str | None]) -> None:
    save_mapping(world.services, "acme", flow, name, Answers(entries=entries), by="Ann")


def settle(world: World, flow: str, **settings: str) -> None:
    acme = read_consumer(world.services, "acme")
    save_flow(world.services, acme, flow, enabled=None, settings=settings, by="Ann")


def planning(world: World, flow: str = REFUNDS) -> Planning:
    return read_setup(world.services, "acme", flow).planning


SHARING = {flow.name: flow for flow in FLOWS.values() if flow.shares}


@pytest.mark.parametrize("flow", SHARING.values(), ids=SHARING.keys())
def test_shared_flow_is_declared_between_the_same_accounts(flow: Flow) -> None:
    shared = FLOWS[flow.shares or ""]
    assert (shared.source, shared.target) == (flow.source, flow.target)
    assert shared.shares is None
    assert not {one.name for one in flow.mappings} & {one.name for one in shared.mappings}


# --- what a flow is worked with -------------------------------------------------------------------


def test_mappings_of_the_shared_flow_stand_beside_its_own(world: World) -> None:
    answer(world, ORDERS, "tax", {"VAT": "T20"})
    answer(world, REFUNDS, "why", {"broken": "B"})
    found = planning(world).mappings
    assert {name: (table.flow, table.entries) for name, table in found.items()} == {
        "tax": (ORDERS, {"VAT": "T20"}),
        "why": (REFUNDS, {"broken": "B"}),
    }


def test_settings_of_the_shared_flow_are_apart_from_its_own_with_their_defaults(
    world: World,
) -> None:
    settle(world, ORDERS, walk_in_customer="500")
    found = planning(world)
    assert found.settings == {"restock": "yes"}
    assert found.shared_flow == ORDERS
    assert found.shared_settings == {"walk_in_customer": "500", "price_list": "7"}


def test_shared_flow_that_was_never_set_up_gives_its_defaults_and_no_answer(world: World) -> None:
    found = planning(world)
    assert (found.mappings, found.shared_settings) == ({}, {"price_list": "7"})


def test_flow_on_a_second_account_uses_the_answers_of_that_account_alone(world: World) -> None:
    answer(world, ORDERS, "tax", {"VAT": "T20"})
    settle(world, ORDERS, walk_in_customer="500")
    answer(world, SECOND_ORDERS, "tax", {"VAT": "T5"})
    settle(world, SECOND_ORDERS, walk_in_customer="900")
    found = planning(world, SECOND_REFUNDS)
    assert found.shared_flow == SECOND_ORDERS
    assert found.mappings["tax"].entries == {"VAT": "T5"}
    assert found.shared_settings["walk_in_customer"] == "900"
    assert planning(world).mappings["tax"].entries == {"VAT": "T20"}


@pytest.mark.parametrize("flow", [ORDERS, PRODUCTS])
def test_flow_that_shares_nothing_has_its_own_answers_alone(world: World, flow: str) -> None:
    answer(world, REFUNDS, "why", {"broken": "B"})
    found = planning(world, flow)
    assert (found.shared_flow, found.shared_settings, found.mappings) == ("", {}, {})


# --- a mapping that goes the other way ------------------------------------------------------------

TILL, SHOP = ["C9"], ["1", "2"]


@pytest.mark.parametrize(
    ("name", "sources", "targets"),
    [("order_status", TILL, SHOP), ("order_status_back", SHOP, TILL)],
    ids=["forward", "backward"],
)
def test_choices_of_a_mapping_are_asked_at_the_side_it_starts_from(
    world: World, name: str, sources: list[str], targets: list[str]
) -> None:
    view = describe_mapping(world.services, "acme", ORDERS, name)
    assert [one.id for one in view.source_choices] == sources
    assert [one.id for one in view.target_choices] == targets


def test_backward_mapping_of_a_second_account_is_asked_there(world: World) -> None:
    world.platforms["shop"].choices = {}
    view = describe_mapping(world.services, "acme", SECOND_ORDERS, "order_status_back")
    assert (list(view.source_choices), [one.id for one in view.target_choices]) == ([], TILL)
