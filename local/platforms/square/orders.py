"""Orders and payments as Square's API shows them; the till makes them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from local.platforms.square.errors import SquareError, invalid, not_found
from local.platforms.square.fields import Json, array, instant, integer, mapping, stamp
from local.platforms.square.money import Line, Terms
from local.platforms.square.paging import page_of, read_cursor
from local.platforms.square.refunds import Refund
from local.platforms.square.returns import return_fields
from local.platforms.square.world import World

MAX_LOCATIONS = 10
MAX_ORDERS_PAGE = 1_000
DEFAULT_ORDERS_PAGE = 500
MAX_RETRIEVED = 100
MAX_PAYMENTS_PAGE = 100
_SORTS = {"CREATED_AT": "created_at", "UPDATED_AT": "updated_at", "CLOSED_AT": "closed_at"}


@dataclass(kw_only=True)
class Payment:
    """Money taken for an order; ``amount`` includes the tip, in minor units."""

    id: str
    order_id: str
    location_id: str
    type: str  #: the tender's type, e.g. CARD
    amount: int
    tip: int
    currency: str
    status: str
    created_at: datetime
    updated_at: datetime
    customer_id: str = ""
    offline_since: datetime | None = None
    refunds: list[Refund] = field(default_factory=list)

    @property
    def refunded(self) -> int:
        """What was given back, or is about to be."""
        return sum(one.amount for one in self.refunds if one.is_counted)


@dataclass(kw_only=True)
class Order:
    """One sale; ``body`` holds its lines and amounts as the API shows them."""

    id: str
    location_id: str
    state: str
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None = None
    customer_id: str = ""
    lines: list[Line] = field(default_factory=list)
    terms: Terms
    body: Json
    payments: list[Payment] = field(default_factory=list)
    came_back: list[Json] = field(default_factory=list)  #: its ``returns``
    refunds: list[Refund] = field(default_factory=list)  #: that pay for what came back with it
    taken_back: dict[str, Decimal] = field(default_factory=dict)  #: pieces of its lines, by uid

    def paid(self) -> int:
        """Return what was paid, tips included."""
        return sum(one.amount for one in self.payments if one.status == "COMPLETED")


class Orders:
    """All orders and payments, and the calls that read them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.orders: dict[str, Order] = {}
        self.payments: dict[str, Payment] = {}

    def search(self, body: Json) -> Json:
        """Answer SearchOrders.

        Raises:
            SquareError: no location, more than ten, a filter of two times, or a sort that is not
                by the filtered time.
        """
        locations = array(body, "location_ids", most=MAX_LOCATIONS, needed=True)
        for location_id in locations:
            self.world.location(location_id)
        query = mapping(body, "query")
        filters, sort = mapping(query, "filter"), mapping(query, "sort")
        sort_name = sort.get("sort_field") or "CREATED_AT"
        if sort_name not in _SORTS:
            raise invalid("`sort_field` is not valid.", "sort_field", "INVALID_ENUM_VALUE")
        time_name = _SORTS[sort_name]
        start, end = self._range(body, mapping(filters, "date_time_filter"), time_name)
        rows = [
            order
            for order in self.orders.values()
            if order.location_id in locations
            and self._indexed(order.updated_at)
            and _within(getattr(order, time_name), start, end)
            and _passes(order, filters)
        ]
        limit = integer(body, "limit", DEFAULT_ORDERS_PAGE)
        page, cursor = page_of(
            self.world,
            rows,
            lambda one: stamp(getattr(one, time_name)) + one.id,
            body,
            limit=min(max(limit, 1), MAX_ORDERS_PAGE),
            descending=sort.get("sort_order", "DESC") != "ASC",
        )
        answer = self._entries(page, entries=body.get("return_entries") is True)
        return answer | ({"cursor": cursor} if cursor else {})

    def _range(
        self, body: Json, times: Json, sorted_by: str
    ) -> tuple[datetime | None, datetime | None]:
        """Return the inclusive bounds; an open end is the moment of the walk's first page."""
        asked = [name for name, value in times.items() if value]
        if len(asked) > 1:
            raise invalid("Only one time may be filtered.", "date_time_filter")
        if asked and asked[0] != sorted_by:
            raise invalid(
                f"`sort_field` must match the filtered time `{asked[0]}`.",
                "sort_field",
                "BAD_REQUEST",
            )
        bounds = mapping(times, sorted_by) if asked else {}
        cursor = read_cursor(self.world, body.get("cursor"), body)
        started = cursor.started if cursor else self.world.now()
        return instant(bounds, "start_at"), instant(bounds, "end_at") or started

    def _indexed(self, updated_at: datetime) -> bool:
        lag = timedelta(seconds=self.world.behaviour.search_lag_s)
        return updated_at + lag <= self.world.now()

    def _entries(self, page: list[Order], *, entries: bool) -> Json:
        if not page:
            return {}
        if entries:
            return {
                "order_entries": [
                    {"order_id": one.id, "location_id": one.location_id} for one in page
                ]
            }
        return {"orders": [self.order_as_json(one) for one in page]}

    def batch_retrieve(self, body: Json) -> Json:
        """Answer BatchRetrieveOrders; unknown ids are silently left out."""
        ids = array(body, "order_ids", most=MAX_RETRIEVED, needed=True)
        found = [self.orders[one] for one in ids if isinstance(one, str) and one in self.orders]
        at = body.get("location_id")
        kept = [self.order_as_json(one) for one in found if at in (None, one.location_id)]
        return {"orders": kept} if kept else {}

    def retrieve(self, order_id: str) -> Json:
        """Answer RetrieveOrder."""
        if order_id not in self.orders:
            raise not_found("Order", order_id)
        return {"order": self.order_as_json(self.orders[order_id])}

    def retrieve_payment(self, payment_id: str) -> Json:
        """Answer GetPayment."""
        if payment_id not in self.payments:
            raise SquareError(404, "NOT_FOUND", "Could not find payment with given id.")
        return {"payment": payment_as_json(self.payments[payment_id])}

    def list_payments(self, query: Json) -> Json:
        """Answer ListPayments: by default of the main location and of the last year."""
        location_id = query.get("location_id") or self.world.main_location()
        now = self.world.now()
        begin = instant(query, "begin_time") or now - timedelta(days=365)
        end = instant(query, "end_time") or now
        updated_begin = instant(query, "updated_at_begin_time")
        updated_end = instant(query, "updated_at_end_time")
        time_name = _SORTS.get(query.get("sort_field") or "CREATED_AT", "created_at")
        rows = [
            one
            for one in self.payments.values()
            if one.location_id == location_id
            and self._indexed(one.updated_at)
            and _within(one.created_at, begin, end)
            and _within(one.updated_at, updated_begin, updated_end)
        ]
        limit = integer(query, "limit", MAX_PAYMENTS_PAGE)
        page, cursor = page_of(
            self.world,
            rows,
            lambda one: stamp(getattr(one, time_name)) + one.id,
            query,
            limit=min(max(limit, 1), MAX_PAYMENTS_PAGE),
            descending=query.get("sort_order", "DESC") != "ASC",
        )
        answer: Json = {"payments": [payment_as_json(one) for one in page]} if page else {}
        return answer | ({"cursor": cursor} if cursor else {})

    def order_as_json(self, order: Order) -> Json:
        """Return an order as answers show it; orders of a till carry no version."""
        body: Json = {
            "id": order.id,
            "location_id": order.location_id,
            "state": order.state,
            "source": {"name": "Square Point of Sale"},
            "created_at": stamp(order.created_at),
            "updated_at": stamp(order.updated_at),
            **order.body,
            **(return_fields(order.came_back, order.body) if order.came_back else {}),
        }
        if order.refunds:
            body["refunds"] = [one.as_part_of_order() for one in order.refunds]
        if order.closed_at is not None:
            body["closed_at"] = stamp(order.closed_at)
        if order.customer_id:
            body["customer_id"] = order.customer_id
        if order.payments:
            body["tenders"] = [self._tender(one) for one in order.payments]
        return body

    def _tender(self, one: Payment) -> Json:
        unknown = self.world.behaviour.unknown_enums
        body: Json = {
            "id": one.id,
            "payment_id": one.id,
            "location_id": one.location_id,
            "transaction_id": one.order_id,
            "created_at": stamp(one.created_at),
            "type": "TENDER_OF_TOMORROW" if unknown else one.type,
            "amount_money": {"amount": one.amount, "currency": one.currency},
        }
        if one.tip:
            body["tip_money"] = {"amount": one.tip, "currency": one.currency}
        if one.customer_id:
            body["customer_id"] = one.customer_id
        return body


