"""The desk where goods come back: returns, refunds and exchanges, as people make them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from local.platforms.square.fields import Json
from local.platforms.square.money import Line, Terms, order_amounts, price_lines
from local.platforms.square.orders import SOURCE_TYPES, Order, Orders, Payment
from local.platforms.square.refunds import STATES, Refund, Refunds
from local.platforms.square.returns import returned_amount, returned_goods, total_of
from local.platforms.square.till import LineGiven, Till, terms_of
from local.platforms.square.world import World

Pieces = Sequence[tuple[int, Any]]  #: (number of the line, counted from 1; how many came back)


@dataclass(kw_only=True)
class Taken:
    """What came back: as the order shows it, and the pieces for the shelf."""

    entry: Json
    pieces: list[Line]


class Desk:
    """Takes goods back and gives money back; every refund belongs to an order of its own."""

    def __init__(self, world: World, till: Till, orders: Orders, refunds: Refunds) -> None:
        self.world = world
        self.till = till
        self.orders = orders
        self.refunds = refunds

    def give_back(
        self,
        order_id: str,
        lines: Pieces | None = None,
        *,
        amount: int | None = None,
        parts: Sequence[int] | None = None,
        restock: bool = True,
        customer: str = "",
        **how: Any,
    ) -> list[str]:
        """Refund goods of a sale (all of it by default), or an amount; returns the refunds' ids.

        Args:
            lines: pieces that came back, by number of the line.
            amount: money without goods, in minor units.
            parts: what each payment of the sale gives back; by default each as much as it can.
            how: charge, tip, rounding of the return; status, reason and kind of the refunds.
        """
        sale = self._order(order_id)
        extras = {name: how.pop(name) for name in ("charge", "tip", "rounding") if name in how}
        if amount is None:
            taken = self._take(sale, lines, **extras)
        else:
            taken = Taken(entry=returned_amount(amount, sale.terms.currency), pieces=[])
        taken.entry["source_order_id"] = sale.id
        made = self._return_order(sale.location_id, sale.terms, taken)
        made.customer_id = customer
        if restock:
            self.till.move_stock(made, taken.pieces, made.created_at, sold=False)
        return self._pay_back(made, sale.payments, total_of(taken.entry), parts, **how)

    def take_unlinked(
        self, location: str, lines: Sequence[LineGiven], *, kind: str = "CASH", **how: Any
    ) -> str:
        """Take goods back without a receipt; returns the refund's id."""
        at_location = self.world.location(location)
        terms = terms_of(at_location)
        pieces = [self.till.line(one) for one in lines]
        sold = order_amounts(price_lines(pieces, terms), terms, 0)
        entry = returned_goods(sold, {one["uid"]: _quantity(one) for one in sold["line_items"]}, {})
        for line in entry["return_line_items"]:
            del line["source_line_item_uid"]
        made = self._return_order(at_location.id, terms, Taken(entry=entry, pieces=pieces))
        self.till.move_stock(made, pieces, made.created_at, sold=False)
        return self._refund(made, None, total_of(entry), kind=kind, **how).id

    def exchange(
        self,
        order_id: str,
        back: Pieces | None,
        lines: Sequence[LineGiven],
        *,
        parts: Sequence[int] | None = None,
        status: str = "COMPLETED",
        **sale: Any,
    ) -> Json:
        """Take goods back and sell others in one order; returns the ``order`` and ``refunds``.

        The buyer pays what is missing, or gets back what is too much.
        """
        bought = self._order(order_id)
        taken = self._take(bought, back)
        taken.entry["source_order_id"] = bought.id
        made_id = self.till.sell(bought.location_id, lines, paid=False, **sale)
        made = self._order(made_id)
        made.came_back.append(taken.entry)
        self.till.move_stock(made, taken.pieces, made.created_at, sold=False)
        due = made.body["total_money"]["amount"] - total_of(taken.entry)
        if due > 0:
            self.till.pay(made_id, due)
        refunds = (
            self._pay_back(made, bought.payments, -due, parts, status=status) if due < 0 else []
        )
        return {"order": made_id, "refunds": refunds}

    def settle(self, refund_id: str, status: str = "COMPLETED") -> None:
        """Let a pending refund come to its end, or take it back."""
        if status not in STATES:
            raise ValueError(f"unknown status {status}")
        refund = self.refunds.refunds[refund_id]
        refund.status, refund.updated_at = status, self.world.now()
        self._order(refund.order_id).updated_at = self.world.now()
        self._tell(refund, "refund.updated")
        if refund.payment_id:
            self.till.touch_payment(self.orders.payments[refund.payment_id])

    def _take(
        self,
        sale: Order,
        lines: Pieces | None,
        *,
        charge: bool = False,
        tip: int = 0,
        rounding: int = 0,
    ) -> Taken:
        """Take pieces of a sale back; all that is left of it by default."""
        sold = sale.body["line_items"]
        left = {one["uid"]: _quantity(one) - _back(sale, one) for one in sold}
        if lines is None:
            pieces = {uid: quantity for uid, quantity in left.items() if quantity > 0}
        else:
            pieces = {sold[number - 1]["uid"]: Decimal(str(many)) for number, many in lines}
        entry = returned_goods(
            sale.body, pieces, sale.taken_back, charge=charge, tip=tip, rounding=rounding
        )
        goods = []
        for one, line in zip(sold, sale.lines, strict=True):
            if one["uid"] in pieces:
                sale.taken_back[one["uid"]] = _back(sale, one) + pieces[one["uid"]]
                goods.append(replace(line, quantity=pieces[one["uid"]]))
        return Taken(entry=entry, pieces=goods)

    def _return_order(self, location_id: str, terms: Terms, taken: Taken) -> Order:
        """Make the order that holds what came back; it sells nothing."""
        nothing = Terms(
            currency=terms.currency,
            country=terms.country,
            tax_percent=Decimal(0),
            tax_type=terms.tax_type,
        )
        body = order_amounts([], nothing, 0)
        del body["line_items"]
        now = self.world.now()
        made = Order(
            id=self.world.new_id(),
            location_id=location_id,
            state="COMPLETED",
            created_at=now,
            updated_at=now,
            closed_at=now,
            terms=nothing,
            body=body,
            came_back=[taken.entry],
        )
        self.orders.orders[made.id] = made
        return made

    def _pay_back(
        self,
        order: Order,
        payments: Sequence[Payment],
        amount: int,
        parts: Sequence[int] | None,
        **how: Any,
    ) -> list[str]:
        given = _spread(payments, amount) if parts is None else list(parts)
        if sum(given) != amount:
            raise ValueError(f"{sum(given)} is not the {amount} that goes back")
        return [
            self._refund(order, payment, part, **how).id
            for payment, part in zip(payments, given, strict=False)
            if part
        ]

    def _refund(
        self,
        order: Order,
        payment: Payment | None,
        amount: int,
        *,
        kind: str = "",
        status: str = "COMPLETED",
        reason: str = "",
    ) -> Refund:
        if payment is not None and payment.refunded + amount > payment.amount:
            raise ValueError("more cannot go back than was paid")
        paid_by = kind or (payment.type if payment else "CASH")
        now = self.world.now()
        refund = Refund(
            id=f"{payment.id}_{self.world.new_id()}" if payment else self.world.new_id(),
            order_id=order.id,
            location_id=order.location_id,
            amount=amount,
            currency=order.terms.currency,
            status="PENDING",
            destination_type=SOURCE_TYPES.get(paid_by, "EXTERNAL"),
            reason=reason,
            created_at=now,
            updated_at=now,
            payment_id=payment.id if payment else "",
        )
        self.refunds.refunds[refund.id] = refund
        order.refunds.append(refund)
        if payment is not None:
            payment.refunds.append(refund)
        self._tell(refund, "refund.created")
        if status != "PENDING":
            self.settle(refund.id, status)
        return refund

    def _tell(self, refund: Refund, event: str) -> None:
        self.world.emit(event, "refund", refund.id, {"refund": refund.as_json()})

    def _order(self, order_id: str) -> Order:
        if order_id not in self.orders.orders:
            raise KeyError(f"order {order_id}")
        return self.orders.orders[order_id]


def _quantity(line: Mapping[str, Any]) -> Decimal:
    return Decimal(line["quantity"])


def _back(sale: Order, line: Mapping[str, Any]) -> Decimal:
    return sale.taken_back.get(line["uid"], Decimal(0))


def _spread(payments: Sequence[Payment], amount: int) -> list[int]:
    """Let each payment give back what it can, in order."""
    parts = []
    for payment in payments:
        parts.append(min(amount, payment.amount - payment.refunded))
        amount -= parts[-1]
    return parts
