"""order-service: sales credits, made once for each unique pair of references."""

from collections.abc import Mapping
from typing import Any

from local.platforms.brightpearl.api.order_documents import (
    allocation_status,
    payment_status,
    shipping_status,
)
from local.platforms.brightpearl.api.orders import close_order
from local.platforms.brightpearl.api.routing import Call, Route, answer, without_nulls, written
from local.platforms.brightpearl.api.sales_orders import read_instance_id, read_order
from local.platforms.brightpearl.faults import NOT_FOUND, Checker, VendorFault, not_found
from local.platforms.brightpearl.formats import four_places
from local.platforms.brightpearl.state.orders import Order, Row
from local.platforms.brightpearl.world import World

KIND = "SC"


class PartlyFound(VendorFault):
    """An answer that holds what was found beside an error for each id that was not."""

    def __init__(self, found: list[object], missing: list[int]) -> None:
        errors = [(NOT_FOUND, f"Sales credit {number} does not exist") for number in missing]
        super().__init__(207, *errors)
        self.found = found

    def body(self) -> dict[str, object]:
        """Return both parts."""
        return {"response": self.found, **super().body()}


def create_sales_credit(call: Call) -> dict[str, object]:
    """``POST sales-credit``: the body of a sales order with ``parentId``.

    Whether more may be credited than the order came to is not documented; it is let through.
    """
    document, world = call.document(), call.world
    check = Checker("ORDC")
    instance_id = read_instance_id(call, document, check)
    external_ref = check.text(document, "externalRef", limit=255)
    parent_id = _parent(world, document, check)
    check.finish()
    twin = world.orders.twin(external_ref, instance_id, KIND)
    if twin is not None:
        return answer(twin.id) if world.behaviour.repeat_answers_id else {}
    credit = read_order(call, document, check, external_ref=external_ref, instance_id=instance_id)
    credit.kind, credit.parent_id = KIND, parent_id
    if document.get("statusId") is None:
        credit.status_id = _default_status(world)
    world.orders.add(credit)
    world.webhooks.raise_event("order.modified", [credit.id])
    return answer(credit.id)


def _parent(world: World, document: Mapping[str, Any], check: Checker) -> int | None:
    parent_id = check.known(document, "parentId", world.orders.by_id)
    if parent_id is not None and world.orders.by_id[parent_id].kind == KIND:
        check.add("parentId is a sales credit")
    return parent_id


def _default_status(world: World) -> int:
    """Return the first status of credits; an account without any gives that of orders."""
    statuses = world.references.statuses
    own = [number for number, status in statuses.items() if status.order_type == KIND]
    return min(own or statuses)


def read_sales_credits(call: Call) -> dict[str, object]:
    """``GET sales-credit/{idset}``: 207 where only some of the ids are credits."""
    world, ids = call.world, call.ids()
    by_id = world.orders.by_id
    found = [world.settled(by_id[n]) for n in ids.pick(by_id) if by_id[n].kind == KIND]
    documents: list[object] = [_document(world, credit) for credit in found]
    if found and len(found) < ids.count:
        there = {credit.id for credit in found}
        raise PartlyFound(documents, [number for number in ids if number not in there])
    return answer(documents)


def _document(world: World, credit: Order) -> dict[str, object]:
    time = written(world)
    return without_nulls(
        {
            "id": credit.id,
            "customer": {"id": credit.customer_id, "address": credit.address},
            "customerId": credit.customer_id,
            "ref": credit.ref,
            "externalRef": credit.external_ref,
            "installedIntegrationInstanceId": credit.instance_id,
            "parentId": credit.parent_id,
            "placedOn": time(credit.placed_on),
            "taxDate": time(credit.tax_date),
            "statusId": credit.status_id,
            "warehouseId": credit.warehouse_id,
            "channelId": credit.channel_id,
            "currency": {"code": credit.currency, "exchangeRate": f"{credit.exchange_rate:.6f}"},
            "total": {
                "net": four_places(credit.net),
                "tax": four_places(credit.tax),
                "gross": four_places(credit.net + credit.tax),
            },
            "isCanceled": credit.status_id == world.references.cancelled_status_id,
            "orderPaymentStatus": payment_status(world, credit),
            "allocationStatusCode": allocation_status(world, credit),
            "shippingStatusCode": shipping_status(world, credit),
            "createdOn": time(credit.created_on),
            "updatedOn": time(credit.updated_on),
            "rows": [_row(row) for row in credit.rows.values()],
        }
    )


def _row(row: Row) -> dict[str, object]:
    return without_nulls(
        {
            "id": row.id,
            "productId": row.product_id,
            "name": row.name,
            "sku": row.sku,
            "quantity": four_places(row.quantity),
            "taxCode": row.tax_code,
            "net": four_places(row.net),
            "tax": four_places(row.tax),
            "nominalCode": row.nominal_code,
            "externalRef": row.external_ref,
        }
    )


def close_credit(call: Call) -> dict[str, object]:
    """``POST sales-credit/{id}/close``: invoices it, as closing an order does."""
    if call.order().kind != KIND:
        raise not_found(f"Sales credit {call.args[0]}")
    return close_order(call)


_S = "order-service/sales-credit"
ROUTES = (
    Route("POST", _S, create_sales_credit),
    Route("GET", f"{_S}/{{}}", read_sales_credits),
    Route("POST", f"{_S}/{{}}/close", close_credit),
)
