"""Square's orders and customers as canonical records; pure."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from chalicelib.connectors.square.lines import APPORTIONED, amount_of, charge_line, order_line
from chalicelib.connectors.square.models import CustomerModel, OrderModel, TenderModel
from chalicelib.connectors.square.returned import exchanged
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Customer, Order, Payment

PLATFORM = "Square"
#: ``returns_of`` of goods that came back without saying which sale they were part of.
UNKNOWN_SALE = "unknown"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STATES = {"OPEN": "open", "COMPLETED": "completed", "CANCELED": "cancelled", "DRAFT": "draft"}
#: Names the tills themselves put into ``source.name``: they say no more than "Square".
_TILL_NAMES = ("", "square", "square point of sale", "point of sale", "square pos")
#: Card payments that brought no money: released, refused, or only reserved so far.
_NOT_PAID = ("VOIDED", "FAILED", "AUTHORIZED")


def version_of(at: datetime) -> int:
    """Return a time as the version of a record: whole milliseconds since 1970."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


def to_order(order: OrderModel, customer: Customer | None = None) -> Order:
    """Turn an order into its canonical record.

    A line's net is its total less its tax, for additive and inclusive tax alike; discounts of the
    order are spread over the lines by Square already, and so are apportioned service charges.

    In an exchange the goods that came back pay for part of the order, or all of it.

    Raises:
        SyncFailure: ``UNSUPPORTED``; an amount has another currency than the total.
    """
    currency = _currency_of(order)
    taxes = {tax.uid: tax.name for tax in order.taxes}
    updated_at = order.updated_at or order.created_at
    return Order(
        id=order.id,
        location=order.location_id,
        state=_STATES.get(order.state, order.state.lower()),
        placed_at=order.created_at,
        closed_at=order.closed_at,
        updated_at=updated_at,
        version=version_of(updated_at),
        status=order.state,
        lines=[order_line(line, taxes, currency) for line in order.line_items],
        service_charges=[
            charge_line(charge, taxes, currency)
            for charge in order.service_charges
            if charge.treatment_type != APPORTIONED
        ],
        tip=amount_of(order.total_tip_money, currency),
        rounding=amount_of(order.rounding_money, currency),
        discount=amount_of(order.total_discount_money, currency),
        total=amount_of(order.total_money, currency),
        tax=amount_of(order.total_tax_money, currency),
        payments=[*_payments(order.tenders, currency, updated_at), *exchanged(order)],
        unpaid=[_payment_id(one) for one in order.tenders if not _is_money_received(one)],
        customer=customer,
        source=source_of(order.source.name),
        reference=order.reference_id,
        returns_of=_returns_of(order),
    )


def source_of(name: str) -> str:
    """Return where an order was made, as people call it: "Square", or "Square · Online Store"."""
    return PLATFORM if name.strip().lower() in _TILL_NAMES else f"{PLATFORM} · {name.strip()}"


def to_customer(customer: CustomerModel) -> Customer:
    """Turn a customer profile into its canonical record."""
    address = {
        "line1": customer.address.address_line_1,
        "line2": customer.address.address_line_2,
        "city": customer.address.locality,
        "state": customer.address.administrative_district_level_1,
        "postcode": customer.address.postal_code,
        "country": customer.address.country,
    }
    return Customer(
        id=customer.id,
        given_name=customer.given_name,
        family_name=customer.family_name,
        company=customer.company_name,
        email=customer.email_address,
        phone=customer.phone_number,
        address={name: value for name, value in address.items() if value},
        source=PLATFORM,
        version=version_of(customer.updated_at) if customer.updated_at else None,
        updated_at=customer.updated_at,
    )


def _payments(
    tenders: Sequence[TenderModel], currency: str, otherwise_at: datetime
) -> list[Payment]:
    return [
        Payment(
            id=_payment_id(tender),
            method=tender.type,
            amount=amount_of(tender.amount_money, currency),
            paid_at=tender.created_at or otherwise_at,
            tip=amount_of(tender.tip_money, currency) or None,
        )
        for tender in tenders
        if _is_money_received(tender)
    ]


def _payment_id(tender: TenderModel) -> str:
    return tender.payment_id or tender.id


def _is_money_received(tender: TenderModel) -> bool:
    card_status = tender.card_details.status if tender.card_details else ""
    has_amount = tender.amount_money is not None and tender.amount_money.amount != 0
    return has_amount and card_status not in _NOT_PAID


def _returns_of(order: OrderModel) -> str | None:
    """Return the sale whose goods came back; None for a sale, exchanges included."""
    if order.line_items or not order.returns:
        return None
    sources = (one.source_order_id for one in order.returns if one.source_order_id)
    return next(sources, UNKNOWN_SALE)


def _currency_of(order: OrderModel) -> str:
    """Return the currency of an order; one without a total has nothing that could be synced."""
    if order.total_money is None:
        raise SyncFailure(
            Reason.UNSUPPORTED,
            "Square's order cannot be read: total_money is missing.",
            error_code="unreadable",
            field="total_money",
        )
    return order.total_money.currency
