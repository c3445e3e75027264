"""The till: what people do in a shop, and what it leaves in orders, payments and stock."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from local.platforms.square.catalog import Catalog
from local.platforms.square.fields import stamp
from local.platforms.square.inventory import IN_STOCK, Change, Inventory
from local.platforms.square.money import Line, Terms, order_amounts, order_total, price_lines
from local.platforms.square.orders import Order, Orders, Payment, payment_as_json
from local.platforms.square.world import Location, World

#: A line as callers give it: (variation id or None, quantity[, price of one in minor units]), or
#: an object with variation or sku, quantity, price, name, note, item_type.
LineGiven = Sequence[Any] | Mapping[str, Any]


class Till:
    """Sells, takes money, cancels and changes orders; never sends ``order.created``."""

    def __init__(
        self, world: World, catalog: Catalog, inventory: Inventory, orders: Orders
    ) -> None:
        self.world = world
        self.catalog = catalog
        self.inventory = inventory
        self.orders = orders

    def sell(
        self,
        location: str,
        lines: Sequence[LineGiven],
        *,
        customer: str | None = None,
        tenders: Sequence[Sequence[Any]] | None = None,
        state: str = "COMPLETED",
        paid: bool = True,
        created_at: datetime | str | None = None,
        **amounts: Any,
    ) -> str:
        """Ring up a sale and return the order's id; amounts in minor units.

        Args:
            tenders: (type, amount) pairs; by default one CARD for everything. The tip is in the
                first of them.
            paid: False leaves an order without any tender.
            created_at: when it was rung up, if it arrives late from a till that was offline.
            amounts: tip, discount, tax, tax_type, service_charge, rounding, total_off_by; see
                `terms_of`.
        """
        at_location = self.world.location(location)
        now = self.world.now()
        sold_at = _moment(created_at) or now
        terms = terms_of(at_location, **amounts)
        order = Order(
            id=self.world.new_id(),
            location_id=at_location.id,
            state=state,
            created_at=sold_at,
            updated_at=now,
            closed_at=sold_at if state in ("COMPLETED", "CANCELED") else None,
            customer_id=customer or "",
            lines=[self.line(one) for one in lines],
            terms=terms,
            body={},
        )
        self.orders.orders[order.id] = order
        if paid and state != "CANCELED":
            offline_since = sold_at if created_at is not None else None
            self._take_all(order, tenders, offline_since)
        self._price(order)
        if state in ("COMPLETED", "OPEN"):
            self.move_stock(order, order.lines, sold_at, sold=True)
        self._announce_payments(order.payments)
        return order.id

    def pay(
        self, order_id: str, amount: int | None = None, kind: str = "CARD", *, complete: bool = True
    ) -> str:
        """Take money for an order (all that is due by default) and return the payment's id."""
        order = self._order(order_id)
        whole = order_total(price_lines(order.lines, order.terms), order.terms)
        due = whole - order.paid()
        tip = 0 if order.payments else order.terms.tip
        payment = self._take(order, kind, due if amount is None else int(amount), tip, None)
        if complete and order.paid() >= whole and order.state == "OPEN":
            order.state, order.closed_at = "COMPLETED", self.world.now()
        self._price(order)
        self._touch(order)
        self._announce_payments([payment])
        return payment.id

    def cancel(self, order_id: str) -> None:
        """Cancel an order: its payments are voided and its goods are back on the shelf."""
        order = self._order(order_id)
        if order.state == "CANCELED":
            return
        order.state, order.closed_at = "CANCELED", self.world.now()
        self.move_stock(order, order.lines, self.world.now(), sold=False)
        for payment in order.payments:
            payment.status, payment.updated_at = "CANCELED", self.world.now()
            self._announce(payment, "payment.updated")
        self._touch(order)
        self._announce_order(order)

    def edit(
        self,
        order_id: str,
        lines: Sequence[LineGiven] | None = None,
        *,
        customer: str | None = None,
        tip: int | None = None,
        discount: int | str | None = None,
        state: str | None = None,
        total_off_by: int | None = None,
    ) -> None:
        """Change an order after the sale; what was paid stays paid, `pay` takes what is due now."""
        order = self._order(order_id)
        now = self.world.now()
        if lines is not None:
            self.move_stock(order, order.lines, now, sold=False)
            order.lines = [self.line(one) for one in lines]
            self.move_stock(order, order.lines, now, sold=True)
        order.terms = _changed(order.terms, tip, discount, total_off_by)
        order.customer_id = order.customer_id if customer is None else customer
        if state is not None:
            order.state = state
            order.closed_at = now if state in ("COMPLETED", "CANCELED") else None
        self._price(order)
        self._touch(order)
        self._announce_order(order)

    def touch_payment(self, payment: Payment) -> None:
        """Note that a payment changed, and tell it."""
        payment.updated_at = self.world.now()
        self._announce(payment, "payment.updated")

    def _order(self, order_id: str) -> Order:
        if order_id not in self.orders.orders:
            raise KeyError(f"order {order_id}")
        return self.orders.orders[order_id]

    def line(self, given: LineGiven) -> Line:
        """Complete a line from the catalogue: name, price, version."""
        asked = dict(given) if isinstance(given, Mapping) else _named(given)
        variation_id = asked.get("variation") or self._find_sku(asked.get("sku"))
        quantity = Decimal(str(asked.get("quantity", 1)))
        stored = self.catalog.current(variation_id) if variation_id else None
        price = asked.get("price")
        note, name = str(asked.get("note", "")), asked.get("name")
        if stored is None:
            return Line(
                quantity=quantity,
                price=int(price or 0),
                variation_id=variation_id,
                name=name or ("Item" if variation_id else "Custom amount"),
                item_type=asked.get("item_type") or ("ITEM" if variation_id else "CUSTOM_AMOUNT"),
                note=note,
            )
        item = self.catalog.current(stored.data["item_id"])
        own_price = (stored.data.get("price_money") or {}).get("amount", 0)
        return Line(
            quantity=quantity,
            price=own_price if price is None else int(price),
            variation_id=stored.id,
            name=name or (item.data["name"] if item else "Item"),
            variation_name=stored.data.get("name") or "",
            catalog_version=stored.version,
            item_type=asked.get("item_type") or "ITEM",
            note=note,
        )

    def _find_sku(self, sku: str | None) -> str | None:
        if sku is None:
            return None
        found = [one.id for one in self.catalog.views() if one.data.get("sku") == sku]
        if not found:
            raise KeyError(f"sku {sku}")
        return found[0]

    def _take_all(
        self,
        order: Order,
        tenders: Sequence[Sequence[Any]] | None,
        offline_since: datetime | None,
    ) -> None:
        whole = order_total(price_lines(order.lines, order.terms), order.terms)
        for number, (kind, amount) in enumerate(tenders or [("CARD", whole)]):
            tip = order.terms.tip if number == 0 else 0
            self._take(order, kind, int(amount), tip, offline_since)

    def _take(
        self, order: Order, kind: str, amount: int, tip: int, offline_since: datetime | None
    ) -> Payment:
        now = self.world.now()
        payment = Payment(
            id=self.world.new_id(),
            order_id=order.id,
            location_id=order.location_id,
            type=kind,
            amount=amount,
            tip=tip,
            currency=order.terms.currency,
            status="COMPLETED",
            created_at=now,
            updated_at=now,
            customer_id=order.customer_id,
            offline_since=offline_since,
        )
        order.payments.append(payment)
        self.orders.payments[payment.id] = payment
        return payment

    def _price(self, order: Order) -> None:
        priced = price_lines(order.lines, order.terms)
        order.body = order_amounts(priced, order.terms, order.paid())

    def _touch(self, order: Order) -> None:
        order.updated_at = self.world.now()

    def move_stock(self, order: Order, lines: Sequence[Line], at: datetime, *, sold: bool) -> None:
        """Take tracked variations from the shelf, or put them back."""
        self.inventory.record(
            [
                Change(
                    place=(line.variation_id, order.location_id, IN_STOCK),
                    at=at,
                    is_count=False,
                    amount=-line.quantity if sold else line.quantity,
                )
                for line in lines
                if line.variation_id and self._is_tracked(line.variation_id, order.location_id)
            ]
        )

    def _is_tracked(self, variation_id: str, location_id: str) -> bool:
        """Say whether stock is kept; unset at the variation and at the location means no."""
        stored = self.catalog.current(variation_id)
        if stored is None:
            return False
        for override in stored.data.get("location_overrides") or []:
            if override.get("location_id") == location_id and "track_inventory" in override:
                return bool(override["track_inventory"])
        return bool(stored.data.get("track_inventory"))

    def _announce_payments(self, payments: Sequence[Payment]) -> None:
        for payment in payments:
            self._announce(payment, "payment.created")
            self._announce(payment, "payment.updated")

    def _announce(self, payment: Payment, event: str) -> None:
        shown = payment_as_json(payment)
        if event == "payment.created":
            shown["status"] = "APPROVED"
        self.world.emit(event, "payment", payment.id, {"payment": shown})

    def _announce_order(self, order: Order) -> None:
        thin = {
            "order_id": order.id,
            "location_id": order.location_id,
            "state": order.state,
            "created_at": stamp(order.created_at),
            "updated_at": stamp(order.updated_at),
        }
        self.world.emit("order.updated", "order", order.id, {"order_updated": thin})


