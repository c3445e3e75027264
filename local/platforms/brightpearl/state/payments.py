"""Customer payments; a reference is unique together with its payment method."""

import itertools
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from local.platforms.sender import Clock

TYPES = ("RECEIPT", "PAYMENT", "AUTH", "CAPTURE", "VOID")
SIGNS = {"RECEIPT": 1, "CAPTURE": 1, "PAYMENT": -1}


@dataclass(frozen=True, kw_only=True)
class Payment:
    id: int
    transaction_ref: str | None
    transaction_code: str | None
    method: str
    kind: str
    order_id: int | None
    currency: str
    amount_paid: Decimal
    amount_authorized: Decimal
    payment_date: datetime
    created_on: datetime
    journal_ref: str | None
    journal_id: int | None


@dataclass(kw_only=True)
class Payments:
    """Payments by id, order and reference."""

    clock: Clock
    by_id: dict[int, Payment] = field(default_factory=dict)
    by_order: dict[int, list[Payment]] = field(default_factory=lambda: defaultdict(list))
    by_ref: dict[str, list[Payment]] = field(default_factory=lambda: defaultdict(list))
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(701))

    def add(self, payment: Payment) -> None:
        """Store a payment."""
        self.by_id[payment.id] = payment
        if payment.order_id is not None:
            self.by_order[payment.order_id].append(payment)
        if payment.transaction_ref:
            self.by_ref[payment.transaction_ref].append(payment)

    def remove(self, payment: Payment) -> None:
        """Forget a payment."""
        del self.by_id[payment.id]
        if payment.order_id is not None:
            self.by_order[payment.order_id].remove(payment)
        if payment.transaction_ref:
            self.by_ref[payment.transaction_ref].remove(payment)

    def paid(self, order_id: int) -> Decimal:
        """Return the money in, less the money out, of an order."""
        payments = self.by_order.get(order_id, ())
        return sum((SIGNS.get(p.kind, 0) * p.amount_paid for p in payments), Decimal(0))
