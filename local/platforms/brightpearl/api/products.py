"""product-service: products, prices, price lists, categories, brands, channels, product search."""

from local.platforms.brightpearl.api.routing import (
    Call,
    Handler,
    Route,
    answer,
    without_nulls,
    written,
)
from local.platforms.brightpearl.api.searches import Column, Search, handler_of
from local.platforms.brightpearl.faults import not_found
from local.platforms.brightpearl.formats import four_places
from local.platforms.brightpearl.idsets import IdSet
from local.platforms.brightpearl.state.products import Product, Variation
from local.platforms.brightpearl.state.references import Channel, PriceList
from local.platforms.brightpearl.world import World


def read_products(call: Call) -> dict[str, object]:
    """``GET product/{idset}``: unknown ids are left out."""
    by_id = call.world.products.by_id
    return answer([product_document(call.world, by_id[n]) for n in call.ids().pick(by_id)])


def read_bundles(call: Call) -> dict[str, object]:
    """``GET product/{idset}/bundle``: what products are part of; 404 where they are of nothing."""
    by_id = call.world.products.by_id
    found = [
        {"id": number, "bundles": bundles}
        for number in call.ids().pick(by_id)
        if (bundles := _bundles_of(call.world, number))
    ]
    if not found:
        raise not_found("A bundle of these products")
    return answer(found)


def _bundles_of(world: World, number: int, above: tuple[int, ...] = ()) -> list[dict[str, object]]:
    """Return the bundles that hold a product, with those that hold them; circles end."""
    holding = [
        product.id
        for product in world.products.by_id.values()
        if product.id not in above
        if any(part.product_id == number for part in product.components)
    ]
    above = (*above, number)
    return [
        {"id": bundle, **({"bundles": more} if (more := _bundles_of(world, bundle, above)) else {})}
        for bundle in holding
    ]


def product_document(world: World, product: Product) -> dict[str, object]:
    """Return a product as the API shows it."""
    time = written(world)
    return without_nulls(
        {
            "id": product.id,
            "brandId": product.brand,
            "productTypeId": 1,
            "productGroupId": product.group,
            "identity": without_nulls({"sku": product.sku, "barcode": product.barcode}),
            "stock": {"stockTracked": product.tracked, "weight": {"magnitude": 0}},
            "financialDetails": _financial(world, product),
            "salesChannels": [_sales_channel(product)],
            "composition": _composition(world, product),
            "variations": [_variation(v) for v in product.variations] or None,
            "createdOn": time(product.created_on),
            "updatedOn": time(product.updated_on),
            "warehouses": {},
            "status": product.status,
            "version": product.version,
        }
    )


def _composition(world: World, product: Product) -> dict[str, object]:
    """Return what a bundle is made of; a component that is a bundle itself shows its own parts."""
    if not product.components:
        return {"bundle": product.bundle}
    known = world.products.by_id
    parts = [
        without_nulls(
            {
                "productId": part.product_id,
                "productQuantity": part.quantity,
                "composition": _composition(world, known[part.product_id])
                if part.product_id in known
                else None,
            }
        )
        for part in product.components
    ]
    return {"bundle": True, "bundleComponents": parts}


def _financial(world: World, product: Product) -> dict[str, object]:
    tax = world.references.tax_codes.get(product.tax_code or 0)
    if tax is None:
        return {"taxable": False}
    return {"taxable": True, "taxCode": {"id": tax.id, "code": tax.code}}


def _sales_channel(product: Product) -> dict[str, object]:
    return {
        "salesChannelName": "Brightpearl",
        "productName": product.name,
        "productCondition": "new",
        "categories": [{"categoryCode": str(number)} for number in product.categories],
        "description": {
            "languageCode": "en",
            "text": product.description,
            "format": "HTML_FRAGMENT",
        },
    }


def _variation(variation: Variation) -> dict[str, object]:
    return {
        "optionId": variation.option_id,
        "optionName": variation.option,
        "optionValueId": variation.value_id,
        "optionValue": variation.value,
    }


def read_prices(call: Call) -> dict[str, object]:
    """``GET product-price/{idset}/price-list/{idset}``: 404 only when nothing matches at all."""
    products = call.ids(0).pick(call.world.products.by_id)
    lists = call.ids(1).pick(call.world.references.price_lists)
    if not products or not lists:
        raise not_found("A price of these products in these price lists")
    return answer([_prices(call.world, product, lists) for product in products])


def read_all_prices(call: Call) -> dict[str, object]:
    """``GET product-price/{idset}``: in every price list."""
    products = call.ids(0).pick(call.world.products.by_id)
    if not products:
        raise not_found("A price of these products")
    lists = sorted(call.world.references.price_lists)
    return answer([_prices(call.world, product, lists) for product in products])