def _named(given: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(("variation", "quantity", "price"), given, strict=False))


def _moment(given: datetime | str | None) -> datetime | None:
    if given is None:
        return None
    at = datetime.fromisoformat(given) if isinstance(given, str) else given
    if at.tzinfo is None:
        raise ValueError("created_at needs a time zone")
    return at.astimezone(UTC).replace(microsecond=at.microsecond // 1000 * 1000)


def _discount(given: int | str) -> tuple[int, Decimal]:
    if isinstance(given, str) and given.endswith("%"):
        return 0, Decimal(given[:-1])
    return int(given), Decimal(0)


def terms_of(
    location: Location,
    *,
    tip: int = 0,
    discount: int | str = 0,
    tax: Decimal | int | str | None = None,
    tax_type: str | None = None,
    service_charge: int = 0,
    rounding: int = 0,
    total_off_by: int = 0,
) -> Terms:
    """Return what applies to a sale at ``location``; amounts in minor units.

    Args:
        discount: an amount, or a percentage such as ``"10%"``, off the whole order.
        tax: percentage instead of the location's own; 0 for none.
        tax_type: ADDITIVE or INCLUSIVE instead of the location's own.
        total_off_by: makes a total that is not the sum of its parts.
    """
    amount, percent = _discount(discount)
    return Terms(
        currency=location.currency,
        country=location.country,
        tax_percent=location.tax_percent if tax is None else Decimal(tax),
        tax_type=tax_type or location.tax_type,
        discount=amount,
        discount_percent=percent,
        tip=tip,
        service_charge=service_charge,
        rounding=rounding,
        total_off_by=total_off_by,
    )


def _changed(
    terms: Terms, tip: int | None, discount: int | str | None, total_off_by: int | None
) -> Terms:
    amount, percent = (
        (terms.discount, terms.discount_percent) if discount is None else _discount(discount)
    )
    return replace(
        terms,
        tip=terms.tip if tip is None else tip,
        discount=amount,
        discount_percent=percent,
        total_off_by=terms.total_off_by if total_off_by is None else total_off_by,
    )
