"""The two flows of a random run, and what its platforms offer."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chalicelib.domain.causes import record_cause
from chalicelib.domain.platforms import Account, Offer, Pace, WebhookRead
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.retries import RetryPolicy
from chalicelib.domain.statuses import Kind
from chalicelib.flows.declare import Flow, LinkNeed, MappingRule, Planning, Showing
from chalicelib.flows.mappings.answers import mapped
from tests.model.world import SETTLE_S, TIMEOUT_S, Plan, Thing, World, WorldPlatform


def _plan_product(thing: Thing, planning: Planning) -> Plan:
    category = mapped(planning, "category", thing.category, sentence="unmapped")
    return Plan(record=thing.id, version=thing.version, value=f"{thing.value}@{category}")


def _plan_stock(thing: Thing, planning: Planning) -> Plan:
    if thing.id not in planning.linked:
        raise SyncFailure(
            Reason.NEEDS_RECORD, "product first", cause=record_cause("product", thing.id)
        )
    return Plan(record=thing.id, version=thing.version, value=thing.value)


def _columns(showing: Showing) -> Mapping[str, Any]:
    return {"name": showing.record.id}


_RETRY = RetryPolicy(attempts=4, base_s=10, cap_s=120)
PRODUCTS = Flow(
    name="erp-products-to-till",
    label="Products",
    kind=Kind.PRODUCT,
    source="erp",
    target="till",
    plan=_plan_product,
    columns=_columns,
    links=LinkNeed(kind="product", side="source", ids=lambda thing: (thing.id,)),
    mappings=(MappingRule(name="category", label="", source_label="", target_label=""),),
    retry=_RETRY,
    keeps_record=False,
)
STOCK = replace(
    PRODUCTS,
    name="erp-stock-to-till",
    kind=Kind.STOCK,
    plan=_plan_stock,
    mappings=(),
    links_records=False,
    follows=PRODUCTS.name,
    queue="stock",
)
FLOWS = {flow.name: flow for flow in (PRODUCTS, STOCK)}


def _no_webhook(account: Account, delivery: Any) -> WebhookRead:
    return WebhookRead(ignored="none here")


def offer_of(name: str, world: World, *, calls: int, one_writer: bool) -> Offer:
    """The offer of one side."""
    return Offer(
        name=name,
        label=name,
        pace=Pace(calls=calls, window_s=60, settle_s=SETTLE_S, timeout_s=TIMEOUT_S),
        fields=(),
        sources=(Kind.PRODUCT, Kind.STOCK),
        targets=(Kind.PRODUCT, Kind.STOCK),
        choices=(),
        open=lambda account: WorldPlatform(world=world),
        read_webhook=_no_webhook,
        record_url=lambda connection, kind, id_: None,
        one_writer=(Kind.PRODUCT,) if one_writer else (),
    )
