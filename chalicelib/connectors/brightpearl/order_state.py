"""Where an order stands against what is desired, and what may still be done with it; pure."""

from decimal import Decimal

from chalicelib.connectors.brightpearl import goods
from chalicelib.connectors.brightpearl.models import OrderModel
from chalicelib.connectors.brightpearl.payments import (
    check_payments,
    missing_payments,
    taken_back,
)
from chalicelib.connectors.brightpearl.sales_orders import (
    OrderState,
    RowChanges,
    has_same_total,
    row_changes,
    total_of,
)
from chalicelib.domain.money import Money
from chalicelib.domain.platforms import Found, Wanted
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import SalesOrder
from chalicelib.domain.statuses import Outcome


def to_found(wanted: Wanted[SalesOrder], state: OrderState) -> Found:
    """Say what was found for a wanted order; it is handed back whole for the write."""
    order = state.order
    return Found(
        target_id=order.id,
        equal=is_equal(wanted.desired, state),
        ours=wanted.target_id == order.id,
        total=str(total_of(order, wanted.desired.total.currency)),
        status=order.status.id,
        taken=goods.is_taken(order),
        state=state,
    )


def is_equal(desired: SalesOrder, state: OrderState) -> bool:
    """Whether nothing is left to do.

    The order's status is ours at creation, for a cancellation, and where the source's own has
    changed: in between people move it on.
    """
    order = state.order
    if cancels(desired):
        return is_undone(desired, state)
    if is_cancelled(desired, order):
        return False
    return (
        has_status(desired, order)
        and has_same_total(desired, order)
        and not row_changes(desired.lines, order)
        and not is_contact_missing(desired, order)
        and goods.is_as_wanted(desired, order)
        and not missing_payments(desired, state.payments)
        and _has_right_payments(desired, state)
    )


def is_undone(desired: SalesOrder, state: OrderState) -> bool:
    """Whether a cancelled order has its status, our payments are off and its goods are free.

    People may have cancelled it at Brightpearl, where payments and reservations stay.
    """
    if not status_of(desired) or not has_status(desired, state.order):
        return False
    return not taken_back(desired, state.payments) and not holds_goods(state.order)


def holds_goods(order: OrderModel) -> bool:
    """Whether goods are set aside that never left."""
    left = order.shipping in (goods.ALL_SHIPPED, goods.PART_SHIPPED)
    return not left and order.allocation in (goods.ALL_ALLOCATED, goods.PART_ALLOCATED)


def cancels(desired: SalesOrder) -> bool:
    """Whether the order is to be cancelled, by its state or by the status it moves to."""
    moved = bool(desired.moves_to) and desired.moves_to == desired.cancelled_status
    return desired.cancelled or moved


def status_of(desired: SalesOrder) -> str:
    """Return the status that the order has to have now; empty: whatever people gave it."""
    return desired.moves_to or (desired.cancelled_status if desired.cancelled else "")


def has_status(desired: SalesOrder, order: OrderModel) -> bool:
    """Whether the order has the status it has to have."""
    wanted = status_of(desired)
    return not wanted or order.status.id == wanted


def _has_right_payments(desired: SalesOrder, state: OrderState) -> bool:
    try:
        check_payments(desired, state.payments)
    except SyncFailure:
        return False
    return True


def is_cancelled(desired: SalesOrder, order: OrderModel) -> bool:
    """Whether the order has the status that stands for cancelled."""
    return bool(desired.cancelled_status) and order.status.id == desired.cancelled_status


def is_contact_missing(desired: SalesOrder, order: OrderModel) -> bool:
    """Whether an order of the walk-in contact has a buyer by now.

    Any other contact stays: people merge and correct contacts. An invoiced order cannot change.
    """
    named = desired.customer is not None and bool(desired.customer.email.strip())
    contact = order.parties.customer.contact_id
    return named and not order.invoice and bool(contact) and contact == desired.walk_in_contact


