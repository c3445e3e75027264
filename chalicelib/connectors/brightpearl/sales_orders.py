"""A sales order as Brightpearl takes it, and what differs from one that is there; pure.

Rows are recognised by ``externalRef``, our line's key. Rows without one were added by people, or
are parts of a bundle that Brightpearl added itself: they are never touched. Should an account not
give ``externalRef`` back, rows with the same product, quantity and amounts count as ours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from chalicelib.connectors.brightpearl.idsets import is_id
from chalicelib.connectors.brightpearl.models import (
    OrderModel,
    PaymentModel,
    RowModel,
    format_time,
)
from chalicelib.domain.money import Money
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import SalesLine, SalesOrder

REFERENCE_AT_MOST = 64  #: of ``reference`` (API reference, order PATCH)
DECIMALS = 2  #: of ``net`` and ``tax`` (API reference, sales-order POST)


@dataclass(frozen=True, kw_only=True)
class OrderState:
    """An order as it was read, with its payments."""

    order: OrderModel
    payments: tuple[PaymentModel, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RowChanges:
    """What makes an order's rows equal to the desired lines."""

    added: tuple[SalesLine, ...] = ()
    changed: tuple[tuple[str, SalesLine], ...] = ()  #: row id, what it should be
    removed: tuple[str, ...] = ()  #: row ids

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


def total_of(order: OrderModel, currency: str) -> Money:
    """Return what an order comes to, in its own currency."""
    return Money(order.totals.total, order.currency.code or currency)


def has_same_total(desired: SalesOrder, order: OrderModel) -> bool:
    """Whether currency and total are equal to the minor unit."""
    total = total_of(order, desired.total.currency)
    same_currency = total.currency == desired.total.currency
    return same_currency and total.to_minor() == desired.total.to_minor()


def row_changes(lines: Sequence[SalesLine], order: OrderModel) -> RowChanges:
    """Return which rows to add, change and remove."""
    row_ids = {row.external_ref: id_ for id_, row in order.rows.items() if row.external_ref}
    nameless = {id_: row for id_, row in order.rows.items() if not row.external_ref}
    added, changed = [], []
    for line in lines:
        row_id = row_ids.get(line.key)
        if row_id is None:
            if not _take_equal(line, nameless):
                added.append(line)
        elif not is_equal_row(line, order.rows[row_id]):
            changed.append((row_id, line))
    keys = {line.key for line in lines}
    removed = tuple(row_id for ref, row_id in row_ids.items() if ref not in keys)
    return RowChanges(added=tuple(added), changed=tuple(changed), removed=removed)


def _take_equal(line: SalesLine, rows: dict[str, RowModel]) -> bool:
    found = next((id_ for id_, row in rows.items() if is_equal_row(line, row)), None)
    if found is not None:
        del rows[found]
    return found is not None


def is_equal_row(line: SalesLine, row: RowModel) -> bool:
    """Whether a row holds a line; free text is not compared, because people correct it."""
    same_product = line.product_id is None or line.product_id == row.product_id
    return (
        same_product
        and row.quantity.magnitude == line.quantity
        and row.value.net.value == line.net.amount
        and row.value.tax.value == line.tax.amount
    )


def check_amounts(desired: SalesOrder) -> None:
    """Refuse, before anything is written, what Brightpearl cannot book to the penny.

    Raises:
        SyncFailure: an amount has too many decimals, or the lines do not add up to the total.
    """
    for line in desired.lines:
        for amount in (line.net, line.tax):
            if amount.amount != round(amount.amount, DECIMALS):
                raise SyncFailure(
                    Reason.UNSUPPORTED,
                    f"Line {line.key} has the amount {amount.amount} {amount.currency}:"
                    f" Brightpearl takes at most {DECIMALS} decimals.",
                    field="amount",
                )
    added_up = sum((line.net.amount + line.tax.amount for line in desired.lines), Decimal(0))
    if added_up != desired.total.amount:
        sum_of_lines = Money(added_up, desired.total.currency)
        raise SyncFailure(
            Reason.AMOUNTS_DIFFER,
            f"The lines add up to {sum_of_lines} and the order's total is {desired.total}:"
            f" they differ by {sum_of_lines - desired.total}. Nothing was written.",
            field="total",
        )


