"""Orders: sales of a till or shop as sales orders of an ERP."""

from collections.abc import Sequence

from chalicelib.domain.statuses import Kind
from chalicelib.flows.declare import BothWays, Flow, LinkNeed, MappingRule, Setting, Side
from chalicelib.flows.declared.common import RETRY, Calls, start_date
from chalicelib.flows.mappings import sales_orders

#: For sources that sell on account, lay goods by or wait for a bank transfer.
UNPAID_ORDERS = Setting(
    name="unpaid_orders",
    label="Orders that are not paid yet",
    type="choice",
    options=("wait", "export"),
    default="wait",
    help="Wait: an order on account, laid by or on hold is synced once it is paid.",
)


def nominal_codes(*roles: str) -> tuple[Setting, ...]:
    """Return the settings of the codes that lines of these roles are booked to."""
    return tuple(
        Setting(
            name=f"{role.replace(' ', '_')}_nominal_code",
            label=f"Nominal code of {_PLURAL.get(role, role)}",
            type="choice",
            pick=("target", "nominal_codes"),
            help="That of sales unless stated.",
        )
        for role in roles
    )


_PLURAL = {"fee": "fees", "gift card": "gift cards sold"}


def orders(
    source: Side,
    target: Side,
    *,
    settings: Sequence[Setting] = (),
    mappings: Sequence[MappingRule] = (),
    both_ways: BothWays | None = None,
    calls: Calls = lambda rows: (2, 1 + 8 * rows),
) -> Flow:
    """Return the flow of orders; ``settings`` and ``mappings`` are those of this source alone."""
    return Flow(
        name=f"{source.name}-orders-to-{target.name}",
        label=f"Orders from {source.label} to {target.label}",
        kind=Kind.ORDER,
        source=source.name,
        target=target.name,
        plan=sales_orders.sales_order_from_order,
        skips=sales_orders.why_no_sales_order,
        columns=sales_orders.order_columns,
        links=LinkNeed(kind="product", side="source", ids=sales_orders.sold_items),
        units=sales_orders.sold_units,
        waits=sales_orders.waits_with_goods,
        starts_at=sales_orders.sold_at,
        both_ways=both_ways,
        settings=(*_settings(target), *settings),
        mappings=(*_mappings(source, target), *mappings),
        calls=calls,
        retry=RETRY,
        poll_every_s=300,
        poll_overlap_s=600,
    )


def statuses_both_ways(source: Side, target: Side) -> tuple[MappingRule, MappingRule]:
    """Return the mappings by which a status that changed on either side follows on the other."""
    return (
        MappingRule(
            name="order_status",
            label=f"Order statuses to {target.label}",
            source_label=f"{source.label} status",
            target_label=f"{target.label} status",
            source_pick="order_statuses",
            target_pick="order_statuses",
            without_answer=(
                f"A status without an answer changes nothing at {target.label}; a new order gets "
                "the status of the flow's settings."
            ),
        ),
        MappingRule(
            name="order_status_back",
            label=f"Order statuses back to {source.label}",
            source_label=f"{target.label} status",
            target_label=f"{source.label} status",
            source_pick="order_statuses",
            target_pick="order_statuses",
            is_backward=True,
            without_answer=f"A status without an answer changes nothing at {source.label}.",
        ),
    )


def _settings(target: Side) -> tuple[Setting, ...]:
    return (
        start_date("Orders"),
        Setting(
            name="order_status",
            label="Order status",
            type="choice",
            required=True,
            pick=("target", "order_statuses"),
            help="Status of a new sales order, unless a mapping of statuses gives it another.",
        ),
        Setting(
            name="cancelled_status",
            label="Status of cancelled orders",
            type="choice",
            pick=("target", "order_statuses"),
            help="A cancelled order waits without it, unless a mapping of statuses answers.",
        ),
        Setting(
            name="walk_in_customer",
            label="Walk-in customer",
            pattern="[0-9]+",
            help=f"{target.label} contact id for sales without a customer's e-mail address.",
        ),
        Setting(
            name="take_stock",
            label=f"Stock at {target.label}",
            type="choice",
            options=("none", "reserved", "shipped"),
            default="reserved",
            help="Reserved: a person fulfils the order. Shipped: it is fulfilled at once.",
        ),
        Setting(
            name="price_list",
            label="Price list",
            type="choice",
            pick=("target", "price_lists"),
            help=f"That of new sales orders; {target.label}'s own unless stated.",
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
            help="That of sales unless stated.",
        ),
    )


def _mappings(source: Side, target: Side) -> tuple[MappingRule, ...]:
    return (
        _of_place(source, target, "warehouse", "Warehouses", "warehouse", "warehouses"),
        _of_place(source, target, "channel", "Sales channels", "channel", "channels"),
        MappingRule(
            name="tax",
            label="Taxes",
            source_label=f"{source.label} tax",
            target_label=f"{target.label} tax code",
            source_pick="taxes",
            target_pick="tax_codes",
            source_by="name",
        ),
        MappingRule(
            name="payment_method",
            label="Payment methods",
            source_label=f"{source.label} {source.tender}",
            target_label=f"{target.label} payment method",
            source_pick=source.tenders,
            target_pick="payment_methods",
        ),
    )


def _of_place(
    source: Side, target: Side, name: str, label: str, word: str, pick: str
) -> MappingRule:
    return MappingRule(
        name=name,
        label=label,
        source_label=f"{source.label} {source.place}",
        target_label=f"{target.label} {word}",
        source_pick=source.places,
        target_pick=pick,
    )
