"""The small world with refunds: they use the answers that the orders were given."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from chalicelib import wiring
from chalicelib.domain.statuses import Kind
from chalicelib.flows.declare import Belonging, LinkNeed, MappingRule, Setting
from tests.app.toy_world import World, open_world
from tests.app.toys import FLOWS, ORDERS, make_flow

REFUNDS = "till-refunds-to-shop"


def _rule(
    name: str, label: str, *, is_backward: bool = False, without_answer: str = ""
) -> MappingRule:
    return MappingRule(
        name=name,
        label=label,
        source_label="From",
        target_label="To",
        source_pick="categories",
        target_pick="categories",
        is_backward=is_backward,
        without_answer=without_answer,
    )


_ORDERS = replace(
    FLOWS[ORDERS],
    settings=(
        Setting(name="walk_in_customer", label="Walk-in customer", required=True),
        Setting(name="price_list", label="Price list", default="7"),
    ),
    mappings=(
        _rule("tax", "Taxes"),
        _rule("order_status", "Order statuses"),
        _rule(
            "order_status_back",
            "Order statuses, the other way",
            is_backward=True,
            without_answer="A status without an answer changes nothing at Till.",
        ),
    ),
)
_REFUNDS = make_flow(
    REFUNDS,
    "Refunds to the shop",
    Kind.REFUND,
    "till",
    "shop",
    shares=ORDERS,
    belongs_to=Belonging(
        flow=ORDERS,
        need=LinkNeed(kind="order", side="source", ids=lambda refund: ()),
        record=lambda refund, flow: None,
    ),
    settings=(Setting(name="restock", label="Returned goods", default="yes"),),
    mappings=(_rule("why", "Reasons"),),
)


@contextmanager
def open_refunds() -> Iterator[World]:
    """Open the world with that flow, for the merchant acme."""
    with open_world() as world:
        flows = {**FLOWS, ORDERS: _ORDERS, REFUNDS: _REFUNDS}
        world.services = replace(world.services, flows=flows)
        world.add_consumer("acme")
        with wiring.use(world.services, world.settings):
            yield world
