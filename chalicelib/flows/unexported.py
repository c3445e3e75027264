"""Goods sold at the till that the ERP does not know of yet: what a count must not put back.

Three places know of such sales: units noted on orders that did not get through, orders that wait
for their first attempt, and sales the till has and nobody has told us of. The figures hold for a
moment a few seconds ago, which becomes the count's time: sales after it are the till's own to
subtract.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from chalicelib.domain.log import RowQuery, Units
from chalicelib.domain.platforms import Source, Till
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Order
from chalicelib.domain.rows import Row, RowName
from chalicelib.domain.statuses import Kind, Status
from chalicelib.flows.declare import Flow, connections_of
from chalicelib.flows.services import Opened, Services

LAG_S = 5  #: the till's search may not show sales of the last seconds (dossier: "some seconds")
LOOK_BACK_S = 900  #: sales nobody told us of are looked for this far back, or since the last poll
ROWS_AT_MOST = 1000
UNITS_AT_MOST = 5000


def read_units(
    services: Services, consumer: str, sold_by: str, stock_flow: str, till: Opened, at: datetime
) -> Mapping[tuple[str, str], Decimal]:
    """Return what was sold by ``at`` and is not in the ERP yet: (item, location) → pieces.

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
    waiting = _waiting(services, consumer, name)
    fresh = _fresh_orders(services, consumer, name, till, waiting)
    return _sum(noted, flow, fresh, at)


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
            detail = "More orders wait than can be subtracted from the count; it follows them."
            raise SyncFailure(Reason.RETRYING, detail, error_code="orders_waiting")


def _fresh_orders(
    services: Services, consumer: str, flow: str, till: Opened, waiting: Sequence[Row]
) -> dict[str, Order]:
    """Orders that wait for their first attempt, and recent ones without a row, as the till has
    them.
    """
    poll = services.registry.read_poll(consumer, flow)
    since = services.now() - timedelta(seconds=LOOK_BACK_S)
    if poll is not None and poll.cursor is not None:
        since = min(since, poll.cursor)
    source: Source[Order] = till.platform.source(Kind.ORDER)
    sales = {order.id: order for order in _sales(source, since)}
    names = [RowName(consumer=consumer, flow=flow, record=id_) for id_ in sales]
    known = {row.name.record: row for row in services.log.read_rows(names) if row is not None}
    fresh = {id_: order for id_, order in sales.items() if _is_unseen(known.get(id_))}
    missing = [row.name.record for row in waiting if row.name.record not in sales]
    for id_, order in source.fetch_many(missing).items() if missing else ():
        if not isinstance(order, SyncFailure):
            fresh[id_] = order
    return fresh


def _sales(source: Source[Order], since: datetime) -> Sequence[Order]:
    till: Till = source  # type: ignore[assignment]  # a source of orders that sells is a till
    return till.list_sales(since=since)


def _is_unseen(row: Row | None) -> bool:
    return row is None or (row.attempts == 0 or (row.target_id is None and row.is_owed))


def _sum(
    noted: Iterable[Units], flow: Flow, fresh: Mapping[str, Order], at: datetime
) -> Mapping[tuple[str, str], Decimal]:
    sold: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    lines = [units for units in noted if units.record not in fresh]
    if flow.units is not None:
        for order in fresh.values():
            lines += flow.units(order)
    for units in lines:
        if units.sold_at <= at:
            sold[units.item, units.location] += units.quantity
    return dict(sold)
