"""Sales in the older shapes of Lightspeed's API, turned into the shape of the date versions.

The vendor's own example of one call still has the shape of API 2.0, and webhooks have that of 1.0.
"""

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

#: State and attribute by the status of old; one that is not here is kept as it is.
STATUSES: Mapping[str, tuple[str, str]] = {
    "SAVED": ("parked", ""),
    "OPEN": ("pending", ""),
    "CLOSED": ("closed", ""),
    "VOIDED": ("voided", ""),
    "ONACCOUNT": ("pending", "onaccount"),
    "ONACCOUNT_CLOSED": ("closed", "onaccount"),
    "LAYBY": ("pending", "layby"),
    "LAYBY_CLOSED": ("closed", "layby"),
    "AWAITING_DISPATCH": ("pending", "delivery"),
    "DISPATCHED_CLOSED": ("closed", "delivery"),
    "AWAITING_PICKUP": ("pending", "pickup"),
    "PICKED_UP_CLOSED": ("closed", "pickup"),
    "SERVICE": ("pending", "service"),
    "SERVICE_CLOSED": ("closed", "service"),
}


def is_old(raw: Mapping[str, Any]) -> bool:
    """Whether a sale has an old shape: it has a status where the newer ones have a state."""
    return "state" not in raw and "status" in raw


def as_dated(raw: Mapping[str, Any]) -> Json:
    """Return a sale of API 2.0 (or 1.0, as far as it goes) in the newer shape."""
    status = str(raw.get("status") or "")
    state, attribute = STATUSES.get(status, (status.lower(), ""))
    totals = raw.get("totals") if isinstance(raw.get("totals"), Mapping) else raw
    return_for = raw.get("return_for") or None
    return {
        "id": raw.get("id"),
        "state": state,
        "attributes": [attribute] if attribute else _list(raw.get("attributes")),
        "date": raw.get("sale_date"),
        "invoice_number": raw.get("invoice_number"),
        "customer_id": raw.get("customer_id"),
        "note": raw.get("note"),
        "source": {
            "type": raw.get("source") if isinstance(raw.get("source"), str) else None,
            "id": raw.get("source_id"),
            "outlet_id": raw.get("outlet_id"),
            "register_id": raw.get("register_id"),
        },
        "line_items": [_line(one) for one in _rows(raw, "line_items", "register_sale_products")],
        "payments": [_payment(one) for one in _rows(raw, "payments", "register_sale_payments")],
        "adjustments": [_adjustment(one) for one in _rows(raw, "adjustments")],
        "ecom_custom_charges": _charges(raw.get("ecom_custom_charges")),
        "totals": {"price": totals.get("total_price"), "tax": totals.get("total_tax")}
        if isinstance(totals, Mapping)
        else {},
        "return": {"is_return": return_for is not None, "original_sale_id": return_for},
        "created_at": raw.get("created_at"),
        "updated_at": raw.get("updated_at"),
        "deleted_at": raw.get("deleted_at"),
        "_metadata": {"version": raw.get("version")},
    }


def _line(raw: Mapping[str, Any]) -> Json:
    return {
        "id": raw.get("id"),
        "product": {"id": raw.get("product_id")},
        "quantity": raw.get("quantity"),
        "status": raw.get("status"),
        "pricing": {
            "price": _first(raw, "unit_price", "price"),
            "discount": _first(raw, "unit_discount", "discount"),
            "discount_total": _first(raw, "total_discount", "discount_total"),
            "total": _first(raw, "total_price", "price_total"),
        },
        "tax": {
            "id": raw.get("tax_id"),
            "amount": _first(raw, "unit_tax", "tax"),
            "total": _first(raw, "total_tax", "tax_total"),
        },
        "return": {"is_return": raw.get("is_return") is True},
        "gift_card_number": raw.get("gift_card_number"),
        "note": raw.get("note"),
    }


def _payment(raw: Mapping[str, Any]) -> Json:
    return {
        "id": raw.get("id"),
        "amount": raw.get("amount"),
        "date": raw.get("payment_date"),
        "type": {"config_id": raw.get("retailer_payment_type_id"), "name": raw.get("name")},
        "deleted_at": raw.get("deleted_at"),
    }


def _adjustment(raw: Mapping[str, Any]) -> Json:
    return {**raw, "total": _first(raw, "total", "value")}


def _charges(raw: Any) -> list[Any]:
    """Return the charges of the online shop: a list, or inside an object with their sums."""
    return _list(raw.get("charges") if isinstance(raw, Mapping) else raw)


def _rows(raw: Mapping[str, Any], *names: str) -> list[Mapping[str, Any]]:
    found: list[Any] = next((raw[name] for name in names if isinstance(raw.get(name), list)), [])
    return [one for one in found if isinstance(one, Mapping)]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _first(raw: Mapping[str, Any], *names: str) -> Any:
    return next((raw[name] for name in names if raw.get(name) is not None), None)
