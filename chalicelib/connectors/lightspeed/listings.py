"""What a listing is among Lightspeed's products: compared with one, turned into a request; pure.

A product stays the raw object Lightspeed sent. Variants of one thing are products that share a
name; a product outside of a family needs a name of its own.
"""

import html
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from chalicelib.domain.money import exponent_of
from chalicelib.domain.records import Listing

Json = Mapping[str, Any]

ATTRIBUTES_AT_MOST = 3  #: that tell the variants of a family apart
#: Names that say only that there is no other variation.
_ONLY_ONE = ("", "regular")
_TAG = re.compile(r"<[^<>]*>")
_CUSTOM = "CUSTOM"


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How the store keeps prices."""

    currency: str
    tax_included: bool

    @property
    def price_field(self) -> str:
        """The one price that may be sent."""
        return "price_including_tax" if self.tax_included else "price_excluding_tax"


def name_outside_family(listing: Listing) -> str:
    """Return the name of a product that stands alone: no two families may share one."""
    own = listing.variation_name.strip()
    alone = not listing.options and own.casefold() in (*_ONLY_ONE, listing.item_name.casefold())
    return listing.item_name if alone or not own else f"{listing.item_name} · {own}"


def family_name(product: Json, listing: Listing) -> str:
    """Return the name a product should have: its family's, or one of its own."""
    return listing.item_name if is_variant(product) else name_outside_family(listing)


def is_variant(product: Json) -> bool:
    """Whether a product belongs to a family of variants."""
    return bool(product.get("variant_options") or product.get("variant_parent_id"))


def is_active(product: Json) -> bool:
    """Whether a product is sold at the tills."""
    active = product.get("is_active", product.get("active", True))
    return active is not False and active != 0


def skus_of(product: Json) -> set[str]:
    """Return all codes a product is known by, without case."""
    own = [one["code"] for one in _codes(product) if one["type"] == _CUSTOM]
    return {str(one).casefold() for one in (product.get("sku"), *own) if one}


def family_of(product: Json) -> str:
    """Return the id of the family, that of the first variant where no other is told."""
    names = ("family_id", "variant_parent_id", "id")
    return str(next((product[name] for name in names if product.get(name)), ""))


def differences(product: Json, listing: Listing, rules: Rules) -> dict[str, bool]:
    """Name what Lightspeed holds otherwise than a listing sets; True: it counts for a read-back.

    What is empty in a listing (barcode, category, description) is the merchant's. Free text is
    not looked at after a write: Lightspeed cleans it without a word. Of an archived listing only
    counts that it is hidden.
    """
    if listing.archived:
        return {} if not is_active(product) else {"where it is sold": True}
    checks = {
        "where it is sold": is_active(product),
        "name": same_text(product.get("name"), family_name(product, listing)),
        "SKU": str(product.get("sku") or "") == listing.sku,
        "barcode": not listing.barcode or listing.barcode in {c["code"] for c in _codes(product)},
        "price": _has_price(product, listing, rules),
        "category": not listing.category or _category_of(product) == listing.category,
        "stock tracking": bool(product.get("has_inventory", True)) == listing.tracked,
        "options": not _changed_options(product, listing),
    }
    found = {name: True for name, holds in checks.items() if not holds}
    text = listing.description_html
    if text and not same_text(product.get("description"), text):
        found["description"] = False
    return found


def update_of(product: Json, listing: Listing, rules: Rules, attributes: Mapping[str, str]) -> Json:
    """Return the body that brings a product in step; only what differs, to leave siblings alone.

    Args:
        attributes: ids of variant attributes by their names without case.
    """
    if listing.archived:
        return {"details": {"is_active": False}}
    differs = differences(product, listing, rules)
    parts = {
        "common": _common(product, listing, differs),
        "details": _details(product, listing, rules, differs, attributes),
    }
    return {name: part for name, part in parts.items() if part}


def creation_of(
    listings: Sequence[Listing], rules: Rules, attributes: Mapping[str, str] | None
) -> Json:
    """Return the body that makes one product, or with attributes a family of variants."""
    first = listings[0]
    shared: dict[str, Any] = {"source_id": first.product_id}
    if first.description_html:
        shared["description"] = first.description_html
    if first.category:
        shared["product_category_id"] = first.category
    if attributes is None:
        return {"name": name_outside_family(first), **shared, **_own_fields(first, rules)}
    variants = [
        {
            **_own_fields(one, rules),
            "variant_definitions": [
                {"attribute_id": attributes[name.casefold()], "value": value}
                for name, value in one.options.items()
            ],
        }
        for one in listings
    ]
    return {"name": first.item_name, **shared, "variants": variants}


