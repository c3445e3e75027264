"""Whether the amounts of a document fit together: what cannot add up is not booked."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from chalicelib.domain.money import Money
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import OrderLine, Payment


def check_sum(
    total: Money, lines: Iterable[OrderLine], rest: Sequence[Money], *, parts: str
) -> None:
    """Let a document pass whose lines and ``rest`` (tip, rounding) add up to its total.

    Raises:
        SyncFailure: they do not, or are in another currency; ``parts`` is what people call them.
    """
    amounts = [*(amount for line in lines for amount in (line.net, line.tax)), *rest]
    _check_currency(total, amounts, parts)
    added = Money(sum((one.amount for one in amounts), Decimal(0)), total.currency)
    if added != total:
        detail = (
            f"The {parts} add up to {added}, the total says {total}: "
            f"a difference of {total - added}."
        )
        raise SyncFailure(Reason.AMOUNTS_DIFFER, detail, field="total")


def check_payments(total: Money, payments: Iterable[Payment]) -> None:
    """Let payments pass that are in the currency of the total; how much was paid is not judged.

    Raises:
        SyncFailure: a payment is in another currency.
    """
    _check_currency(total, [payment.amount for payment in payments], "payments")


def _check_currency(total: Money, amounts: Iterable[Money], parts: str) -> None:
    """Nothing is nothing in any currency."""
    others = {one.currency for one in amounts if one} - {total.currency}
    if others:
        named = " and ".join(sorted(others))
        detail = f"The {parts} are in {named}, the total is in {total.currency}."
        raise SyncFailure(Reason.AMOUNTS_DIFFER, detail, field="total")
