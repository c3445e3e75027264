"""Refunds as a source: read by id, listed by change; even exchanges are among them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.connectors.square.client import Json, SquareClient
from chalicelib.connectors.square.lines import to_money
from chalicelib.connectors.square.mapping import PLATFORM, source_of, version_of
from chalicelib.connectors.square.models import OrderModel, RefundModel, parse
from chalicelib.connectors.square.order_search import OrderWalk, Place, stamp
from chalicelib.connectors.square.refund_mapping import sale_of
from chalicelib.connectors.square.refund_reading import PAYMENTS_READ, RefundReading
from chalicelib.connectors.square.returned import exchanged, is_even_exchange
from chalicelib.connectors.square.walks import Step
from chalicelib.domain.platforms import Changed, ChangePage
from chalicelib.domain.reasons import SyncFailure
from chalicelib.domain.records import Refund
from chalicelib.domain.statuses import Kind

PAGE = 100  #: ListPaymentRefunds, at most
#: A list of changes asks for a time of creation besides, and by default that is only a year ago.
CREATED_WITHIN = timedelta(days=400)
_EXCHANGES, _REFUNDS = "exchanges.", "refunds."


READ_WITHIN = timedelta(minutes=15)  #: the longest time that one poll's pages may take


@dataclass(frozen=True, kw_only=True)
class RefundSource:
    """Refunds of payments, and orders in which goods paid for goods."""

    client: SquareClient
    walk: OrderWalk

    def fetch_many(self, ids: Sequence[str]) -> Mapping[str, Refund | SyncFailure]:
        """Read refunds as they are now: one call each, for Square has no batch of them.

        Orders and customers around them come 100 a call. Unknown ids are absent.
        """
        return RefundReading(client=self.client).read(ids)

    def list_changes(
        self, *, since: datetime, until: datetime | None, page: str | None
    ) -> ChangePage:
        """One page of what changed: even exchanges first, then refunds of all locations.

        Exchanges tell no times, because a cursor that followed them would pass over the refunds.
        """
        if page is None:
            place = self.walk.first_place(since=since, until=until)
            if place is not None:
                return self._exchange_page(place)
            return self._refund_page(Step(since=stamp(since), until=stamp(until) if until else ""))
        if page.startswith(_EXCHANGES):
            return self._exchange_page(Place.from_token(page.removeprefix(_EXCHANGES)))
        return self._refund_page(Step.from_token(page.removeprefix(_REFUNDS)))

    def _exchange_page(self, place: Place) -> ChangePage:
        answer = self.walk.read_page(place)
        following = self.walk.next_place(place, answer)
        read = (_exchange_changed(raw) for raw in answer.get("orders") or [])
        changes = [change for change in read if change is not None]
        if following is not None:
            return ChangePage(changes=changes, page=_EXCHANGES + following.to_token())
        first = Step(since=place.since, until=place.until)
        if changes:
            return ChangePage(changes=changes, page=_REFUNDS + first.to_token())
        return self._refund_page(first)

    def _refund_page(self, step: Step) -> ChangePage:
        params = {
            "begin_time": stamp(datetime.fromisoformat(step.since) - CREATED_WITHIN),
            "updated_at_begin_time": step.since,
            "sort_field": "UPDATED_AT",
            "sort_order": "ASC",
            "limit": str(PAGE),
        }
        params |= {"updated_at_end_time": step.until} if step.until else {}
        params |= {"cursor": step.cursor} if step.cursor else {}
        answer = self.client.read("/v2/refunds", PAYMENTS_READ, params=params)
        found = answer.get("refunds") or []
        following = step.after([str(one.get("id")) for one in found], answer.get("cursor") or "")
        return ChangePage(
            changes=[_changed(raw) for raw in found],
            page=_REFUNDS + following.to_token() if following else None,
            # Where nothing is given back for weeks, the next poll need not read all orders since.
            read_until=None if following else self.client.account.http.now() - READ_WITHIN,
        )


def changed_refund(refund: RefundModel) -> Changed:
    """Say that a refund changed."""
    return Changed(
        kind=Kind.REFUND,
        record=refund.id,
        version=version_of(refund.changed_at),
        updated_at=refund.changed_at,
        columns={
            "refund_id": refund.id,
            "total": to_money(refund.amount_money).to_json(),
            "source": PLATFORM,
        },
    )


def _changed(raw: Json) -> Changed:
    """Say that a refund changed; one that cannot be read fails later, on its own row."""
    try:
        return changed_refund(parse(RefundModel, raw, "refund"))
    except SyncFailure:
        return Changed(kind=Kind.REFUND, record=str(raw.get("id", "")))


def _exchange_changed(raw: Json) -> Changed | None:
    """Say that an even exchange changed; no other order is a refund of its own."""
    if not raw.get("returns"):
        return None
    try:
        order = parse(OrderModel, raw, "order")
        if not is_even_exchange(order):
            return None
    except SyncFailure:
        return None  # its order's row says why
    return Changed(
        kind=Kind.REFUND,
        record=order.id,
        version=version_of(order.updated_at or order.created_at),
        columns={
            "refund_id": order.id,
            "order_id": sale_of(order),
            "total": exchanged(order)[0].amount.to_json(),
            "source": source_of(order.source.name),
        },
    )
