"""Target of orders: one sales order for each, brought in step by what is still missing.

The chain is contact, sales order, goods, payments. Each step is looked up before it is done, so an
attempt that stopped anywhere goes on there: creating is "nothing found yet", then the same steps.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from chalicelib.connectors.brightpearl import goods
from chalicelib.connectors.brightpearl.batches import fetch_by_ids
from chalicelib.connectors.brightpearl.client import Api
from chalicelib.connectors.brightpearl.contacts import Contacts, id_of_created
from chalicelib.connectors.brightpearl.goods import Goods
from chalicelib.connectors.brightpearl.idsets import is_id
from chalicelib.connectors.brightpearl.lookup import Lookup, fetch_order, one_by_one
from chalicelib.connectors.brightpearl.mapping import is_tracked
from chalicelib.connectors.brightpearl.models import OrderModel, ProductModel
from chalicelib.connectors.brightpearl.order_state import (
    cancels,
    check_may_cancel,
    check_may_change,
    check_total,
    has_status,
    holds_goods,
    is_cancelled,
    is_contact_missing,
    is_undone,
    moves_goods,
    outcome_of,
    status_of,
    to_found,
)
from chalicelib.connectors.brightpearl.order_statuses import OrderStatuses
from chalicelib.connectors.brightpearl.payments import (
    add_payment,
    check_payments,
    fetch_payments,
    missing_payments,
    remove_payment,
    taken_back,
    tell_extra,
)
from chalicelib.connectors.brightpearl.products import fetch_product_models
from chalicelib.connectors.brightpearl.sales_orders import (
    OrderState,
    check_amounts,
    check_quantities,
    number_of,
    row_changes,
    to_row_body,
    to_sales_order,
)
from chalicelib.domain.platforms import Done, Found, Wanted
from chalicelib.domain.reasons import SyncFailure
from chalicelib.domain.records import SalesOrder
from chalicelib.domain.statuses import Outcome

Write = tuple[Wanted[SalesOrder], Found | None]


@dataclass
class Orders:
    """``Target[SalesOrder]``."""

    api: Api
    contacts: Contacts = field(init=False)
    statuses: OrderStatuses = field(init=False)
    _tracked: dict[str, bool | SyncFailure] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.contacts = Contacts(self.api)
        self.statuses = OrderStatuses(self.api)

    def find_many(self, wanted: Sequence[Wanted[SalesOrder]]) -> Mapping[str, Found | SyncFailure]:
        """What Brightpearl has: linked orders in one call, others by a search each."""
        states = Lookup(api=self.api).find_many(wanted)
        by_record = {one.record: one for one in wanted}
        return {
            record: state if isinstance(state, SyncFailure) else to_found(by_record[record], state)
            for record, state in states.items()
        }

    def write_many(self, writes: Sequence[Write]) -> Mapping[str, Done | SyncFailure]:
        """Write each order by itself; only the products they sell are read together."""
        found = {wanted.record: there for wanted, there in writes}
        wanted = [one for one, _ in writes]
        self._learn_products(wanted)
        return one_by_one(self.api, wanted, lambda one: self._write(one, found[one.record]))

    def _learn_products(self, wanted: Sequence[Wanted[SalesOrder]]) -> None:
        """Learn which products have stock, where that matters: for goods, and parts of a piece."""
        ids = {
            line.product_id
            for one in wanted
            for line in one.desired.lines
            if line.product_id and not cancels(one.desired)
        }
        self._learn(ids)

    def _learn(self, ids: Iterable[str]) -> None:
        models = fetch_by_ids(
            set(ids) - set(self._tracked), lambda chunk: fetch_product_models(self.api, chunk)
        )
        for id_, model in models.items():
            self._tracked[id_] = is_tracked(model) if isinstance(model, ProductModel) else model

    def _tracked_of(self, ids: Iterable[str]) -> dict[str, bool]:
        tracked = {}
        for id_ in ids:
            answer = self._tracked.get(id_)
            if isinstance(answer, SyncFailure):
                raise answer
            if answer is not None:
                tracked[id_] = answer
        return tracked

    def _tracked_parts(self, order: OrderModel) -> dict[str, bool]:
        """Say the same of the parts of bundles, which Brightpearl adds as rows of their own."""
        parts = {row.product_id for row in order.rows.values() if row.composition.child}
        self._learn(parts)
        return self._tracked_of(parts)

    def _write(self, wanted: Wanted[SalesOrder], found: Found | None) -> Done:
        if cancels(wanted.desired):
            return self._cancel(wanted, found)
        check_amounts(wanted.desired)
        tracked = self._tracked_of(line.product_id or "" for line in wanted.desired.lines)
        check_quantities(wanted.desired, tracked)
        state = self._create(wanted.desired) if found is None else found.state
        return self._bring_in_step(wanted, found, state, tracked)

    def _create(self, desired: SalesOrder) -> OrderState:
        customer = desired.customer
        body = to_sales_order(
            desired,
            contact_id=self.contacts.contact_for(desired),
            address=self.contacts.order_address(customer) if customer else {},
            instance_id=self.api.instance_id,
        )
        order_id = self._id_of_new(desired, self.api.post("order-service/sales-order", body).value)
        order = fetch_order(self.api, order_id)
        # Where creating can be repeated, the order may be an old one that has payments already.
        may_be_old = self.api.instance_id is not None and bool(desired.payments)
        there = fetch_payments(self.api, [order.id])[order.id] if may_be_old else ()
        return OrderState(order=order, payments=there)

    def _id_of_new(self, desired: SalesOrder, answered: object) -> str:
        """Return the id a create was answered with; where it is repeated there may be none."""
        if is_id(str(answered)):
            return str(answered)
        one = Wanted(record=desired.source_id, desired=desired, target_id=None, key="")
        found = Lookup(api=self.api).find_by_reference(one)
        return found.id if found else id_of_created(answered, "sales order")

    def _bring_in_step(
        self,
        wanted: Wanted[SalesOrder],
        found: Found | None,
        state: OrderState,
        tracked: Mapping[str, bool],
    ) -> Done:
        desired = wanted.desired
        check_may_change(desired, state.order)
        check_payments(desired, state.payments)
        order = (
            self._settle_status(desired, state.order)
            if is_cancelled(desired, state.order)
            else state.order
        )
        order = self._settle_rows(desired, order, tracked)
        order = self._settle_contact(desired, order)
        order, told = self._settle_goods(desired, order, tracked)
        check_total(desired, order)
        missing = missing_payments(desired, state.payments)
        for payment in missing:
            add_payment(self.api, order.id, payment)
        order = self._settle_status(desired, order)
        wrote = found is None or bool(missing) or order != state.order
        return Done(
            target_id=order.id,
            outcome=outcome_of(wanted, found, wrote=wrote),
            verified=not row_changes(desired.lines, order) and has_status(desired, order),
            status=order.status.id,
            detail=" ".join(filter(None, (told, tell_extra(desired, state.payments)))),
            taken=goods.is_taken(order),
        )

    def _settle_rows(
        self, desired: SalesOrder, order: OrderModel, tracked: Mapping[str, bool]
    ) -> OrderModel:
        changes = row_changes(desired.lines, order)
        if not changes:
            return order
        if moves_goods(changes, order) and not goods.is_unallocated(order):
            Goods(api=self.api, desired=desired, order=order, tracked=tracked).release()
        path = f"order-service/order/{order.id}/row"
        for row_id, line in changes.changed:
            self.api.put(f"{path}/{row_id}", to_row_body(line))
        for line in changes.added:
            self.api.post(path, to_row_body(line))
        for row_id in changes.removed:
            self.api.delete(f"{path}/{row_id}")
        return fetch_order(self.api, order.id)

    def _settle_status(self, desired: SalesOrder, order: OrderModel) -> OrderModel:
        """Move the status where the source's has changed; last, so that it tells what was done."""
        if has_status(desired, order):
            return order
        return self.statuses.move(order, status_of(desired))

    def _settle_contact(self, desired: SalesOrder, order: OrderModel) -> OrderModel:
        """Give an order of the walk-in contact its buyer, who was named later."""
        if not is_contact_missing(desired, order):
            return order
        contact_id = self.contacts.contact_for(desired)
        value = number_of(contact_id, "contact")
        patch = [{"op": "replace", "path": "/parties/customer/contactId", "value": value}]
        self.api.patch(f"order-service/order/{order.id}", patch)
        return fetch_order(self.api, order.id)

    def _settle_goods(
        self, desired: SalesOrder, order: OrderModel, tracked: Mapping[str, bool]
    ) -> tuple[OrderModel, str]:
        if goods.is_as_wanted(desired, order):
            return order, goods.tell(desired, order)
        known = {**tracked, **self._tracked_parts(order)}
        told = Goods(api=self.api, desired=desired, order=order, tracked=known).take()
        order = fetch_order(self.api, order.id)
        return order, told or goods.tell(desired, order)

    def _cancel(self, wanted: Wanted[SalesOrder], found: Found | None) -> Done:
        """Cancel an order; one that was never created stays so."""
        if found is None:
            return Done(
                target_id="",
                outcome=Outcome.NOT_APPLICABLE,
                verified=True,
                detail="The order was cancelled before it reached Brightpearl.",
            )
        desired, state = wanted.desired, found.state
        if not has_status(desired, state.order) or not status_of(desired):
            state = self._give_back(desired, state)
            order = self.statuses.move(
                state.order, status_of(desired), note="Cancelled at the source."
            )
            state = replace(state, order=order)
        elif not is_undone(desired, state):
            state = self._undo(desired, state)
        return Done(
            target_id=state.order.id,
            outcome=outcome_of(wanted, found, wrote=True),
            verified=has_status(desired, state.order),
            status=state.order.status.id,
        )

    def _undo(self, desired: SalesOrder, state: OrderState) -> OrderState:
        """Take off what stays on an order that people cancelled at Brightpearl."""
        if holds_goods(state.order):
            Goods(api=self.api, desired=desired, order=state.order, tracked={}).release()
        for payment in taken_back(desired, state.payments):
            remove_payment(self.api, payment)
        return replace(state, order=fetch_order(self.api, state.order.id))

    def _give_back(self, desired: SalesOrder, state: OrderState) -> OrderState:
        """Remove payments that the source took back, if nothing else stands in the way.

        Where the order moves to a status that does not cancel it at Brightpearl, nothing can stand
        in the way, and what is reserved has to be given back by ourselves.
        """
        back = taken_back(desired, state.payments)
        kept = tuple(one for one in state.payments if one not in back)
        left = replace(state, payments=kept)
        if status_of(desired) == desired.cancelled_status:
            check_may_cancel(left)
        elif not goods.is_unallocated(state.order):
            Goods(api=self.api, desired=desired, order=state.order, tracked={}).release()
        for payment in back:
            remove_payment(self.api, payment)
        return left
