"""Walks Square's orders by time of change: tokens that survive a restart, pages that repeat."""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime

from chalicelib.connectors.square.batches import chunks
from chalicelib.connectors.square.client import (
    REPEATS_AT_MOST,
    Json,
    SquareClient,
    page_repeats,
)
from chalicelib.connectors.square.failures import CURSOR_EXPIRED
from chalicelib.connectors.square.models import LocationModel, OrderModel, parse
from chalicelib.domain.reasons import Reason, SyncFailure

ORDERS_A_CALL = 100  #: BatchRetrieveOrders
LOCATIONS_A_CALL = 10  #: SearchOrders, location_ids
PAGE = 500  #: SearchOrders, its default; it allows 1,000
STATES = ("COMPLETED", "OPEN", "CANCELED")
ORDERS_READ = "ORDERS_READ"
LOCATIONS_READ = "MERCHANT_PROFILE_READ"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a walk stands: the locations of this part, its period, Square's cursor.

    Kept whole in the page token, because a cursor is good only with the identical body.
    """

    locations: Sequence[str]
    since: str
    until: str = ""
    cursor: str = ""
    seen: str = ""  #: hash of the page before
    repeats: int = 0  #: how often in a row a page brought nothing new

    def to_token(self) -> str:
        """Return the page token of this place."""
        return base64.urlsafe_b64encode(json.dumps(asdict(self)).encode()).decode()

    @staticmethod
    def from_token(token: str) -> "Place":
        """Read a page token.

        Raises:
            SyncFailure: it is not one of ours; the slice starts again, as with an expired cursor.
        """
        try:
            place = Place(**json.loads(base64.urlsafe_b64decode(token.encode())))
            if not place.locations or not isinstance(place.locations, list):
                raise TypeError("a place has locations")
        except (ValueError, TypeError):
            raise SyncFailure(
                Reason.RETRYING,
                "The place in Square's list of orders is lost: the list is read again.",
                error_code=CURSOR_EXPIRED,
            ) from None
        return place


@dataclass(kw_only=True)
class OrderWalk:
    """Reads changed orders of all active locations; the locations are read once in its life."""

    client: SquareClient
    _active: list[str] | None = field(default=None, init=False)

    def first_place(self, *, since: datetime, until: datetime | None) -> Place | None:
        """Return where a walk begins; None when no location is active."""
        return self._part_after("", since=stamp(since), until=stamp(until) if until else "")

    def next_place(self, place: Place, page: Json) -> Place | None:
        """Return where the walk goes on after a page; None at its end.

        Raises:
            SyncFailure: ``page_repeats``; the cursors lead in a circle.
        """
        cursor = page.get("cursor") or ""
        if not cursor and len(place.locations) < LOCATIONS_A_CALL:
            return None
        if not cursor:
            return self._part_after(place.locations[-1], since=place.since, until=place.until)
        seen = _hash_of(page)
        is_repeated = cursor == place.cursor or (seen != "" and seen == place.seen)
        repeats = place.repeats + 1 if is_repeated else 0
        if repeats > REPEATS_AT_MOST:
            raise page_repeats()
        return replace(place, cursor=cursor, seen=seen, repeats=repeats)

    def read_page(self, place: Place) -> Json:
        """Read one page of orders, oldest change first."""
        period = {"start_at": place.since} | ({"end_at": place.until} if place.until else {})
        body = {
            "location_ids": list(place.locations),
            "limit": PAGE,
            "query": {
                "filter": {
                    "state_filter": {"states": list(STATES)},
                    "date_time_filter": {"updated_at": period},
                },
                "sort": {"sort_field": "UPDATED_AT", "sort_order": "ASC"},
            },
        }
        cursor = {"cursor": place.cursor} if place.cursor else {}
        return self.client.read("/v2/orders/search", ORDERS_READ, body=body | cursor)

    def orders_since(self, since: datetime) -> Iterator[Json]:
        """Yield every order that changed from ``since`` on, raw; one may come twice."""
        place = self.first_place(since=since, until=None)
        while place is not None:
            page = self.read_page(place)
            yield from page.get("orders") or []
            place = self.next_place(place, page)

    def _part_after(self, last: str, *, since: str, until: str) -> Place | None:
        """Return the part with the next ten locations by id, which is what one call takes."""
        if self._active is None:
            self._active = sorted(
                one.id for one in list_locations(self.client) if one.status == "ACTIVE"
            )
        part = [one for one in self._active if one > last][:LOCATIONS_A_CALL]
        return Place(locations=part, since=since, until=until) if part else None


def read_orders(client: SquareClient, ids: Iterable[str]) -> Mapping[str, OrderModel | SyncFailure]:
    """Read orders, 100 a call; unknown ids are absent, and what cannot be read says so."""
    read: dict[str, OrderModel | SyncFailure] = {}
    for part in chunks(list(dict.fromkeys(ids)), ORDERS_A_CALL):
        answer = client.read(
            "/v2/orders/batch-retrieve", ORDERS_READ, body={"order_ids": list(part)}
        )
        for raw in answer.get("orders") or []:
            try:
                read[str(raw.get("id", ""))] = parse(OrderModel, raw, "order")
            except SyncFailure as failure:
                read[str(raw.get("id", ""))] = failure
    return read


def list_locations(client: SquareClient) -> list[LocationModel]:
    """Return all locations, inactive ones too."""
    raw = client.read("/v2/locations", LOCATIONS_READ).get("locations") or []
    return [parse(LocationModel, one, "location") for one in raw]


def stamp(at: datetime) -> str:
    """Return a time as Square reads it: RFC 3339 in UTC with ``Z``."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _hash_of(page: Json) -> str:
    ids = [str(order.get("id")) for order in page.get("orders") or [] if isinstance(order, dict)]
    return hashlib.sha256("|".join(ids).encode()).hexdigest()[:16] if ids else ""
