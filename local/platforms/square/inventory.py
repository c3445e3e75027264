"""Stock of the simulated Square: a ledger in the order of the clients' times, not of arrival."""

import bisect
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from local.platforms.square.catalog import Catalog
from local.platforms.square.errors import SquareError, SquareErrors, invalid
from local.platforms.square.fields import (
    Json,
    array,
    instant,
    integer,
    mapping,
    plain,
    quantity,
    stamp,
    text,
)
from local.platforms.square.paging import page_of
from local.platforms.square.world import World

MAX_CHANGES = 100
MAX_COUNTS_PAGE = 1_000
OLDEST = timedelta(hours=24)
IN_STOCK = "IN_STOCK"
#: States that hold goods; the others are where goods come from or go to.
HELD = (IN_STOCK, "RETURNED_BY_CUSTOMER", "RESERVED_FOR_SALE", "WASTE", "IN_TRANSIT")
STATES = (*HELD, "SOLD", "NONE", "UNLINKED_RETURN", "SOLD_ONLINE", "ORDERED_FROM_VENDOR")
LEDGER_CUT = 1_000

Place = tuple[str, str, str]  #: variation id, location id, state


@dataclass(order=True, frozen=True, kw_only=True)
class Entry:
    """One change of one place: a count replaces what was there, else the amount is added."""

    at: datetime
    number: int
    is_count: bool = field(compare=False)
    amount: Decimal = field(compare=False)


@dataclass(frozen=True, kw_only=True)
class Change:
    """A checked change of a request."""

    place: Place
    at: datetime
    is_count: bool
    amount: Decimal


