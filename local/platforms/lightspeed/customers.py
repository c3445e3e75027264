"""Customers of the simulated Lightspeed; nothing about them is unique unless it is made so."""

import re

from local.platforms.lightspeed.errors import conflict, invalid
from local.platforms.lightspeed.feed import Feed, Row
from local.platforms.lightspeed.fields import Json, flag, text
from local.platforms.lightspeed.world import World

_PLACES = ("address_1", "address_2", "suburb", "city", "state", "postcode", "country_id")
ADDRESS_FIELDS = tuple(f"{kind}_{one}" for kind in ("physical", "postal") for one in _PLACES)
TEXT_FIELDS = [
    "first_name",
    "last_name",
    "customer_code",
    "customer_group_id",
    "email",
    "note",
    "gender",
    "date_of_birth",
    "company_name",
    "phone",
    "mobile",
    "fax",
    "website",
    "custom_field_1",
    "custom_field_2",
    "custom_field_3",
    "custom_field_4",
]
REDACTED_FIELDS = ("first_name", "last_name", "note", *ADDRESS_FIELDS)
_CARD = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")
_POSTCODES = {
    "AU": re.compile(r"\d{4}"),
    "DE": re.compile(r"\d{5}"),
    "GB": re.compile(r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}", re.IGNORECASE),
    "NZ": re.compile(r"\d{4}"),
    "US": re.compile(r"\d{5}(-\d{4})?"),
}


def redacted(value: str) -> str:
    """Blank what looks like a card number, and say nothing about it."""
    return _CARD.sub("", value)


class Customers:
    """All customers, and the one that stands for people nobody asked for a name."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.feed = Feed(world, "Customer", self._changed)
        self._codes = 0
        nobody = {"first_name": None, "last_name": None, "customer_code": "WALKIN"}
        self.walk_in = str(self.create(nobody)["data"]["id"])

    def create(self, body: Json) -> Json:
        """Answer a new customer; both names must be there, be it as null."""
        for name in ("first_name", "last_name"):
            if name not in body:
                raise invalid(f"{name} is required.")
        fields = self._fields(body)
        if not fields.get("customer_code"):
            self._codes += 1
            fields["customer_code"] = f"{fields.get('first_name') or 'UNNAMED'}-{self._codes:04d}"
        row = self.feed.put(_defaults() | fields | {"name": _name(fields)})
        return {"data": self.feed.render(row)}

    def update(self, customer_id: str, body: Json) -> Json:
        """Answer a change of the fields that are named."""
        row = self.feed.find(customer_id)
        fields = row.data | self._fields(body, row.id)
        return {"data": self.feed.render(self.feed.put(fields | {"name": _name(fields)}, row.id))}

    def _fields(self, body: Json, own_id: str = "") -> Json:
        known = (*TEXT_FIELDS, *ADDRESS_FIELDS)
        fields: Json = {one: text(body, one, most=255) or None for one in known if one in body}
        for name in REDACTED_FIELDS:
            if fields.get(name):
                fields[name] = redacted(fields[name])
        for kind in ("physical", "postal"):
            _check_postcode(fields.get(f"{kind}_country_id"), fields.get(f"{kind}_postcode"))
        if "do_not_email" in body:
            fields["do_not_email"] = flag(body, "do_not_email")
        self._check_code(fields.get("customer_code"), own_id)
        return fields

    def _check_code(self, code: str | None, own_id: str) -> None:
        if not code or not self.world.behaviour.unique_customer_codes:
            return
        if any(r.data["customer_code"] == code and r.id != own_id for r in self.feed.live()):
            raise conflict(f"The customer code {code} is taken.")

    def _changed(self, row: Row) -> None:
        shown = self.feed.render(row)
        names = ("id", "customer_code", "name", "email", "deleted_at", "version")
        contact = {name: shown[name] for name in ("first_name", "last_name", "phone", "email")}
        self.world.emit("customer.update", {n: shown[n] for n in names} | {"contact": contact})


def _defaults() -> Json:
    fields: Json = dict.fromkeys((*TEXT_FIELDS, *ADDRESS_FIELDS))
    money = {"year_to_date": 0, "balance": 0, "loyalty_balance": 0, "on_account_limit": None}
    return fields | money | {"do_not_email": False, "enable_loyalty": False}


def _name(fields: Json) -> str:
    return " ".join(one for one in (fields.get("first_name"), fields.get("last_name")) if one)


def _check_postcode(country: str | None, postcode: str | None) -> None:
    form = _POSTCODES.get(country or "")
    if form is not None and postcode and not form.fullmatch(postcode):
        raise invalid(f"The postcode is not one of {country}.")
