"""Lines, charges and amounts of Square's orders as canonical records; pure.

What was sold and what came back have the same shape, so both are read here.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from chalicelib.connectors.square.models import (
    AppliedTaxModel,
    LineModel,
    MoneyModel,
    ServiceChargeModel,
)
from chalicelib.domain.money import Money
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import OrderLine, Role

#: Treatment of charges whose amounts are in the lines already.
APPORTIONED = "APPORTIONED_TREATMENT"

#: Square knows charges and no shipping: what a charge is called is all that tells them apart.
_SHIPPING = re.compile(r"shipping|shipment|deliver|postage|freight|courier", re.IGNORECASE)


def to_money(vendor: MoneyModel) -> Money:
    """Turn Square's minor units into a canonical amount.

    1990 cents in AUD become 19.90 AUD; yen has no minor unit, so 1990 stays 1990 JPY.
    """
    return Money.from_minor(vendor.amount, vendor.currency)


def amount_of(money: MoneyModel | None, currency: str) -> Money:
    """Return an amount, nothing where it is absent.

    Raises:
        SyncFailure: ``UNSUPPORTED``; it has another currency than the total.
    """
    if money is None:
        return Money.zero(currency)
    if money.currency != currency:
        raise SyncFailure(
            Reason.UNSUPPORTED,
            f"The order's total is in {currency}, and one of its amounts is in {money.currency}.",
            error_code="mixed_currencies",
        )
    return to_money(money)


def order_line(line: LineModel, taxes: Mapping[str, str], currency: str) -> OrderLine:
    """Turn a line into its canonical record; ``taxes`` are names by ``uid``."""
    tax = amount_of(line.total_tax_money, currency)
    discount = amount_of(line.total_discount_money, currency)
    names = [name for name in (line.name, line.variation_name) if name]
    return OrderLine(
        id=line.uid,
        name=" · ".join(names) or "Custom amount",
        quantity=line.quantity,
        net=amount_of(line.total_money, currency) - tax,
        tax=tax,
        item_id=line.catalog_object_id,
        tax_name=_tax_name(line.applied_taxes, taxes),
        discount=discount or None,
        role=Role.GIFT_CARD if line.item_type == "GIFT_CARD" else Role.GOODS,
    )


def charge_line(charge: ServiceChargeModel, taxes: Mapping[str, str], currency: str) -> OrderLine:
    """Turn a service charge into a line: shipping where its name says so, else a fee."""
    tax = amount_of(charge.total_tax_money, currency)
    is_shipping = _SHIPPING.search(f"{charge.type} {charge.name}") is not None
    return OrderLine(
        id=charge.uid,
        name=charge.name or "Service charge",
        quantity=Decimal(1),
        net=amount_of(charge.total_money, currency) - tax,
        tax=tax,
        tax_name=_tax_name(charge.applied_taxes, taxes),
        role=Role.SHIPPING if is_shipping else Role.FEE,
    )


def _tax_name(applied: Sequence[AppliedTaxModel], taxes: Mapping[str, str]) -> str:
    return " + ".join(taxes.get(tax.tax_uid) or tax.tax_uid for tax in applied)
