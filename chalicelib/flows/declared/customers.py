"""Customers: buyers of a till or shop as contacts of an ERP."""

from chalicelib.domain.statuses import Kind
from chalicelib.flows.declare import Flow, Setting, Side
from chalicelib.flows.declared.common import RETRY, Calls, start_date
from chalicelib.flows.mappings import customers as contacts


def customers(
    source: Side,
    target: Side,
    *,
    calls: Calls = lambda rows: (1 + rows // 50, 1 + 3 * rows),
) -> Flow:
    """Return the flow of customers; walk-ins make no row, because their source names none."""
    return Flow(
        name=f"{source.name}-customers-to-{target.name}",
        label=f"Customers from {source.label} to {target.label}",
        kind=Kind.CUSTOMER,
        source=source.name,
        target=target.name,
        plan=contacts.contact_from_customer,
        skips=contacts.why_no_contact,
        columns=contacts.customer_columns,
        one_to_one=False,
        starts_at=contacts.changed_at,
        settings=(
            start_date("Customers who did not change since", required=False),
            Setting(
                name="country",
                label="Country",
                pattern="[A-Za-z]{2,3}",
                help=f"Code of the country of customers without one, as {target.label} writes it.",
            ),
        ),
        calls=calls,
        retry=RETRY,
        poll_every_s=300,
    )
