"""Orders as a source: read by id, listed by change, summed up as sales."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.connectors.woocommerce.amounts import version_of
from chalicelib.connectors.woocommerce.batches import read_by_ids, real_ids
from chalicelib.connectors.woocommerce.client import Json, WooClient
from chalicelib.connectors.woocommerce.mapping import source_of, to_order
from chalicelib.connectors.woocommerce.models import OrderModel, parse
from chalicelib.connectors.woocommerce.walking import Place, Walk
from chalicelib.domain.money import Money
from chalicelib.domain.platforms import Changed, ChangePage
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Order
from chalicelib.domain.statuses import Kind

TRASH = "trash"
_SHOWN = "id,number,status,currency,total,created_via,date_created_gmt,date_modified_gmt"


def read_orders(client: WooClient, ids: Sequence[str], *, fields: str = "") -> dict[str, Json]:
    """Read orders by id, a hundred a call, those in the trash too; unknown ids are absent.

    Trashed ones are in no list but their own. What no list shows (a status whose plugin is gone)
    is asked for by itself.
    """
    known = real_ids(ids)
    only = {"_fields": fields} if fields else {}

    def listed(part: Sequence[str], **query: str) -> Iterator[Json]:
        return iter(client.read_page("orders", include=",".join(part), **query, **only).rows)

    found = read_by_ids(known, listed)
    absent = [one for one in known if one not in found]
    found |= read_by_ids(absent, lambda part: listed(part, status=TRASH))
    for one in absent:
        if one not in found:
            found |= _read_one(client, one, only)
    return found


def _read_one(client: WooClient, order_id: str, only: Mapping[str, str]) -> dict[str, Json]:
    try:
        return {order_id: client.read_object(f"orders/{order_id}", **only)}
    except SyncFailure as failure:
        if failure.reason is Reason.MISSING_AT_TARGET:
            return {}
        raise


@dataclass(frozen=True, kw_only=True)
class OrderSource:
    """The shop's orders; as a `Till` it also says what was sold."""

    client: WooClient

    def fetch_many(self, ids: Sequence[str]) -> Mapping[str, Order | SyncFailure]:
        """Read orders as they are now, 100 a call; unknown ids are absent."""
        return {id_: _order(raw) for id_, raw in read_orders(self.client, ids).items()}

    def list_changes(
        self, *, since: datetime, until: datetime | None, page: str | None
    ) -> ChangePage:
        """One page of changed orders, oldest first; the last one brings those in the trash too."""
        walk = self._walk(_SHOWN)
        place = Place.from_token(page) if page else walk.first(since=since, until=until)
        rows, following = walk.read(place)
        if following is None and place.status != TRASH:
            binned, following = walk.read(walk.first(since=since, until=until, status=TRASH))
            once = {row.get("id"): row for row in (*rows, *binned)}
            rows = sorted(once.values(), key=lambda row: str(row.get("date_modified_gmt") or ""))
        return ChangePage(
            changes=[_changed(row) for row in rows],
            page=following.to_token() if following else None,
        )

    def list_sales(self, *, since: datetime) -> Sequence[Order]:
        """All orders that changed from ``since`` on, each as last seen; unreadable ones are not."""
        walk = self._walk("")
        sales: dict[str, Order] = {}
        for status in ("", TRASH):
            for raw in walk.read_all(since=since, status=status):
                order = _order(raw)
                if isinstance(order, Order):
                    sales[order.id] = order
        return list(sales.values())

    def _walk(self, only: str) -> Walk:
        return Walk(
            client=self.client,
            path="orders",
            order_by="modified",
            field="date_modified_gmt",
            only=only,
        )


def _order(raw: Json) -> Order | SyncFailure:
    try:
        return to_order(parse(OrderModel, raw, "order"))
    except SyncFailure as failure:
        return failure


def _changed(raw: Json) -> Changed:
    """Say that an order changed; one that cannot be read fails later, on its own row."""
    try:
        order = parse(OrderModel, raw, "order")
    except SyncFailure:
        return Changed(kind=Kind.ORDER, record=str(raw.get("id", "")))
    return change_of(order)


def change_of(order: OrderModel) -> Changed:
    """Return an order's change with what is known of it without asking."""
    at = order.changed_at
    columns: dict[str, object] = {
        "order_id": str(order.id),
        "source": source_of(order.created_via),
    }
    if order.currency:
        columns["total"] = Money(order.total, order.currency).to_json()
    return Changed(
        kind=Kind.ORDER,
        record=str(order.id),
        version=version_of(at) if at else None,
        updated_at=at,
        columns=columns,
    )
