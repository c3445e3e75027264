"""Brightpearl's products and stock as canonical records; pure."""

import html
from collections.abc import Iterable, Mapping
from decimal import Decimal

from chalicelib.connectors.brightpearl.models import (
    AvailabilityModel,
    Description,
    ListPrices,
    PriceModel,
    ProductModel,
    SalesChannel,
    to_ms,
)
from chalicelib.domain.money import Money
from chalicelib.domain.records import Product, StockLevel

SOURCE = "Brightpearl"

#: Discontinued products are still sold until their stock is gone; only archived ones are put away.
_ARCHIVED = frozenset({"ARCHIVED"})
_NO_GROUP = frozenset({"", "0"})


def to_product(
    model: ProductModel,
    prices: Mapping[str, Money],
    category_names: Mapping[str, str],
    *,
    tracked: bool | None = None,
) -> Product:
    """Turn a product, its prices by price list, and the names of categories into a record.

    ``tracked`` says of a bundle whether a part of it is counted.

    A red mug of size M of group 31 becomes variant "Red / M". A category whose name could not be
    read is shown by its number, so that it is not taken for no category.
    """
    channel = _own_channel(model)
    category_id = next((entry.code for entry in channel.categories if entry.code), "")
    updated_at = model.updated_on or model.created_on
    return Product(
        id=model.id,
        name=channel.name,
        sku=model.identity.sku,
        barcode=model.identity.barcode or model.identity.ean or model.identity.upc,
        group_id=None if model.group_id in _NO_GROUP else model.group_id,
        variant_name=" / ".join(entry.value for entry in model.variations if entry.value),
        options={
            entry.option: entry.value for entry in model.variations if entry.option and entry.value
        },
        category_id=category_id,
        category_name=(category_names.get(category_id) or f"Category {category_id}")
        if category_id
        else "",
        description_html=_to_html(channel.description),
        prices=prices,
        tracked=is_tracked(model) if tracked is None else tracked,
        archived=model.status.upper() in _ARCHIVED,
        source=SOURCE,
        version=to_ms(updated_at) if updated_at else None,
        updated_at=updated_at,
    )


def is_tracked(model: ProductModel) -> bool:
    """Whether Brightpearl counts the product's stock; a bundle never has stock of its own."""
    return model.stock.tracked and not model.composition.bundle


def category_ids_of(models: Iterable[ProductModel]) -> set[str]:
    """Return the categories that products are in."""
    return {
        entry.code for model in models for entry in _own_channel(model).categories if entry.code
    }


def _own_channel(model: ProductModel) -> SalesChannel:
    """Return the account's own sales channel, else the first; older products may have several."""
    own = (channel for channel in model.channels if channel.channel == SOURCE)
    return next(own, model.channels[0] if model.channels else SalesChannel())


def _to_html(description: Description | None) -> str:
    if description is None or not description.text:
        return ""
    if description.format.upper().startswith("HTML"):
        return description.text
    return html.escape(description.text)


def to_prices(model: PriceModel) -> dict[str, Money]:
    """Return the price of one piece in each list that has one; 10.0000 GBP stays exact.

    An empty list means "no price", which is not a price of nothing.
    """
    priced = ((entry.price_list_id, _price_of_one(entry)) for entry in model.lists)
    return {list_id: price for list_id, price in priced if price is not None}


def _price_of_one(entry: ListPrices) -> Money | None:
    amount = entry.by_quantity.get("1")
    return None if amount is None or not entry.currency else Money(amount, entry.currency)


def to_stock_level(model: ProductModel, availability: AvailabilityModel | None) -> StockLevel:
    """Turn a product and its place in the availability map into a stock level.

    Brightpearl leaves untracked products out of the map. They have no figures, which is not zero.
    """
    if availability is None or not is_tracked(model):
        return to_figures(model, None)
    return to_figures(model, {id_: level.on_hand for id_, level in availability.warehouses.items()})


def to_figures(model: ProductModel, on_hand: Mapping[str, Decimal] | None) -> StockLevel:
    """Return a stock level; without figures its stock is not counted, or not known."""
    return StockLevel(
        product_id=model.id,
        on_hand=on_hand or {},
        tracked=on_hand is not None,
        name=_own_channel(model).name,
        sku=model.identity.sku,
    )
