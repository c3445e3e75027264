"""order-service: creating a sales order, once for each unique pair of references."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from local.platforms.brightpearl.api.routing import Call, Route, answer
from local.platforms.brightpearl.faults import Checker
from local.platforms.brightpearl.state.orders import Order, Row
from local.platforms.brightpearl.state.products import Product
from local.platforms.brightpearl.world import World

MONEY_PLACES = 2
REFERENCE_LENGTH = 64
ADDRESS_LINE_LENGTH = 255
ADDRESS_LINES = (
    "addressFullName",
    "companyName",
    "addressLine1",
    "addressLine2",
    "addressLine3",
    "addressLine4",
    "postalCode",
    "countryIsoCode",
    "telephone",
    "mobileTelephone",
    "email",
)


def create_sales_order(call: Call) -> dict[str, object]:
    """``POST sales-order``: the whole sale at once.

    A repeated (externalRef, installedIntegrationInstanceId) answers 200 and changes nothing; that
    the answer holds the old id is not documented, so `Behaviour.repeat_answers_id` decides.
    """
    document, world = call.document(), call.world
    check = Checker("ORDC")
    instance_id = read_instance_id(call, document, check)
    external_ref = check.text(document, "externalRef", limit=255)
    check.finish()
    twin = world.orders.twin(external_ref, instance_id)
    if twin is not None:
        return answer(twin.id) if world.behaviour.repeat_answers_id else {}
    order = read_order(call, document, check, external_ref=external_ref, instance_id=instance_id)
    world.orders.add(order)
    world.webhooks.raise_event("sales-order.created", [order.id])
    world.webhooks.raise_event("order.modified", [order.id])
    return answer(order.id)


def read_instance_id(call: Call, document: Mapping[str, Any], check: Checker) -> int | None:
    """Return the installation the order belongs to; an OAuth app may only name its own."""
    number = document.get("installedIntegrationInstanceId")
    if number is None:
        return None
    if isinstance(number, bool) or not isinstance(number, int):
        check.add("installedIntegrationInstanceId must be an integer")
        return None
    own = call.principal.instance_id
    if own is not None and number != own:
        check.add("installedIntegrationInstanceId is not the one of this app")
    if own is None and not call.world.behaviour.private_apps_have_instances:
        return None
    return number


def read_order(
    call: Call,
    document: Mapping[str, Any],
    check: Checker,
    *,
    external_ref: str | None,
    instance_id: int | None,
) -> Order:
    """Read and check the whole body; every error is reported at once."""
    world, now = call.world, call.world.clock()
    references = world.references
    customer_id, address, delivery_address = _parties(world, document, check)
    delivery = check.mapping(document, "delivery")
    currency, rate = _currency(world, document, check)
    placed_on = check.time(document, "placedOn") or now
    warehouse = check.known(document, "warehouseId", references.warehouses, required=True)
    order = Order(
        id=0,
        customer_id=customer_id,
        address=address,
        delivery_address=delivery_address,
        ref=check.text(document, "ref", limit=REFERENCE_LENGTH),
        external_ref=external_ref,
        instance_id=instance_id,
        placed_on=placed_on,
        tax_date=check.time(document, "taxDate") or placed_on,
        status_id=check.known(document, "statusId", references.statuses)
        or min(references.statuses),
        warehouse_id=warehouse or 0,
        channel_id=check.known(document, "channelId", references.channels),
        price_list_id=check.known(document, "priceListId", references.price_lists),
        price_mode=_price_mode(document, check),
        currency=currency,
        exchange_rate=rate,
        delivery_date=check.time(delivery, "date"),
        shipping_method_id=_shipping_method(delivery, check),
        created_on=now,
        updated_on=now,
    )
    rows = [read_row(world, row, check) for row in check.objects(document, "rows")]
    check.finish()
    order.id = next(world.orders.order_ids)
    for row in rows:
        add_with_parts(world, order, row)
    return order


def add_with_parts(world: World, order: Order, row: Row, *, row_id: int = 0) -> None:
    """Give a row its id and add it; the components of a bundle become rows worth nothing."""
    row.id = row_id or next(world.orders.row_ids)
    order.rows[row.id] = row
    product = world.products.by_id.get(row.product_id or 0)
    for part in product.components if product else ():
        row.bundle = True
        component = world.products.by_id[part.product_id]
        child = Row(
            id=0,
            product_id=component.id,
            name=component.name,
            sku=component.sku,
            quantity=row.quantity * part.quantity,
            tax_code=row.tax_code,
            net=Decimal(0),
            tax=Decimal(0),
            nominal_code=row.nominal_code,
            parent_row_id=row.id,
        )
        add_with_parts(world, order, child)


def _parties(
    world: World, document: Mapping[str, Any], check: Checker
) -> tuple[int, dict[str, Any], dict[str, Any]]:
    """Return the customer's contact id, address and delivery address."""
    customer = dict(check.mapping(document, "customer"))
    if "id" not in customer and "customerId" in document:
        customer["id"] = document["customerId"]
    if customer.get("id") is None:
        check.add("customer.id is required")
        return 0, {}, {}
    contact_id = check.known(customer, "id", world.contacts.by_id)
    delivery = check.mapping(check.mapping(document, "delivery"), "address")
    address = _address(check.mapping(customer, "address"), check)
    return contact_id or 0, address, _address(delivery, check)


