"""How an order is shown: amounts as text with four decimals, rows as a map, codes for its state."""

from decimal import Decimal
from typing import Any

from local.platforms.brightpearl.api.routing import without_nulls, written
from local.platforms.brightpearl.formats import four_places
from local.platforms.brightpearl.state.orders import Order, Row
from local.platforms.brightpearl.world import World

COUNTRIES = {"GBR": "GB", "IRL": "IE", "USA": "US", "FRA": "FR", "DEU": "DE", "AUS": "AU"}


def order_document(world: World, order: Order) -> dict[str, object]:
    """Return an order as ``GET order`` shows it."""
    time = written(world)
    return without_nulls(
        {
            "id": order.id,
            "parentOrderId": order.parent_id or 0,
            "orderTypeCode": order.kind,
            "reference": order.ref or "",
            "externalRef": order.external_ref,
            "installedIntegrationInstanceId": order.instance_id,
            "version": order.version,
            "orderStatus": {
                "orderStatusId": order.status_id,
                "name": world.references.statuses[order.status_id].name,
            },
            "orderPaymentStatus": payment_status(world, order),
            "stockStatusCode": stock_status(world, order),
            "allocationStatusCode": allocation_status(world, order),
            "shippingStatusCode": shipping_status(world, order),
            "placedOn": time(order.placed_on),
            "createdOn": time(order.created_on),
            "updatedOn": time(order.updated_on),
            "createdById": 4,
            "priceListId": order.price_list_id,
            "priceModeCode": order.price_mode,
            "delivery": _delivery(world, order),
            "invoices": [_invoice(world, order)],
            "currency": _currency(world, order),
            "totalValue": _totals(order),
            "assignment": {"current": without_nulls({"channelId": order.channel_id})},
            "parties": _parties(order),
            "warehouseId": order.warehouse_id,
            "orderRows": {str(row.id): _row(order, row, n) for n, row in _numbered(order)},
        }
    )


def payment_status(world: World, order: Order) -> str:
    """UNPAID, PARTIALLY_PAID, PAID, or NOT_APPLICABLE for an order worth nothing."""
    total, paid = order.net + order.tax, world.payments.paid(order.id)
    if order.kind == "SC":
        paid = -paid  # money goes out
    if total == 0 and paid == 0:
        return "NOT_APPLICABLE"
    if paid <= 0:
        return "UNPAID"
    return "PAID" if paid >= total else "PARTIALLY_PAID"


def allocation_status(world: World, order: Order) -> str:
    """ANR nothing to allocate, ANA nothing, APA a part, AAA all of it allocated."""
    wanted = _tracked(world, order)
    return _share(
        [(world.stock.reserved(order.id, row.id), row) for row in wanted],
        nothing_to_do="ANR",
        none="ANA",
        part="APA",
        everything="AAA",
    )


def shipping_status(world: World, order: Order) -> str:
    """NST nothing to ship, SNS nothing, SPS a part, ASS all of it shipped."""
    wanted = _tracked(world, order)
    return _share(
        [(world.stock.shipped(order.id, row.id), row) for row in wanted],
        nothing_to_do="NST",
        none="SNS",
        part="SPS",
        everything="ASS",
    )


def stock_status(world: World, order: Order) -> str:
    """NON no stock needed, SON none, SOP a part, SOA all of it there or set aside."""
    rows = []
    for row in _tracked(world, order):
        on_hand = max(0, world.stock.on_hand(row.product_id or 0, order.warehouse_id))
        rows.append((world.stock.reserved(order.id, row.id) + on_hand, row))
    return _share(rows, nothing_to_do="NON", none="SON", part="SOP", everything="SOA")


def _tracked(world: World, order: Order) -> list[Row]:
    known = world.products.by_id
    if order.kind == "SC":
        return []  # goods come in: nothing is allocated or sent
    return [
        row
        for row in order.rows.values()
        if row.product_id is not None and known[row.product_id].tracked and row.quantity > 0
    ]


def _share(
    rows: list[tuple[int, Row]], *, nothing_to_do: str, none: str, part: str, everything: str
) -> str:
    if not rows:
        return nothing_to_do
    if all(quantity >= row.quantity for quantity, row in rows):
        return everything
    return part if any(quantity > 0 for quantity, _ in rows) else none


def _delivery(world: World, order: Order) -> dict[str, object]:
    date = written(world)(order.delivery_date) if order.delivery_date else None
    return without_nulls({"deliveryDate": date, "shippingMethodId": order.shipping_method_id})


def _invoice(world: World, order: Order) -> dict[str, object]:
    """Return the invoice; before there is one the entry holds the tax date only."""
    if order.invoice is None:
        return {"taxDate": written(world)(order.tax_date)}
    return {
        "invoiceReference": order.invoice.reference,
        "taxDate": written(world)(order.invoice.tax_date),
    }


def _currency(world: World, order: Order) -> dict[str, object]:
    return {
        "accountingCurrencyCode": world.references.currency,
        "orderCurrencyCode": order.currency,
        "exchangeRate": f"{order.exchange_rate:.6f}",
        "fixedExchangeRate": True,
    }


def _totals(order: Order) -> dict[str, str]:
    net, tax, rate = order.net, order.tax, order.exchange_rate
    return {
        "net": four_places(net),
        "taxAmount": four_places(tax),
        "total": four_places(net + tax),
        "baseNet": four_places(net / rate),
        "baseTaxAmount": four_places(tax / rate),
        "baseTotal": four_places((net + tax) / rate),
    }


def _parties(order: Order) -> dict[str, object]:
    customer = {"contactId": order.customer_id} | _address(order.address)
    return {
        "customer": customer,
        "billing": customer,
        "delivery": _address(order.delivery_address or order.address),
    }


def _address(lines: dict[str, Any]) -> dict[str, Any]:
    """Return an address; countries come with two letters and, apart, with three."""
    code = lines.get("countryIsoCode")
    if not code:
        return dict(lines)
    two = COUNTRIES.get(code, code[:2])
    three = next((long for long, short in COUNTRIES.items() if short == two), code)
    return {**lines, "countryIsoCode": two, "countryIsoCode3": three}


def _numbered(order: Order) -> list[tuple[int, Row]]:
    return [(10 * n, row) for n, row in enumerate(order.rows.values(), start=1)]


def _row(order: Order, row: Row, sequence: int) -> dict[str, object]:
    return without_nulls(
        {
            "orderRowSequence": str(sequence),
            "productId": row.product_id,
            "productName": row.name,
            "productSku": row.sku,
            "quantity": {"magnitude": four_places(row.quantity)},
            "rowValue": {
                "taxCode": row.tax_code,
                "rowNet": _money(row.net, order.currency),
                "rowTax": _money(row.tax, order.currency),
            },
            "nominalCode": row.nominal_code,
            "externalRef": row.external_ref,
            "composition": {
                "bundleParent": row.bundle,
                "bundleChild": row.parent_row_id is not None,
                "parentOrderRowId": row.parent_row_id or 0,
            },
        }
    )


def _money(amount: Decimal, currency: str) -> dict[str, str]:
    return {"currencyCode": currency, "value": four_places(amount)}
