"""Target of refunds: one sales credit for each, brought in step by what is still missing.

The chain is the order it gives back, the credit, its goods, its payments. Each step is looked up
before it is done, so an attempt that stopped anywhere goes on there. Invoicing the credit is left
to people and to the account's own automation, as it is for orders.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from chalicelib.connectors.brightpearl import refund_payments
from chalicelib.connectors.brightpearl.batches import fetch_by_ids
from chalicelib.connectors.brightpearl.client import Api
from chalicelib.connectors.brightpearl.contacts import Contacts, id_of_created
from chalicelib.connectors.brightpearl.credit_lookup import (
    CreditLookup,
    credits_of,
    fetch_credit,
    find_by_reference,
)
from chalicelib.connectors.brightpearl.credit_models import CreditModel, CreditState
from chalicelib.connectors.brightpearl.credits import (
    as_order,
    check_credit,
    check_may_change,
    check_parent,
    check_remaining,
    check_total,
    is_restocked,
    is_same_parent,
    to_found,
    to_sales_credit,
)
from chalicelib.connectors.brightpearl.idsets import is_id
from chalicelib.connectors.brightpearl.lookup import fetch_orders, one_by_one
from chalicelib.connectors.brightpearl.mapping import is_tracked
from chalicelib.connectors.brightpearl.models import OrderModel, ProductModel
from chalicelib.connectors.brightpearl.payments import fetch_payments, remove_payment
from chalicelib.connectors.brightpearl.products import fetch_product_models
from chalicelib.connectors.brightpearl.restocking import Restocking
from chalicelib.connectors.brightpearl.sales_orders import (
    check_quantities,
    row_changes,
    to_row_body,
)
from chalicelib.domain.platforms import Done, Found, Wanted
from chalicelib.domain.reasons import SyncFailure
from chalicelib.domain.records import SalesCredit
from chalicelib.domain.statuses import Outcome

Write = tuple[Wanted[SalesCredit], Found | None]


@dataclass
class SalesCredits:
    """``Target[SalesCredit]``."""

    api: Api
    contacts: Contacts = field(init=False)
    restocking: Restocking = field(init=False)
    _tracked: dict[str, bool | SyncFailure] = field(default_factory=dict)
    _parents: dict[str, OrderModel | SyncFailure] = field(default_factory=dict)
    #: credits made here, by the order they give back: the search may not show them yet
    _made: dict[str, dict[str, CreditModel]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.contacts = Contacts(self.api)
        self.restocking = Restocking(self.api)

    def find_many(self, wanted: Sequence[Wanted[SalesCredit]]) -> Mapping[str, Found | SyncFailure]:
        """What Brightpearl has: linked credits in one call, others by a search each."""
        states = CreditLookup(api=self.api).find_many(wanted)
        by_record = {one.record: one for one in wanted}
        return {
            record: state if isinstance(state, SyncFailure) else to_found(by_record[record], state)
            for record, state in states.items()
        }

    def write_many(self, writes: Sequence[Write]) -> Mapping[str, Done | SyncFailure]:
        """Write each credit by itself; products and orders they name are read together."""
        found = {wanted.record: there for wanted, there in writes}
        wanted = [one for one, _ in writes]
        self._learn_products(
            line.product_id for one in wanted for line in one.desired.lines if line.product_id
        )
        parents = {one.desired.order_id for one in wanted if one.desired.order_id}
        self._parents.update(
            fetch_by_ids(parents, lambda chunk: fetch_orders(self.api, chunk)) if parents else {}
        )
        return one_by_one(self.api, wanted, lambda one: self._write(one, found[one.record]))

    def _learn_products(self, ids: Iterable[str]) -> None:
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

    def _write(self, wanted: Wanted[SalesCredit], found: Found | None) -> Done:
        desired = wanted.desired
        check_credit(desired)
        products = [line.product_id for line in desired.lines if line.product_id]
        check_quantities(as_order(desired), self._tracked_of(products))
        state = self._create(desired) if found is None else found.state
        return self._bring_in_step(wanted, found, state)

    def _create(self, desired: SalesCredit) -> CreditState:
        contact_id = ""
        if desired.order_id:
            parent = self._parent(desired)
            self._check_remaining(desired, parent, besides="")
            contact_id = parent.parties.customer.contact_id
        body = to_sales_credit(
            desired,
            contact_id=contact_id if is_id(contact_id) else self.contacts.contact_for(desired),
            address=self.contacts.order_address(desired.customer) if desired.customer else {},
            instance_id=self.api.instance_id,
        )
        credit_id = self._id_of_new(
            desired, self.api.post("order-service/sales-credit", body).value
        )
        credit = fetch_credit(self.api, credit_id)
        self._made.setdefault(credit.parent_id, {})[credit.id] = credit
        # Where creating can be repeated, the credit may be an old one that has payments already.
        may_be_old = self.api.instance_id is not None and bool(desired.payments)
        there = fetch_payments(self.api, [credit.id])[credit.id] if may_be_old else ()
        return CreditState(credit=credit, payments=there)

    def _parent(self, desired: SalesCredit) -> OrderModel:
        parent = self._parents.get(desired.order_id or "")
        if isinstance(parent, SyncFailure):
            raise parent
        return check_parent(desired, parent)

    def _check_remaining(self, desired: SalesCredit, parent: OrderModel, *, besides: str) -> None:
        others = {credit.id: credit for credit in credits_of(self.api, parent.id)}
        others = {**self._made.get(parent.id, {}), **others}
        others.pop(besides, None)
        check_remaining(desired, parent, others.values())

    def _id_of_new(self, desired: SalesCredit, answered: object) -> str:
        """Return the id a create was answered with; where it is repeated there may be none."""
        if is_id(str(answered)):
            return str(answered)
        found = find_by_reference(self.api, desired.source_id)
        return found.id if found else id_of_created(answered, "sales credit")

    def _bring_in_step(
        self, wanted: Wanted[SalesCredit], found: Found | None, state: CreditState
    ) -> Done:
        desired = wanted.desired
        check_may_change(desired, state)
        refund_payments.check_refunds(desired, state.payments)
        credit = self._settle_rows(desired, state.credit)
        check_total(desired, credit)
        told, received = self._settle_goods(desired, replace(state, credit=credit))
        back = refund_payments.taken_back(desired, state.payments)
        for payment in back:
            remove_payment(self.api, payment)
        missing = refund_payments.missing_refunds(desired, state.payments)
        for one in missing:
            refund_payments.add_refund(self.api, desired, credit.id, one)
        wrote = bool(missing or back) or received or credit != state.credit
        extra = refund_payments.tell_extra_refunds(desired, state.payments)
        return Done(
            target_id=credit.id,
            outcome=_outcome(wanted, found, wrote=wrote),
            verified=not row_changes(desired.lines, credit) and is_same_parent(desired, credit),
            detail=" ".join(filter(None, (told, extra))),
            status=credit.status.id,
        )

    def _settle_rows(self, desired: SalesCredit, credit: CreditModel) -> CreditModel:
        changes = row_changes(desired.lines, credit)
        if not changes:
            return credit
        if desired.order_id and desired.total.amount > credit.totals.total:
            self._check_remaining(desired, self._parent(desired), besides=credit.id)
        path = f"order-service/order/{credit.id}/row"
        for row_id, line in changes.changed:
            self.api.put(f"{path}/{row_id}", to_row_body(line))
        for line in changes.added:
            self.api.post(path, to_row_body(line))
        for row_id in changes.removed:
            self.api.delete(f"{path}/{row_id}")
        return fetch_credit(self.api, credit.id)

    def _settle_goods(self, desired: SalesCredit, state: CreditState) -> tuple[str, bool]:
        """Put goods back that are to come back; return what to tell, and whether that was done."""
        if is_restocked(desired, state):
            return "", False
        products = {row.product_id for row in state.credit.rows.values() if row.product_id}
        self._learn_products(products)
        tracked = self._tracked_of(products)
        told = self.restocking.put_back(desired, state.credit, tracked)
        return told, not told and any(tracked.values())


def _outcome(wanted: Wanted[SalesCredit], found: Found | None, *, wrote: bool) -> Outcome:
    """Name what happened: finishing a credit we began ourselves counts as creating it."""
    if found is None:
        return Outcome.CREATED
    if not wrote:
        return Outcome.UNCHANGED
    return Outcome.CREATED if wanted.target_id is None else Outcome.UPDATED
