"""What became of a listing, and why one cannot be the shop's; pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.connectors.woocommerce.client import Json
from chalicelib.connectors.woocommerce.listings import (
    differences,
    is_hidden,
    variation_differences,
)
from chalicelib.domain.platforms import Done, Found, Wanted
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Listing
from chalicelib.domain.statuses import Outcome

Write = tuple[Wanted[Listing], Found | None]


@dataclass(frozen=True, kw_only=True)
class Held:
    """What the shop holds of a listing: a product, or a variation with its product."""

    row: Json
    parent: Json | None = None


def done_of(write: Write, row: Json, parent: Json | None) -> Done:
    """Say what a write left, by the shop's own answer to it."""
    wanted, found = write
    listing = wanted.desired
    if parent is not None:
        differs = variation_differences(row, parent, listing)
    else:
        differs = differences(row, listing)
    detail = f"The shop holds another {', '.join(differs)}." if differs else _told(row, listing)
    return Done(
        target_id=str(row.get("id")),
        version=str(row.get("date_modified_gmt") or ""),
        outcome=_outcome(found),
        verified=not differs,
        detail=detail,
        parent_id=str(parent.get("id")) if parent is not None else None,
    )


def nothing_to_hide() -> Done:
    """Return the end of an archived product that the shop never had."""
    return Done(
        target_id="",
        outcome=Outcome.NOT_APPLICABLE,
        verified=True,
        detail="The product is archived and was never in the shop.",
    )


def why_other_kind(row: Json, *, is_variation: bool) -> SyncFailure | None:
    """Say why what is there cannot be what is wanted: one is not turned into the other."""
    kind, id_ = str(row.get("type") or "simple"), str(row.get("id"))
    if kind == ("variation" if is_variation else "simple"):
        return None
    wanted = "a variation of a product" if is_variation else "a product without variations"
    what = {
        "simple": "a product without variations",
        "variation": f"a variation of product {row.get('parent_id')}",
        "variable": "a whole product with variations",
    }.get(kind, f"a product of the type “{kind}”")
    return SyncFailure(
        Reason.CONFLICT,
        f"In the shop {id_} is {what}, and it should be {wanted}: take its SKU away or delete it"
        " for good in the shop, then re-sync, or change the variants at the source.",
        error_code="other_kind",
        field="type",
    )


def several(sku: str, ids: Sequence[str]) -> SyncFailure:
    """Return the failure of a SKU that two things there carry."""
    return SyncFailure(
        Reason.CONFLICT,
        f"The shop has {len(ids)} products with the SKU {sku} ({' and '.join(sorted(ids))}): give"
        " each its own SKU or delete one, then re-sync.",
        error_code="sku_not_unique",
        field="sku",
    )


def sku_used_twice(sku: str) -> SyncFailure:
    """Return the failure of two products that are to have one SKU."""
    return SyncFailure(
        Reason.CONFLICT,
        f"Two products have the SKU {sku}, and it can stand for one only: give each its own.",
        error_code="sku_used_twice",
        field="sku",
    )


def belongs_to_another(wanted: Wanted[Listing], holder: int | None) -> SyncFailure:
    """Return the failure of a SKU that another product of the shop holds."""
    who = f"product {holder} of the shop" if holder else "another product of the shop"
    return SyncFailure(
        Reason.CONFLICT,
        f"The SKU {wanted.desired.sku} is held by {who}: give one of them another SKU, then"
        " re-sync.",
        error_code="sku_taken",
        field="sku",
    )


def in_bin(sku: str, id_: str | None) -> SyncFailure:
    """Return the failure of a SKU that a trashed product keeps."""
    who = f"Product {id_}" if id_ else "A product"
    return SyncFailure(
        Reason.CONFLICT,
        f"{who} lies in the shop's bin and keeps the SKU {sku}: restore it there, or delete it"
        " permanently, then re-sync.",
        error_code="sku_in_bin",
        field="sku",
    )


def no_sku() -> SyncFailure:
    """Return the failure of a product that could not be found again."""
    return SyncFailure(
        Reason.UNSUPPORTED,
        "The product has no SKU, so it could not be found again in the shop: give it one.",
        error_code="no_sku",
        field="sku",
    )


def _told(row: Json, listing: Listing) -> str:
    if listing.archived:
        return "The product is hidden in the shop (private)."
    if is_hidden(row):
        return f"Buyers do not see it: somebody made it {row.get('status')} in the shop."
    return ""


def _outcome(found: Found | None) -> Outcome:
    if found is None:
        return Outcome.CREATED
    return Outcome.UPDATED if found.ours else Outcome.ADOPTED
