"""Sales of the simulated Lightspeed: created with the caller's id, changed, voided, returned."""

from decimal import Decimal
from uuid import UUID

from local.platforms.lightspeed.account import Account
from local.platforms.lightspeed.customers import Customers, redacted
from local.platforms.lightspeed.errors import conflict, invalid, refused
from local.platforms.lightspeed.feed import Feed, Row
from local.platforms.lightspeed.fields import Json, instant, objects, stamp, text
from local.platforms.lightspeed.inventory import Inventory
from local.platforms.lightspeed.legacy import sale_v1, sale_v2
from local.platforms.lightspeed.sale_parts import (
    SaleParts,
    read_attributes,
    read_state,
    totals,
)
from local.platforms.lightspeed.world import World

Stock = dict[tuple[str, str], Decimal]


class SaleFeed(Feed):
    """Sales by version; theirs is shown inside ``_metadata``."""

    def render(self, row: Row) -> Json:
        """Return a sale as answers show it; the older shape is that of calls without a date."""
        shown = self.newer_shape(row)
        return sale_v2(shown) if self.world.behaviour.legacy_sales else shown

    def newer_shape(self, row: Row) -> Json:
        """Return a sale in the shape of the date versions."""
        return {
            "id": row.id,
            **row.data,
            "created_at": stamp(row.created_at),
            "updated_at": stamp(row.updated_at),
            "deleted_at": None,
            "_metadata": {"version": row.version},
        }


