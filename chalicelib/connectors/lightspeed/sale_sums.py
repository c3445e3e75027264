"""What a sale amounts to, to the minor unit; pure.

Lightspeed keeps prices without tax at five decimals, so nothing adds up before it is rounded.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from itertools import product

from chalicelib.connectors.lightspeed.sale_models import (
    AdjustmentModel,
    LineModel,
    PaymentModel,
    SaleModel,
)

NOTHING = Decimal(0)
TIP, DISCOUNT = "TIP", "DISCOUNT"
CASH_ROUNDING = "cash rounding"  #: payment type some tills book the gap under


@dataclass(frozen=True, kw_only=True)
class Amount:
    """Net and tax."""

    net: Decimal
    tax: Decimal

    @property
    def gross(self) -> Decimal:
        """Both together."""
        return self.net + self.tax

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(net=self.net + other.net, tax=self.tax + other.tax)

    def __neg__(self) -> "Amount":
        return Amount(net=-self.net, tax=-self.tax)

    def part(self, share: Decimal) -> "Amount":
        """Return a share of it."""
        return Amount(net=self.net * share, tax=self.tax * share)


@dataclass(frozen=True, kw_only=True)
class Item:
    """A line with what it amounts to, and the discount that is in that already; both positive."""

    line: LineModel
    amount: Amount
    discount: Decimal


@dataclass(frozen=True, kw_only=True)
class Extra:
    """A fee or charge of the whole sale."""

    id: str
    name: str
    amount: Amount
    is_delivery: bool = False


@dataclass(frozen=True, kw_only=True)
class Sums:
    """A sale taken apart; amounts are rounded, and ``total`` is below zero where money went out."""

    sold: Sequence[Item]
    returned: Sequence[Item]
    extras: Sequence[Extra]
    tip: Decimal
    rounding: Decimal
    total: Decimal

    @property
    def sold_total(self) -> Decimal:
        """What the goods sold, with the fees and the tip, come to; without rounding."""
        return (
            _gross(self.sold) + sum((one.amount.gross for one in self.extras), NOTHING) + self.tip
        )

    @property
    def returned_total(self) -> Decimal:
        """What the goods that came back come to; without rounding."""
        return _gross(self.returned)


def sums_of(
    sale: SaleModel, *, step: Decimal, discount_product: str = "", cash_step: Decimal = NOTHING
) -> Sums:
    """Take a sale apart so that its parts add up to the minor unit.

    Lines are rounded one after another, each to what brings their sum next to the exact one. What
    is left to the sale's own total is rounding as long as it is no more than one ``step`` for each
    line; more is left to be seen as a difference.

    Args:
        step: the minor unit, 0.01.
        discount_product: product that stands for a discount of the whole sale.
        cash_step: what the tills round cash to.
    """
    tip, extras = _extras_of(sale)
    added = tip + sum((one.amount.gross for one in extras), NOTHING)
    discount = _discount_of(sale)
    lines = sum((line.net + line.tax_total for line in sale.lines), NOTHING)
    slack = step * (len(sale.lines) + len(sale.adjustments) + len(sale.ecom_custom_charges))
    reported = sale.totals.gross
    takes_discount, exact = _matching(lines, discount.gross, added, reported, slack)
    items = _items(sale, discount_product, discount if takes_discount else None)
    gap = _cash_gap(sale, _rounded(exact, step), cash_step, step)
    made = Sums(
        sold=_rounded_items([one for one in items if not one.line.comes_back], step),
        returned=_rounded_items([one for one in items if one.line.comes_back], step),
        extras=[replace(one, amount=_rounded_amount(one.amount, step)) for one in extras],
        tip=_rounded(tip, step),
        rounding=NOTHING,
        total=_rounded(exact, step) + gap,
    )
    left = made.total - gap - (made.sold_total - made.returned_total)
    return replace(made, rounding=gap + (left if abs(left) <= slack else NOTHING))


def _matching(
    lines: Decimal, discount: Decimal, added: Decimal, reported: Decimal | None, slack: Decimal
) -> tuple[bool, Decimal]:
    """Say whether a discount of the sale is still to be taken off its lines, and what it comes to.

    Neither is documented: whether lines hold the discount, and whether totals hold tips and fees.
    The reported total tells which it is.
    """
    if reported is None:
        return True, lines + discount + added
    for takes_discount, has_added in product((True, False), repeat=2):
        expected = lines + (discount if takes_discount else 0) + (added if has_added else 0)
        if abs(expected - reported) <= slack:
            return takes_discount, reported if has_added else reported + added
    return False, reported


def _items(sale: SaleModel, discount_product: str, discount: Amount | None) -> list[Item]:
    """Return the lines as they amount to, with discounts of the whole sale spread over them."""
    items: list[Item] = []
    for comes_back in (False, True):
        lines = [line for line in sale.lines if line.comes_back is comes_back]
        goods = [line for line in lines if not _is_discount(line, discount_product)]
        off = [_amount(line) for line in lines if _is_discount(line, discount_product)]
        if not goods:
            items += [_item(line, _amount(line)) for line in lines]
            continue
        if discount is not None and (not comes_back or not items):
            off.append(-discount if comes_back else discount)
            discount = None
        items += _spread(goods, sum(off, Amount(net=NOTHING, tax=NOTHING)))
    return items


def _spread(lines: Sequence[LineModel], off: Amount) -> Iterator[Item]:
    """Yield items with their shares of what is taken off all of them, by what they come to."""
    amounts = [_amount(line) for line in lines]
    whole = sum((amount.gross for amount in amounts), NOTHING)
    for line, amount in zip(lines, amounts, strict=True):
        share = off.part(amount.gross / whole if whole else Decimal(1) / len(lines))
        item = _item(line, amount + share)
        yield replace(item, discount=item.discount + max(NOTHING, -share.net))


def _item(line: LineModel, amount: Amount) -> Item:
    return Item(line=line, amount=amount, discount=line.discount)


def _amount(line: LineModel) -> Amount:
    """Return what a line comes to, above zero for what comes back too."""
    amount = Amount(net=line.net, tax=line.tax_total)
    return -amount if line.comes_back else amount


def _is_discount(line: LineModel, discount_product: str) -> bool:
    return bool(discount_product) and line.product.id == discount_product


def _extras_of(sale: SaleModel) -> tuple[Decimal, list[Extra]]:
    """Return the tip, and fees and charges that are no lines."""
    tips = [one for one in sale.adjustments if _kind(one) == TIP]
    fees = [
        Extra(
            id=f"adjustment-{number}",
            name=one.name or "Fee",
            amount=Amount(net=one.total, tax=one.tax),
        )
        for number, one in enumerate(sale.adjustments)
        if _kind(one) not in (TIP, DISCOUNT)
    ]
    charges = [
        Extra(
            id=f"charge-{number}",
            name=one.name or "Delivery",
            amount=Amount(net=one.total, tax=one.total_tax),
            is_delivery=True,
        )
        for number, one in enumerate(sale.ecom_custom_charges)
    ]
    return sum((one.total + one.tax for one in tips), NOTHING), [*fees, *charges]


def _discount_of(sale: SaleModel) -> Amount:
    """Return the discounts of the whole sale, below zero however they are signed."""
    found = [one for one in sale.adjustments if _kind(one) == DISCOUNT]
    return Amount(
        net=-abs(sum((one.total for one in found), NOTHING)),
        tax=-abs(sum((one.tax for one in found), NOTHING)),
    )


def _kind(adjustment: AdjustmentModel) -> str:
    return adjustment.adjustment_type.upper()


def is_cash_rounding(name: str) -> bool:
    """Whether a payment type only holds the gap that cash leaves."""
    return name.strip().casefold() == CASH_ROUNDING


def _cash_gap(sale: SaleModel, total: Decimal, cash_step: Decimal, step: Decimal) -> Decimal:
    """Return what a cash customer paid more or less than the total, because coins are that big."""
    paid = [one for one in sale.payments if not one.deleted_at]
    real = [one for one in paid if not is_cash_rounding(one.type.name)]
    if sale.state != "closed" or not real:
        return NOTHING
    gap = _rounded(_sum(real), step) - total
    # The booked gap is what brings the payments back to the total.
    is_booked = len(real) < len(paid) and _rounded(_sum(paid), step) == total
    is_cash = any("cash" in one.type.name.casefold() for one in real)
    return gap if is_booked or (is_cash and abs(gap) < cash_step) else NOTHING


def _rounded_items(items: Sequence[Item], step: Decimal) -> list[Item]:
    """Round lines one after another, so that the sum of the rounded is the rounded sum."""
    gross = tax = NOTHING
    rounded: list[Item] = []
    for item in items:
        gross_before, tax_before = _rounded(gross, step), _rounded(tax, step)
        gross, tax = gross + item.amount.gross, tax + item.amount.tax
        own_tax = _rounded(tax, step) - tax_before
        own = _rounded(gross, step) - gross_before
        amount = Amount(net=own - own_tax, tax=own_tax)
        rounded.append(replace(item, amount=amount, discount=_rounded(item.discount, step)))
    return rounded


def _rounded_amount(amount: Amount, step: Decimal) -> Amount:
    tax = _rounded(amount.tax, step)
    return Amount(net=_rounded(amount.gross, step) - tax, tax=tax)


def _rounded(value: Decimal, step: Decimal) -> Decimal:
    return value.quantize(step, rounding=ROUND_HALF_UP)


def _sum(payments: Sequence[PaymentModel]) -> Decimal:
    return sum((one.amount for one in payments), NOTHING)


def _gross(items: Sequence[Item]) -> Decimal:
    return sum((one.amount.gross for one in items), NOTHING)
