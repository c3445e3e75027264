"""Which fields a product has, what they may hold, and what they hold at first."""

from collections.abc import Mapping
from typing import Any

from local.platforms.woocommerce.errors import Json, invalid_param
from local.platforms.woocommerce.fields import boolean, choice, objects, price, slug, string, whole

KINDS = ("simple", "grouped", "external", "variable")
STATUSES = ("draft", "pending", "private", "publish", "future", "auto-draft", "trash")
_ENUMS = {
    "tax_status": ("taxable", "shipping", "none"),
    "stock_status": ("instock", "outofstock", "onbackorder"),
    "backorders": ("no", "notify", "yes"),
    "catalog_visibility": ("visible", "catalog", "search", "hidden"),
}
_TEXTS = (
    "name",
    "slug",
    "description",
    "short_description",
    "global_unique_id",
    "tax_class",
    "weight",
    "shipping_class",
    "purchase_note",
)
_SWITCHES = ("virtual", "downloadable", "featured", "sold_individually", "reviews_allowed")
_LISTS = ("categories", "brands", "tags", "images", "attributes", "default_attributes")


def defaults(name: str, parent_id: int) -> Json:
    """Return the fields of a product nobody filled in."""
    own: Json = {
        "name": name,
        "slug": slug(name),
        "description": "",
        "global_unique_id": "",
        "regular_price": "",
        "sale_price": "",
        "tax_status": "taxable",
        "tax_class": "parent" if parent_id else "",
        "manage_stock": False,
        "stock_quantity": None,
        "stock_status": "instock",
        "backorders": "no",
        "low_stock_amount": None,
        "virtual": False,
        "downloadable": False,
        "weight": "",
        "dimensions": {"length": "", "width": "", "height": ""},
        "shipping_class": "",
        "menu_order": 0,
        "attributes": [],
    }
    if parent_id:
        return own | {"image": None}
    lists: Json = {field: [] for field in _LISTS}
    return (
        own
        | lists
        | {
            "short_description": "",
            "featured": False,
            "catalog_visibility": "visible",
            "sold_individually": False,
            "reviews_allowed": True,
            "purchase_note": "",
            "total_sales": 0,
            "grouped_products": [],
        }
    )


def kind_of(body: Mapping[str, Any], known: str) -> str:
    """Return the type asked for, else the known one."""
    return choice(body, "type", KINDS) if "type" in body else known


def status_of(body: Mapping[str, Any], known: str) -> str:
    """Return the status asked for, else the known one."""
    return choice(body, "status", STATUSES) if "status" in body else known


def read(body: Mapping[str, Any], known: Json) -> Json:
    """Return the writable fields of ``body``, checked; read-only and unknown ones are ignored."""
    found: Json = {name: price(body, name) for name in _PRICES if name in body}
    found |= {name: string(body, name) for name in _TEXTS if name in body}
    found |= {name: boolean(body, name) for name in _SWITCHES if name in body}
    found |= {name: choice(body, name, allowed) for name, allowed in _ENUMS.items() if name in body}
    found |= {name: objects(body, name) for name in _LISTS if name in body}
    if isinstance(body.get("dimensions"), dict):
        found["dimensions"] = {**known["dimensions"], **body["dimensions"]}
    if isinstance(body.get("image"), dict):
        found["image"] = body["image"]
    return found | _stock(body, known)


_PRICES = ("regular_price", "sale_price")


def _stock(body: Mapping[str, Any], known: Json) -> Json:
    """Read the stock; a quantity counts only where stock is managed, and is absolute."""
    asked = body.get("manage_stock", known["manage_stock"])
    managed = asked != "parent" and boolean({"manage_stock": asked}, "manage_stock")
    quantity = known["stock_quantity"]
    if body.get("stock_quantity") is not None:
        quantity = whole(body, "stock_quantity")
    if isinstance(body.get("low_stock_amount"), str | float):
        raise invalid_param("low_stock_amount", "low_stock_amount is not of type integer,null")
    found: Json = {
        "manage_stock": managed,
        "stock_quantity": (quantity or 0) if managed else None,
    }
    if "low_stock_amount" in body:
        found["low_stock_amount"] = body["low_stock_amount"]
    return found
