"""What an order says came back, and which part of it one refund pays for; pure.

A return may be paid back by several refunds. Its lines are laid end to end on a ruler of minor
units, and each refund takes the stretch that its money covers, in the order they were made. So the
refunds together hold every line once, and each holds exactly what it paid.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from chalicelib.connectors.square.lines import APPORTIONED, amount_of, charge_line, order_line
from chalicelib.connectors.square.models import OrderModel, ReturnModel
from chalicelib.domain.money import Money
from chalicelib.domain.records import OrderLine, Payment

#: Method of the part of an exchange that goods paid for; no tender of Square has this name.
EXCHANGE = "EXCHANGE"
AMOUNT_ONLY = "Refund without goods"


@dataclass(frozen=True, kw_only=True)
class Returned:
    """Everything that came back with one order; amounts are positive, rounding is signed."""

    lines: Sequence[OrderLine]
    tip: Money
    rounding: Money

    @property
    def total(self) -> Money:
        """What all of it is worth."""
        return _gross(self.lines, self.tip.currency) + self.tip + self.rounding


@dataclass(frozen=True, kw_only=True)
class Part:
    """What one refund of a return pays for."""

    lines: Sequence[OrderLine]
    tip: Money
    rounding: Money


def returned_by(order: OrderModel, currency: str) -> Returned:
    """Return what came back with an order; nothing of an ordinary sale."""
    return Returned(
        lines=[line for one in order.returns for line in _lines(one, currency)],
        tip=sum(
            (
                _positive(amount_of(tip.applied_money, currency))
                for one in order.returns
                for tip in one.return_tips
            ),
            Money.zero(currency),
        ),
        rounding=sum(
            (
                amount_of(one.rounding_adjustment.amount_money, currency)
                for one in order.returns
                if one.rounding_adjustment
            ),
            Money.zero(currency),
        ),
    )


def paid_by_goods(order: OrderModel, returned: Returned) -> Money:
    """Return how much of an exchange goods paid for: the smaller side of it; else nothing."""
    nothing = Money.zero(returned.tip.currency)
    if not (order.line_items and order.returns):
        return nothing
    sold = amount_of(order.total_money, nothing.currency)
    return max(nothing, min(sold, returned.total, key=_amount), key=_amount)


def is_even_exchange(order: OrderModel) -> bool:
    """Say whether what was sold was worth as much as what came back, or more.

    No money goes back then, so Square makes no refund, and the order itself stands for it.
    """
    if order.total_money is None:
        return False
    returned = returned_by(order, order.total_money.currency)
    return bool(returned.total) and paid_by_goods(order, returned) == returned.total


def exchanged(order: OrderModel) -> Sequence[Payment]:
    """Return the payment of an order by goods that came back, if there were any."""
    if order.total_money is None:
        return ()
    amount = paid_by_goods(order, returned_by(order, order.total_money.currency))
    return [exchange_payment(order.id, amount, closed_at(order))] if amount else ()


def exchange_payment(order_id: str, amount: Money, at: datetime) -> Payment:
    """Return the payment by goods, the same on both sides of an exchange."""
    return Payment(id=f"exchange-{order_id}", method=EXCHANGE, amount=amount, paid_at=at)


def closed_at(order: OrderModel) -> datetime:
    """Return when goods and money changed hands."""
    return order.closed_at or order.created_at


def part_of(returned: Returned, *, before: Money, paid: Money) -> Part:
    """Return what a refund of ``paid`` pays for, after refunds of ``before`` in all.

    The first one has the rounding. What no line explains becomes a line without goods. A line that
    is cut goes with its goods to the refund that pays for its beginning; the rest of it is an
    amount.
    """
    currency = paid.currency
    zero = Money.zero(currency)
    rounding = zero if before else min(returned.rounding, paid, key=_amount)
    start = before - returned.rounding if before else zero
    end = start + paid - rounding
    lines = list(_cut(returned.lines, start.to_minor(), end.to_minor()))
    all_lines = _gross(returned.lines, currency)
    tip = _overlap(all_lines, all_lines + returned.tip, start, end)
    left = paid - rounding - tip - _gross(lines, currency)
    if left:
        lines.append(amount_only(left))
    return Part(lines=lines, tip=tip, rounding=rounding)


def amount_only(amount: Money) -> OrderLine:
    """Return the line of money that went back without goods."""
    return OrderLine(
        id="amount",
        name=AMOUNT_ONLY,
        quantity=Decimal(1),
        net=amount,
        tax=Money.zero(amount.currency),
    )


def _lines(one: ReturnModel, currency: str) -> Iterator[OrderLine]:
    taxes = {tax.uid: tax.name for tax in one.return_taxes}
    for item in one.return_line_items:
        line = _positive_line(order_line(item, taxes, currency))
        is_plain = item.item_type == "CUSTOM_AMOUNT" and not item.name
        yield replace(line, name=AMOUNT_ONLY) if is_plain else line
    for charge in one.return_service_charges:
        if charge.treatment_type != APPORTIONED:
            yield _positive_line(charge_line(charge, taxes, currency))


def _cut(lines: Sequence[OrderLine], start: int, end: int) -> Iterator[OrderLine]:
    """Yield what of the lines lies between two marks; free goods lie at the very beginning."""
    at = 0
    for line in sorted(lines, key=lambda one: bool(one.net + one.tax)):
        length = (line.net + line.tax).to_minor()
        low, high = max(start, at), min(end, at + length)
        if (low, high) == (at, at + length) and (length or start == 0):
            yield line
        elif low < high:
            yield _piece(line, low - at, high - at, length)
        at += length


def _piece(line: OrderLine, low: int, high: int, length: int) -> OrderLine:
    """Return the stretch of a line, with its share of tax and discount."""

    def share(money: Money) -> Money:
        whole = money.to_minor()
        return Money.from_minor(
            _part(whole, high, length) - _part(whole, low, length), money.currency
        )

    tax = share(line.tax)
    net = Money.from_minor(high - low, tax.currency) - tax
    piece = replace(
        line, net=net, tax=tax, discount=share(line.discount) if line.discount else None
    )
    if low == 0:
        return piece
    return replace(piece, item_id=None, quantity=Decimal(1), name=f"{line.name} (rest)")


def _part(whole: int, mark: int, length: int) -> int:
    return int((Decimal(whole * mark) / length).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _overlap(low: Money, high: Money, start: Money, end: Money) -> Money:
    length = min(high.amount, end.amount) - max(low.amount, start.amount)
    return Money(max(length, Decimal(0)), low.currency)


def _gross(lines: Sequence[OrderLine], currency: str) -> Money:
    return sum((line.net + line.tax for line in lines), Money.zero(currency))


def _positive_line(line: OrderLine) -> OrderLine:
    is_negative = (line.net + line.tax).amount < 0
    sign = -1 if is_negative else 1
    return replace(
        line,
        quantity=abs(line.quantity),
        net=Money(sign * line.net.amount, line.net.currency),
        tax=Money(sign * line.tax.amount, line.tax.currency),
        discount=_positive(line.discount) if line.discount else None,
    )


def _positive(money: Money) -> Money:
    return Money(abs(money.amount), money.currency)


def _amount(money: Money) -> Decimal:
    return money.amount