class Inventory:
    """The ledgers by place, and when each place last changed by the server's clock."""

    def __init__(self, world: World, catalog: Catalog) -> None:
        self.world = world
        self.catalog = catalog
        self.ledgers: dict[Place, list[Entry]] = {}
        self.calculated_at: dict[Place, datetime] = {}
        self._number = 0

    def on_hand(self, variation_id: str, location_id: str, state: str = IN_STOCK) -> Decimal:
        """Return the quantity of a place: the last count and what happened after it."""
        total = Decimal(0)
        for entry in reversed(self.ledgers.get((variation_id, location_id, state), [])):
            total += entry.amount
            if entry.is_count:
                break
        return total

    def record(self, changes: Iterable[Change]) -> None:
        """Put changes at their times and announce the counts they made."""
        touched = []
        for change in changes:
            self._number += 1
            entry = Entry(
                at=change.at, number=self._number, is_count=change.is_count, amount=change.amount
            )
            ledger = self.ledgers.setdefault(change.place, [])
            bisect.insort(ledger, entry)
            _shorten(ledger)
            self.calculated_at[change.place] = self.world.now()
            touched.append(change.place)
        for start in range(0, len(touched), 100):
            counts = [self._count(place) for place in touched[start : start + 100]]
            content = {"inventory_counts": counts}
            self.world.emit("inventory.count.updated", "inventory_counts", "", content)

    def batch_change(self, body: Json) -> Json:
        """Answer BatchChangeInventory: all changes or none, and the counts as they are now."""
        entries = array(body, "changes", most=MAX_CHANGES, needed=True)
        skip_unchanged = body.get("ignore_unchanged_counts") is not False
        changes: list[Change] = []
        errors: list[SquareError] = []
        partial = True
        for number, entry in enumerate(entries):
            try:
                changes += self._read(entry, f"changes[{number}]")
            except SquareError as error:
                errors.append(error)
                partial = partial and error.code == "INVALID_LOCATION"
        if errors and not (partial and changes):
            raise SquareErrors(400, errors)
        places = list(dict.fromkeys(change.place for change in changes))
        self.record(
            change for change in changes if not (skip_unchanged and self._is_unchanged(change))
        )
        answer: Json = {"counts": [self._count(place) for place in places]}
        return answer | ({"errors": [one.as_json() for one in errors]} if errors else {})

    def _read(self, entry: object, path: str) -> list[Change]:
        """Check one change of a request and return what it does to each place."""
        kind = entry.get("type") if isinstance(entry, dict) else None
        if not isinstance(entry, dict) or kind not in ("PHYSICAL_COUNT", "ADJUSTMENT"):
            raise invalid("The change type is not supported.", f"{path}.type")
        name = "physical_count" if kind == "PHYSICAL_COUNT" else "adjustment"
        change, path = mapping(entry, name), f"{path}.{name}"
        variation_id = text(change, "catalog_object_id", most=100, needed=True)
        location_id = self._location(change, path)
        stored = self.catalog.current(variation_id)
        if stored is None or stored.type != "ITEM_VARIATION":
            detail = f"Catalog object with ID `{variation_id}` not found."
            raise invalid(detail, f"{path}.catalog_object_id")
        text(change, "reference_id", most=255)
        at = self._occurred(change, path)
        amount = quantity(change, "quantity", places=5)
        if amount < 0:
            raise invalid("The quantity must not be negative.", f"{path}.quantity")
        if kind == "PHYSICAL_COUNT":
            place = (variation_id, location_id, _state(change, "state", path))
            return [Change(place=place, at=at, is_count=True, amount=amount)]
        moves = (
            (_state(change, "from_state", path), -amount),
            (_state(change, "to_state", path), amount),
        )
        return [
            Change(place=(variation_id, location_id, state), at=at, is_count=False, amount=moved)
            for state, moved in moves
            if state in HELD
        ]

    def _location(self, change: Json, path: str) -> str:
        location_id = text(change, "location_id", most=100, needed=True)
        location = self.world.location(location_id)
        refused = self.world.behaviour.refused_locations
        if location.id in refused:
            code = "INVALID_LOCATION" if refused[location.id] else "INVALID_VALUE"
            detail = f"Inventory cannot be changed at location `{location.id}`."
            raise invalid(detail, f"{path}.location_id", code)
        return location.id

    def _occurred(self, change: Json, path: str) -> datetime:
        at = instant(change, "occurred_at")
        now = self.world.clock()
        if at is None:
            raise invalid("Field is required.", f"{path}.occurred_at", "MISSING_REQUIRED_PARAMETER")
        if at > now or at < now - OLDEST:
            detail = "`occurred_at` must not be in the future or older than 24 hours."
            raise invalid(detail, f"{path}.occurred_at", "INVALID_TIME")
        return at

    def _is_unchanged(self, change: Change) -> bool:
        """Say whether a count repeats the last count of its place, whatever was sold since."""
        if not change.is_count:
            return False
        counts = [entry for entry in self.ledgers.get(change.place, []) if entry.is_count]
        return bool(counts) and counts[-1].amount == change.amount

    def batch_counts(self, body: Json) -> Json:
        """Answer BatchRetrieveInventoryCounts: newest first, only places that were ever counted."""
        variations = array(body, "catalog_object_ids", most=1_000)
        locations = array(body, "location_ids")
        states = array(body, "states")
        after = instant(body, "updated_after")
        limit = integer(body, "limit", MAX_COUNTS_PAGE)
        if not 1 <= limit <= MAX_COUNTS_PAGE:
            raise invalid("`limit` must be between 1 and 1000.", "limit")
        rows = [
            place
            for place, at in self._candidates(variations)
            if (not locations or place[1] in locations)
            and (not states or place[2] in states)
            and (after is None or at > after)
        ]
        page, cursor = page_of(self.world, rows, self._sort_key, body, limit=limit, descending=True)
        counts = [self._count(place) for place in page]
        if self.world.behaviour.unknown_enums and counts:
            counts.append(counts[0] | {"state": "STATE_OF_TOMORROW", "quantity": "7"})
        answer: Json = {"counts": counts} if counts else {}
        return answer | ({"cursor": cursor} if cursor else {})

    def counts_of(self, variation_id: str, location_ids: str, cursor: str) -> Json:
        """Answer RetrieveInventoryCount; an object nobody ever counted has no counts."""
        stored = self.catalog.current(variation_id)
        if stored is None:
            raise SquareError(404, "NOT_FOUND", f"Catalog object `{variation_id}` not found.")
        locations = [one for one in location_ids.split(",") if one]
        return self.batch_counts(
            {"catalog_object_ids": [variation_id], "location_ids": locations, "cursor": cursor}
        )

    def _candidates(self, variations: list[str]) -> list[tuple[Place, datetime]]:
        if not variations:
            return list(self.calculated_at.items())
        keys = [
            (variation, location, state)
            for variation in dict.fromkeys(variations)
            for location in self.world.locations
            for state in HELD
        ]
        return [(key, self.calculated_at[key]) for key in keys if key in self.calculated_at]

    def _sort_key(self, place: Place) -> str:
        return stamp(self.calculated_at[place]) + "|".join(place)

    def _count(self, place: Place) -> Json:
        variation_id, location_id, state = place
        return {
            "catalog_object_id": variation_id,
            "catalog_object_type": "ITEM_VARIATION",
            "state": state,
            "location_id": location_id,
            "quantity": plain(self.on_hand(*place)),
            "calculated_at": stamp(self.calculated_at.get(place, self.world.now())),
        }


def _state(change: Json, name: str, path: str) -> str:
    state = text(change, name, needed=True)
    if state not in STATES:
        raise invalid(f"`{state}` is not a state.", f"{path}.{name}", "INVALID_ENUM_VALUE")
    return state


def _shorten(ledger: list[Entry]) -> None:
    """Fold the older half of a long ledger into one count; nothing that old can still arrive."""
    if len(ledger) <= LEDGER_CUT:
        return
    old = ledger[: LEDGER_CUT // 2]
    total = Decimal(0)
    for entry in old:
        total = entry.amount if entry.is_count else total + entry.amount
    last = old[-1]
    ledger[: len(old)] = [Entry(at=last.at, number=last.number, is_count=True, amount=total)]