class Sales:
    """All sales, and what they do to stock."""

    def __init__(
        self, world: World, account: Account, inventory: Inventory, customers: Customers
    ) -> None:
        self.world = world
        self.account = account
        self.inventory = inventory
        self.customers = customers
        self.parts = SaleParts(world, account, inventory.products)
        self.feed = SaleFeed(world, "Sale", self._changed)

    def create(self, body: Json) -> Json:
        """Answer a new sale, stored under the caller's id if there is one."""
        sale_id = _own_id(body)
        if sale_id and sale_id in self.feed.rows:
            return self._repeated(sale_id, body)
        state, source = read_state(body), self.parts.source(body)
        lines = [self.parts.line(one) for one in objects(body, "line_items")]
        adjustments = self.parts.adjustments(body, lines)
        data: Json = {
            "state": state,
            "attributes": read_attributes(body),
            "date": stamp(instant(body, "date") or self.world.now()),
            "customer_id": self._customer(body),
            "note": redacted(text(body, "note")),
            "source": source,
            "line_items": lines,
            "payments": [self.parts.payment(one, source) for one in objects(body, "payments")],
            "adjustments": adjustments,
            "totals": totals(lines, adjustments),
            "return": {"is_return": False, "original_sale_id": None, "return_sale_ids": []},
        }
        data |= self._numbers(text(body, "invoice_number"), source["register_id"])
        row = self.feed.put(data, sale_id)
        self._move_stock({}, _stock_taken(data))
        return {"data": self.feed.render(row)}

    def update(self, sale_id: str, body: Json) -> Json:
        """Answer a change; lines and payments sent without their ids are added."""
        row = self.feed.find(sale_id)
        known = row.data
        state = read_state({"state": known["state"]} | body)
        _check_move(known["state"], state)
        data = known | {"state": state}
        if "source" in body:
            data["source"] = self.parts.source(body)
        if "attributes" in body:
            data["attributes"] = read_attributes(body)
        if "customer_id" in body:
            data["customer_id"] = self._customer(body)
        if "note" in body:
            data["note"] = redacted(text(body, "note"))
        if "date" in body:
            data["date"] = stamp(instant(body, "date") or self.world.now())
        data |= self._changed_parts(known, body, data["source"])
        self.feed.put(data, row.id)
        self._move_stock(_stock_taken(known), _stock_taken(data))
        return {"data": self.feed.render(self.feed.rows[row.id])}

    def give_back(self, sale_id: str) -> Json:
        """Answer the return call: another parked sale, each time, with all lines negated."""
        original = self.feed.find(sale_id)
        if original.data["state"] != "closed":
            raise refused("Only a closed sale can be returned.")
        lines = [self._negated(line) for line in original.data["line_items"]]
        data = original.data | {
            "state": "parked",
            "attributes": [],
            "date": stamp(self.world.now()),
            "line_items": lines,
            "payments": [],
            "adjustments": [],
            "totals": totals(lines, []),
            "return": {"is_return": True, "original_sale_id": sale_id, "return_sale_ids": []},
        }
        data["source"] = original.data["source"] | {"type": "USER", "id": None}
        data |= self._numbers("", data["source"]["register_id"])
        made = self.feed.put(data)
        known = original.data["return"]
        ids = [*known["return_sale_ids"], made.id]
        self.feed.put(original.data | {"return": known | {"return_sale_ids": ids}}, sale_id)
        shown = self.feed.newer_shape(made)
        return {"data": sale_v2(shown) if self.world.behaviour.legacy_return_answer else shown}

    def _repeated(self, sale_id: str, body: Json) -> Json:
        """Answer a second sale of the same id, as this Lightspeed happens to."""
        kind = self.world.behaviour.repeated_sale
        if kind == "update":
            return self.update(sale_id, body)
        if kind == "ignore":
            return self.feed.read(sale_id)
        raise conflict(f"A sale with the id {sale_id} exists already.")

    def _changed_parts(self, known: Json, body: Json, source: Json) -> Json:
        """Return lines, payments and sums after a change."""
        is_parked_return = known["return"]["is_return"] and known["state"] == "parked"
        drop = is_parked_return and self.world.behaviour.return_drops_lines
        lines, adjustments = known["line_items"], known["adjustments"]
        if "line_items" in body:
            lines = self.parts.merge_lines(lines, objects(body, "line_items"), drop=drop)
        if "pricing" in body:
            adjustments = self.parts.adjustments(body, lines)
        given = objects(body, "payments")
        return {
            "line_items": lines,
            "payments": self.parts.merge_payments(known["payments"], given, source),
            "adjustments": adjustments,
            "totals": totals(lines, adjustments),
        }

    def _negated(self, line: Json) -> Json:
        pricing, tax = line["pricing"], line["tax"]
        return line | {
            "id": self.world.new_id(),
            "quantity": -line["quantity"],
            "pricing": pricing | {"total": -pricing["total"]},
            "tax": tax | {"total": -tax["total"]},
            "return": {"is_return": True, "reason": None},
        }

    def _customer(self, body: Json) -> str:
        """Return the customer of a request; nobody is the walk-in customer."""
        asked = body.get("customer_id")
        if asked in (None, ""):
            return self.customers.walk_in
        return self.customers.feed.needed(asked, "customer_id").id

    def _numbers(self, invoice: str, register_id: str | None) -> Json:
        """Return invoice and receipt number, the register's next ones if none is given."""
        if register_id is None:
            return {"invoice_number": invoice or None, "receipt_number": None}
        following, receipt = self.account.next_invoice(register_id)
        return {"invoice_number": invoice or following, "receipt_number": receipt}

    def _move_stock(self, before: Stock, after: Stock) -> None:
        """Take from stock what a sale takes more than before; a return takes less than nothing."""
        for place in dict.fromkeys([*before, *after]):
            self.inventory.move(
                *place, before.get(place, Decimal(0)) - after.get(place, Decimal(0))
            )

    def _changed(self, row: Row) -> None:
        self.world.emit("sale.update", sale_v1(self.feed.newer_shape(row)))


def _own_id(body: Json) -> str:
    """Return the caller's id for a sale, ``""`` when it left that to us."""
    given = text(body, "id")
    try:
        return str(UUID(given)) if given else ""
    except ValueError:
        raise invalid("id must be a UUID.") from None


def _check_move(before: str, after: str) -> None:
    """Refuse a state that cannot follow."""
    if before == "voided":
        raise refused("A voided sale cannot be changed.")
    if before == "closed" and after not in ("closed", "voided"):
        raise refused("A closed sale can only be voided.")


def _stock_taken(sale: Json) -> Stock:
    """Return what a sale takes from stock: closed ones do, and those on account."""
    on_account = sale["state"] == "pending" and "onaccount" in sale["attributes"]
    outlet_id = sale["source"]["outlet_id"]
    if outlet_id is None or not (sale["state"] == "closed" or on_account):
        return {}
    taken: Stock = {}
    for line in sale["line_items"]:
        place = (line["product"]["id"], outlet_id)
        taken[place] = taken.get(place, Decimal(0)) + line["quantity"]
    return taken
