"""What a listing is inside a shop: compared with what is there, written as fields; pure.

Only our fields are sent. A shop keeps what a call does not name, so images, texts and categories
that people add there stay.
"""

import html
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from chalicelib.connectors.woocommerce.facts import Facts
from chalicelib.domain.records import Listing

Json = dict[str, Any]

META_PRODUCT = "_synclog_product"  #: id of the product it stands for
META_ITEM = "_synclog_item"  #: on a variable product: the key of its item
META_HIDDEN = "_synclog_hidden"  #: "yes": we hid it, so we may show it again
#: What tells variations apart that come without options of their own.
VARIANT = "Variant"

_SHOWN = "publish"
_HIDDEN = "private"
_TAG = re.compile(r"<[^<>]*>")
#: WordPress's own category, for products without any.
_NO_CATEGORY = "uncategorized"


def meta_of(row: Mapping[str, Any], key: str) -> Any:
    """Return the value of an entry of ``meta_data``."""
    entries = row.get("meta_data")
    rows = entries if isinstance(entries, list) else []
    return next((one.get("value") for one in rows if _key(one) == key), None)


def options_of(listing: Listing) -> Mapping[str, str]:
    """Return what tells a variation from its sisters; never empty."""
    return listing.options or {VARIANT: listing.variation_name or listing.sku}


def simple_body(listing: Listing, row: Json | None, facts: Facts) -> Json:
    """Return the fields of a product that stands alone."""
    shown = _shown(listing.archived, row)
    return _join(_shared(listing, row), _own(listing, row, facts), shown)


def item_body(listings: Sequence[Listing], row: Json | None) -> Json:
    """Return the fields of the variable product above listings.

    Name, description and category are those of the first listing that is not archived.
    """
    sold = [one for one in listings if not one.archived]
    first = (sold or list(listings))[0]
    body = _shared(first, row) if sold or row is None else {}
    body |= {"attributes": merged_attributes(row, listings)} | _shown(not sold, row, hides=False)
    if row is None:
        body |= {"type": "variable"}
    return _with_meta(body, {META_ITEM: first.item_key})


def variation_body(listing: Listing, row: Json | None, parent: Json, facts: Facts) -> Json:
    """Return the fields of a variation."""
    body = _join(_own(listing, row, facts), _shown(listing.archived, row))
    if row is None or listing.options:
        body["attributes"] = _chosen(listing, row, parent)
    return body


def differences(row: Json, listing: Listing) -> list[str]:
    """Name the fields in which a product that stands alone holds something else."""
    if listing.archived:
        return _visibility(listing.archived, row)
    return (
        _visibility(False, row) + _shared_differences(row, listing) + own_differences(row, listing)
    )


def variation_differences(row: Json, parent: Json | None, listing: Listing) -> list[str]:
    """Name the fields in which a variation, or what it shares with its sisters, differs."""
    found = _visibility(listing.archived, row)
    if listing.archived:
        return found
    found += own_differences(row, listing)
    if listing.options and not _has_options(row, listing.options):
        found.append("options")
    return found + (item_differences(parent, [listing]) if parent is not None else [])


def item_differences(row: Json, listings: Sequence[Listing]) -> list[str]:
    """Name the fields in which a variable product differs from what its listings share."""
    sold = [one for one in listings if not one.archived]
    if not sold:
        return []
    found = _visibility(False, row) + _shared_differences(row, sold[0])
    with_options = [one for one in sold if one.options]
    if with_options and merged_attributes(row, with_options) != _attributes(row):
        found.append("options")
    return found


def own_differences(row: Json, listing: Listing) -> list[str]:
    """Name what is a variation's own and differs; an empty barcode is the shop's."""
    checks = {
        "SKU": str(row.get("sku") or "") == listing.sku,
        "price": _number(row.get("regular_price")) == listing.price.amount,
        "barcode": not listing.barcode or row.get("global_unique_id") == listing.barcode,
    }
    return [name for name, holds in checks.items() if not holds]


def merged_attributes(row: Json | None, listings: Sequence[Listing]) -> list[Json]:
    """Return the attributes of a variable product with every option its listings need.

    What is there stays, in its order; an attribute of that name is made one for variations.
    """
    merged = [dict(one) for one in _attributes(row or {})]
    for listing in listings:
        for name, option in options_of(listing).items():
            known = next((one for one in merged if _same(one.get("name"), name)), None)
            if known is None:
                known = {"name": name, "visible": True, "variation": True, "options": []}
                merged.append(known)
            known["variation"] = True
            options = [str(one) for one in known.get("options") or []]
            is_there = any(_same(one, option) for one in options)
            known["options"] = options if is_there else [*options, option]
    return merged


def is_hidden(row: Json) -> bool:
    """Whether buyers do not see it."""
    return row.get("status") != _SHOWN


