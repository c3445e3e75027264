"""Reads refunds by id with what stands around them: the return, the sale, the buyer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from chalicelib.connectors.square.client import SquareClient, is_id
from chalicelib.connectors.square.customers import read_buyers
from chalicelib.connectors.square.models import OrderModel, PaymentModel, RefundModel, parse
from chalicelib.connectors.square.order_search import read_orders
from chalicelib.connectors.square.refund_mapping import (
    Papers,
    holds_return,
    sale_of,
    to_exchange_refund,
    to_refund,
)
from chalicelib.connectors.square.returned import is_even_exchange
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Customer, Refund

PAYMENTS_READ = "PAYMENTS_READ"
#: Failures of the account and not of one record: the next call would meet them too.
_FOR_ALL = (Reason.THROTTLED, Reason.CONNECTION_DOWN, Reason.AUTH_REJECTED)

Record = RefundModel | OrderModel  #: an even exchange is known by its order


@dataclass
class RefundReading:
    """One batch of refunds, and what was learned around them."""

    client: SquareClient
    orders: dict[str, OrderModel | SyncFailure] = field(default_factory=dict)
    sale_ids: dict[str, str | None] = field(default_factory=dict)  #: by record
    buyers: Mapping[str, Customer | SyncFailure | None] = field(default_factory=dict)

    def read(self, ids: Sequence[str]) -> Mapping[str, Refund | SyncFailure]:
        """Read all of them; unknown ids are absent."""
        found = self._read_records([one for one in dict.fromkeys(ids) if is_id(one)])
        failures = {id_: one for id_, one in found.items() if isinstance(one, SyncFailure)}
        records = {id_: one for id_, one in found.items() if not isinstance(one, SyncFailure)}
        for id_, record in records.items():
            try:
                self.sale_ids[id_] = self._sale_id(record)
            except SyncFailure as failure:
                failures[id_] = failure
        self._read_orders(one for one in self.sale_ids.values() if one)
        known = {id_: one for id_, one in records.items() if id_ not in failures}
        self.buyers = read_buyers(self.client, (self._buyer_id(one) for one in known.values()))
        return failures | {id_: self._refund_of(one) for id_, one in known.items()}

    def _read_records(self, ids: Sequence[str]) -> dict[str, Record | SyncFailure]:
        """Read refunds one by one; the ids that are none are looked for among the orders."""
        refunds = self._read_refunds(ids)
        named = (one.order_id for one in refunds.values() if isinstance(one, RefundModel))
        others = [one for one in ids if one not in refunds]
        self._read_orders([*(one for one in named if one), *others])
        return {**refunds, **{one: self.orders[one] for one in others if self._is_exchange(one)}}

    def _read_refunds(self, ids: Iterable[str]) -> dict[str, RefundModel | SyncFailure]:
        """Read each refund; unknown ids are absent. A failure of the account is the rest's too."""
        read: dict[str, RefundModel | SyncFailure] = {}
        stopped: SyncFailure | None = None
        for id_ in ids:
            if stopped is not None:
                read[id_] = stopped
                continue
            try:
                answer = self.client.read(f"/v2/refunds/{id_}", PAYMENTS_READ)
                read[id_] = parse(RefundModel, answer.get("refund"), "refund")
            except SyncFailure as failure:
                if failure.reason is Reason.MISSING_AT_TARGET:
                    continue
                stopped = failure if failure.reason in _FOR_ALL else None
                read[id_] = failure
        return read

    def _read_orders(self, ids: Iterable[str]) -> None:
        self.orders |= read_orders(self.client, [one for one in ids if one not in self.orders])

    def _is_exchange(self, order_id: str) -> bool:
        order = self.orders.get(order_id)
        if order is None or isinstance(order, SyncFailure):
            return order is not None
        return is_even_exchange(order)

    def _sale_id(self, record: Record) -> str | None:
        """Return the sale that is given back: as the return says, or the order of the payment."""
        if isinstance(record, OrderModel):
            return sale_of(record)
        order = self._order(record.order_id)
        if order is not None and not holds_return(order):
            return order.id
        known = sale_of(order) if order is not None else None
        if known or record.unlinked or not record.payment_id:
            return known
        try:
            answer = self.client.read(f"/v2/payments/{record.payment_id}", PAYMENTS_READ)
        except SyncFailure as failure:
            if failure.reason is Reason.MISSING_AT_TARGET:
                return None
            raise
        return parse(PaymentModel, answer.get("payment"), "payment").order_id

    def _refund_of(self, record: Record) -> Refund | SyncFailure:
        try:
            customer = self.buyers.get(self._buyer_id(record) or "")
            if isinstance(customer, SyncFailure):
                return customer
            sale_id = self.sale_ids[record.id]
            papers = Papers(
                order=self._order_of(record),
                sale=self._order(sale_id),
                sale_id=sale_id,
                customer=customer,
            )
            if isinstance(record, OrderModel):
                return to_exchange_refund(record, papers)
            return to_refund(record, papers)
        except SyncFailure as failure:
            return failure

    def _buyer_id(self, record: Record) -> str | None:
        """Return who brought the goods back, or else who bought them."""
        orders = (self._order_of(record), self.orders.get(self.sale_ids[record.id] or ""))
        buyers = (one.buyer_id for one in orders if isinstance(one, OrderModel) and one.buyer_id)
        return next(buyers, None)

    def _order_of(self, record: Record) -> OrderModel | None:
        return record if isinstance(record, OrderModel) else self._order(record.order_id)

    def _order(self, order_id: str | None) -> OrderModel | None:
        """Return an order that was read; raises why it could not be."""
        found = self.orders.get(order_id or "")
        if isinstance(found, SyncFailure):
            raise found
        return found
