"""Stock: an ERP's figures as counts at a till or shop."""

from chalicelib.domain.statuses import Kind
from chalicelib.flows.declare import Flow, LinkNeed, MappingRule, Setting, Side
from chalicelib.flows.declared.common import RETRY, Calls
from chalicelib.flows.mappings import counts


def stock(
    source: Side,
    target: Side,
    *,
    calls: Calls = lambda rows: (3, 4 + rows // 50),
) -> Flow:
    """Return the flow of stock; it follows the products, and knows what is sold at the target."""
    return Flow(
        name=f"{source.name}-stock-to-{target.name}",
        label=f"Inventory from {source.label} to {target.label}",
        kind=Kind.STOCK,
        source=source.name,
        target=target.name,
        plan=counts.count_from_level,
        skips=counts.why_no_count,
        columns=counts.stock_columns,
        identity=counts.count_identity,
        links=LinkNeed(kind="product", side="source", ids=counts.linked_product),
        links_records=False,
        keeps_record=False,
        follows=f"{source.name}-products-to-{target.name}",
        has_wholes=True,
        settings=(
            Setting(
                name="bundles",
                label="Stock of bundles",
                type="choice",
                options=("at_once", "daily"),
                default="at_once",
                help="At once: a bundle follows its parts, for one call more a batch of changes.",
            ),
        ),
        sold_by=f"{target.name}-orders-to-{source.name}",
        mappings=(
            MappingRule(
                name="location",
                label="Locations",
                source_label=f"{source.label} warehouse",
                target_label=f"{target.label} {target.place}",
                source_pick="warehouses",
                target_pick=target.places,
            ),
        ),
        queue="stock",
        calls=calls,
        retry=RETRY,
        poll_every_s=300,
        full_sweep_every_s=86_400,
    )
