"""Stock of the simulated Lightspeed: a level per product and outlet, counts and adjustments."""

from decimal import Decimal

from local.platforms.lightspeed.account import Account
from local.platforms.lightspeed.errors import LightspeedError, conflict, invalid, refused
from local.platforms.lightspeed.feed import Feed, Row
from local.platforms.lightspeed.fields import (
    Json,
    array,
    flag,
    integer,
    number_text,
    objects,
    offset_stamp,
    text,
    whole,
)
from local.platforms.lightspeed.world import World

LOSSES = ("DAMAGE", "EXPIRY", "INTERNAL_USE", "THEFT", "DONATION")
GAINS = ("STOCK_FOUND", "SAMPLE_FOR_SALE")
ADJUSTMENT_FIELDS = {"product_id", "outlet_id", "quantity", "reason", "custom_reason_id"}
MAX_ADJUSTMENTS = 1_000
MAX_LEVELS = 5_000
MAX_LEVELS_BY_PLACE = 10_000
MAX_IDS = 1_000
MAX_REASON_NAME = 30


class Inventory:
    """Levels, adjustments and the reasons people make up for them."""

    def __init__(self, world: World, account: Account, products: Feed) -> None:
        self.world = world
        self.account = account
        self.products = products
        self.levels = Feed(world, "Inventory", self._changed)
        self.adjustments = Feed(world, "Stock adjustment")
        self.reasons = Feed(world, "Adjustment reason")
        self._level_ids: dict[tuple[str, str], str] = {}

    def open(self, product_id: str) -> None:
        """Give a new product a level of nothing at every outlet."""
        for outlet in self.account.outlets.live():
            self.count(product_id, outlet.id, Decimal(0))

    def level(self, product_id: str, outlet_id: str) -> Decimal:
        """Return what is in stock, nothing where no level is kept."""
        row_id = self._level_ids.get((product_id, outlet_id))
        found = self.levels.rows[row_id].data["current"] if row_id else Decimal(0)
        return Decimal(found)

    def count(self, product_id: str, outlet_id: str, amount: Decimal) -> None:
        """Set the level of a product at an outlet."""
        place = (product_id, outlet_id)
        known = self._level_ids.setdefault(place, self.world.new_id())
        fields = {"product_id": product_id, "outlet_id": outlet_id, "current": amount}
        self.levels.put(fields, known)

    def move(self, product_id: str, outlet_id: str, amount: Decimal) -> None:
        """Add to the level of a product; below zero is allowed."""
        product = self.products.rows[product_id]
        if product.data["has_inventory"] and amount:
            self.count(product_id, outlet_id, self.level(product_id, outlet_id) + amount)

    def forget(self, product_id: str) -> None:
        """Delete the levels of a deleted product."""
        for (owner, _), row_id in self._level_ids.items():
            if owner == product_id and self.levels.get(row_id) is not None:
                self.levels.delete(row_id)

    def list_levels(self, body: Json) -> list[Json]:
        """Answer the list of levels: a bare array, newest first unless asked otherwise."""
        size = _size(body, "size")
        after, before = integer(body, "after", 0), integer(body, "before", 0)
        wanted = self._products_of(body)
        rows = [
            row
            for row in self.levels.live(deleted=flag(body, "include_deleted"))
            if row.version > after
            and (not before or row.version < before)
            and (wanted is None or row.data["product_id"] in wanted)
        ]
        if _direction(body, "sort_direction", "desc") == "desc":
            rows.reverse()
        return [self.render(row) for row in rows[:size]]

    def levels_of(self, product_id: str, query: Json) -> list[Json]:
        """Answer the levels of one product at all outlets."""
        self.products.find(product_id)
        size = _size(query, "page_size")
        rows = [row for row in self.levels.live() if row.data["product_id"] == product_id]
        if _direction(query, "order_direction", "asc") == "desc":
            rows.reverse()
        return [self.render(row) for row in rows[:size]]

    def list_by_place(self, body: Json) -> list[Json]:
        """Answer the numbers of products at outlets: no versions, the largest first."""
        size, start = integer(body, "size", 100, least=1), integer(body, "offset", 0)
        if size > MAX_LEVELS_BY_PLACE:
            raise invalid(f"size must be at most {MAX_LEVELS_BY_PLACE}.")
        products, outlets = _ids(body, "product_ids"), _ids(body, "location_ids")
        rows = [
            row
            for row in self.levels.live()
            if (products is None or row.data["product_id"] in products)
            and (outlets is None or row.data["outlet_id"] in outlets)
            and self._is_shown(row, inactive=flag(body, "include_inactive"))
        ]
        is_up = _direction(body, "sort_direction", "desc") == "asc"
        rows.sort(key=lambda row: Decimal(row.data["current"]), reverse=not is_up)
        return [self._by_place(row) for row in rows[start : start + size]]

    def adjust(self, body: Json) -> Json:
        """Answer new stock adjustments: each adds to a level, rows come back in their order."""
        entries = objects(body, "stock_adjustments")
        if not 1 <= len(entries) <= MAX_ADJUSTMENTS:
            raise invalid(f"stock_adjustments must hold 1 to {MAX_ADJUSTMENTS} adjustments.")
        if self.world.behaviour.adjustments_all_or_nothing:
            for entry in entries:
                self._check(entry)
        return {"data": [self._adjust(entry) for entry in entries]}

    def add_reason(self, body: Json) -> Json:
        """Answer a new reason; names are short and taken once."""
        name = text(body, "name", most=MAX_REASON_NAME, needed=True)
        sign = text(body, "type", needed=True)
        if sign not in ("POSITIVE", "NEGATIVE") or "enabled" not in body:
            raise invalid("type must be POSITIVE or NEGATIVE, and enabled is required.")
        if any(row.data["name"] == name for row in self.reasons.live()):
            raise conflict(f"A reason called {name} exists already.")
        fields = {"name": name, "type": sign, "enabled": flag(body, "enabled")}
        return {"data": self.reasons.render(self.reasons.put(fields))}

    def render(self, row: Row) -> Json:
        """Return a level as answers show it."""
        return {
            "id": row.id,
            "product_id": row.data["product_id"],
            "outlet_id": row.data["outlet_id"],
            "current_inventory_level": whole(row.data["current"]),
            "average_cost": self.products.rows[row.data["product_id"]].data["supply_price"],
            "reorder_point": None,
            "reorder_method": "FIXED",
            "quantity_to_procure": 0,
            "deleted_at": offset_stamp(row.deleted_at) if row.deleted_at else None,
            "version": row.version,
        }

    def _by_place(self, row: Row) -> Json:
        product = self.products.rows[row.data["product_id"]].data
        return {
            "product_id": row.data["product_id"],
            "location_id": row.data["outlet_id"],
            "name": product["variant_name"],
            "current_inventory_level": whole(row.data["current"]),
            "quantity_to_procure": 0,
        }

    def _is_shown(self, row: Row, *, inactive: bool) -> bool:
        product = self.products.rows[row.data["product_id"]]
        return inactive or bool(product.data["active"])

    def _adjust(self, entry: Json) -> Json:
        amount = self._check(entry)
        self.move(entry["product_id"], entry["outlet_id"], amount)
        return self.adjustments.render(self.adjustments.put(dict(entry)))

    def _check(self, entry: Json) -> Decimal:
        """Return the amount of an adjustment, or refuse it."""
        extra = sorted(set(entry) - ADJUSTMENT_FIELDS)
        if extra:
            raise invalid(f"{extra[0]} is not allowed in a stock adjustment.")
        product = self.products.needed(entry.get("product_id"), "product_id")
        self.account.outlets.needed(entry.get("outlet_id"), "outlet_id")
        amount = number_text(entry, "quantity")
        if not product.data["has_inventory"]:
            raise refused("The product does not track inventory.")
        if not amount or (amount > 0) != self._adds(entry):
            raise refused("The sign of the quantity does not fit the reason.")
        return amount

    def _adds(self, entry: Json) -> bool:
        """Say whether the reason of an adjustment is one that adds stock."""
        reason = text(entry, "reason", needed=True)
        if reason == "CUSTOM":
            own = self.reasons.needed(entry.get("custom_reason_id"), "custom_reason_id")
            return bool(own.data["type"] == "POSITIVE")
        if reason not in LOSSES + GAINS:
            raise invalid(f"{reason} is not a reason.")
        return reason in GAINS

    def _products_of(self, body: Json) -> set[str] | None:
        """Return the products a list is limited to, its variants too when asked; None: all."""
        product_id = text(body, "product_id")
        if not product_id:
            return None
        product = self.products.needed(product_id, "product_id")
        if not flag(body, "variants"):
            return {product.id}
        family = product.data["family_id"]
        return {row.id for row in self.products.rows.values() if row.data["family_id"] == family}

    def _changed(self, row: Row) -> None:
        product = self.products.rows[row.data["product_id"]]
        self.world.emit(
            "inventory.update",
            {
                "id": row.id,
                "product_id": product.id,
                "outlet_id": row.data["outlet_id"],
                "count": f"{row.data['current']:.5f}",
                "product": {"id": product.id, "sku": product.data["sku"]},
                "version": row.version,
            },
        )


def _ids(body: Json, name: str) -> list[str] | None:
    """Return the ids a list is limited to; None: all."""
    if name not in body:
        return None
    found = array(body, name)
    if len(found) > MAX_IDS:
        raise invalid(f"{name} must hold at most {MAX_IDS} ids.")
    return [str(one) for one in found]


def _size(body: Json, name: str) -> int:
    size = integer(body, name, 1_000, least=1)
    if size > MAX_LEVELS:
        raise invalid(f"{name} must be at most {MAX_LEVELS}.")
    return size


def _direction(body: Json, name: str, default: str) -> str:
    direction = text(body, name) or default
    if direction not in ("asc", "desc"):
        raise LightspeedError(400, f"{name} must be asc or desc.")
    return direction