def same_text(one: Any, other: Any) -> bool:
    """Whether two texts read the same; Lightspeed trims spaces and cleans HTML."""
    return _plain(one) == _plain(other)


def _common(product: Json, listing: Listing, differs: Collection[str]) -> Json:
    """Return the fields all variants of a family share, as far as they differ."""
    fields: dict[str, tuple[str, Any]] = {
        "name": ("name", family_name(product, listing)),
        "description": ("description", listing.description_html),
        "category": ("product_category_id", listing.category),
        "stock tracking": ("track_inventory", listing.tracked),
    }
    return dict(field for name, field in fields.items() if name in differs)


def _details(
    product: Json,
    listing: Listing,
    rules: Rules,
    differs: Collection[str],
    attributes: Mapping[str, str],
) -> Json:
    """Return the fields of the one product, as far as they differ."""
    details: dict[str, Any] = {}
    if "price" in differs:
        details[rules.price_field] = listing.price.amount
    if "SKU" in differs or "barcode" in differs:
        details["product_codes"] = _merged_codes(product, listing)
    if "where it is sold" in differs:
        details["is_active"] = True
    if "options" in differs:
        details["variant_attribute_values"] = [
            {"attribute_id": attributes[name.casefold()], "attribute_value": value}
            for name, value in listing.options.items()
            if name.casefold() in attributes
        ]
    return details


def _own_fields(listing: Listing, rules: Rules) -> dict[str, Any]:
    return {
        "sku": listing.sku,
        "product_codes": _merged_codes({}, listing),
        rules.price_field: listing.price.amount,
    }


def _codes(product: Json) -> list[dict[str, str]]:
    """Return the codes of a product; their types come in either case."""
    codes = product.get("product_codes")
    return [
        {"type": str(one.get("type") or _CUSTOM).upper(), "code": str(one.get("code") or "")}
        for one in (codes if isinstance(codes, list) else [])
        if isinstance(one, Mapping)
    ]


def _merged_codes(product: Json, listing: Listing) -> list[dict[str, str]]:
    """Return all codes to send: the list replaces what is there, so the merchant's own stay.

    The first one is what the tills show as the SKU. A former SKU goes.
    """
    former = str(product.get("sku") or "")
    merged = [{"type": _CUSTOM, "code": listing.sku}]
    if listing.barcode and listing.barcode != listing.sku:
        merged.append({"type": barcode_type(listing.barcode), "code": listing.barcode})
    known = {one["code"] for one in merged}
    kept = [one for one in _codes(product) if one["code"] not in (*known, former, "")]
    return merged + kept


def barcode_type(code: str) -> str:
    """Return the type of a barcode by its length: 13 digits are an EAN, 12 a UPC."""
    if not (code.isascii() and code.isdigit()):
        return _CUSTOM
    return {8: "EAN", 12: "UPC", 13: "EAN", 14: "ITF"}.get(len(code), _CUSTOM)


def _has_price(product: Json, listing: Listing, rules: Rules) -> bool:
    """Whether the price reads the same at the currency's precision."""
    try:
        held = Decimal(str(product.get(rules.price_field)))
    except InvalidOperation:
        return False
    step = Decimal(1).scaleb(-exponent_of(rules.currency))
    return held.is_finite() and held.quantize(step, ROUND_HALF_UP) == listing.price.amount


def _category_of(product: Json) -> str:
    """Return the category, which older answers call the product's type."""
    for name in ("product_category", "type"):
        part = product.get(name)
        if isinstance(part, Mapping) and part.get("id"):
            return str(part["id"])
    return str(product.get("product_type_id") or "")


def _changed_options(product: Json, listing: Listing) -> list[str]:
    """Return the attributes that a variant has another value of than wanted."""
    wanted = {name.casefold(): value for name, value in listing.options.items()}
    options = product.get("variant_options")
    return [
        str(one.get("name"))
        for one in (options if isinstance(options, list) else [])
        if isinstance(one, Mapping)
        and wanted.get(str(one.get("name") or "").casefold(), one.get("value")) != one.get("value")
    ]


def _plain(text: Any) -> str:
    return " ".join(html.unescape(_TAG.sub(" ", str(text or ""))).split())
