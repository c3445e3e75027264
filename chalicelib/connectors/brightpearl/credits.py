"""A sales credit as Brightpearl takes it, and what may be done with one that is there; pure.

A credit has the rows of a sales order, with positive amounts; that it gives money back is its type.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from chalicelib.connectors.brightpearl.credit_models import CreditModel, CreditState
from chalicelib.connectors.brightpearl.models import OrderModel
from chalicelib.connectors.brightpearl.order_state import moves_goods
from chalicelib.connectors.brightpearl.refund_payments import (
    check_refunds,
    missing_refunds,
    taken_back,
)
from chalicelib.connectors.brightpearl.sales_orders import (
    check_amounts,
    has_same_total,
    number_of,
    row_changes,
    to_sales_order,
    total_of,
)
from chalicelib.domain.money import Money
from chalicelib.domain.platforms import Found, Wanted
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import SalesCredit, SalesOrder

#: How the merchant's own name of a status that cancels begins; there is no other sign of it.
_CANCELLED = "cancel"


def as_order(desired: SalesCredit) -> SalesOrder:
    """Return the sales order with the same rows, for what both documents have in common."""
    return SalesOrder(
        source_id=desired.source_id,
        reference=desired.reference,
        placed_at=desired.placed_at,
        customer=desired.customer,
        walk_in_contact=desired.walk_in_contact,
        lines=desired.lines,
        payments=(),
        total=desired.total,
        warehouse=desired.warehouse,
        channel=desired.channel,
        status=desired.status,
        cancelled_status="",
        price_list=desired.price_list,
        cancelled=False,
        stock="none",
    )


def to_sales_credit(
    desired: SalesCredit, *, contact_id: str, address: dict[str, str], instance_id: int | None
) -> dict[str, Any]:
    """Return the body of a sales-credit POST.

    ``externalRef`` and the instance id together make it unique, as they do an order.
    """
    body = to_sales_order(
        as_order(desired), contact_id=contact_id, address=address, instance_id=instance_id
    )
    del body["delivery"]  # nothing is delivered
    parent = {"parentId": number_of(desired.order_id, "order")} if desired.order_id else {}
    return body | parent


def check_credit(desired: SalesCredit) -> None:
    """Refuse, before anything is written, what Brightpearl cannot book to the penny.

    Raises:
        SyncFailure: an amount has too many decimals, or the lines do not add up to the total.
    """
    lines = sum((line.net.amount + line.tax.amount for line in desired.lines), Decimal(0))
    if lines != desired.total.amount:
        added_up = Money(lines, desired.total.currency)
        raise SyncFailure(
            Reason.AMOUNTS_DIFFER,
            f"The lines of the refund add up to {added_up} and its total is {desired.total}:"
            f" they differ by {added_up - desired.total}. Nothing was written.",
            field="total",
        )
    check_amounts(as_order(desired))


def check_parent(desired: SalesCredit, parent: OrderModel | None) -> OrderModel:
    """Return the order of a refund if it is there, in the same currency and not cancelled.

    An order that is not paid there is credited all the same: money moves at the source.

    Raises:
        SyncFailure: names the order and what to do.
    """
    if parent is None:
        raise SyncFailure(
            Reason.MISSING_AT_TARGET,
            f"Order {desired.order_id}, which this refund gives back, is not at Brightpearl:"
            " restore it there or re-sync the order, then this refund.",
            field="order",
        )
    currency = total_of(parent, desired.total.currency).currency
    if currency != desired.total.currency:
        raise SyncFailure(
            Reason.CONFLICT,
            f"Order {parent.id} is in {currency} at Brightpearl and the refund is in"
            f" {desired.total.currency}: a credit has its order's currency."
            " Credit it by hand.",
            field="currency",
        )
    if parent.status.name.strip().lower().startswith(_CANCELLED):
        raise SyncFailure(
            Reason.WRONG_STATE,
            f"Order {parent.id} has the status {parent.status.name.strip()} at Brightpearl, so"
            " there is nothing to credit: give it another status there, then re-sync.",
            field="order",
        )
    return parent


def check_remaining(
    desired: SalesCredit, parent: OrderModel, others: Iterable[CreditModel]
) -> None:
    """Refuse a refund of more than the order's other credits leave of it.

    Raises:
        SyncFailure: names what is left and what was to be given back.
    """
    total = total_of(parent, desired.total.currency)
    credited = sum((credit.totals.total for credit in others), Decimal(0))
    left = Money(total.amount - credited, total.currency)
    if desired.total.amount > left.amount:
        before = f" after credits of {Money(credited, total.currency)}" if credited else ""
        raise SyncFailure(
            Reason.REJECTED_BY_TARGET,
            f"The refund of {desired.total} is more than the {left} that is left of order"
            f" {parent.id}{before}. Nothing was written: correct the refund, or the credits at"
            " Brightpearl.",
            error_code="more_than_remains",
            field="total",
        )


def is_same_parent(desired: SalesCredit, credit: CreditModel) -> bool:
    """Whether the credit gives back the order it should; neither may have one."""
    return (desired.order_id or "") == credit.parent_id


def is_restocked(desired: SalesCredit, state: CreditState) -> bool:
    """Whether goods that are to come back did, or there are none."""
    products = any(row.product_id for row in state.credit.rows.values())
    return not desired.restock or state.came_in or not products


def is_equal(desired: SalesCredit, state: CreditState) -> bool:
    """Whether nothing is left to do; the status belongs to people once the credit is made."""
    return (
        has_same_total(as_order(desired), state.credit)
        and not row_changes(desired.lines, state.credit)
        and is_same_parent(desired, state.credit)
        and is_restocked(desired, state)
        and not missing_refunds(desired, state.payments)
        and not taken_back(desired, state.payments)
        and _has_right_payments(desired, state)
    )


def _has_right_payments(desired: SalesCredit, state: CreditState) -> bool:
    try:
        check_refunds(desired, state.payments)
    except SyncFailure:
        return False
    return True


def to_found(wanted: Wanted[SalesCredit], state: CreditState) -> Found:
    """Say what was found for a wanted credit; it is handed back whole for the write."""
    credit = state.credit
    return Found(
        target_id=credit.id,
        equal=is_equal(wanted.desired, state),
        ours=wanted.target_id == credit.id,
        total=str(total_of(credit, wanted.desired.total.currency)),
        status=credit.status.id,
        state=state,
    )


def check_may_change(desired: SalesCredit, state: CreditState) -> None:
    """Let a credit pass that can be brought in step, or needs nothing.

    Raises:
        SyncFailure: it is of another order, or differs although it is invoiced, in another
            currency, or its goods came back into stock.
    """
    credit = state.credit
    if not is_same_parent(desired, credit):
        there = f"order {credit.parent_id}" if credit.parent_id else "no order"
        here = f"order {desired.order_id}" if desired.order_id else "none"
        raise SyncFailure(
            Reason.CONFLICT,
            f"Credit {credit.id} gives back {there} at Brightpearl and {here} at the source, and"
            " that cannot be changed: delete it there, then re-sync.",
            field="parentId",
        )
    changes = row_changes(desired.lines, credit)
    if not changes and has_same_total(as_order(desired), credit):
        return
    if credit.invoice:
        raise _contradiction(desired, credit, f"is invoiced as {credit.invoice}")
    total = total_of(credit, desired.total.currency)
    if total.currency != desired.total.currency:
        raise _contradiction(desired, credit, f"is in {total.currency}")
    if state.came_in and moves_goods(changes, credit):
        raise _contradiction(desired, credit, "has goods that came back into stock")


def _contradiction(desired: SalesCredit, credit: CreditModel, why: str) -> SyncFailure:
    total = total_of(credit, desired.total.currency)
    return SyncFailure(
        Reason.CONFLICT,
        f"Credit {credit.id} {why} and cannot be changed: it comes to {total} at Brightpearl and"
        f" to {desired.total} at the source. Correct it at Brightpearl.",
        field="total",
    )


def check_total(desired: SalesCredit, credit: CreditModel) -> None:
    """Make sure that what Brightpearl holds after writing comes to the source's total.

    Raises:
        SyncFailure: names both totals.
    """
    if has_same_total(as_order(desired), credit):
        return
    total = total_of(credit, desired.total.currency)
    raise SyncFailure(
        Reason.AMOUNTS_DIFFER,
        f"Credit {credit.id} comes to {total} at Brightpearl and to {desired.total} at the source:"
        " look for rows that were added or changed there.",
        field="total",
    )
