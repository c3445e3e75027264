"""The flows as declared: what the engine, the set-up and the log rely on."""

from decimal import Decimal
from itertools import pairwise

import pytest

from chalicelib.connectors.catalog import OFFERS
from chalicelib.domain.records import Count
from chalicelib.flows.catalog import FLOWS
from chalicelib.flows.declare import Flow, base_name, connections_of
from tests.builders import NOW

each_flow = pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS.keys())


def test_names_are_those_rows_were_stored_with() -> None:
    assert list(FLOWS) == [
        "brightpearl-products-to-square",
        "brightpearl-stock-to-square",
        "square-orders-to-brightpearl",
        "square-customers-to-brightpearl",
        "square-refunds-to-brightpearl",
        "brightpearl-products-to-lightspeed",
        "brightpearl-stock-to-lightspeed",
        "lightspeed-orders-to-brightpearl",
        "lightspeed-customers-to-brightpearl",
        "lightspeed-refunds-to-brightpearl",
        "brightpearl-products-to-woocommerce",
        "brightpearl-stock-to-woocommerce",
        "woocommerce-orders-to-brightpearl",
        "woocommerce-refunds-to-brightpearl",
        "brightpearl-shipments-to-woocommerce",
    ]


@each_flow
def test_platforms_offer_what_the_flow_needs(flow: Flow) -> None:
    assert flow.kind in OFFERS[flow.source].sources
    assert flow.kind in OFFERS[flow.target].targets


@each_flow
def test_everything_to_pick_from_is_offered_by_its_platform(flow: Flow) -> None:
    sides = {"source": OFFERS[flow.source].choices, "target": OFFERS[flow.target].choices}
    for setting in flow.settings:
        if setting.pick is not None:
            side, word = setting.pick
            assert word in sides[side], setting.name
    for rule in flow.mappings:
        assert rule.source_pick is None or rule.source_pick in sides["source"], rule.name
        assert rule.target_pick is None or rule.target_pick in sides["target"], rule.name
        assert rule.source_by in ("id", "name")


@each_flow
def test_defaults_are_among_their_options(flow: Flow) -> None:
    for setting in flow.settings:
        if setting.options and setting.default is not None:
            assert setting.default in setting.options, setting.name


@each_flow
def test_names_of_settings_and_mappings_are_used_once(flow: Flow) -> None:
    for named in (flow.settings, flow.mappings):
        names = [one.name for one in named]
        assert len(set(names)) == len(names)


@each_flow
def test_more_rows_never_need_fewer_calls_and_a_batch_fits_a_window(flow: Flow) -> None:
    needs = [flow.calls(rows) for rows in range(1, 101)]
    for less, more in pairwise(needs):
        assert less[0] <= more[0]
        assert less[1] <= more[1]
    # Half a batch of stock: a slow shop's window is not enough for a whole one, which is released
    # in parts.
    together = 50 if flow.queue == "stock" else 10
    source, target = flow.calls(together)
    assert source <= OFFERS[flow.source].pace.calls
    assert target <= OFFERS[flow.target].pace.calls


@each_flow
def test_flow_it_follows_links_what_it_needs(flow: Flow) -> None:
    if flow.follows is not None:
        followed = FLOWS[flow.follows]
        assert followed.links_records
        assert not flow.links_records
        assert (followed.source, followed.target) == (flow.source, flow.target)
        assert flow.links is not None
        assert flow.links.kind == followed.kind.value
    if flow.sold_by is not None:
        assert FLOWS[flow.sold_by].source == flow.target
        assert FLOWS[flow.sold_by].units is not None


def test_hundred_stock_levels_are_a_handful_of_calls() -> None:
    source, target = FLOWS["brightpearl-stock-to-square"].calls(100)
    assert source + target <= 10


def test_count_is_the_same_plan_whenever_it_was_made() -> None:
    flow = FLOWS["brightpearl-stock-to-square"]
    counts = [
        Count(product_id="7", variation_id="V", quantities={"L": Decimal(q)}, counted_at=at)
        for q, at in (("1", NOW), ("1.0", NOW.replace(hour=10)), ("2", NOW))
    ]
    same, later, other = (flow.identity(count) for count in counts)
    assert same == later
    assert same != other


SECOND = {
    "first_accounts": ("a", ("brightpearl", "square")),
    "second_target": ("a@square-2", ("brightpearl", "square-2")),
    "second_source": ("a@brightpearl-2", ("brightpearl-2", "square")),
}


@pytest.mark.parametrize(("name", "wanted"), SECOND.values(), ids=SECOND.keys())
def test_second_account_stands_for_the_side_of_its_platform(
    name: str, wanted: tuple[str, str]
) -> None:
    assert base_name(name) == "a"
    assert connections_of(FLOWS["brightpearl-products-to-square"], name) == wanted