def _within(at: datetime | None, start: datetime | None, end: datetime | None) -> bool:
    """Say whether a time lies between two inclusive bounds; without a time it does not."""
    return at is not None and (start is None or at >= start) and (end is None or at <= end)


def _passes(order: Order, filters: Json) -> bool:
    """Say whether an order passes the filters that are not about time."""
    states = array(mapping(filters, "state_filter"), "states")
    customers = array(mapping(filters, "customer_filter"), "customer_ids")
    return (not states or order.state in states) and (
        not customers or order.customer_id in customers
    )


SOURCE_TYPES = {
    "CARD": "CARD",
    "SQUARE_GIFT_CARD": "CARD",
    "CASH": "CASH",
    "WALLET": "WALLET",
    "BANK_ACCOUNT": "BANK_ACCOUNT",
    "BUY_NOW_PAY_LATER": "BUY_NOW_PAY_LATER",
    "SQUARE_ACCOUNT": "SQUARE_ACCOUNT",
}


def payment_as_json(one: Payment) -> Json:
    """Return a payment as answers and webhooks show it."""
    whole = {"amount": one.amount, "currency": one.currency}
    source = SOURCE_TYPES.get(one.type, "EXTERNAL")
    body: Json = {
        "id": one.id,
        "created_at": stamp(one.created_at),
        "updated_at": stamp(one.updated_at),
        "amount_money": {"amount": one.amount - one.tip, "currency": one.currency},
        "total_money": whole,
        "approved_money": whole,
        "status": one.status,
        "source_type": source,
        "location_id": one.location_id,
        "order_id": one.order_id,
        "receipt_number": one.id[:4],
        "version_token": f"{one.id}{one.updated_at.timestamp():.3f}",
    }
    if one.tip:
        body["tip_money"] = {"amount": one.tip, "currency": one.currency}
    if one.customer_id:
        body["customer_id"] = one.customer_id
    if one.refunds:
        body["refund_ids"] = [refund.id for refund in one.refunds]
        body["refunded_money"] = {"amount": one.refunded, "currency": one.currency}
    if source == "CASH":
        body["cash_details"] = {"buyer_supplied_money": whole}
    if source == "EXTERNAL":
        body["external_details"] = {"type": "OTHER", "source": one.type.title()}
    if one.offline_since is not None:
        body["is_offline_payment"] = True
        body["offline_payment_details"] = {"client_created_at": stamp(one.offline_since)}
    return body
