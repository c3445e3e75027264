"""Refunds of orders: hardly guarded, refused with status 500 and a bare number as data."""

from decimal import Decimal

from local.platforms.woocommerce.errors import Json, WooError
from local.platforms.woocommerce.fields import (
    boolean,
    dates,
    decimal,
    money,
    objects,
    price,
    string,
)
from local.platforms.woocommerce.lines import Line, tax_lines, view_line
from local.platforms.woocommerce.orders import Order, Orders, Refund
from local.platforms.woocommerce.world import World


class Refunds:
    """The refunds of all orders."""

    def __init__(self, world: World, orders: Orders) -> None:
        self.world = world
        self.orders = orders

    def all(self) -> list[tuple[Order, Refund]]:
        """Return every refund with its order."""
        return [(order, one) for order in self.orders.by_id.values() for one in order.refunds]

    def one(self, order_id: int, number: int) -> tuple[Order, Refund]:
        """Return a refund of an order."""
        order = self.orders.one(order_id)
        rows = [one for one in order.refunds if one.id == number]
        if not rows:
            code = "woocommerce_rest_shop_order_refund_invalid_id"
            raise WooError(404, code, "Invalid order refund ID.")
        return order, rows[0]

    def create(self, order_id: int, body: Json) -> tuple[Order, Refund]:
        """Refund an order; ``api_refund`` moves money unless it is false.

        The same refund twice, more pieces than sold and an empty body are accepted; a line that is
        not of the order is dropped.
        """
        if order_id not in self.orders.by_id:
            code = "woocommerce_rest_invalid_order_id"
            raise WooError(500, code, "Invalid order ID.", data=404)
        order = self.orders.by_id[order_id]
        lines = self._lines(order, body)
        amount = decimal(price(body, "amount"))
        if not string(body, "amount"):
            amount = -sum((line.total + line.tax for line, _ in lines), Decimal(0))
        if amount < 0 or amount > order.total - order.refunded:
            raise _refusal("Invalid refund amount.")
        moved = boolean(body, "api_refund", True)
        if moved:
            self._move_money(order, amount)
        now = self.world.now()
        made = Refund(
            id=self.world.new_id(),
            created=now,
            modified=now,
            status="completed",
            amount=amount,
            reason=string(body, "reason"),
            lines=[line for line, _ in lines],
            moved_money=moved,
        )
        self.world.write_meta(made.meta, body)
        order.refunds.append(made)
        if boolean(body, "api_restock", True):
            self._restock(lines)
        if order.total and order.refunded >= order.total:
            self.orders.set_status(order, "refunded")
        self.orders.touch(order)
        return order, made

    def delete(self, order_id: int, number: int) -> Json:
        """Remove a refund, forced or not; status and stock stay as they are."""
        order, found = self.one(order_id, number)
        order.refunds.remove(found)
        return self.view((order, found))

    def view(self, row: tuple[Order, Refund], *, with_parent: bool = False) -> Json:
        """Return the answer for a refund; the list over all orders tells the order."""
        order, found = row
        kinds = ("line_items", "shipping_lines", "fee_lines")
        places = self.world.decimals
        lines = {k: [view_line(x, places) for x in found.lines if x.kind == k] for k in kinds}
        return {
            "id": found.id,
            **({"parent_id": order.id} if with_parent else {}),
            **dates("date_created", found.created, self.world.zone),
            "amount": money(found.amount, places),
            "reason": found.reason,
            "refunded_by": 1,
            "refunded_payment": found.moved_money,
            "meta_data": [dict(one) for one in found.meta],
            **lines,
            "tax_lines": tax_lines(found.lines, self.world.rates, places),
        }

    def _lines(self, order: Order, body: Json) -> list[tuple[Line, Line]]:
        """Return the lines of the refund, negative, each with the line of the order."""
        found = []
        for asked in objects(body, "line_items"):
            sold = [x for x in order.lines if x.id == asked.get("id") and x.kind != "coupon_lines"]
            if sold:
                found.append((self._line(sold[0], asked), sold[0]))
        return found

    def _line(self, sold: Line, asked: Json) -> Line:
        taxes = {
            int(tax["id"]): -abs(decimal(tax.get("refund_total")))
            for tax in objects(asked, "refund_tax")
            if str(tax.get("id")).isdecimal()
        }
        total = -abs(decimal(asked.get("refund_total")))
        meta = {"id": self.world.new_id("meta"), "key": "_refunded_item_id", "value": str(sold.id)}
        changed = {
            "id": self.world.new_id("item"),
            "quantity": -int(decimal(asked.get("quantity"))),
            "total": total,
            "subtotal": total,
            "taxes": taxes,
            "subtotal_taxes": dict(taxes),
            "meta": [meta],
            "reduced": 0,
        }
        return Line(**{**vars(sold), **changed})

    def _restock(self, lines: list[tuple[Line, Line]]) -> None:
        for line, sold in lines:
            back = -line.quantity
            if line.kind == "line_items" and back > 0:
                self.orders.products.move_stock(sold.stocked_id, back)
                sold.reduced = max(0, sold.reduced - back)

    def _move_money(self, order: Order, amount: Decimal) -> None:
        if order.data["payment_method"] not in self.world.refunding_gateways:
            raise _refusal("The payment gateway for this order does not support automatic refunds.")
        self.world.money_returned.append((order.id, amount))


def _refusal(text: str) -> WooError:
    return WooError(500, "woocommerce_rest_cannot_create_order_refund", text, data=500)
