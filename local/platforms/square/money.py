"""The arithmetic of a till, in minor units: lines, discounts, taxes, totals that add up."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from local.platforms.square.fields import Json, money, plain

#: Countries where an inclusive tax is left out of a line's gross sales.
GROSS_WITHOUT_TAX = ("US", "CA", "JP")


@dataclass(frozen=True, kw_only=True)
class Line:
    """What a person rings up; ``price`` is of one unit, in minor units."""

    quantity: Decimal
    price: int
    variation_id: str | None = None
    name: str = "Custom amount"
    variation_name: str = ""
    catalog_version: int | None = None
    item_type: str = "ITEM"
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What applies to a whole sale; amounts in minor units, percentages as decimals."""

    currency: str
    country: str
    tax_percent: Decimal
    tax_type: str
    discount: int = 0
    discount_percent: Decimal = Decimal(0)
    tip: int = 0
    service_charge: int = 0
    rounding: int = 0
    total_off_by: int = 0

    @property
    def has_discount(self) -> bool:
        """Say whether anything is taken off."""
        return bool(self.discount or self.discount_percent)


@dataclass(frozen=True, kw_only=True)
class Priced:
    """A line with its money: ``total`` includes additive tax and has the discount taken off."""

    line: Line
    gross: int
    discount: int
    tax: int
    total: int


def to_minor(amount: Decimal) -> int:
    """Round to whole minor units, halves to even."""
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def spread(amount: int, weights: Sequence[int]) -> list[int]:
    """Split ``amount`` by weight so that the parts add up to it exactly."""
    whole = sum(weights)
    if whole == 0:
        return [amount, *[0] * (len(weights) - 1)] if weights else []
    parts = [amount * weight // whole for weight in weights]
    by_remainder = sorted(
        range(len(weights)), key=lambda n: amount * weights[n] % whole, reverse=True
    )
    for number in by_remainder[: amount - sum(parts)]:
        parts[number] += 1
    return parts


def price_lines(lines: Sequence[Line], terms: Terms) -> list[Priced]:
    """Return each line with its share of the discount, and its tax."""
    gross = [to_minor(line.quantity * line.price) for line in lines]
    if terms.discount_percent:
        off = [to_minor(amount * terms.discount_percent / 100) for amount in gross]
    else:
        off = spread(min(terms.discount, sum(gross)), gross)
    return [
        _priced(line, whole, discount, terms)
        for line, whole, discount in zip(lines, gross, off, strict=True)
    ]


def _priced(line: Line, gross: int, discount: int, terms: Terms) -> Priced:
    net = Decimal(gross - discount)
    if terms.tax_type == "INCLUSIVE":
        tax = to_minor(net * terms.tax_percent / (100 + terms.tax_percent))
        return Priced(line=line, gross=gross, discount=discount, tax=tax, total=int(net))
    tax = to_minor(net * terms.tax_percent / 100)
    return Priced(line=line, gross=gross, discount=discount, tax=tax, total=int(net) + tax)


def order_total(priced: Sequence[Priced], terms: Terms) -> int:
    """Return what the customer pays: lines, service charge, tip and rounding."""
    lines = sum(one.total for one in priced)
    return lines + terms.service_charge + terms.tip + terms.rounding + terms.total_off_by


def order_amounts(priced: Sequence[Priced], terms: Terms, paid: int) -> Json:
    """Return the fields of an order that hold its lines, taxes, discounts, charges and totals."""
    currency = terms.currency
    total = order_total(priced, terms)
    tax, discount = sum(one.tax for one in priced), sum(one.discount for one in priced)
    sums = {
        "total_money": money(total, currency),
        "tax_money": money(tax, currency),
        "discount_money": money(discount, currency),
        "tip_money": money(terms.tip, currency),
        "service_charge_money": money(terms.service_charge, currency),
    }
    body: Json = {
        "line_items": [
            _line_as_json(one, terms, number) for number, one in enumerate(priced, start=1)
        ],
        "net_amounts": sums,
        "net_amount_due_money": money(max(0, total - paid), currency),
        "total_money": sums["total_money"],
        **{f"total_{name}": value for name, value in sums.items() if name != "total_money"},
    }
    if terms.tax_percent:
        body["taxes"] = [_tax_as_json(terms, tax)]
    if terms.has_discount:
        body["discounts"] = [_discount_as_json(terms, discount)]
    if terms.service_charge:
        body["service_charges"] = [_charge_as_json(terms)]
    if terms.rounding:
        body["rounding_adjustment"] = {
            "uid": "rounding-1",
            "name": "Cash rounding",
            "amount_money": money(terms.rounding, currency),
        }
    return body


def _line_as_json(one: Priced, terms: Terms, number: int) -> Json:
    currency, line = terms.currency, one.line
    shown_gross = one.gross
    if terms.tax_type == "INCLUSIVE" and terms.country in GROSS_WITHOUT_TAX:
        shown_gross -= one.tax
    body: Json = {
        "uid": f"li-{number}",
        "name": line.name,
        "quantity": plain(line.quantity),
        "item_type": line.item_type,
        "base_price_money": money(line.price, currency),
        "variation_total_price_money": money(one.gross, currency),
        "gross_sales_money": money(shown_gross, currency),
        "total_discount_money": money(one.discount, currency),
        "total_tax_money": money(one.tax, currency),
        "total_service_charge_money": money(0, currency),
        "total_money": money(one.total, currency),
    }
    optional = {
        "variation_name": line.variation_name,
        "catalog_object_id": line.variation_id,
        "catalog_version": line.catalog_version,
        "note": line.note,
    }
    body |= {name: value for name, value in optional.items() if value}
    if terms.tax_percent:
        applied = {"uid": f"at-{number}", "tax_uid": "tax-1"}
        body["applied_taxes"] = [applied | {"applied_money": money(one.tax, currency)}]
    if one.discount:
        applied = {"uid": f"ad-{number}", "discount_uid": "discount-1"}
        body["applied_discounts"] = [applied | {"applied_money": money(one.discount, currency)}]
    return body


def _tax_as_json(terms: Terms, applied: int) -> Json:
    return {
        "uid": "tax-1",
        "name": "VAT",
        "percentage": plain(terms.tax_percent),
        "type": terms.tax_type,
        "scope": "LINE_ITEM",
        "applied_money": money(applied, terms.currency),
    }


def _discount_as_json(terms: Terms, applied: int) -> Json:
    body: Json = {
        "uid": "discount-1",
        "name": "Discount",
        "scope": "ORDER",
        "applied_money": money(applied, terms.currency),
    }
    if terms.discount_percent:
        kind: Json = {"type": "FIXED_PERCENTAGE", "percentage": plain(terms.discount_percent)}
        return body | kind
    return body | {
        "type": "FIXED_AMOUNT",
        "amount_money": money(terms.discount, terms.currency),
    }


def _charge_as_json(terms: Terms) -> Json:
    amount = money(terms.service_charge, terms.currency)
    return {
        "uid": "charge-1",
        "name": "Service charge",
        "amount_money": amount,
        "applied_money": amount,
        "total_money": amount,
        "total_tax_money": money(0, terms.currency),
        "calculation_phase": "TOTAL_PHASE",
        "taxable": False,
        "type": "CUSTOM",
    }
