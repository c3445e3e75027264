"""Goods sold at the till around the moment of a count: neither put back nor taken off twice.

Three places know of sales that the ERP does not know of yet: units noted on orders that did not get
through, orders that wait for their first attempt, and sales the till has and nobody has told us of.
The figures hold for a moment a few seconds ago, which becomes the count's time: sales after it are
the till's own to subtract. Those of them that the ERP has taken off already are told apart, or they
would be taken off twice.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from chalicelib.domain.log import RowQuery, Units
from chalicelib.domain.platforms import Source, Till
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Order, Sold
from chalicelib.domain.rows import Row, RowName
from chalicelib.domain.statuses import Kind, Status
from chalicelib.flows.declare import Flow, connections_of
from chalicelib.flows.services import Opened, Services

LAG_S = 5  #: the till's search may not show sales of the last seconds (dossier: "some seconds")
LOOK_BACK_S = 900  #: sales nobody told us of are looked for this far back, or since the last poll
ROWS_AT_MOST = 1000
UNITS_AT_MOST = 5000  #: orders
RECEIVED_AT_MOST = 200


def read_units(
    services: Services, consumer: str, sold_by: str, stock_flow: str, till: Opened, at: datetime
) -> Mapping[tuple[str, str], Sold]:
    """Return what was sold around ``at``: (item, location) → pieces.

    Args:
        sold_by: declared name of the flow that exports the till's orders.
        stock_flow: the stock flow as set up; a second account's orders are its own.

    Raises:
        SyncFailure: there are more waiting orders than can be looked at; the count has to wait.
    """
    account = stock_flow.partition("@")
    name = sold_by + account[1] + account[2]
    if not any(f.flow == name and f.enabled for f in services.cache.list_flows(consumer)):
        return {}
    flow = services.flows[sold_by]
    connection = connections_of(flow, name)[0]
    noted = services.log.list_units(consumer, connection, limit=UNITS_AT_MOST)
    if len({units.record for units in noted}) >= UNITS_AT_MOST:
        raise _too_many()
    orders = _read_orders(services, consumer, name, till, at)
    return _sum(noted, flow, orders, at)


@dataclass(frozen=True, kw_only=True)
class _Orders:
    """Orders as the till has them, by id."""

    unseen: Mapping[str, Order]  #: that nobody has looked at yet
    settled: Mapping[str, Order]  #: that the ERP has, with their goods taken off


def _waiting(services: Services, consumer: str, flow: str) -> list[Row]:
    """Orders that are owed and were never looked at."""
    query = RowQuery(consumer=consumer, lanes=[flow], statuses=[Status.PENDING, Status.PROCESSING])
    rows: list[Row] = []
    cursor = None
    while True:
        page = services.log.list_rows(query, limit=200, cursor=cursor)
        rows += [row for row in page.items if not row.has_units and row.target_id is None]
        cursor = page.next
        if cursor is None:
            return rows
        if len(rows) >= ROWS_AT_MOST:
            raise _too_many()


def _too_many() -> SyncFailure:
    detail = "More orders wait than can be subtracted from the count; it follows them."
    return SyncFailure(Reason.RETRYING, detail, error_code="orders_waiting")


def _read_orders(
    services: Services, consumer: str, flow: str, till: Opened, at: datetime
) -> _Orders:
    """Read orders that wait for their first attempt, and recent ones with a row or without."""
    rows = {row.name.record: row for row in _waiting(services, consumer, flow)}
    rows |= {row.name.record: row for row in _received_since(services, consumer, flow, at)}
    poll = services.registry.read_poll(consumer, flow)
    since = services.now() - timedelta(seconds=LOOK_BACK_S)
    if poll is not None and poll.cursor is not None:
        since = min(since, poll.cursor)
    source: Source[Order] = till.platform.source(Kind.ORDER)
    orders = {order.id: order for order in _sales(source, since)}
    names = [RowName(consumer=consumer, flow=flow, record=id_) for id_ in orders if id_ not in rows]
    rows |= {r.name.record: r for r in services.log.read_rows(names) if r is not None}
    missing = [record for record in rows if record not in orders]
    for id_, order in source.fetch_many(missing).items() if missing else ():
        if not isinstance(order, SyncFailure):
            orders[id_] = order
    return _Orders(
        unseen={id_: order for id_, order in orders.items() if _is_unseen(rows.get(id_))},
        settled={id_: order for id_, order in orders.items() if _is_settled(rows.get(id_))},
    )


def _received_since(services: Services, consumer: str, flow: str, at: datetime) -> Sequence[Row]:
    """Rows of orders we first heard of lately: the till's search may not show them yet."""
    query = RowQuery(consumer=consumer, lanes=[flow], listed_from=at)
    return services.log.list_rows(query, limit=RECEIVED_AT_MOST).items


def _sales(source: Source[Order], since: datetime) -> Sequence[Order]:
    till: Till = source  # type: ignore[assignment]  # a source of orders that sells is a till
    return till.list_sales(since=since)


def _is_unseen(row: Row | None) -> bool:
    # Not "owed": a row whose order could not be read may lie parked with nothing noted.
    return row is None or (row.target_id is None and row.status is not Status.SYNCED)


def _is_settled(row: Row | None) -> bool:
    return row is not None and bool(row.target_id) and not row.has_units


def _sum(
    noted: Iterable[Units], flow: Flow, orders: _Orders, at: datetime
) -> Mapping[tuple[str, str], Sold]:
    pending: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    since: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    lines = [units for units in noted if units.record not in orders.unseen]
    lines += _units_of(flow, orders.unseen.values())
    for units in lines:
        if units.sold_at <= at:
            pending[units.item, units.location] += units.quantity
    for units in _units_of(flow, orders.settled.values()):
        if units.sold_at > at:
            since[units.item, units.location] += units.quantity
    return {
        place: Sold(pending=pending[place], since=since[place]) for place in {**pending, **since}
    }


def _units_of(flow: Flow, orders: Iterable[Order]) -> list[Units]:
    return [units for order in orders for units in flow.units(order)] if flow.units else []
