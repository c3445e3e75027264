"""Which sales order belongs to a source order: by its id, else by the references we gave it.

Searches may lag behind writes by seconds; the platform's settle time covers that.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from chalicelib.connectors.brightpearl.batches import (
    ENDS_THE_BATCH,
    fail_the_rest,
    fetch_by_ids,
)
from chalicelib.connectors.brightpearl.client import Api
from chalicelib.connectors.brightpearl.idsets import Chunk, format_id_set, is_id
from chalicelib.connectors.brightpearl.models import OrderModel, read_as
from chalicelib.connectors.brightpearl.payments import fetch_payments
from chalicelib.connectors.brightpearl.sales_orders import (
    REFERENCE_AT_MOST,
    OrderState,
    has_same_total,
    row_changes,
)
from chalicelib.connectors.brightpearl.search import search_all
from chalicelib.domain.platforms import Wanted
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import SalesOrder

D = TypeVar("D")
T = TypeVar("T")

_SALES_ORDER = "SO"
SALES_ORDER_TYPE = "1"  #: orderTypeId of searches; 3 is a sales credit with the same reference
_NOTHING_PAID = frozenset({"UNPAID", "NOT_APPLICABLE"})
_COLUMNS = ("orderId", "orderTypeId", "externalRef", "customerRef")


def fetch_orders(api: Api, chunk: Chunk) -> dict[str, OrderModel | SyncFailure]:
    """Read the sales orders of one call; ids that are unknown, or no sales orders, are absent."""
    reply = api.get(f"order-service/order/{chunk.text}")
    found: dict[str, OrderModel | SyncFailure] = dict(fail_the_rest(reply, chunk, "orders"))
    for entry in reply.as_list():
        order_id = str(entry.get("id")) if isinstance(entry, dict) else ""
        order = _order_or_failure(entry, order_id)
        if isinstance(order, SyncFailure) or order.type_code in (_SALES_ORDER, ""):
            found[order_id] = order
        else:
            found.pop(order_id, None)
    return found


def _order_or_failure(entry: object, order_id: str) -> OrderModel | SyncFailure:
    try:
        return read_as(OrderModel, entry, f"order {order_id}")
    except SyncFailure as failure:
        return failure


def fetch_order(api: Api, order_id: str) -> OrderModel:
    """Read one order that was just written.

    Raises:
        SyncFailure: it is not shown; whether it is there has to be looked up later.
    """
    orders = fetch_orders(api, Chunk(ids=(order_id,), text=order_id))
    order = orders.get(order_id)
    if isinstance(order, OrderModel):
        return order
    if order is not None:
        raise order
    raise SyncFailure(
        Reason.OUTCOME_UNKNOWN,
        f"Brightpearl does not show order {order_id} after writing it.",
        error_code="not_shown",
    )


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """Finds the sales orders of a batch: one call for those that are linked, else a search each."""

    api: Api

    def find_many(
        self, wanted: Sequence[Wanted[SalesOrder]]
    ) -> dict[str, OrderState | SyncFailure]:
        """Return order and payments by ``Wanted.record``; absent: there is none."""
        orders = self._linked(wanted)
        missing = [one for one in wanted if one.record not in orders]
        orders.update(one_by_one(self.api, missing, self.find_by_reference))
        return self._with_payments({one.record: one.desired for one in wanted}, orders)

    def find_by_reference(self, wanted: Wanted[SalesOrder]) -> OrderModel | None:
        """Return the order that carries the source's id, or that people made with our reference.

        Raises:
            SyncFailure: there are two, or one that contradicts; the sentence names them.
        """
        ids = self._search("externalRef", wanted.desired.source_id)
        if ids:
            return self._the_only(wanted.desired, ids)
        reference = wanted.desired.reference[:REFERENCE_AT_MOST]
        if self.api.instance_id is not None or not reference:
            return None
        return self._made_by_people(wanted.desired, self._search("customerRef", reference))

    def _linked(self, wanted: Sequence[Wanted[SalesOrder]]) -> dict[str, OrderModel | SyncFailure]:
        linked = {one.target_id: one.record for one in wanted if one.target_id}
        found = fetch_by_ids(linked, lambda chunk: fetch_orders(self.api, chunk))
        return {linked[id_]: order for id_, order in found.items() if id_ in linked}

    def _search(self, column: str, value: str) -> list[str]:
        """Return ids of sales orders whose reference is exactly ``value``."""
        rows = search_all(self.api, "order-service/order-search", {column: value}, columns=_COLUMNS)
        return [
            str(row["orderId"])
            for row in rows
            if row.get(column) == value
            and is_id(str(row.get("orderId")))
            and str(row.get("orderTypeId", SALES_ORDER_TYPE)) == SALES_ORDER_TYPE
        ]

    def _read(self, ids: Sequence[str]) -> list[OrderModel]:
        chunk = Chunk(ids=tuple(ids), text=format_id_set(ids))
        orders = []
        for order in fetch_orders(self.api, chunk).values():
            if isinstance(order, SyncFailure):
                raise order  # leaving it out would look as if there were none
            orders.append(order)
        return orders

    def _the_only(self, desired: SalesOrder, ids: Sequence[str]) -> OrderModel | None:
        """Return the one order of several; people mend a double by cancelling one of them."""
        orders = self._read(ids)
        if len(orders) > 1:
            alive = [order for order in orders if order.status.id != desired.cancelled_status]
            mine = [order for order in alive if order.instance_id == str(self.api.instance_id)]
            orders = mine if len(mine) == 1 else alive or orders
        if len(orders) > 1:
            names = " and ".join(sorted((order.id for order in orders), key=int))
            raise SyncFailure(
                Reason.CONFLICT,
                f"Brightpearl has orders {names} for this one order of the source: cancel those"
                " that are too many, then re-sync.",
                error_code="double",
            )
        return orders[0] if orders else None

    def _made_by_people(self, desired: SalesOrder, ids: Sequence[str]) -> OrderModel | None:
        """Return an order with our reference and total that carries no source's id yet."""
        same = [
            order
            for order in (self._read(ids) if ids else ())
            if not order.external_ref and has_same_total(desired, order)
        ]
        found = self._the_only(desired, [order.id for order in same]) if same else None
        if found is not None and row_changes(desired.lines, found):
            raise SyncFailure(
                Reason.CONFLICT,
                f"Brightpearl's order {found.id} has the reference {desired.reference} and the"
                " same total, but other rows: correct them, or give it another reference.",
                error_code="reference_taken",
            )
        return found

    def _with_payments(
        self,
        desired: Mapping[str, SalesOrder],
        orders: Mapping[str, OrderModel | SyncFailure],
    ) -> dict[str, OrderState | SyncFailure]:
        paid = {
            record: order.id
            for record, order in orders.items()
            if isinstance(order, OrderModel)
            and (desired[record].payments or order.payment_status not in _NOTHING_PAID)
        }
        try:
            payments = fetch_payments(self.api, paid.values()) if paid else {}
        except SyncFailure as failure:
            orders = {**orders, **dict.fromkeys(paid, failure)}
            payments = {}
        return {
            record: OrderState(order=order, payments=payments.get(order.id, ()))
            if isinstance(order, OrderModel)
            else order
            for record, order in orders.items()
        }


def one_by_one(
    api: Api,
    wanted: Sequence[Wanted[D]],
    work: Callable[[Wanted[D]], T | None],
) -> dict[str, T | SyncFailure]:
    """Do the work of each record by itself, its calls noted as made for it alone.

    Once the quota is used up or the account is refused, the records left get that failure too.
    """
    done: dict[str, T | SyncFailure] = {}
    for number, one in enumerate(wanted):
        try:
            with api.account.http.trace.serving(one.record):
                result = work(one)
        except SyncFailure as failure:
            done[one.record] = failure
            if failure.reason in ENDS_THE_BATCH:
                done.update(dict.fromkeys((left.record for left in wanted[number:]), failure))
                break
            continue
        if result is not None:
            done[one.record] = result
    return done
