"""Customers of the simulated Square: profiles with as little as an instant one holds."""

from datetime import timedelta
from typing import Any

from local.platforms.square.errors import SquareError, envelope, invalid, not_found
from local.platforms.square.fields import Json, array, instant, integer, mapping, stamp
from local.platforms.square.paging import page_of
from local.platforms.square.world import World

MAX_PAGE = 100
_TEXTS = ("email_address", "phone_number", "reference_id")
_FIELDS = (
    "given_name",
    "family_name",
    "company_name",
    "email_address",
    "phone_number",
    "address",
    "reference_id",
    "note",
)


class Customers:
    """All profiles by id; searches see new ones after the search lag."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.customers: dict[str, Json] = {}

    def add(self, **details: Any) -> str:
        """Make a profile of the fields given (all may be absent) and return its id."""
        unknown = sorted(set(details) - set(_FIELDS))
        if unknown:
            raise ValueError(f"unknown customer fields: {', '.join(unknown)}")
        now = stamp(self.world.now())
        body = {
            "id": self.world.new_id(),
            "created_at": now,
            "updated_at": now,
            "creation_source": "DIRECTORY",
            "preferences": {"email_unsubscribed": False},
            "version": 0,
            **{name: value for name, value in details.items() if value},
        }
        self.customers[body["id"]] = body
        self.world.emit("customer.created", "customer", body["id"], {"customer": body})
        return str(body["id"])

    def retrieve(self, customer_id: str) -> Json:
        """Answer RetrieveCustomer."""
        if customer_id not in self.customers:
            raise not_found("Customer", customer_id)
        return {"customer": self.customers[customer_id]}

    def bulk_retrieve(self, body: Json) -> Json:
        """Answer BulkRetrieveCustomers: one answer for each id, errors included."""
        ids = array(body, "customer_ids", most=MAX_PAGE, needed=True)
        return {"responses": {str(one): self._one(str(one)) for one in ids}}

    def search(self, body: Json) -> Json:
        """Answer SearchCustomers; filters are combined with AND."""
        filters = mapping(mapping(body, "query"), "filter")
        sort = mapping(mapping(body, "query"), "sort")
        time_name = "created_at" if sort.get("field") == "CREATED_AT" else "updated_at"
        limit = integer(body, "limit", MAX_PAGE)
        if not 1 <= limit <= MAX_PAGE:
            code = "VALUE_TOO_LOW" if limit < 1 else "VALUE_TOO_HIGH"
            raise invalid("`limit` must be between 1 and 100.", "limit", code)
        rows = [one for one in self.customers.values() if self._matches(one, filters)]
        page, cursor = page_of(
            self.world,
            rows,
            lambda one: one[time_name] + one["id"],
            body,
            limit=limit,
            descending=sort.get("order") == "DESC",
        )
        answer: Json = {"customers": page} if page else {}
        answer |= {"count": len(rows)} if body.get("count") is True else {}
        return answer | ({"cursor": cursor} if cursor else {})

    def _one(self, customer_id: str) -> Json:
        try:
            return self.retrieve(customer_id)
        except SquareError as error:
            return envelope(error)

    def _matches(self, one: Json, filters: Json) -> bool:
        lag = timedelta(seconds=self.world.behaviour.search_lag_s)
        created = instant(one, "created_at")
        if created is None or created + lag > self.world.now():
            return False
        texts = all(_text_matches(one, name, mapping(filters, name)) for name in _TEXTS)
        times = ("created_at", "updated_at")
        return texts and all(_time_matches(one, name, mapping(filters, name)) for name in times)


def _text_matches(one: Json, name: str, wanted: Json) -> bool:
    value = str(one.get(name) or "").casefold()
    exact, fuzzy = wanted.get("exact"), wanted.get("fuzzy")
    if exact is not None and value != str(exact).casefold():
        return False
    return fuzzy is None or str(fuzzy).casefold() in value


def _time_matches(one: Json, name: str, bounds: Json) -> bool:
    at, start, end = instant(one, name), instant(bounds, "start_at"), instant(bounds, "end_at")
    return at is not None and (start is None or at >= start) and (end is None or at <= end)
