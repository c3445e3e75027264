"""All flows on one screen. The engine is one function for all of them."""

from collections.abc import Mapping

from chalicelib.domain.retries import RetryPolicy
from chalicelib.domain.statuses import Kind
from chalicelib.flows.declare import Flow, LinkNeed, MappingRule, Setting
from chalicelib.flows.mappings import counts, listings, sales_orders

_RETRY = RetryPolicy(attempts=6, base_s=30, cap_s=900)

BRIGHTPEARL_PRODUCTS_TO_SQUARE = Flow(
    name="brightpearl-products-to-square",  # stable: stored on every row
    label="Products from Brightpearl to Square",
    kind=Kind.PRODUCT,
    source="brightpearl",
    target="square",
    plan=listings.listing_from_product,
    skips=listings.why_no_listing,
    columns=listings.product_columns,
    parent_key=lambda listing: listing.item_key if listing is not None else None,
    links=LinkNeed(kind="product", side="source", ids=lambda product: (product.id,)),
    settings=(
        Setting(
            name="price_list",
            label="Price list",
            type="choice",
            required=True,
            pick=("source", "price_lists"),
            help="The Brightpearl price list whose prices Square shows.",
        ),
        Setting(
            name="locations",
            label="Locations",
            help="Square location ids, separated by commas; empty: all locations.",
        ),
        Setting(
            name="archived_products",
            label="Archived products",
            type="choice",
            options=("hide", "keep"),
            default="hide",
            help="What becomes of a product at Square when it is archived in Brightpearl.",
        ),
    ),
    mappings=(
        MappingRule(
            name="category",
            label="Categories",
            source_label="Brightpearl category",
            target_label="Square category",
            source_pick="categories",
            target_pick="categories",
            source_by="name",
        ),
    ),
    calls=lambda rows: (2 + rows // 100, 4),
    retry=_RETRY,
    poll_every_s=300,
)

BRIGHTPEARL_STOCK_TO_SQUARE = Flow(
    name="brightpearl-stock-to-square",
    label="Stock from Brightpearl to Square",
    kind=Kind.STOCK,
    source="brightpearl",
    target="square",
    plan=counts.count_from_level,
    skips=counts.why_no_count,
    columns=counts.stock_columns,
    identity=counts.count_identity,
    links=LinkNeed(kind="product", side="source", ids=counts.linked_product),
    links_records=False,
    keeps_record=False,
    follows="brightpearl-products-to-square",
    sold_by="square-orders-to-brightpearl",
    mappings=(
        MappingRule(
            name="location",
            label="Locations",
            source_label="Brightpearl warehouse",
            target_label="Square location",
            source_pick="warehouses",
            target_pick="locations",
        ),
    ),
    queue="stock",
    calls=lambda rows: (2, 3 + rows // 50),
    retry=_RETRY,
    poll_every_s=300,
    full_sweep_every_s=86_400,
)

SQUARE_ORDERS_TO_BRIGHTPEARL = Flow(
    name="square-orders-to-brightpearl",
    label="Orders from Square to Brightpearl",
    kind=Kind.ORDER,
    source="square",
    target="brightpearl",
    plan=sales_orders.sales_order_from_order,
    skips=sales_orders.why_no_sales_order,
    columns=sales_orders.order_columns,
    links=LinkNeed(kind="product", side="source", ids=sales_orders.sold_items),
    units=sales_orders.sold_units,
    starts_at=sales_orders.sold_at,
    settings=(
        Setting(
            name="start_date",
            label="Start date",
            type="time",
            required=True,
            help="Orders before this moment are left alone.",
        ),
        Setting(
            name="order_status",
            label="Order status",
            type="choice",
            required=True,
            pick=("target", "order_statuses"),
            help="Status of a new sales order.",
        ),
        Setting(
            name="cancelled_status",
            label="Status of cancelled orders",
            type="choice",
            pick=("target", "order_statuses"),
        ),
        Setting(
            name="walk_in_customer",
            label="Walk-in customer",
            pattern="[0-9]+",
            help="Brightpearl contact id for sales without a customer's e-mail address.",
        ),
        Setting(
            name="take_stock",
            label="Stock at Brightpearl",
            type="choice",
            options=("none", "reserved", "shipped"),
            default="reserved",
            help="Reserved: a person fulfils the order. Shipped: it is fulfilled at once.",
        ),
        Setting(
            name="price_list", label="Price list", type="choice", pick=("target", "price_lists")
        ),
        Setting(
            name="sales_nominal_code",
            label="Nominal code of sales",
            type="choice",
            pick=("target", "nominal_codes"),
            default="4000",
        ),
        Setting(
            name="tip_nominal_code",
            label="Nominal code of tips",
            type="choice",
            pick=("target", "nominal_codes"),
        ),
    ),
    mappings=(
        MappingRule(
            name="warehouse",
            label="Warehouses",
            source_label="Square location",
            target_label="Brightpearl warehouse",
            source_pick="locations",
            target_pick="warehouses",
        ),
        MappingRule(
            name="channel",
            label="Sales channels",
            source_label="Square location",
            target_label="Brightpearl channel",
            source_pick="locations",
            target_pick="channels",
        ),
        MappingRule(
            name="tax",
            label="Taxes",
            source_label="Square tax",
            target_label="Brightpearl tax code",
            source_pick="taxes",
            target_pick="tax_codes",
            source_by="name",
        ),
        MappingRule(
            name="payment_method",
            label="Payment methods",
            source_label="Square tender",
            target_label="Brightpearl payment method",
            source_pick="tender_types",
            target_pick="payment_methods",
        ),
    ),
    calls=lambda rows: (2, 2 + 5 * rows),
    retry=_RETRY,
    poll_every_s=300,
    poll_overlap_s=600,
)

FLOWS: Mapping[str, Flow] = {
    flow.name: flow
    for flow in (
        BRIGHTPEARL_PRODUCTS_TO_SQUARE,
        BRIGHTPEARL_STOCK_TO_SQUARE,
        SQUARE_ORDERS_TO_BRIGHTPEARL,
    )
}
