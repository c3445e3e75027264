"""What a sale request holds, checked and turned into what a sale shows."""

from decimal import Decimal
from typing import Any

from local.platforms.lightspeed.account import Account
from local.platforms.lightspeed.errors import invalid
from local.platforms.lightspeed.feed import Feed
from local.platforms.lightspeed.fields import (
    Json,
    array,
    instant,
    integer,
    mapping,
    number,
    objects,
    stamp,
    text,
    whole,
)
from local.platforms.lightspeed.world import World

STATES = ("parked", "pending", "closed", "voided")
ATTRIBUTES = ("onaccount", "layby", "delivery", "pickup", "service")
EXCLUSIVE = ({"onaccount", "layby"}, {"pickup", "delivery"})
ADJUSTMENTS = ("DISCOUNT", "TIP", "NON_CASH_FEE")


def read_state(body: Json) -> str:
    """Return the state a request asks for."""
    state = text(body, "state", needed=True)
    if state not in STATES:
        raise invalid(f"state must be one of {', '.join(STATES)}.")
    return state


def read_attributes(body: Json) -> list[str]:
    """Return the attributes a request asks for; some exclude each other."""
    found = array(body, "attributes")
    unknown = [one for one in found if one not in ATTRIBUTES]
    if unknown:
        raise invalid(f"{unknown[0]} is not an attribute of a sale.")
    if any(pair <= set(found) for pair in EXCLUSIVE):
        raise invalid("The attributes exclude each other.")
    return [str(one) for one in found]


class SaleParts:
    """Reads lines and payments against the store's products, taxes and ways to pay."""

    def __init__(self, world: World, account: Account, products: Feed) -> None:
        self.world = world
        self.account = account
        self.products = products

    def source(self, body: Json) -> Json:
        """Return where a sale comes from: author, register, and a reference of the caller's."""
        source = mapping(body, "source", needed=True)
        author = self.account.users.needed(source.get("author_id"), "source.author_id")
        register_id, outlet_id = source.get("register_id"), None
        if register_id is not None:
            row = self.account.registers.needed(register_id, "source.register_id")
            outlet_id = row.data["outlet_id"]
        return {
            "type": text(source, "type") or "USER",
            "id": text(source, "id") or None,
            "outlet_id": outlet_id,
            "register_id": register_id,
            "author": {"id": author.id},
        }

    def merge_lines(self, known: list[Json], given: list[Json], *, drop: bool) -> list[Json]:
        """Change lines named by id, add the others; ``drop`` those nobody names."""
        by_id = {line["id"]: line for line in known}
        named = {one["id"]: one for one in given if one.get("id") in by_id}
        kept = [line for line in known if line["id"] in named or not drop]
        merged = [self.line(named.get(line["id"], {}), line) for line in kept]
        return merged + [self.line(one) for one in given if one.get("id") not in by_id]

    def merge_payments(self, known: list[Json], given: list[Json], source: Json) -> list[Json]:
        """Change payments named by id; those without are new ones, each time they are sent."""
        by_id = {one["id"]: one for one in known}
        merged = dict(by_id)
        for one in given:
            payment = self.payment(one, source, by_id.get(one.get("id", "")))
            merged[payment["id"]] = payment
        return list(merged.values())

    def line(self, given: Json, known: Json | None = None) -> Json:
        """Return a line as a sale shows it."""
        if known is not None and not given:
            return known
        merged = _merged(known, given, ("product", "pricing", "tax", "_metadata", "return"))
        if given.get("pricing", {}).get("adjustments"):
            raise invalid("Adjustments of a single line are not simulated.")
        product = self.products.needed(mapping(merged, "product").get("id"), "product.id")
        tax, pricing = mapping(merged, "tax", needed=True), mapping(merged, "pricing", needed=True)
        tax_id = self.account.taxes.needed(tax.get("id"), "tax.id").id
        quantity, unit_tax = number(merged, "quantity"), number(tax, "amount")
        price = number(pricing, "price")
        discount = number(pricing, "discount", Decimal(0))
        taken_off = Decimal(0) if self.world.behaviour.price_has_discount else discount
        returned = mapping(merged, "return")
        return {
            "id": text(merged, "id") or self.world.new_id(),
            "product": {"id": product.id},
            "quantity": whole(quantity),
            "status": text(merged, "status") or "CONFIRMED",
            "pricing": {
                "price": price,
                "discount": discount,
                "total": (price - taken_off) * quantity,
                "cost": product.data["supply_price"],
            },
            "tax": {"id": tax_id, "amount": unit_tax, "total": unit_tax * quantity},
            "return": {"is_return": returned.get("is_return") is True, "reason": None},
            "note": text(merged, "note"),
            "gift_card_number": text(merged, "gift_card_number"),
            "_metadata": {"sequence": integer(mapping(merged, "_metadata"), "sequence", 0)},
        }

    def payment(self, given: Json, source: Json, known: Json | None = None) -> Json:
        """Return a payment as a sale shows it."""
        merged = _merged(known, given, ("type", "source"))
        kind = mapping(merged, "type", needed=True).get("config_id")
        row = self.account.payment_types.needed(kind, "type.config_id")
        register_id = mapping(merged, "source").get("register_id") or source["register_id"]
        register = self.account.registers.get(register_id)
        return {
            "id": text(merged, "id") or self.world.new_id(),
            "amount": number(merged, "amount"),
            "date": stamp(instant(merged, "date") or self.world.now()),
            "type": {"config_id": row.id, "name": row.data["name"]},
            "source": {
                "register_id": register_id,
                "outlet_id": register.data["outlet_id"] if register else None,
            },
        }

    def adjustments(self, body: Json, lines: list[Json]) -> list[Json]:
        """Return tips, fees and discounts of a whole sale; they are not lines, and not taxed."""
        net = sum((line["pricing"]["total"] for line in lines), Decimal(0))
        shown: list[Json] = []
        for one in objects(mapping(body, "pricing"), "adjustments"):
            kind, amount = text(one, "type", needed=True), mapping(one, "amount", needed=True)
            if kind not in ADJUSTMENTS or amount.get("type") not in ("FIXED", "PERCENT"):
                raise invalid("The type of an adjustment or of its amount is not known.")
            value = _decimal(amount.get("value"))
            total = value if amount["type"] == "FIXED" else net * value / 100
            shown.append(
                {
                    "adjustment_type": kind,
                    "name": text(one, "name") or kind.title(),
                    "total": -total if kind == "DISCOUNT" else total,
                    "tax_components": [],
                }
            )
        return shown


def totals(lines: list[Json], adjustments: list[Json]) -> Json:
    """Return the sums of a sale: price is without tax."""
    price = sum((line["pricing"]["total"] for line in lines), Decimal(0))
    price += sum((one["total"] for one in adjustments), Decimal(0))
    tax = sum((line["tax"]["total"] for line in lines), Decimal(0))
    sums = {"price": price, "tax": tax, "price_incl_tax": price + tax}
    return sums | {"loyalty": Decimal(0), "surcharge": Decimal(0)}


def _merged(known: Json | None, given: Json, nested: tuple[str, ...]) -> Json:
    """Lay what is given over what is known, one level deep."""
    merged = {**(known or {}), **given}
    for name in nested:
        if known is not None and isinstance(given.get(name), dict):
            merged[name] = {**(known.get(name) or {}), **given[name]}
    return merged


def _decimal(value: Any) -> Decimal:
    try:
        found = Decimal(value) if isinstance(value, str) else Decimal("NaN")
    except ArithmeticError:
        found = Decimal("NaN")
    if not found.is_finite():
        raise invalid("The value of an adjustment must be a number written as text.")
    return found
