"""Money given back by a credit: payments of the type PAYMENT, each booked once.

``transactionRef`` is ours with a word before it: an exchange gives one payment id to the order and
to the refund, and Brightpearl takes a reference once per payment method. ``transactionCode`` names
the refund, so that payments of ours are told from those that people booked.
"""

from collections.abc import Sequence
from decimal import Decimal

from chalicelib.connectors.brightpearl.client import Api
from chalicelib.connectors.brightpearl.models import PaymentModel
from chalicelib.connectors.brightpearl.payments import book_payment, reference_of
from chalicelib.domain.money import Money
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import SalesCredit, SalesPayment

_PREFIX = "refund-"


def refund_reference(key: str) -> str:
    """Return the ``transactionRef`` of money given back."""
    return reference_of(f"{_PREFIX}{key}")


def mark_of(desired: SalesCredit) -> str:
    """Return the ``transactionCode`` that all payments of one refund carry."""
    return reference_of(f"{_PREFIX}{desired.source_id}")


def _given_back(payment: PaymentModel) -> Decimal:
    return -payment.received


def missing_refunds(desired: SalesCredit, present: Sequence[PaymentModel]) -> list[SalesPayment]:
    """Return the payments that are not there yet; payments of nothing are never sent."""
    references = {payment.reference for payment in present}
    return [
        payment
        for payment in desired.payments
        if payment.amount and refund_reference(payment.key) not in references
    ]


def taken_back(desired: SalesCredit, present: Sequence[PaymentModel]) -> list[PaymentModel]:
    """Return the payments booked by us that the source does not have any more."""
    wanted = {refund_reference(payment.key) for payment in desired.payments if payment.amount}
    mark = mark_of(desired)
    return [one for one in present if one.code == mark and one.reference not in wanted]


def check_refunds(desired: SalesCredit, present: Sequence[PaymentModel]) -> None:
    """Refuse a credit of which a payment is booked with another amount.

    Raises:
        SyncFailure: names both amounts.
    """
    amounts = {payment.reference: _given_back(payment) for payment in present}
    for payment in desired.payments:
        booked = amounts.get(refund_reference(payment.key))
        if booked is not None and booked != payment.amount.amount:
            raise SyncFailure(
                Reason.CONFLICT,
                f"The money given back as {payment.key} is booked at Brightpearl with"
                f" {Money(booked, payment.amount.currency)} and is {payment.amount} at the source:"
                " correct it at Brightpearl.",
                field="amountPaid",
            )


def tell_extra_refunds(desired: SalesCredit, present: Sequence[PaymentModel]) -> str:
    """Return a sentence on money that only Brightpearl says was given back, else nothing."""
    ours, mark = {refund_reference(one.key) for one in desired.payments}, mark_of(desired)
    others = [one for one in present if one.reference not in ours and one.code != mark]
    extra = sum((_given_back(one) for one in others), Decimal(0))
    if not extra:
        return ""
    amount = Money(extra, desired.total.currency)
    return f"Brightpearl says that {amount} more was given back; it was left."


def add_refund(api: Api, desired: SalesCredit, credit_id: str, payment: SalesPayment) -> None:
    """Book money given back; what was booked already, unseen by the search, is left alone."""
    book_payment(
        api,
        credit_id,
        payment,
        reference=refund_reference(payment.key),
        code=mark_of(desired),
        kind="PAYMENT",
    )
