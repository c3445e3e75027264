"""Orders: statuses and what they do to stock and dates, totals, notes, the trash."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from local.platforms.woocommerce.customers import address
from local.platforms.woocommerce.errors import (
    Json,
    WooError,
    invalid_param,
    missing_params,
    no_trash,
)
from local.platforms.woocommerce.fields import boolean, choice, dates, money, string, whole
from local.platforms.woocommerce.lines import KINDS, Line, LineWriter, tax_lines, view_line
from local.platforms.woocommerce.products import Products
from local.platforms.woocommerce.world import VERSION, Post, World

STATUSES = (
    "auto-draft",
    "pending",
    "processing",
    "on-hold",
    "completed",
    "cancelled",
    "refunded",
    "failed",
    "checkout-draft",
)
TAKES_STOCK = ("processing", "on-hold", "completed")
GIVES_STOCK_BACK = ("cancelled", "pending")
PAID = ("processing", "completed")
UNPAID = ("pending", "failed")
EDITABLE = ("pending", "on-hold", "auto-draft")
_TEXTS = ("payment_method", "payment_method_title", "transaction_id", "customer_note")


@dataclass(kw_only=True)
class Refund(Post):
    """Money given back on an order; the amount is positive, its lines are negative."""

    amount: Decimal
    reason: str
    lines: list[Line]
    moved_money: bool


@dataclass(kw_only=True)
class Order(Post):
    """One order; its amounts are sums of its lines."""

    lines: list[Line] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    notes: list[Json] = field(default_factory=list)
    paid: datetime | None = None
    completed: datetime | None = None
    stock_taken: bool = False
    gift_cards: list[Json] = field(default_factory=list)  #: of a plugin: code and amount

    def of(self, *kinds: str) -> list[Line]:
        """Return the lines of some kinds."""
        return [line for line in self.lines if line.kind in kinds]

    @property
    def total(self) -> Decimal:
        """What the buyer pays, beyond what a gift card paid."""
        charged = self.of("line_items", "shipping_lines", "fee_lines")
        used = sum((Decimal(one["amount"]) for one in self.gift_cards), Decimal(0))
        return sum((line.total + line.tax for line in charged), Decimal(0)) - used

    @property
    def refunded(self) -> Decimal:
        """What was given back so far."""
        return sum((one.amount for one in self.refunds), Decimal(0))


class Orders:
    """All orders of the shop, those in the trash included."""

    def __init__(self, world: World, products: Products) -> None:
        self.world = world
        self.products = products
        self.writer = LineWriter(world, products)
        self.by_id: dict[int, Order] = {}

    def one(self, number: int) -> Order:
        """Return an order, trashed or not."""
        if number not in self.by_id:
            code = "woocommerce_rest_shop_order_invalid_id"
            raise WooError(404, code, "Invalid ID.")
        return self.by_id[number]

    def statuses(self) -> tuple[str, ...]:
        """Return the statuses an order may be given."""
        return (*STATUSES, *self.world.custom_statuses)

    def create(self, body: Json) -> Order:
        """Make an order, which may sell more than there is."""
        status = choice(body, "status", self.statuses()) if "status" in body else "pending"
        now = self.world.now()
        data = self._read(body, _blank(self.world))
        data["created_via"] = string(body, "created_via") or "rest-api"
        data["prices_include_tax"] = self.world.prices_include_tax
        lines = self.writer.write([], body, self._country(data))
        number = self.world.new_id()
        made = Order(id=number, created=now, modified=now, status="pending", data=data, lines=lines)
        made.data["order_key"] = "wc_order_" + secrets.token_hex(6)
        self.world.write_meta(made.meta, body)
        self.by_id[made.id] = made
        self.set_status(made, self._paid_status(made) if boolean(body, "set_paid") else status)
        self.world.emit("order", "created", made.id)
        self.world.emit("order", "updated", made.id)
        return made

    def update(self, number: int, body: Json) -> Order:
        """Change an order; totals of the order itself are ignored."""
        found = self.one(number)
        status = choice(body, "status", self.statuses()) if "status" in body else found.status
        data = self._read(body, found.data)
        found.lines = self.writer.write(found.lines, body, self._country(data))
        found.data = data
        self.world.write_meta(found.meta, body)
        if boolean(body, "set_paid") and found.paid is None:
            status = self._paid_status(found)
        self.set_status(found, status)
        self.touch(found)
        return found

    def delete(self, number: int, *, force: bool) -> Json:
        """Trash an order, or remove it; the answer shows the status it had."""
        found = self.one(number)
        before = self.view(found)
        if force:
            del self.by_id[number]
            return before
        if found.status == "trash":
            text = "The order has already been deleted."
            raise WooError(410, "woocommerce_rest_already_trashed", text)
        found.status = "trash"
        found.modified = self.world.now()
        self.world.emit("order", "deleted", number)
        if not self.world.behaviour.hpos:
            self.world.emit("product", "deleted", number)
        return before

    def set_status(self, order: Order, status: str) -> None:
        """Move an order, with what that does to dates, stock and money."""
        before = order.status
        if status == before:
            return
        order.status = status
        now = self.world.now()
        if status in _paid_by(order) and order.paid is None:
            order.paid = now
        if status == "completed":
            order.completed = now
        self._move_stock(order, status)
        self.add_note(order, f"Order status changed from {before} to {status}.")
        if status == "refunded" and order.total > order.refunded:
            self._refund_rest(order, now)

    def touch(self, order: Order) -> None:
        """Move the date of an order and tell of it."""
        order.modified = self.world.now()
        self.world.emit("order", "updated", order.id)

    def add_note(self, order: Order, text: str, *, customer: bool = False, user: str = "") -> Json:
        """Write a note on an order; without a user the shop wrote it."""
        note = {
            "id": self.world.new_id("note"),
            "author": user or "WooCommerce",
            **dates("date_created", self.world.now(), self.world.zone),
            "note": text,
            "customer_note": customer,
        }
        order.notes.append(note)
        return note

    def post_note(self, number: int, body: Json) -> Json:
        """Answer a new note."""
        found = self.one(number)
        if "note" not in body:
            raise missing_params("note")
        customer = boolean(body, "customer_note")
        return self.add_note(found, string(body, "note"), customer=customer, user="system")

    def note(self, number: int, note_id: int) -> Json:
        """Return one note."""
        rows = [one for one in self.one(number).notes if one["id"] == note_id]
        if not rows:
            raise WooError(404, "woocommerce_rest_invalid_id", "Invalid resource ID.")
        return rows[0]

    def delete_note(self, number: int, note_id: int, *, force: bool) -> Json:
        """Remove a note for good."""
        found = self.note(number, note_id)
        if not force:
            raise no_trash("Order notes")
        self.one(number).notes.remove(found)
        return found

    def use_gift_card(self, number: int, code: str, amount: Decimal) -> None:
        """Let a gift card plugin pay a part: the order's total is lower than its lines then."""
        found = self.one(number)
        found.gift_cards.append({"id": self.world.new_id(), "code": code, "amount": str(amount)})
        self.touch(found)

    def view(self, order: Order, places: int | None = None) -> Json:
        """Return the answer for an order; amounts have ``places`` decimals, else the shop's."""
        places = self.world.decimals if places is None else places
        zone = self.world.zone
        return {
            "id": order.id,
            "parent_id": 0,
            "number": str(order.id),
            "status": order.status,
            "version": VERSION,
            **dates("date_created", order.created, zone),
            **dates("date_modified", order.modified, zone),
            **dates("date_paid", order.paid, zone),
            **dates("date_completed", order.completed, zone),
            **order.data,
            **_totals(order, places),
            **{kind: [view_line(x, places) for x in order.of(kind)] for kind in KINDS},
            "tax_lines": tax_lines(order.lines, self.world.rates, places),
            "is_editable": order.status in EDITABLE,
            "needs_payment": order.status in UNPAID and order.total > 0,
            "needs_processing": self._ships(order),
            "refunds": [
                {"id": one.id, "reason": one.reason, "total": money(-one.amount, places)}
                for one in order.refunds
            ],
            "meta_data": [dict(row) for row in order.meta],
            **({"gift_cards": order.gift_cards} if order.gift_cards else {}),
        }

    def _refund_rest(self, order: Order, now: datetime) -> None:
        """Book what is left as refunded; no money moves, no stock comes back."""
        made = Refund(
            id=self.world.new_id(),
            created=now,
            modified=now,
            status="completed",
            amount=order.total - order.refunded,
            reason="Order fully refunded.",
            lines=[],
            moved_money=False,
        )
        order.refunds.append(made)

    def _move_stock(self, order: Order, status: str) -> None:
        if status in TAKES_STOCK and not order.stock_taken:
            order.stock_taken = True
            for line in order.of("line_items"):
                if self.products.move_stock(line.stocked_id, -line.quantity):
                    line.reduced = line.quantity
        elif status in GIVES_STOCK_BACK and order.stock_taken:
            order.stock_taken = False
            for line in order.of("line_items"):
                if line.reduced:
                    self.products.move_stock(line.stocked_id, line.reduced)
                line.reduced = 0

    def _paid_status(self, order: Order) -> str:
        return "processing" if self._ships(order) else "completed"

    def _ships(self, order: Order) -> bool:
        """Say whether anything in an order has to be sent; an empty one counts as if."""
        rows = [self.products.by_id.get(line.stocked_id) for line in order.of("line_items")]
        return not rows or any(row is None or not row.data["virtual"] for row in rows)

    def _country(self, data: Json) -> str:
        found = data["shipping"]["country"] or data["billing"]["country"]
        return str(found or self.world.country)

    def _read(self, body: Json, known: Json) -> Json:
        data = dict(known)
        data |= {name: string(body, name) for name in _TEXTS if name in body}
        if "currency" in body:
            data["currency"] = string(body, "currency")
            if len(data["currency"]) != 3:
                raise invalid_param("currency", "currency is not one of the shop's.")
        if "customer_id" in body:
            data["customer_id"] = whole(body, "customer_id")
        for name in ("billing", "shipping"):
            data[name] = address(body, name, known[name])
        return data


