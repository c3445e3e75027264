"""Product → listing: what a till or shop should offer for one product."""

from collections.abc import Mapping
from typing import Any

from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Listing, Product
from chalicelib.flows.declare import Planning, Showing
from chalicelib.flows.mappings.answers import mapped, setting

#: Answers to the setting of what the prices of the list hold.
_TAX_INCLUDED = {"with_tax": True, "without_tax": False}
ONLY_OPTION = "Variant"  #: name of the option of variants that have none
ONLY_VARIATION = "Regular"  #: name of the variation of a product without variants


def listing_from_product(product: Product, planning: Planning) -> Listing:
    """Plan the listing of a product.

    A variant of group 31 called "Mug", "Red" becomes the variation "Red" of the item ``group-31``,
    named "Mug"; a product without a group is an item of its own with one variation.

    Raises:
        SyncFailure: a category or setting has no answer yet, or the product cannot be offered.
    """
    if not product.sku:
        detail = "The product has no SKU, so it could not be found again: give it one."
        raise SyncFailure(Reason.UNSUPPORTED, detail, field="sku")
    price_list = setting(
        planning, "price_list", sentence="The setting “Price list” of the flow is not set."
    )
    price = product.prices.get(price_list)
    if price is None:
        detail = f"The product has no price in price list {price_list}: give it one."
        raise SyncFailure(Reason.UNSUPPORTED, detail, field="price")
    category = mapped(
        planning,
        "category",
        product.category_name or product.category_id,
        sentence=_category_sentence(product),
        record=product.id,
    )
    return Listing(
        product_id=product.id,
        item_key=f"group-{product.group_id}" if product.group_id else f"product-{product.id}",
        item_name=product.name,
        variation_name=product.variant_name or ONLY_VARIATION,
        options=_options(product),
        sku=product.sku,
        barcode=product.barcode,
        category=category,
        price=price.rounded(),
        tax_included=_TAX_INCLUDED.get(str(planning.settings.get("prices") or "")),
        description_html=product.description_html,
        locations=_locations(planning),
        tracked=product.tracked,
        archived=product.archived and planning.settings.get("archived_products") != "keep",
    )


def _options(product: Product) -> Mapping[str, str]:
    """Return what tells a variant from its sisters, also where nobody gave it options."""
    if product.options or not product.group_id:
        return product.options
    return {ONLY_OPTION: product.variant_name or product.sku}


def _category_sentence(product: Product) -> str:
    name = product.category_name or product.category_id
    if not name:
        return "The product has no category: choose one for products without, or for this one."
    return f"The category “{name}” has no counterpart at the target yet."


def _locations(planning: Planning) -> tuple[str, ...]:
    text = str(planning.settings.get("locations") or "")
    return tuple(part.strip() for part in text.split(",") if part.strip())


def why_no_listing(product: Product, planning: Planning) -> str | None:
    """Say why a product is left alone: it was archived before it was ever offered."""
    if product.archived and product.id not in planning.linked:
        return "The product is archived and was never offered there."
    return None


def product_columns(showing: Showing) -> Mapping[str, Any]:
    """Columns of a product row; an empty SKU is an empty cell."""
    product: Product = showing.record
    name = product.name
    if product.variant_name:
        name = f"{name} ({product.variant_name})"
    return {"name": name[:200], "sku": product.sku, "source": product.source}
