"""What the merchant's Square shows."""

from collections.abc import Iterator
from decimal import Decimal

from local.demo.shown import (
    CANCELLED,
    NO_SALE,
    SOLD,
    WAITS,
    GivenBack,
    Offered,
    Sale,
    Shop,
    goods_of,
    minor,
)
from local.demo.vendors import Vendors
from local.platforms.square import SquareSimulator
from local.platforms.square.catalog import Stored
from local.platforms.square.orders import Order
from local.platforms.square.returns import total_of

_STANDS = {"COMPLETED": SOLD, "OPEN": WAITS, "CANCELED": CANCELLED}


def square_shop(vendors: Vendors) -> Shop:
    """Return the tills of Square; the caller holds its lock."""
    square, locations = vendors.square, vendors.tills.location_ids
    orders = square.orders.orders.values()
    return Shop(
        name="Square",
        what="till",
        places=dict(zip(vendors.erp.warehouses, locations.values(), strict=True)),
        place_names={id_: name for name, id_ in locations.items()},
        offered=[_offered(square, one) for one in _variations(square)],
        sales={one.id: _sale(square, one) for one in orders if one.lines},
        refunds=[refund for one in orders for refund in _refunds(one)],
        customers=[
            (str(one["email_address"]), _name(one.get("given_name"), one.get("family_name")))
            for one in square.customers.customers.values()
            if one.get("email_address")
        ],
    )


def _name(*parts: object) -> str:
    return " ".join(str(one) for one in parts if one)


def _variations(square: SquareSimulator) -> Iterator[Stored]:
    for object_id, stored in square.catalog.objects.items():
        if stored.type == "ITEM_VARIATION" and square.catalog.current(object_id) is not None:
            yield stored


def _offered(square: SquareSimulator, one: Stored) -> Offered:
    item = square.catalog.current(one.data["item_id"])
    price = (one.data.get("price_money") or {}).get("amount", 0)
    return Offered(
        id=one.id,
        sku=str(one.data.get("sku") or ""),
        name=str(item.data.get("name")) if item else "",
        price=minor(price),
        active=item is not None and not item.data.get("is_archived") and _is_sold(one),
        stock={place: square.inventory.on_hand(one.id, place) for place in square.world.locations},
    )


def _is_sold(one: Stored) -> bool:
    presence = one.presence
    return bool(
        presence.get("present_at_all_locations", True) or presence.get("present_at_location_ids")
    )


def _sale(square: SquareSimulator, order: Order) -> Sale:
    total, paid = order.body["total_money"]["amount"], order.paid()
    stands = _STANDS.get(order.state, NO_SALE)
    if stands == WAITS and paid >= total:
        stands = SOLD
    payments = [one.amount for one in order.payments if one.status == "COMPLETED" and one.amount]
    if order.came_back:
        payments.append(min(total, sum(total_of(one) for one in order.came_back)))
    customer = square.customers.customers.get(order.customer_id, {})
    return Sale(
        id=order.id,
        stands=stands,
        status=order.state,
        total=minor(total),
        currency=order.terms.currency,
        pieces=sum((line.quantity for line in order.lines if line.variation_id), Decimal(0)),
        payments=[minor(amount) for amount in payments],
        email=str(customer.get("email_address") or ""),
        takes={} if stands == CANCELLED else goods_of(_lines(square, order)),
    )


def _lines(square: SquareSimulator, order: Order) -> list[tuple[str, str, Decimal]]:
    stored = [(square.catalog.current(line.variation_id or ""), line) for line in order.lines]
    return [
        (str(one.data.get("sku")), order.location_id, line.quantity)
        for one, line in stored
        if one is not None
    ]


def _refunds(order: Order) -> Iterator[GivenBack]:
    if not order.came_back and not order.refunds:
        return
    source = str(order.came_back[0].get("source_order_id") or "") if order.came_back else ""
    back = sum(total_of(one) for one in order.came_back)
    goods = min(order.body["total_money"]["amount"], back) if order.lines else 0
    done = [one for one in order.refunds if one.status == "COMPLETED"]
    if order.lines and not order.refunds and order.state == "COMPLETED":
        yield GivenBack(id=order.id, order=source, total=minor(goods), payments=[minor(goods)])
    for number, one in enumerate(done):
        by_goods = [goods] if goods and number == 0 else []
        amounts = [one.amount, *by_goods]
        yield GivenBack(
            id=one.id,
            order=source,
            total=minor(sum(amounts)),
            payments=[minor(amount) for amount in amounts],
        )