def check_quantities(desired: SalesOrder, tracked: Mapping[str, bool]) -> None:
    """Refuse parts of a piece of a stock-tracked product, and products Brightpearl does not have.

    Raises:
        SyncFailure: names the line and what to do.
    """
    for line in desired.lines:
        if line.product_id is None:
            continue
        if line.product_id not in tracked:
            raise SyncFailure(
                Reason.MISSING_AT_TARGET,
                f"Line {line.key} sells product {line.product_id}, which Brightpearl does not"
                " have: restore it there, or link the product anew.",
                field="productId",
            )
        if tracked[line.product_id] and line.quantity != line.quantity.to_integral_value():
            raise SyncFailure(
                Reason.UNSUPPORTED,
                f"Line {line.key} sells {line.quantity} of product {line.product_id}, whose stock"
                " Brightpearl counts in whole pieces: sell it by the piece, or switch stock"
                " tracking off for it at Brightpearl.",
                field="quantity",
            )


def number_of(text: str, what: str) -> int:
    """Return an id from settings or mappings as the number Brightpearl takes.

    Raises:
        SyncFailure: it is not one; the sentence names the setting.
    """
    if not is_id(text):
        raise SyncFailure(
            Reason.REJECTED_BY_TARGET,
            f"The {what} {text[:40]!r} is no id of Brightpearl: choose it from the list again.",
            error_code="not_an_id",
            field=what,
        )
    return int(text)


def to_sales_order(
    desired: SalesOrder,
    *,
    contact_id: str,
    address: Mapping[str, str],
    instance_id: int | None,
) -> dict[str, Any]:
    """Return the body of a sales-order POST: the whole sale in one transaction.

    ``externalRef`` and the instance id together make it unique, so repeating it changes nothing.
    The exchange rate of another currency is left to Brightpearl's own rates.
    """
    placed_on = format_time(desired.placed_at)
    status = desired.moves_to or desired.status
    customer: dict[str, Any] = {"id": number_of(contact_id, "contact")}
    optional = {
        "channelId": number_of(desired.channel, "channel") if desired.channel else None,
        "statusId": number_of(status, "order status") if status else None,
        "priceListId": number_of(desired.price_list, "price list") if desired.price_list else None,
        "installedIntegrationInstanceId": instance_id,
    }
    return {
        "customer": {**customer, "address": dict(address)} if address else customer,
        "ref": desired.reference[:REFERENCE_AT_MOST],
        "externalRef": desired.source_id,
        "placedOn": placed_on,
        "taxDate": placed_on,
        "warehouseId": number_of(desired.warehouse, "warehouse"),
        "currency": {"code": desired.total.currency},
        "delivery": {"date": placed_on},
        "rows": [_to_row(line) for line in desired.lines],
        **{name: value for name, value in optional.items() if value is not None},
    }


def _to_row(line: SalesLine) -> dict[str, Any]:
    what: dict[str, Any] = (
        {"name": line.name}
        if line.product_id is None
        else {"productId": number_of(line.product_id, "product")}
    )
    nominal = {"nominalCode": line.nominal_code} if line.nominal_code else {}
    return {
        **what,
        "quantity": plain(line.quantity),
        "taxCode": line.tax_code,
        "net": plain(line.net.amount, DECIMALS),
        "tax": plain(line.tax.amount, DECIMALS),
        "externalRef": line.key,
        **nominal,
    }


def to_row_body(line: SalesLine) -> dict[str, Any]:
    """Return the body of the calls for single rows, which nest what the sales order has flat."""
    what: dict[str, Any] = (
        {"productName": line.name}
        if line.product_id is None
        else {"productId": number_of(line.product_id, "product")}
    )
    nominal = {"nominalCode": line.nominal_code} if line.nominal_code else {}
    return {
        **what,
        "quantity": {"magnitude": plain(line.quantity)},
        "rowValue": {
            "taxCode": line.tax_code,
            "rowNet": {"value": plain(line.net.amount, DECIMALS)},
            "rowTax": {"value": plain(line.tax.amount, DECIMALS)},
        },
        "externalRef": line.key,
        **nominal,
    }


def plain(number: Decimal, decimals: int | None = None) -> str:
    """Write a decimal without exponent: ``2``, ``0.350``; amounts with fixed decimals."""
    return f"{number:f}" if decimals is None else f"{number:.{decimals}f}"
