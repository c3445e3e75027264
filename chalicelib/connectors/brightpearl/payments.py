"""Payments of an order: read, compared by our key, added once.

``transactionRef`` holds the source payment's id; Brightpearl takes one once per payment method.
"""

import hashlib
from collections.abc import Iterable, Sequence
from decimal import Decimal

from chalicelib.connectors.brightpearl.client import Api
from chalicelib.connectors.brightpearl.contacts import id_of_created
from chalicelib.connectors.brightpearl.idsets import split_into_chunks
from chalicelib.connectors.brightpearl.models import PaymentModel, format_time, read_as
from chalicelib.connectors.brightpearl.sales_orders import DECIMALS, plain
from chalicelib.connectors.brightpearl.search import search_all
from chalicelib.domain.money import Money
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import SalesOrder, SalesPayment

REFERENCE_AT_MOST = 64  #: of ``transactionRef`` and ``transactionCode``
_SEARCH = "accounting-service/customer-payment-search"
_COLUMNS = (
    "paymentId",
    "transactionRef",
    "transactionCode",
    "paymentMethodCode",
    "paymentType",
    "orderId",
    "amountPaid",
)


def fetch_payments(api: Api, order_ids: Iterable[str]) -> dict[str, tuple[PaymentModel, ...]]:
    """Return the payments of orders by order id; every order asked for has an entry."""
    found: dict[str, list[PaymentModel]] = {id_: [] for id_ in order_ids}
    for chunk in split_into_chunks(found):
        for row in search_all(api, _SEARCH, {"orderId": chunk.text}, columns=_COLUMNS):
            payment = read_as(PaymentModel, row, "a payment")
            if payment.order_id in found:
                found[payment.order_id].append(payment)
    return {id_: tuple(payments) for id_, payments in found.items()}


def reference_of(key: str) -> str:
    """Return the ``transactionRef`` of a payment's key; one that is too long becomes its hash."""
    return key if len(key) <= REFERENCE_AT_MOST else hashlib.sha256(key.encode()).hexdigest()


def missing_payments(desired: SalesOrder, present: Sequence[PaymentModel]) -> list[SalesPayment]:
    """Return the payments that are not there yet; payments of nothing are never sent."""
    references = {payment.reference for payment in present}
    return [
        payment
        for payment in desired.payments
        if payment.amount and reference_of(payment.key) not in references
    ]


def check_payments(desired: SalesOrder, present: Sequence[PaymentModel]) -> None:
    """Refuse an order of which a payment is booked with another amount.

    Raises:
        SyncFailure: names both amounts.
    """
    amounts = {payment.reference: payment.received for payment in present}
    for payment in desired.payments:
        booked = amounts.get(reference_of(payment.key))
        if booked is not None and booked != payment.amount.amount:
            raise SyncFailure(
                Reason.CONFLICT,
                f"Payment {payment.key} is booked at Brightpearl with"
                f" {Money(booked, payment.amount.currency)} and is {payment.amount} at the source:"
                " correct it at Brightpearl.",
                field="amountPaid",
            )


def tell_extra(desired: SalesOrder, present: Sequence[PaymentModel]) -> str:
    """Return a sentence on payments that only Brightpearl has, empty if there are none."""
    ours = {reference_of(payment.key) for payment in desired.payments}
    extra = sum((p.received for p in present if p.reference not in ours), Decimal(0))
    if not extra:
        return ""
    return (
        f"Brightpearl has payments of {Money(extra, desired.total.currency)} more; they were left."
    )


def add_payment(api: Api, order_id: str, payment: SalesPayment) -> None:
    """Book money received; one that was booked already, unseen by the search, is left alone."""
    book_payment(api, order_id, payment, reference=reference_of(payment.key), code=payment.method)


def book_payment(
    api: Api,
    order_id: str,
    payment: SalesPayment,
    *,
    reference: str,
    code: str,
    kind: str = "RECEIPT",
) -> None:
    """Book money in, or with ``kind`` PAYMENT money out; what is booked already is left alone."""
    body = {
        "transactionRef": reference,
        "transactionCode": code[:REFERENCE_AT_MOST],
        "paymentMethodCode": payment.method,
        "paymentType": kind,
        "orderId": int(order_id),
        "currencyIsoCode": payment.amount.currency,
        # A JSON number by the reference; two decimals survive the way through a float unchanged.
        "amountPaid": float(plain(payment.amount.amount, DECIMALS)),
        "paymentDate": format_time(payment.paid_at),
        "journalRef": f"Payment {payment.key}"[:255],
    }
    try:
        id_of_created(api.post("accounting-service/customer-payment", body).value, "payment")
    except SyncFailure as failure:
        refused = failure.reason in (Reason.REJECTED_BY_TARGET, Reason.CONFLICT)
        if not (refused and _is_booked(api, order_id, reference)):
            raise


def taken_back(desired: SalesOrder, present: Sequence[PaymentModel]) -> list[PaymentModel]:
    """Return the payments booked by us that the source took back when it cancelled the order."""
    references = {reference_of(key) for key in desired.unpaid}
    return [payment for payment in present if payment.reference in references]


def remove_payment(api: Api, payment: PaymentModel) -> None:
    """Remove a payment whose money was given back; one that is gone already is fine."""
    api.delete(f"accounting-service/customer-payment/{payment.id}")


def _is_booked(api: Api, order_id: str, reference: str) -> bool:
    rows = search_all(api, _SEARCH, {"transactionRef": reference}, columns=_COLUMNS)
    return any(
        str(row.get("transactionRef")) == reference and str(row.get("orderId")) == order_id
        for row in rows
    )
