"""accounting-service: customer payments, payment methods, tax codes, nominal codes."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from local.platforms.brightpearl.api.routing import Call, Route, answer
from local.platforms.brightpearl.api.searches import Column, Search, handler_of
from local.platforms.brightpearl.faults import Checker, not_found
from local.platforms.brightpearl.formats import parse_whole
from local.platforms.brightpearl.state.payments import TYPES, Payment
from local.platforms.brightpearl.state.references import NominalCode, PaymentMethod
from local.platforms.brightpearl.world import World

REFERENCE_LENGTH = 64
METHOD_LENGTH = 36
JOURNAL_REF_LENGTH = 255


def create_payment(call: Call) -> dict[str, object]:
    """``POST customer-payment``: a reference is taken once per payment method."""
    world, document = call.world, call.document()
    check = Checker("ACCC")
    payment = _payment(world, document, check)
    same = world.payments.by_ref.get(payment.transaction_ref or "", ())
    if any(other.method == payment.method for other in same):
        check.add("transactionRef has been used with this payment method")
    check.finish()
    world.payments.add(payment)
    _tell_order(world, payment)
    return answer(payment.id)


def _payment(world: World, document: Mapping[str, Any], check: Checker) -> Payment:
    method = check.text(document, "paymentMethodCode", limit=METHOD_LENGTH, required=True)
    if method and not world.references.has_payment_method(method):
        check.add(f"paymentMethodCode {method!r} is unknown")
    kind = document.get("paymentType")
    if kind not in TYPES:
        check.add(f"paymentType must be one of {', '.join(TYPES)}")
    currency = check.text(document, "currencyIsoCode", limit=3, required=True)
    date = check.time(document, "paymentDate", required=True)
    booked = kind in ("RECEIPT", "CAPTURE", "PAYMENT")
    payment_id = next(world.payments.ids)
    return Payment(
        id=payment_id,
        transaction_ref=check.text(document, "transactionRef", limit=REFERENCE_LENGTH),
        transaction_code=check.text(document, "transactionCode", limit=REFERENCE_LENGTH),
        method=method or "",
        kind=str(kind),
        order_id=check.known(document, "orderId", world.orders.by_id),
        currency=currency or "",
        amount_paid=_amount(document, "amountPaid", check, required=booked),
        amount_authorized=_amount(document, "amountAuthorized", check, required=kind == "AUTH"),
        payment_date=date or world.clock(),
        created_on=world.clock(),
        journal_ref=check.text(document, "journalRef", limit=JOURNAL_REF_LENGTH),
        journal_id=payment_id + 10_000 if booked else None,
    )


def _amount(document: Mapping[str, Any], name: str, check: Checker, *, required: bool) -> Decimal:
    if name not in document and not required:
        return Decimal(0)
    amount = check.decimal(document, name, places=4)
    if amount < 0 or (required and amount == 0):
        check.add(f"{name} must be above 0")
    return amount


def delete_payment(call: Call) -> dict[str, object]:
    """``DELETE customer-payment/{id}``."""
    payment = call.world.payments.by_id.get(call.id())
    if payment is None:
        raise not_found(f"Payment {call.args[0]}")
    call.world.payments.remove(payment)
    _tell_order(call.world, payment)
    return {}


def _tell_order(world: World, payment: Payment) -> None:
    """The payment state of an order is part of it, so its payments modify it."""
    if payment.order_id is not None:
        world.order_changed(world.orders.by_id[payment.order_id])


def read_tax_codes(call: Call) -> dict[str, object]:
    """``GET tax-code``."""
    return answer(
        [
            {"id": t.id, "code": t.code, "description": t.description, "rate": float(t.rate)}
            for t in call.world.references.tax_codes.values()
        ]
    )


def read_nominal_codes(call: Call) -> dict[str, object]:
    """``GET nominal-code`` and ``GET nominal-code/{code}``."""
    accounts = call.world.references.nominal_codes.values()
    return answer(
        [
            {"id": account.id, "code": account.code, "name": account.name, "active": True}
            for account in accounts
            if not call.args or account.code in call.args[0].split(",")
        ]
    )


def read_payment_methods(call: Call) -> dict[str, object]:
    """``GET payment-method``."""
    return answer(
        [
            {
                "id": method.id,
                "code": method.code,
                "name": method.name,
                "active": True,
                "bankAccounts": [
                    {"currencyIsoCode": method.currency, "nominalCode": method.bank_account}
                ],
            }
            for method in call.world.references.payment_methods.values()
        ]
    )


def _payments_of_order(world: World, text: str) -> Iterable[Payment]:
    """Return the payments of one order by index, all of them when a set is asked for."""
    order_id = parse_whole(text)
    if order_id is None:
        return list(world.payments.by_id.values())
    return world.payments.by_order.get(order_id, ())


PAYMENT_SEARCH = Search[Payment](
    columns=(
        Column(name="paymentId", kind="IDSET", value=lambda w, p: p.id),
        Column(
            name="transactionRef",
            kind="STRING",
            value=lambda w, p: p.transaction_ref,
            find=lambda w, text: w.payments.by_ref.get(text, ()),
        ),
        Column(name="transactionCode", kind="STRING", value=lambda w, p: p.transaction_code),
        Column(name="paymentMethodCode", kind="STRING", value=lambda w, p: p.method),
        Column(name="paymentType", kind="STRING", value=lambda w, p: p.kind),
        Column(
            name="orderId",
            kind="IDSET",
            value=lambda w, p: p.order_id,
            find=_payments_of_order,
        ),
        Column(name="currencyId", kind="IDSET", value=lambda w, p: 1),
        Column(name="currencyCode", kind="STRING", value=lambda w, p: p.currency),
        Column(name="amountAuthorized", kind="STRING", value=lambda w, p: p.amount_authorized),
        Column(name="amountPaid", kind="STRING", value=lambda w, p: p.amount_paid),
        Column(name="expires", kind="PERIOD", value=lambda w, p: None),
        Column(name="paymentDate", kind="PERIOD", value=lambda w, p: p.payment_date),
        Column(name="createdOn", kind="PERIOD", value=lambda w, p: p.created_on),
        Column(name="journalId", kind="IDSET", value=lambda w, p: p.journal_id),
    ),
    rows=lambda world: list(world.payments.by_id.values()),
    created=lambda payment: payment.created_on,
)

PAYMENT_METHOD_SEARCH = Search[PaymentMethod](
    columns=(
        Column(name="id", kind="IDSET", value=lambda w, m: m.id),
        Column(name="code", kind="SEARCH_STRING", value=lambda w, m: m.code),
        Column(name="name", kind="SEARCH_STRING", value=lambda w, m: m.name),
        Column(name="active", kind="BOOLEAN", value=lambda w, m: True),
        Column(name="currency", kind="SEARCH_STRING", value=lambda w, m: m.currency),
        Column(name="bank_account", kind="SEARCH_STRING", value=lambda w, m: m.bank_account),
    ),
    rows=lambda world: world.references.payment_methods.values(),
)

NOMINAL_CODE_SEARCH = Search[NominalCode](
    columns=(
        Column(name="code", kind="STRING", value=lambda w, n: n.code),
        Column(name="id", kind="IDSET", value=lambda w, n: n.id),
        Column(name="name", kind="SEARCH_STRING", value=lambda w, n: n.name),
    ),
    rows=lambda world: world.references.nominal_codes.values(),
)

_S = "accounting-service"
ROUTES = (
    Route("POST", f"{_S}/customer-payment", create_payment),
    Route("DELETE", f"{_S}/customer-payment/{{}}", delete_payment),
    Route("GET", f"{_S}/customer-payment-search", handler_of(PAYMENT_SEARCH)),
    Route("GET", f"{_S}/payment-method", read_payment_methods),
    Route("GET", f"{_S}/payment-method-search", handler_of(PAYMENT_METHOD_SEARCH)),
    Route("GET", f"{_S}/tax-code", read_tax_codes),
    Route("GET", f"{_S}/nominal-code", read_nominal_codes),
    Route("GET", f"{_S}/nominal-code/{{}}", read_nominal_codes),
    Route("GET", f"{_S}/nominal-code-search", handler_of(NOMINAL_CODE_SEARCH)),
)
