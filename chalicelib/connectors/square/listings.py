"""What a listing is inside Square's catalogue: compared with it, merged into it; pure.

Items stay the raw objects Square sent. A write replaces an object as a whole, so a listing is
merged into what is there: everything we do not set (images, modifiers, other variations, fields of
newer versions) is sent back as it came.
"""

import copy
import hashlib
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.records import Listing

Json = dict[str, Any]

VARIATIONS_AT_MOST = 250  #: of one item
ITEM_NAME_AT_MOST = 512
VARIATION_NAME_AT_MOST = 255
DESCRIPTION_AT_MOST = 65_535
_TAG = re.compile(r"<[^<>]*>")


@dataclass(frozen=True, kw_only=True)
class Placing:
    """A listing and the variation that carries it; a new one has a temporary id."""

    listing: Listing
    variation_id: str


def item_data(item: Json) -> Json:
    """Return the payload of an item."""
    data: Json = item.get("item_data") or {}
    return data


def variation_data(variation: Json) -> Json:
    """Return the payload of a variation."""
    data: Json = variation.get("item_variation_data") or {}
    return data


def variations_of(item: Json) -> list[Json]:
    """Return the variations of an item that are not deleted."""
    nested = item_data(item).get("variations") or []
    return [one for one in nested if not one.get("is_deleted")]


def find_variation(item: Json, variation_id: str) -> Json | None:
    """Return a variation of an item by its id."""
    return next((one for one in variations_of(item) if one.get("id") == variation_id), None)


def new_id(prefix: str, key: str) -> str:
    """Return a temporary id; the same key gives the same one, so a repeated body is equal."""
    return f"#{prefix}-{hashlib.sha256(key.encode()).hexdigest()[:20]}"


def is_shown_at(thing: Json, location: str) -> bool:
    """Whether an item or variation is sold at a location; everywhere is the default."""
    if thing.get("present_at_all_locations", True):
        return location not in (thing.get("absent_at_location_ids") or [])
    return location in (thing.get("present_at_location_ids") or [])


def is_hidden(thing: Json) -> bool:
    """Whether an item or variation is sold nowhere."""
    return not thing.get("present_at_all_locations", True) and not thing.get(
        "present_at_location_ids"
    )


def is_live(item: Json, variation: Json, listing: Listing) -> bool:
    """Whether a listing is where it must be seen; an archived one must be seen nowhere."""
    if listing.archived:
        return is_hidden(variation) or bool(item_data(item).get("is_archived"))
    if item_data(item).get("is_archived"):
        return False
    return all(_is_shown(thing, listing.locations) for thing in (item, variation))


def differences(item: Json, variation: Json, listing: Listing) -> list[str]:
    """Name the fields in which Square holds something else than a listing sets.

    Only what we set is compared. What is empty in the listing (barcode, category, description) is
    the seller's, and so is everything of an archived listing but that it is hidden.
    """
    found = [] if is_live(item, variation, listing) else ["where it is sold"]
    if listing.archived:
        return found
    found += _item_differences(item_data(item), listing)
    return found + _own_differences(variation, listing)


def merge(item: Json | None, item_id: str, placings: Sequence[Placing]) -> Json:
    """Return the whole item to send: what is there, with the listings set; ``item`` is left alone.

    The item's own fields (name, description, category) are those of the first listing that is not
    archived.
    """
    merged = copy.deepcopy(item) if item is not None else _new_item(item_id)
    data = merged.setdefault("item_data", {})
    nested = data.setdefault("variations", [])
    sold = [one.listing for one in placings if not one.listing.archived]
    if sold:
        _set_item(data, sold[0])
    for placing in placings:
        variation = find_variation(merged, placing.variation_id)
        if variation is None:
            variation = _new_variation(placing.variation_id, item_id)
            nested.append(variation)
        _set_variation(variation, placing.listing)
    for listing in sold:
        _show(merged, listing.locations)
    _archive_or_restore(merged, is_sold=bool(sold))
    return merged


def same_text(one: str | None, other: str | None) -> bool:
    """Whether two texts read the same; Square trims spaces and cleans HTML."""
    return _plain(one) == _plain(other)


def _plain(text: str | None) -> str:
    return " ".join(html.unescape(_TAG.sub(" ", text or "")).split())


def _is_shown(thing: Json, locations: Sequence[str]) -> bool:
    if locations:
        return all(is_shown_at(thing, location) for location in locations)
    return bool(thing.get("present_at_all_locations", True)) and not thing.get(
        "absent_at_location_ids"
    )


