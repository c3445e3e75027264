"""Customers and refunds for a Brightpearl connection under test."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from chalicelib.domain.money import Money
from chalicelib.domain.platforms import Done, Wanted
from chalicelib.domain.reasons import SyncFailure
from chalicelib.domain.records import Customer, SalesCredit, SalesLine, SalesPayment
from chalicelib.domain.statuses import Kind
from tests.contract.brightpearl_connection import ANN, SOLD_AT, Connected, gbp


def sync_all(connected: Connected, kind: Kind, wanted: Sequence[Wanted[Any]]) -> dict[str, Any]:
    """Find, then write what is not in step, as the engine does for one batch."""
    target = connected.platform().target(kind, {})
    found = target.find_many(wanted)
    results = {key: one for key, one in found.items() if isinstance(one, SyncFailure) or one.equal}
    rest = [(one, found.get(one.record)) for one in wanted if one.record not in results]
    return results | dict(target.write_many(rest) if rest else {})


def sync_customer(
    connected: Connected, customer: Customer = ANN, target_id: str | None = None, **more: Any
) -> Any:
    """Sync one customer and return what became of it."""
    one = Wanted(record=customer.id, desired=customer, target_id=target_id, key="k-1", **more)
    return sync_all(connected, Kind.CUSTOMER, [one])[customer.id]


def contact(connected: Connected, contact_id: str | int) -> dict[str, Any]:
    """Return a contact as Brightpearl's own API shows it."""
    found: list[dict[str, Any]] = connected.shop.get(f"contact-service/contact/{contact_id}")
    return found[0]


def default_address(connected: Connected, contact_id: str | int) -> dict[str, Any]:
    """Return the address a contact stands under."""
    there = contact(connected, contact_id)
    address: dict[str, Any] = there["postalAddresses"][str(there["postAddressIds"]["DEF"])]
    return address


def count_contacts(connected: Connected) -> int:
    """Return how many contacts Brightpearl has."""
    return len(connected.simulator.world.contacts.by_id)


def refund_of(connected: Connected, *lines: SalesLine, **changes: Any) -> SalesCredit:
    """Return a refund of the lines, of 12.00 of free text without any, in cash given back."""
    rows = lines or (connected.line(key="BACK-1"),)
    total = sum((line.net.amount + line.tax.amount for line in rows), Decimal(0))
    made = SalesCredit(
        source_id="REFUND-1",
        reference="R-1001 back",
        placed_at=SOLD_AT,
        order_id=None,
        customer=None,
        walk_in_contact=str(connected.shop.merchant.walk_in),
        lines=rows,
        payments=(),
        total=Money(total, rows[0].net.currency),
        warehouse=str(connected.shop.shop),
        channel=str(connected.shop.merchant.channels[0]),
        status="",
        price_list=str(connected.shop.merchant.price_list),
        restock=False,
    )
    return replace(made, **changes)


def given_back(amount: str = "12.00", **changes: Any) -> SalesPayment:
    """Return money given back to a card."""
    made = SalesPayment(key="BACK-PAY-1", method="CARD", amount=gbp(amount), paid_at=SOLD_AT)
    return replace(made, **changes)


def wanted_credit(refund: SalesCredit, **changes: Any) -> Wanted[SalesCredit]:
    """Return what the engine wants for a refund, not linked yet."""
    made = Wanted(record=refund.source_id, desired=refund, target_id=None, key="key-1")
    return replace(made, **changes)


def sync_refund(connected: Connected, refund: SalesCredit, **changes: Any) -> Any:
    """Sync one refund and return what became of it."""
    one = wanted_credit(refund, **changes)
    return sync_all(connected, Kind.REFUND, [one])[refund.source_id]


def create_credit(connected: Connected, refund: SalesCredit) -> Done:
    """Sync a refund that must be credited."""
    done = sync_refund(connected, refund)
    assert isinstance(done, Done), repr(done)
    return done


def count_credits(connected: Connected) -> int:
    """Return how many credits Brightpearl has."""
    orders = connected.simulator.world.orders.by_id.values()
    return sum(order.kind == "SC" for order in orders)
