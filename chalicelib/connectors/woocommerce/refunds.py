"""Refunds as a source: read by id with their orders, listed by date."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.connectors.woocommerce.amounts import version_of
from chalicelib.connectors.woocommerce.batches import read_by_ids
from chalicelib.connectors.woocommerce.client import Json, WooClient
from chalicelib.connectors.woocommerce.failures import NO_ROUTE
from chalicelib.connectors.woocommerce.models import OrderModel, RefundModel, parse
from chalicelib.connectors.woocommerce.orders import read_orders
from chalicelib.connectors.woocommerce.refund_mapping import to_refund
from chalicelib.connectors.woocommerce.walking import Place, Walk
from chalicelib.domain.platforms import Changed, ChangePage
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Refund
from chalicelib.domain.statuses import Kind

_SHOWN = "id,parent_id,date_created_gmt"


@dataclass(frozen=True, kw_only=True)
class RefundSource:
    """The shop's refunds; a refund never changes, it can only be deleted."""

    client: WooClient

    def fetch_many(self, ids: Sequence[str]) -> Mapping[str, Refund | SyncFailure]:
        """Read refunds and their orders, 100 a call each; deleted refunds are absent."""
        raw = read_by_ids(ids, self._listed)
        parents = [str(row.get("parent_id") or "") for row in raw.values()]
        orders = read_orders(self.client, parents) if raw else {}
        return {
            id_: _refund(row, orders.get(str(row.get("parent_id") or "")))
            for id_, row in raw.items()
        }

    def list_changes(
        self, *, since: datetime, until: datetime | None, page: str | None
    ) -> ChangePage:
        """One page of refunds by the time they were made."""
        walk = Walk(
            client=self.client,
            path="refunds",
            order_by="date",
            field="date_created_gmt",
            only=_SHOWN,
        )
        place = Place.from_token(page) if page else walk.first(since=since, until=until)
        try:
            rows, following = walk.read(place)
        except SyncFailure as failure:
            raise _explained(failure) from failure
        return ChangePage(
            changes=[_changed(row) for row in rows],
            page=following.to_token() if following else None,
        )

    def _listed(self, part: Sequence[str]) -> Iterator[Json]:
        try:
            return iter(self.client.read_page("refunds", include=",".join(part)).rows)
        except SyncFailure as failure:
            raise _explained(failure) from failure


def _refund(raw: Json, order: Json | None) -> Refund | SyncFailure:
    if order is None:
        return SyncFailure(
            Reason.MISSING_AT_SOURCE,
            "The order of this refund does not exist in the shop any more.",
            error_code="order_gone",
        )
    try:
        return to_refund(parse(RefundModel, raw, "refund"), parse(OrderModel, order, "order"))
    except SyncFailure as failure:
        return failure


def _changed(raw: Json) -> Changed:
    try:
        refund = parse(RefundModel, raw, "refund")
    except SyncFailure:
        return Changed(kind=Kind.REFUND, record=str(raw.get("id", "")))
    at = refund.date_created_gmt
    return Changed(
        kind=Kind.REFUND,
        record=str(refund.id),
        version=version_of(at) if at else None,
        updated_at=at,
        columns={"refund_id": str(refund.id), "order_id": str(refund.parent_id)},
    )


def _explained(failure: SyncFailure) -> SyncFailure:
    if failure.error_code != NO_ROUTE:
        return failure
    return SyncFailure(
        Reason.UNSUPPORTED,
        "This WooCommerce has no list of refunds: update it to 9.9 or newer.",
        code=failure.code,
        error_code=NO_ROUTE,
    )