def moves_goods(changes: RowChanges, order: OrderModel) -> bool:
    """Whether rows that change or go hold pieces of a product, or such rows are added."""
    for row_id, line in changes.changed:
        row = order.rows[row_id]
        if row.quantity.magnitude != line.quantity or row.product_id != (line.product_id or ""):
            return True
    removed = any(order.rows[row_id].product_id for row_id in changes.removed)
    return removed or any(line.product_id for line in changes.added)


def _takes_goods_back(changes: RowChanges, order: OrderModel) -> bool:
    without_new = RowChanges(changed=changes.changed, removed=changes.removed)
    return moves_goods(without_new, order)


def check_may_change(desired: SalesOrder, order: OrderModel) -> None:
    """Let an order pass that can be brought in step, or needs nothing.

    Raises:
        SyncFailure: it was cancelled at Brightpearl alone, or differs although it is invoiced or
            shipped.
    """
    if is_cancelled(desired, order) and not desired.moves_to:
        raise SyncFailure(
            Reason.WRONG_STATE,
            f"Order {order.id} was cancelled at Brightpearl and is not at the source: give it"
            " another status there, or cancel it at the source.",
        )
    changes = row_changes(desired.lines, order)
    if not changes and has_same_total(desired, order):
        return
    if order.invoice:
        raise _contradiction(desired, order, f"is invoiced as {order.invoice}")
    total = total_of(order, desired.total.currency)
    if total.currency != desired.total.currency:
        raise _contradiction(desired, order, f"is in {total.currency}")
    if order.shipping in (goods.ALL_SHIPPED, goods.PART_SHIPPED) and _takes_goods_back(
        changes, order
    ):
        raise _contradiction(desired, order, "has goods that were shipped")


def _contradiction(desired: SalesOrder, order: OrderModel, why: str) -> SyncFailure:
    total = total_of(order, desired.total.currency)
    return SyncFailure(
        Reason.CONFLICT,
        f"Order {order.id} {why} and cannot be changed: it comes to {total} at Brightpearl and to"
        f" {desired.total} at the source. Correct it at Brightpearl, with a credit if need be.",
        field="total",
    )


def check_may_cancel(state: OrderState) -> None:
    """Let an order pass that Brightpearl allows to be cancelled.

    Raises:
        SyncFailure: names everything that is in the way.
    """
    order = state.order
    paid = sum((payment.received for payment in state.payments), start=Decimal(0))
    blocks = [
        f"it is invoiced as {order.invoice}" if order.invoice else "",
        f"payments of {Money(paid, order.currency.code)} are booked" if paid else "",
        "goods were shipped" if order.shipping in (goods.ALL_SHIPPED, goods.PART_SHIPPED) else "",
    ]
    if any(blocks):
        raise SyncFailure(
            Reason.WRONG_STATE,
            f"Order {order.id} was cancelled at the source and cannot be at Brightpearl:"
            f" {', '.join(filter(None, blocks))}. Undo that, or make a sales credit.",
        )


def check_total(desired: SalesOrder, order: OrderModel) -> None:
    """Make sure that what Brightpearl holds after writing comes to the source's total.

    Raises:
        SyncFailure: names both totals.
    """
    if has_same_total(desired, order):
        return
    total = total_of(order, desired.total.currency)
    raise SyncFailure(
        Reason.AMOUNTS_DIFFER,
        f"Order {order.id} comes to {total} at Brightpearl and to {desired.total} at the source:"
        " look for rows that were added or changed there.",
        field="total",
    )


def outcome_of(wanted: Wanted[SalesOrder], found: Found | None, *, wrote: bool) -> Outcome:
    """Name what happened: finishing an order we began ourselves counts as creating it."""
    if found is None:
        return Outcome.CREATED
    if not wrote:
        return Outcome.UNCHANGED
    if wanted.target_id is not None:
        return Outcome.UPDATED
    begun = found.state.order.external_ref == wanted.desired.source_id
    return Outcome.CREATED if begun else Outcome.ADOPTED
