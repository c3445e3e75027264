"""What Square accepts as a catalogue object, and the fields it adds by itself."""

import html
import re
from typing import Any

from local.platforms.square.errors import invalid
from local.platforms.square.fields import Json, array, mapping, text

MAX_ITEM_NAME = 512
MAX_NAME = 255
MAX_DESCRIPTION = 65_535
MAX_VARIATIONS = 250
_TAG = re.compile(r"<[^>]*>")


def check(kind: str, data: Json, variations: list[Any], rejected_names: set[str]) -> None:
    """Refuse a payload that Square would refuse."""
    most = MAX_ITEM_NAME if kind == "ITEM" else MAX_NAME
    name = text(data, "name", most=most, needed=kind != "ITEM_VARIATION")
    if any(word in name for word in rejected_names):
        raise invalid("The name contains text that is not allowed.", "name")
    if kind == "ITEM":
        _check_item(data, variations)
    if kind == "ITEM_VARIATION":
        _check_variation(data)


def _check_item(data: Json, variations: list[Any]) -> None:
    text(data, "description_html", most=MAX_DESCRIPTION)
    if not variations:
        raise invalid("An item must have at least one variation.", "variations")
    if len(variations) > MAX_VARIATIONS:
        detail = f"An item may have at most {MAX_VARIATIONS} variations."
        raise invalid(detail, "variations", "ARRAY_LENGTH_TOO_LONG")
    references = [*array(data, "categories"), mapping(data, "reporting_category") or None]
    for entry in references:
        if entry is not None and not (isinstance(entry, dict) and entry.get("id")):
            raise invalid("A category needs an `id`.", "categories")


def _check_variation(data: Json) -> None:
    text(data, "sku")
    text(data, "upc")
    kind = data.get("pricing_type")
    price = data.get("price_money")
    if kind not in ("FIXED_PRICING", "VARIABLE_PRICING"):
        raise invalid("`pricing_type` is not valid.", "pricing_type", "INVALID_ENUM_VALUE")
    if kind == "FIXED_PRICING" and not _is_money(price):
        raise invalid("FIXED_PRICING needs `price_money`.", "price_money")
    if kind == "VARIABLE_PRICING" and price is not None:
        raise invalid("VARIABLE_PRICING must not have `price_money`.", "price_money")


def _is_money(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and type(value.get("amount")) is int
        and value["amount"] >= 0
        and isinstance(value.get("currency"), str)
    )


def completed(kind: str, data: Json) -> Json:
    """Add what Square derives: plain descriptions, the product type."""
    if kind != "ITEM":
        return data
    data.setdefault("product_type", "REGULAR")
    data.setdefault("is_archived", False)
    if data.get("description_html"):
        plain = html.unescape(_TAG.sub("", data["description_html"]))
        data |= {"description": plain[:4096], "description_plaintext": plain}
    return data
