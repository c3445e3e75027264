"""Which way money went in a sale; pure.

A sale's payments are signed: change and money given back stand beside what came in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from chalicelib.connectors.lightspeed.sale_models import PaymentModel
from chalicelib.connectors.lightspeed.sale_sums import is_cash_rounding


@dataclass(frozen=True, kw_only=True)
class Move:
    """A payment and what of it counts, above zero."""

    payment: PaymentModel
    amount: Decimal


def came_in(payments: Sequence[PaymentModel]) -> list[Move]:
    """Return what customers paid, less what was given back at once."""
    return _moves(payments, 1)


def went_out(payments: Sequence[PaymentModel]) -> list[Move]:
    """Return what was given back, less what came in at once."""
    return _moves(payments, -1)


def _moves(payments: Sequence[PaymentModel], sign: int) -> list[Move]:
    """Return the payments of one direction; those of the other are taken off them.

    A payment of the same type is what change is given of; else the last one.
    """
    counted = [
        one for one in payments if not one.deleted_at and not is_cash_rounding(one.type.name)
    ]
    left = {one.id: sign * one.amount for one in counted if sign * one.amount > 0}
    for other in (one for one in counted if sign * one.amount < 0):
        owed = abs(other.amount)
        takers = [one for one in reversed(counted) if one.id in left]
        takers.sort(key=lambda one: one.type.config_id != other.type.config_id)
        for one in takers:
            taken = min(owed, left[one.id])
            left[one.id], owed = left[one.id] - taken, owed - taken
    return [Move(payment=one, amount=left[one.id]) for one in counted if left.get(one.id)]
