"""What all parts of the simulated Square share: the merchant, its shops, time and odd habits."""

import base64
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from local.platforms.server import Clock
from local.platforms.square.errors import SquareError, invalid
from local.platforms.square.fields import Json, stamp

#: Raises one webhook: event type, type and id of the data, the object inside it.
Emit = Callable[[str, str, str, Json | None], None]


@dataclass(frozen=True, kw_only=True)
class Location:
    """A shop of the merchant; taxes are those its till charges."""

    id: str
    name: str
    currency: str = "GBP"
    country: str = "GB"
    timezone: str = "Europe/London"
    tax_percent: Decimal = Decimal(20)
    tax_type: str = "INCLUSIVE"
    status: str = "ACTIVE"
    main: bool = False


class Behaviour:
    """How this Square misbehaves; plain attributes, changed at any time."""

    #: seconds until an upserted object is returned by reads and searches; None: never.
    catalog_live_after_s: float | None = 0.0
    #: upserts answer 200 with ids, and nothing is stored.
    drop_catalog_writes: bool = False
    #: seconds a catalogue write takes; another one meanwhile gets 429.
    catalog_write_s: float = 0.01
    #: seconds until searches (catalogue, orders, payments, customers) see a change.
    search_lag_s: float = 0.0
    #: searches refuse cursors that are older than this, if set.
    cursor_life_s: float | None = None
    #: so many of the next pages carry a cursor that leads back to the same page.
    repeat_pages: int = 0
    #: the id of a customer who was merged away is answered with the profile that took over.
    merged_ids_resolve: bool = False
    #: answers hold enum values the published contract does not know.
    unknown_enums: bool = False

    def __init__(self) -> None:
        self.rejected_names: set[str] = set()
        self.refused_locations: dict[str, bool] = {}

    def reject_names(self, *words: str) -> None:
        """Refuse objects whose name contains one of ``words``; without words refuse nothing."""
        self.rejected_names = set(words)

    def refuse_counts_at(
        self, location: str, refuse: bool = True, *, partial: bool = False
    ) -> None:
        """Refuse stock changes at ``location``.

        A request with such a change is refused as a whole; with ``partial`` it answers 200, applies
        the other changes and reports this one in ``errors``.
        """
        self.refused_locations.pop(location, None)
        if refuse:
            self.refused_locations[location] = partial


class World:
    """The merchant, its locations, the clock and the way out for webhooks."""

    def __init__(self, *, clock: Clock, behaviour: Behaviour, emit: Emit) -> None:
        self.behaviour = behaviour
        self.emit = emit
        self.merchant_id = "ML" + _random(11)
        self.locations: dict[str, Location] = {}
        self.clock = clock

    def now(self) -> datetime:
        """Return the time, cut to milliseconds, which is what answers show."""
        at = self.clock()
        return at.replace(microsecond=at.microsecond // 1000 * 1000)

    def new_id(self, prefix: str = "") -> str:
        """Return an id nobody can guess."""
        return prefix + _random(20)

    def location(self, location_id: Any) -> Location:
        """Return a location, or refuse the request."""
        found = self.locations.get(location_id) if isinstance(location_id, str) else None
        if found is None:
            raise invalid(f"Location `{location_id}` is not valid.", "location_id")
        return found

    def main_location(self) -> str:
        """Return the id of the main location, which payments are listed for by default."""
        main = [one.id for one in self.locations.values() if one.main]
        return (main or list(self.locations) or [""])[0]

    def list_locations(self) -> Json:
        """Return the answer of ListLocations: active and inactive ones."""
        return {"locations": [self._as_json(one) for one in self.locations.values()]}

    def read_location(self, location_id: str) -> Json:
        """Return the answer of RetrieveLocation; ``main`` names the main one."""
        wanted = self.main_location() if location_id == "main" else location_id
        found = self.locations.get(wanted)
        if found is None:
            raise SquareError(404, "NOT_FOUND", f"Location `{location_id}` not found.")
        return {"location": self._as_json(found)}

    def _as_json(self, one: Location) -> Json:
        capabilities = ["CREDIT_CARD_PROCESSING", "AUTOMATIC_TRANSFERS"]
        if self.behaviour.unknown_enums:
            capabilities.append("CAPABILITY_OF_TOMORROW")
        return {
            "id": one.id,
            "name": one.name,
            "status": one.status,
            "currency": one.currency,
            "country": one.country,
            "timezone": one.timezone,
            "language_code": "en-GB",
            "type": "PHYSICAL",
            "business_name": one.name,
            "merchant_id": self.merchant_id,
            "capabilities": capabilities,
            "created_at": stamp(self.now().replace(year=2024, month=1, day=1)),
        }


def _random(length: int) -> str:
    return base64.b32encode(secrets.token_bytes(length)).decode()[:length]
