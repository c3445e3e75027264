"""Registered customers and their addresses; an e-mail address belongs to one of them."""

from collections.abc import Mapping
from typing import Any

from local.platforms.woocommerce.errors import Json, WooError, missing_params, no_trash
from local.platforms.woocommerce.fields import dates, string
from local.platforms.woocommerce.world import Post, World

ADDRESS = (
    "first_name",
    "last_name",
    "company",
    "address_1",
    "address_2",
    "city",
    "postcode",
    "country",
    "state",
    "phone",
)


def address(body: Mapping[str, Any], name: str, known: Mapping[str, str]) -> dict[str, str]:
    """Merge an address of ``body`` into the known one."""
    given = body.get(name)
    fields = (*ADDRESS, "email") if name == "billing" else ADDRESS
    merged = {field: known.get(field, "") for field in fields}
    if isinstance(given, dict):
        merged |= {f: string(given, f, f"{name}[{f}]") for f in fields if f in given}
    return merged


class Customers:
    """Registered customers; guests are none of them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.by_id: dict[int, Post] = {}

    def one(self, number: int) -> Post:
        """Return a customer."""
        if number not in self.by_id:
            raise WooError(404, "woocommerce_rest_invalid_id", "Invalid resource ID.")
        return self.by_id[number]

    def create(self, body: Json) -> Post:
        """Register a customer; the e-mail is required and unique."""
        if "email" not in body:
            raise missing_params("email")
        now = self.world.now()
        data = self._read(body, {}, 0)
        data["username"] = string(body, "username") or data["email"].partition("@")[0]
        number = self.world.new_id("user")
        made = Post(id=number, created=now, modified=now, status="", data=data)
        self.world.write_meta(made.meta, body)
        self.by_id[made.id] = made
        self.world.emit("customer", "created", made.id)
        return made

    def update(self, number: int, body: Json) -> Post:
        """Change a customer."""
        found = self.one(number)
        found.data |= self._read(body, found.data, number)
        self.world.write_meta(found.meta, body)
        found.modified = self.world.now()
        self.world.emit("customer", "updated", number)
        return found

    def delete(self, number: int, *, force: bool) -> Json:
        """Remove a customer for good."""
        found = self.one(number)
        if not force:
            raise no_trash("Customers")
        del self.by_id[number]
        self.world.emit("customer", "deleted", number)
        return self.view(found)

    def view(self, found: Post) -> Json:
        """Return the answer for a customer."""
        return {
            "id": found.id,
            **dates("date_created", found.created, self.world.zone),
            **dates("date_modified", found.modified, self.world.zone),
            **found.data,
            "role": "customer",
            "is_paying_customer": False,
            "meta_data": [dict(row) for row in found.meta],
        }

    def _read(self, body: Json, known: Json, own_id: int) -> Json:
        data: Json = {
            name: string(body, name) if name in body else known.get(name, "")
            for name in ("email", "first_name", "last_name")
        }
        if "@" not in data["email"]:
            raise WooError(400, "registration-error-invalid-email", "Give a valid email address.")
        same = [c for c in self.by_id.values() if c.data["email"].lower() == data["email"].lower()]
        if any(one.id != own_id for one in same):
            text = "An account is already registered with your email address."
            raise WooError(400, "registration-error-email-exists", text)
        for name in ("billing", "shipping"):
            data[name] = address(body, name, known.get(name, {}))
        return data