def _address(given: Mapping[str, Any], check: Checker) -> dict[str, Any]:
    """Return the lines of an address that are there."""
    lines = {name: check.text(given, name, limit=ADDRESS_LINE_LENGTH) for name in ADDRESS_LINES}
    return {name: text for name, text in lines.items() if text is not None}


def _shipping_method(delivery: Mapping[str, Any], check: Checker) -> int | None:
    method = delivery.get("shippingMethodId")
    if method is not None and not isinstance(method, int):
        check.add("delivery.shippingMethodId must be an integer")
        return None
    return method


def _currency(world: World, document: Mapping[str, Any], check: Checker) -> tuple[str, Decimal]:
    currency = check.mapping(document, "currency")
    code = currency.get("code", world.references.currency)
    if not isinstance(code, str) or len(code) != 3:
        check.add("currency.code must be an ISO code of three letters")
    rate = check.decimal(currency, "exchangeRate", places=6) if "exchangeRate" in currency else 1
    if rate <= 0:
        check.add("currency.exchangeRate must be above 0")
    return str(code), Decimal(rate)


def _price_mode(document: Mapping[str, Any], check: Checker) -> str:
    mode = document.get("priceModeCode", "INC")
    if mode not in ("INC", "EXC"):
        check.add("priceModeCode must be INC or EXC")
    return str(mode)


def read_row(world: World, row: Mapping[str, Any], check: Checker) -> Row:
    """Read one row of a sales order; its id is given later.

    A row names a product or has a name of its own. Pieces of stock-tracked products are whole.
    """
    product_id = check.known(row, "productId", world.products.by_id)
    product = world.products.by_id.get(product_id or 0)
    name = check.text(row, "name", limit=512) or (product.name if product else None)
    if name is None and row.get("productId") is None:
        check.add("a row needs productId or name")
    quantity = check.decimal(row, "quantity", places=4)
    check_quantity(product, quantity, check)
    return Row(
        id=0,
        product_id=product_id,
        name=name or "",
        sku=product.sku if product else None,
        quantity=quantity,
        tax_code=tax_code(world, row.get("taxCode"), check),
        net=check.decimal(row, "net", places=MONEY_PLACES),
        tax=check.decimal(row, "tax", places=MONEY_PLACES),
        nominal_code=nominal_code(world, row.get("nominalCode"), check),
        external_ref=check.text(row, "externalRef", limit=255),
    )


def check_quantity(product: Product | None, quantity: Decimal, check: Checker) -> None:
    """Note an error for parts of a piece that is counted."""
    if product is not None and product.tracked and quantity != quantity.to_integral_value():
        check.add("quantity of a stock-tracked product must be a whole number")


def tax_code(world: World, code: object, check: Checker) -> str:
    """Return a tax code that exists."""
    if not isinstance(code, str) or world.references.tax_code_named(code) is None:
        check.add(f"taxCode {code!r} is unknown")
    return str(code)


def nominal_code(world: World, code: object, check: Checker) -> str:
    """Return an account that exists; sales go to 4000 unless told otherwise."""
    if code is None:
        return "4000"
    if not world.references.has_nominal_code(code):
        check.add(f"nominalCode {code!r} is unknown")
    return str(code)


ROUTES = (Route("POST", "order-service/sales-order", create_sales_order),)
