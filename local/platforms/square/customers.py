"""Customers of the simulated Square: profiles with as little as an instant one holds."""

from collections.abc import Sequence
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
    """All profiles by id; searches see changes after the search lag."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.customers: dict[str, Json] = {}
        self.merged: dict[str, str] = {}  #: ids that are gone, and the profile that took over

    def add(self, *, creation_source: str = "DIRECTORY", **details: Any) -> str:
        """Make a profile of the fields given (all may be absent) and return its id."""
        body = self._made(creation_source, details)
        self._tell("created", body)
        return str(body["id"])

    def change(self, customer_id: str, **details: Any) -> None:
        """Change fields as a person would in the directory; an empty value takes one away."""
        body = {**self._known(customer_id), **_checked(details)}
        body |= {"updated_at": stamp(self.world.now()), "version": body["version"] + 1}
        self.customers[customer_id] = {name: value for name, value in body.items() if value != ""}
        self._tell("updated", self.customers[customer_id])

    def delete(self, customer_id: str) -> None:
        """Delete a profile."""
        body = self._known(customer_id)
        del self.customers[customer_id]
        self._tell("deleted", body)

    def merge(self, customer_ids: Sequence[str], **details: Any) -> str:
        """Merge profiles: all of them go, and a new one has their fields; returns its id."""
        gone = [self._known(one) for one in customer_ids]
        joined = {name: one[name] for one in reversed(gone) for name in _FIELDS if name in one}
        body = self._made("MERGE", joined | details)
        context = {"from_customer_ids": list(customer_ids), "to_customer_id": body["id"]}
        self._tell("created", body, context)
        for one in gone:
            del self.customers[one["id"]]
            self.merged[one["id"]] = body["id"]
            self._tell("deleted", one, context)
        return str(body["id"])

    def _made(self, creation_source: str, details: Json) -> Json:
        now = stamp(self.world.now())
        body = {
            "id": self.world.new_id(),
            "created_at": now,
            "updated_at": now,
            "creation_source": creation_source,
            "preferences": {"email_unsubscribed": False},
            "version": 0,
            **{name: value for name, value in _checked(details).items() if value},
        }
        self.customers[body["id"]] = body
        return body

    def _known(self, customer_id: str) -> Json:
        if customer_id not in self.customers:
            raise KeyError(f"customer {customer_id}")
        return self.customers[customer_id]

    def _tell(self, what: str, body: Json, merge: Json | None = None) -> None:
        context = {"event_context": {"merge": merge}} if merge else {}
        content = {"customer": body, **context}
        self.world.emit(f"customer.{what}", "customer", body["id"], content)

    def retrieve(self, customer_id: str) -> Json:
        """Answer RetrieveCustomer; a merged one is gone, or stands for the new profile."""
        if self.world.behaviour.merged_ids_resolve:
            while customer_id in self.merged:
                customer_id = self.merged[customer_id]
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
        by_creation = _is_by_creation(sort)
        limit = integer(body, "limit", MAX_PAGE)
        if not 1 <= limit <= MAX_PAGE:
            code = "VALUE_TOO_LOW" if limit < 1 else "VALUE_TOO_HIGH"
            raise invalid("`limit` must be between 1 and 100.", "limit", code)
        rows = [one for one in self.customers.values() if self._matches(one, filters)]
        page, cursor = page_of(
            self.world,
            rows,
            lambda one: (one["created_at"] if by_creation else _sort_name(one)) + one["id"],
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
        changed = instant(one, "updated_at")
        if changed is None or changed + lag > self.world.now():
            return False
        texts = all(_text_matches(one, name, mapping(filters, name)) for name in _TEXTS)
        times = ("created_at", "updated_at")
        return texts and all(_time_matches(one, name, mapping(filters, name)) for name in times)


def _checked(details: Json) -> Json:
    unknown = sorted(set(details) - set(_FIELDS))
    if unknown:
        raise ValueError(f"unknown customer fields: {', '.join(unknown)}")
    return details


def _is_by_creation(sort: Json) -> bool:
    """Say how a search is sorted; there is no way to sort it by the time of change."""
    field = sort.get("field") or "DEFAULT"
    if field not in ("DEFAULT", "CREATED_AT"):
        raise invalid("`field` is not valid.", "field", "INVALID_ENUM_VALUE")
    return bool(field == "CREATED_AT")


def _sort_name(one: Json) -> str:
    return f"{one.get('given_name', '')} {one.get('family_name', '')} ".casefold()


def _text_matches(one: Json, name: str, wanted: Json) -> bool:
    value = str(one.get(name) or "").casefold()
    exact, fuzzy = wanted.get("exact"), wanted.get("fuzzy")
    if exact is not None and value != str(exact).casefold():
        return False
    return fuzzy is None or str(fuzzy).casefold() in value


def _time_matches(one: Json, name: str, bounds: Json) -> bool:
    at, start, end = instant(one, name), instant(bounds, "start_at"), instant(bounds, "end_at")
    return at is not None and (start is None or at >= start) and (end is None or at <= end)