def hidden_body(row_id: str) -> Json:
    """Return the fields that hide a product and remember that it was us."""
    return _with_meta({"id": int(row_id), "status": _HIDDEN}, {META_HIDDEN: "yes"})


def _shared(listing: Listing, row: Json | None) -> Json:
    body: Json = {"name": listing.item_name}
    if listing.description_html:
        body["description"] = listing.description_html
    if listing.category.isdecimal():
        body["categories"] = _categories(listing.category, row)
    return body


def _own(listing: Listing, row: Json | None, facts: Facts) -> Json:
    body: Json = {"sku": listing.sku, "regular_price": facts.price_text(listing.price)}
    if listing.barcode:
        body["global_unique_id"] = listing.barcode
    if row is None and listing.tracked:
        body["manage_stock"] = True
    return _with_meta(body, {META_PRODUCT: listing.product_id})


def _shown(archived: bool, row: Json | None, *, hides: bool = True) -> Json:
    """Return the status to send, if any: we show again only what we hid ourselves."""
    if row is None:
        return {"status": _SHOWN}
    if archived and hides and not is_hidden(row):
        return _with_meta({"status": _HIDDEN}, {META_HIDDEN: "yes"})
    if not archived and _hidden_by_us(row):
        return _with_meta({"status": _SHOWN}, {META_HIDDEN: "no"})
    return {}


def _visibility(archived: bool, row: Json) -> list[str]:
    is_right = is_hidden(row) if archived else not _hidden_by_us(row)
    return [] if is_right else ["where it is shown"]


def _hidden_by_us(row: Json) -> bool:
    return row.get("status") == _HIDDEN and meta_of(row, META_HIDDEN) == "yes"


def _shared_differences(row: Json, listing: Listing) -> list[str]:
    told = listing.description_html
    checks = {
        "name": _plain(row.get("name")) == _plain(listing.item_name),
        "description": not told or _plain(row.get("description")) == _plain(told),
        "category": not listing.category.isdecimal()
        or listing.category in [str(one.get("id")) for one in _rows(row, "categories")],
    }
    return [name for name, holds in checks.items() if not holds]


def _categories(category: str, row: Json | None) -> list[Json]:
    """Return the categories to send: a list is replaced as a whole, so the shop's own go along."""
    kept = [
        {"id": one.get("id")}
        for one in _rows(row or {}, "categories")
        if one.get("slug") != _NO_CATEGORY
    ]
    wanted = {"id": int(category)}
    return kept if wanted in kept else [*kept, wanted]


def _chosen(listing: Listing, row: Json | None, parent: Json) -> list[Json]:
    """Return the options of a variation; attributes of the whole shop go by their id."""
    wanted = options_of(listing)
    kept: list[Json] = [
        {name: one[name] for name in ("id", "name", "option") if name in one}
        for one in _attributes(row or {})
        if not any(_same(one.get("name"), name) for name in wanted)
    ]
    ids = {_plain(one.get("name")).casefold(): one.get("id") for one in _attributes(parent)}
    for name, option in wanted.items():
        number = ids.get(_plain(name).casefold())
        kept.append(
            {"id": number, "option": option} if number else {"name": name, "option": option}
        )
    return kept


def _has_options(row: Json, options: Mapping[str, str]) -> bool:
    held = {_plain(one.get("name")).casefold(): one.get("option") for one in _attributes(row)}
    return all(_same(held.get(_plain(name).casefold()), one) for name, one in options.items())


def _attributes(row: Mapping[str, Any]) -> list[Json]:
    return _rows(row, "attributes")


def _rows(row: Mapping[str, Any], name: str) -> list[Json]:
    found = row.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _with_meta(body: Json, values: Mapping[str, str]) -> Json:
    known: list[Json] = body.get("meta_data", [])
    return {**body, "meta_data": [*known, *({"key": k, "value": v} for k, v in values.items())]}


def _join(*bodies: Json) -> Json:
    """Put bodies together; their meta data add up."""
    whole: Json = {}
    for body in bodies:
        meta = [*whole.get("meta_data", []), *body.get("meta_data", [])]
        whole |= body
        whole["meta_data"] = meta
    return whole


def _key(entry: Any) -> str:
    return str(entry.get("key")) if isinstance(entry, dict) else ""


def _same(one: Any, other: Any) -> bool:
    return _plain(one).casefold() == _plain(other).casefold()


def _plain(text: Any) -> str:
    """Return a text as people read it; WordPress writes signs as entities and mends HTML."""
    return " ".join(html.unescape(_TAG.sub(" ", str(text or ""))).split())


def _number(text: Any) -> Decimal | None:
    try:
        return Decimal(str(text))
    except InvalidOperation:
        return None
