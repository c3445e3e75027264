"""The older shapes of a sale: webhooks carry that of API 1.0, one answer may have that of 2.0."""

from local.platforms.lightspeed.fields import Json

#: Old status by state and attribute.
STATUSES = {
    ("parked", ""): "SAVED",
    ("pending", ""): "OPEN",
    ("closed", ""): "CLOSED",
    ("voided", ""): "VOIDED",
    ("pending", "onaccount"): "ONACCOUNT",
    ("closed", "onaccount"): "ONACCOUNT_CLOSED",
    ("pending", "layby"): "LAYBY",
    ("closed", "layby"): "LAYBY_CLOSED",
    ("pending", "delivery"): "AWAITING_DISPATCH",
    ("closed", "delivery"): "DISPATCHED_CLOSED",
    ("pending", "pickup"): "AWAITING_PICKUP",
    ("closed", "pickup"): "PICKED_UP_CLOSED",
    ("pending", "service"): "SERVICE",
    ("closed", "service"): "SERVICE_CLOSED",
}


def legacy_status(state: str, attributes: list[str]) -> str:
    """Return the old status of a sale, e.g. ONACCOUNT for one pending on account."""
    named = [STATUSES[(state, one)] for one in attributes if (state, one) in STATUSES]
    return named[0] if named else STATUSES[(state, "")]


def sale_v2(sale: Json) -> Json:
    """Return a sale in the shape of API 2.0."""
    return {
        **_head(sale),
        "outlet_id": sale["source"]["outlet_id"],
        "created_at": sale["created_at"],
        "updated_at": sale["updated_at"],
        "return_for": sale["return"]["original_sale_id"],
        "receipt_number": sale["receipt_number"],
        "total_price": sale["totals"]["price"],
        "total_tax": sale["totals"]["tax"],
        "line_items": [_line(line) for line in sale["line_items"]],
        "payments": [_payment(one) for one in sale["payments"]],
    }


def sale_v1(sale: Json) -> Json:
    """Return a sale in the shape of API 1.0, the one webhooks carry."""
    return {
        **_head(sale),
        "return_for": sale["return"]["original_sale_id"] or "",
        "totals": {
            "total_price": sale["totals"]["price"],
            "total_tax": sale["totals"]["tax"],
            "total_payment": sum(one["amount"] for one in sale["payments"]),
        },
        "register_sale_products": [_line(line) for line in sale["line_items"]],
        "register_sale_payments": [_payment(one) for one in sale["payments"]],
    }


def _head(sale: Json) -> Json:
    return {
        "id": sale["id"],
        "status": legacy_status(sale["state"], sale["attributes"]),
        "register_id": sale["source"]["register_id"],
        "user_id": sale["source"]["author"]["id"],
        "customer_id": sale["customer_id"],
        "sale_date": sale["date"],
        "invoice_number": sale["invoice_number"],
        "note": sale["note"],
        "deleted_at": sale["deleted_at"],
        "version": sale["_metadata"]["version"],
    }


def _line(line: Json) -> Json:
    return {
        "id": line["id"],
        "product_id": line["product"]["id"],
        "quantity": line["quantity"],
        "price": line["pricing"]["price"],
        "discount": line["pricing"]["discount"],
        "price_total": line["pricing"]["total"],
        "tax": line["tax"]["amount"],
        "tax_id": line["tax"]["id"],
        "tax_total": line["tax"]["total"],
        "is_return": line["return"]["is_return"],
        "status": line["status"],
    }


def _payment(payment: Json) -> Json:
    return {
        "id": payment["id"],
        "amount": payment["amount"],
        "payment_date": payment["date"],
        "retailer_payment_type_id": payment["type"]["config_id"],
        "name": payment["type"]["name"],
        "register_id": payment["source"]["register_id"],
    }
