"""Refunds of the simulated Square: money that went back, and the calls that read them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from local.platforms.square.errors import invalid, not_found
from local.platforms.square.fields import Json, instant, integer, money, stamp
from local.platforms.square.paging import page_of
from local.platforms.square.world import World

MAX_PAGE = 100
STATES = ("PENDING", "COMPLETED", "REJECTED", "FAILED")
_SORTS = {"CREATED_AT": "created_at", "UPDATED_AT": "updated_at"}


@dataclass(kw_only=True)
class Refund:
    """Money given back; ``amount`` in minor units. Its order is the one that holds the return."""

    id: str
    order_id: str
    location_id: str
    amount: int
    currency: str
    status: str
    destination_type: str
    reason: str
    created_at: datetime
    updated_at: datetime
    payment_id: str = ""  #: empty: of no payment

    @property
    def is_counted(self) -> bool:
        """Whether money goes back."""
        return self.status in ("PENDING", "COMPLETED")

    def as_json(self) -> Json:
        """Return the refund as answers and webhooks show it."""
        body: Json = {
            "id": self.id,
            "status": self.status,
            "location_id": self.location_id,
            "destination_type": self.destination_type,
            "amount_money": money(self.amount, self.currency),
            "order_id": self.order_id,
            "created_at": stamp(self.created_at),
            "updated_at": stamp(self.updated_at),
        }
        body |= {"payment_id": self.payment_id} if self.payment_id else {"unlinked": True}
        return body | ({"reason": self.reason} if self.reason else {})

    def as_part_of_order(self) -> Json:
        """Return the refund as its order names it, in the states orders know."""
        body = {
            "id": self.id,
            "location_id": self.location_id,
            "transaction_id": self.order_id,
            "tender_id": self.payment_id,
            "created_at": stamp(self.created_at),
            "reason": self.reason,
            "amount_money": money(self.amount, self.currency),
            "status": "APPROVED" if self.status == "COMPLETED" else self.status,
        }
        return {name: value for name, value in body.items() if value or name == "reason"}


class Refunds:
    """All refunds by id."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.refunds: dict[str, Refund] = {}

    def retrieve(self, refund_id: str) -> Json:
        """Answer GetPaymentRefund."""
        if refund_id not in self.refunds:
            raise not_found("Refund", refund_id)
        return {"refund": self.refunds[refund_id].as_json()}

    def list_refunds(self, query: Json) -> Json:
        """Answer ListPaymentRefunds: of all locations, by default of the last year."""
        now = self.world.now()
        created_from = instant(query, "begin_time") or now - timedelta(days=365)
        created_to = instant(query, "end_time") or now
        changed_from = instant(query, "updated_at_begin_time") or created_from
        changed_to = instant(query, "updated_at_end_time") or now
        sort_name = query.get("sort_field") or "CREATED_AT"
        if sort_name not in _SORTS:
            raise invalid("`sort_field` is not valid.", "sort_field", "INVALID_ENUM_VALUE")
        lag = timedelta(seconds=self.world.behaviour.search_lag_s)
        rows = [
            one
            for one in self.refunds.values()
            if one.updated_at + lag <= now
            and created_from <= one.created_at <= created_to
            and changed_from <= one.updated_at <= changed_to
            and query.get("location_id") in (None, one.location_id)
            and query.get("status") in (None, one.status)
        ]
        page, cursor = page_of(
            self.world,
            rows,
            lambda one: stamp(getattr(one, _SORTS[sort_name])) + one.id,
            query,
            limit=min(max(integer(query, "limit", MAX_PAGE), 1), MAX_PAGE),
            descending=query.get("sort_order", "DESC") != "ASC",
        )
        answer: Json = {"refunds": [one.as_json() for one in page]} if page else {}
        return answer | ({"cursor": cursor} if cursor else {})