def _paid_by(order: Order) -> tuple[str, ...]:
    """Return the statuses that say an order is paid: cash on delivery is when it is done."""
    return ("completed",) if order.data["payment_method"] == "cod" else PAID


def _blank(world: World) -> Json:
    texts = dict.fromkeys(_TEXTS, "")
    places = {name: address({}, name, {}) for name in ("billing", "shipping")}
    return {"currency": world.currency, "customer_id": 0, **texts, **places}


def _totals(order: Order, places: int) -> Json:
    sold, shipped = order.of("line_items"), order.of("shipping_lines")
    cart_tax = sum((x.tax for x in order.of("line_items", "fee_lines")), Decimal(0))
    shipping_tax = sum((x.tax for x in shipped), Decimal(0))
    full_tax = sum((sum(x.subtotal_taxes.values(), Decimal(0)) for x in sold), Decimal(0))
    amounts = {
        "discount_total": sum((x.subtotal - x.total for x in sold), Decimal(0)),
        "discount_tax": full_tax - sum((x.tax for x in sold), Decimal(0)),
        "shipping_total": sum((x.total for x in shipped), Decimal(0)),
        "shipping_tax": shipping_tax,
        "cart_tax": cart_tax,
        "total": order.total,
        "total_tax": cart_tax + shipping_tax,
    }
    return {name: money(amount, places) for name, amount in amounts.items()}
