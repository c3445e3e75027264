"""What the merchant's Lightspeed shows."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from local.demo.shown import (
    CANCELLED,
    NO_SALE,
    NOTHING,
    SOLD,
    WAITS,
    GivenBack,
    Offered,
    Sale,
    Shop,
    cents,
    goods_of,
)
from local.demo.vendors import Outlets
from local.platforms.lightspeed.feed import Row
from local.platforms.lightspeed.fields import Json
from local.platforms.lightspeed.simulator import LightspeedSimulator

_STANDS = {"closed": SOLD, "pending": WAITS, "voided": CANCELLED}


def lightspeed_shop(outlets: Outlets) -> Shop:
    """Return the outlets of Lightspeed; the caller holds its lock."""
    simulator, ids = outlets.simulator, outlets.store.outlet_ids
    sales = simulator.sales.feed.live()
    return Shop(
        name="Lightspeed",
        what="till",
        places=dict(zip(outlets.warehouses, ids.values(), strict=True)),
        place_names={id_: name for name, id_ in ids.items()},
        offered=[_offered(simulator, row, list(ids.values())) for row in _things(simulator)],
        sales={row.id: _sale(simulator, row) for row in sales if _sold(row)},
        refunds=[refund for row in sales for refund in _refunds(row)],
        customers=[
            (str(row.data["email"]), str(row.data["name"] or ""))
            for row in simulator.customers.feed.live()
            if row.data.get("email")
        ],
    )


def _things(simulator: LightspeedSimulator) -> list[Row]:
    return simulator.products.feed.live()


def _offered(simulator: LightspeedSimulator, row: Row, outlets: Sequence[str]) -> Offered:
    counted = outlets if row.data["has_inventory"] else ()
    return Offered(
        id=row.id,
        sku=str(row.data["sku"]),
        name=str(row.data["name"]),
        price=cents(Decimal(row.data["price_including_tax"])),
        active=bool(row.data.get("is_active", True)),
        stock={place: simulator.inventory.level(row.id, place) for place in counted},
    )


def _sold(row: Row) -> list[Json]:
    return [one for one in row.data["line_items"] if one["quantity"] > 0]


def _returned(row: Row) -> list[Json]:
    return [one for one in row.data["line_items"] if one["quantity"] < 0]


def _gross(lines: Sequence[Json]) -> Decimal:
    amounts = (one["pricing"]["total"] + one["tax"]["total"] for one in lines)
    return cents(sum(amounts, NOTHING))


def _sale(simulator: LightspeedSimulator, row: Row) -> Sale:
    total, back = _gross(_sold(row)), -_gross(_returned(row))
    payments = [cents(one["amount"]) for one in row.data["payments"] if one["amount"] > 0]
    customer = simulator.customers.feed.get(row.data["customer_id"])
    stands = _STANDS.get(row.data["state"], NO_SALE)
    if stands == WAITS and sum(payments, NOTHING) >= total:
        stands = SOLD
    takes_goods = row.data["state"] == "closed" or "onaccount" in row.data["attributes"]
    return Sale(
        id=row.id,
        stands=stands,
        status=str(row.data["state"]),
        total=total,
        currency=simulator.world.currency,
        pieces=sum((one["quantity"] for one in _sold(row)), NOTHING),
        payments=[*payments, *([min(total, back)] if back else [])],
        email=str(customer.data.get("email") or "") if customer else "",
        takes=goods_of(list(_lines(simulator, row))) if takes_goods else {},
    )


def _lines(simulator: LightspeedSimulator, row: Row) -> Iterator[tuple[str, str, Decimal]]:
    for one in _sold(row):
        product = simulator.products.feed.rows[one["product"]["id"]]
        yield str(product.data["sku"]), row.data["source"]["outlet_id"], one["quantity"]


def _refunds(row: Row) -> Iterator[GivenBack]:
    if row.data["state"] != "closed" or not _returned(row):
        return
    total, sold = -_gross(_returned(row)), _gross(_sold(row))
    payments = [-cents(one["amount"]) for one in row.data["payments"] if one["amount"] < 0]
    yield GivenBack(
        id=row.id,
        order=str(row.data["return"]["original_sale_id"] or ""),
        total=total,
        payments=[*payments, *([min(total, sold)] if sold else [])],
    )
