"""Products: an ERP's products as listings of a till or shop."""

from collections.abc import Sequence

from chalicelib.domain.statuses import Kind
from chalicelib.flows.declare import Flow, LinkNeed, MappingRule, Setting, Side
from chalicelib.flows.declared.common import RETRY, Calls
from chalicelib.flows.mappings import listings


def locations(target: Side) -> Setting:
    """Return the setting of where products are sold, for targets that ask."""
    return Setting(
        name="locations",
        label="Locations",
        help=f"{target.label} location ids, separated by commas; empty: all locations.",
    )


def prices(source: Side) -> Setting:
    """Return the setting of what the prices hold, for targets that keep tax apart."""
    return Setting(
        name="prices",
        label="Prices of the list",
        type="choice",
        options=("with_tax", "without_tax"),
        required=True,
        help=f"Whether the prices of that {source.label} price list hold tax already.",
    )


def products(
    source: Side,
    target: Side,
    *,
    settings: Sequence[Setting] = (),
    calls: Calls = lambda rows: (3, 4),
) -> Flow:
    """Return the flow of products; ``settings`` are those of this target alone."""
    return Flow(
        name=f"{source.name}-products-to-{target.name}",
        label=f"Products from {source.label} to {target.label}",
        kind=Kind.PRODUCT,
        source=source.name,
        target=target.name,
        plan=listings.listing_from_product,
        skips=listings.why_no_listing,
        columns=listings.product_columns,
        parent_key=lambda listing: listing.item_key if listing is not None else None,
        links=LinkNeed(kind="product", side="source", ids=lambda product: (product.id,)),
        settings=(_price_list(source, target), *settings, _archived(source, target)),
        mappings=(_categories(source, target),),
        calls=calls,
        retry=RETRY,
        poll_every_s=300,
    )


def _price_list(source: Side, target: Side) -> Setting:
    return Setting(
        name="price_list",
        label="Price list",
        type="choice",
        required=True,
        pick=("source", "price_lists"),
        help=f"The {source.label} price list whose prices {target.label} shows.",
    )


def _archived(source: Side, target: Side) -> Setting:
    return Setting(
        name="archived_products",
        label="Archived products",
        type="choice",
        options=("hide", "keep"),
        default="hide",
        help=f"What becomes of a product at {target.label} when it is archived in {source.label}.",
    )


def _categories(source: Side, target: Side) -> MappingRule:
    return MappingRule(
        name="category",
        label="Categories",
        source_label=f"{source.label} category",
        target_label=f"{target.label} category",
        source_pick="categories",
        target_pick="categories",
        source_by="name",
    )