def _prices(world: World, product_id: int, lists: list[int]) -> dict[str, object]:
    prices = world.products.prices.get(product_id, {})
    return {
        "productId": product_id,
        "priceLists": [
            {
                "priceListId": number,
                "currencyCode": world.references.price_lists[number].currency,
                "currencyId": 1,
                "quantityPrice": {
                    str(quantity): four_places(price)
                    for quantity, price in sorted(prices.get(number, {}).items())
                },
            }
            for number in lists
        ],
    }


def _price_list(price_list: PriceList) -> dict[str, object]:
    name = {"languageCode": "en", "text": price_list.name, "format": "PLAINTEXT"}
    return {
        "id": price_list.id,
        "name": name,
        "code": price_list.code,
        "currencyCode": price_list.currency,
        "currencyId": 1,
        "priceListTypeCode": price_list.kind,
        "gross": price_list.gross,
    }


def _channel(channel: Channel) -> dict[str, object]:
    return {
        "id": channel.id,
        "name": channel.name,
        "channelTypeId": 1,
        "defaultWarehouseId": channel.warehouse_ids[0],
        "warehouseIds": list(channel.warehouse_ids),
        "defaultPriceListId": channel.price_list_id,
    }


def _chosen(call: Call, known: object) -> list[int]:
    """Return the ids asked for in the path, all of them when the path has none."""
    ids = call.ids() if call.args else IdSet(everything=True)
    return ids.pick(known if isinstance(known, dict) else ())


def read_price_lists(call: Call) -> dict[str, object]:
    """``GET price-list``."""
    lists = call.world.references.price_lists
    return answer([_price_list(lists[n]) for n in _chosen(call, lists)])


def read_categories(call: Call) -> dict[str, object]:
    """``GET brightpearl-category``."""
    known = call.world.references.categories
    return answer(
        [
            {"id": n, "name": known[n].name, "parentId": known[n].parent_id, "active": True}
            for n in _chosen(call, known)
        ]
    )


def read_brands(call: Call) -> dict[str, object]:
    """``GET brand``."""
    known = call.world.references.brands
    return answer(
        [{"id": n, "name": known[n].name, "description": ""} for n in _chosen(call, known)]
    )


def read_channels(call: Call) -> dict[str, object]:
    """``GET channel``."""
    known = call.world.references.channels
    return answer([_channel(known[n]) for n in _chosen(call, known)])


PRODUCT_SEARCH = Search[Product](
    columns=(
        Column(name="productId", kind="IDSET", value=lambda w, p: p.id),
        Column(name="productName", kind="SEARCH_STRING", value=lambda w, p: p.name),
        Column(name="SKU", kind="STRING", value=lambda w, p: p.sku),
        Column(name="barcode", kind="STRING", value=lambda w, p: p.barcode),
        Column(name="stockTracked", kind="BOOLEAN", value=lambda w, p: p.tracked),
        Column(name="salesChannelName", kind="STRING", value=lambda w, p: "Brightpearl"),
        Column(name="createdOn", kind="PERIOD", value=lambda w, p: p.created_on),
        Column(name="updatedOn", kind="PERIOD", value=lambda w, p: p.updated_on),
        Column(
            name="brightpearlCategoryCode",
            kind="STRING",
            value=lambda w, p: str(p.categories[0]) if p.categories else None,
        ),
        Column(name="productGroupId", kind="INTEGER", value=lambda w, p: p.group),
        Column(name="brandId", kind="INTEGER", value=lambda w, p: p.brand),
        Column(name="productTypeId", kind="INTEGER", value=lambda w, p: 1),
        Column(name="productStatus", kind="STRING", value=lambda w, p: p.status),
    ),
    rows=lambda world: world.products.by_id.values(),
    created=lambda product: product.created_on,
    updated=lambda product: product.updated_on,
)


def _list_routes(name: str, handler: Handler) -> tuple[Route, Route]:
    return (
        Route("GET", f"product-service/{name}", handler),
        Route("GET", f"product-service/{name}/{{}}", handler),
    )


ROUTES = (
    Route("GET", "product-service/product/{}", read_products),
    Route("GET", "product-service/product/{}/bundle", read_bundles),
    Route("GET", "product-service/product-search", handler_of(PRODUCT_SEARCH)),
    Route("GET", "product-service/product-price/{}", read_all_prices),
    Route("GET", "product-service/product-price/{}/price-list/{}", read_prices),
    *_list_routes("price-list", read_price_lists),
    *_list_routes("brightpearl-category", read_categories),
    *_list_routes("brand", read_brands),
    *_list_routes("channel", read_channels),
)