def _item_differences(data: Json, listing: Listing) -> list[str]:
    checks = {
        "name": same_text(data.get("name"), listing.item_name),
        "description": not listing.description_html
        or same_text(data.get("description_html"), listing.description_html),
        "category": not listing.category or _category_of(data) == listing.category,
    }
    return [name for name, holds in checks.items() if not holds]


def _own_differences(variation: Json, listing: Listing) -> list[str]:
    data = variation_data(variation)
    checks = {
        "variation name": not listing.variation_name
        or same_text(data.get("name"), listing.variation_name),
        "SKU": (data.get("sku") or "") == listing.sku,
        "barcode": not listing.barcode or data.get("upc") == listing.barcode,
        "price": data.get("pricing_type") == "FIXED_PRICING"
        and data.get("price_money") == _price(listing),
        "stock tracking": bool(data.get("track_inventory")) == listing.tracked,
    }
    return [name for name, holds in checks.items() if not holds]


def _category_of(data: Json) -> str | None:
    """Return the reporting category, of which an item has one."""
    category: str | None = (data.get("reporting_category") or {}).get("id")
    return category


def _price(listing: Listing) -> Json:
    return {"amount": listing.price.to_minor(), "currency": listing.price.currency}


def _new_item(item_id: str) -> Json:
    return {"type": "ITEM", "id": item_id, "present_at_all_locations": False, "item_data": {}}


def _new_variation(variation_id: str, item_id: str) -> Json:
    return {
        "type": "ITEM_VARIATION",
        "id": variation_id,
        "present_at_all_locations": False,
        "item_variation_data": {"item_id": item_id},
    }


def _set_item(data: Json, listing: Listing) -> None:
    data["name"] = listing.item_name
    if listing.description_html and not same_text(
        data.get("description_html"), listing.description_html
    ):
        data["description_html"] = listing.description_html
        # Square derives these two; the old ones would contradict the new text.
        data.pop("description", None)
        data.pop("description_plaintext", None)
    if listing.category and _category_of(data) != listing.category:
        _set_category(data, listing.category)


def _set_category(data: Json, category: str) -> None:
    """Put our category in the place of the reporting category; the seller's further ones stay."""
    dropped = (_category_of(data), category)
    kept = [one for one in data.get("categories") or [] if one.get("id") not in dropped]
    data["categories"] = [*kept, {"id": category}]
    data["reporting_category"] = {"id": category}
    data.pop("category_id", None)  # its deprecated forerunner, which would name the old one


def _set_variation(variation: Json, listing: Listing) -> None:
    if listing.archived:
        _hide(variation)
        return
    data = variation.setdefault("item_variation_data", {})
    data |= {
        "sku": listing.sku,
        "pricing_type": "FIXED_PRICING",
        "price_money": _price(listing),
        "track_inventory": listing.tracked,
    }
    if listing.variation_name:
        data["name"] = listing.variation_name
    if listing.barcode:
        data["upc"] = listing.barcode
    _show(variation, listing.locations)


def _show(thing: Json, locations: Sequence[str]) -> None:
    """Sell a thing at locations (none named: everywhere); others it is sold at stay."""
    absent = thing.get("absent_at_location_ids") or []
    present = thing.get("present_at_location_ids") or []
    if not locations:
        _set_presence(thing, everywhere=True)
    elif thing.get("present_at_all_locations", True):
        kept = [one for one in absent if one not in locations]
        _set_presence(thing, everywhere=True, absent=kept)
    else:
        more = [one for one in locations if one not in present]
        _set_presence(thing, everywhere=False, present=[*present, *more])


def _hide(thing: Json) -> None:
    _set_presence(thing, everywhere=False)


def _set_presence(
    thing: Json, *, everywhere: bool, present: Sequence[str] = (), absent: Sequence[str] = ()
) -> None:
    thing["present_at_all_locations"] = everywhere
    for name, ids in (("present_at_location_ids", present), ("absent_at_location_ids", absent)):
        thing.pop(name, None)
        if ids:
            thing[name] = list(ids)


def _archive_or_restore(item: Json, *, is_sold: bool) -> None:
    """Archive an item whose every variation is hidden; bring it back with one that is not."""
    data = item_data(item)
    if is_sold:
        if data.get("is_archived"):
            data["is_archived"] = False
    elif all(is_hidden(one) for one in variations_of(item)):
        data["is_archived"] = True
