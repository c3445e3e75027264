"""What people do at the till of the simulated Lightspeed: sell, park, pay, take back, void."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from local.platforms.lightspeed.account import Account
from local.platforms.lightspeed.feed import Row
from local.platforms.lightspeed.fields import Json, offset_stamp
from local.platforms.lightspeed.sales import Sales
from local.platforms.lightspeed.world import World


class Till:
    """Rings up sales of known products, with the store's tax and the first way to pay."""

    def __init__(self, world: World, account: Account, sales: Sales) -> None:
        self.world = world
        self.account = account
        self.sales = sales

    def sell(
        self,
        register: str,
        quantity_by_sku: Mapping[str, Any],
        *,
        state: str = "closed",
        attributes: Sequence[str] = (),
        paid: bool = True,
        customer: str | None = None,
        note: str = "",
    ) -> str:
        """Ring up a sale at a register (id or name) and return its id; less than 0 takes back."""
        row = self._register(register)
        lines = [
            self._line(sku, Decimal(str(count)), number)
            for number, (sku, count) in enumerate(quantity_by_sku.items())
        ]
        body: Json = {
            "state": state,
            "attributes": list(attributes),
            "source": {"author_id": self._author(), "register_id": row.id},
            "customer_id": customer,
            "note": note,
            "line_items": lines,
            "payments": [self._payment(_due(lines))] if paid and lines else [],
        }
        return str(self.sales.create(body)["data"]["id"])

    def change(self, sale: str, state: str, *, paid: bool = False) -> None:
        """Put a sale into another state; ``paid`` takes what is still due."""
        row = self.sales.feed.find(sale)
        owed = Decimal(row.data["totals"]["price_incl_tax"])
        owed -= sum((one["amount"] for one in row.data["payments"]), Decimal(0))
        payments = [self._payment(owed)] if paid and owed else []
        self.sales.update(sale, {"state": state, "payments": payments})

    def take_back(self, sale: str, quantity_by_sku: Mapping[str, Any] | None = None) -> str:
        """Give money back for a whole sale or some of it, and return the return's id."""
        return_id = str(self.sales.give_back(sale)["data"]["id"])
        lines = self.sales.feed.find(return_id).data["line_items"]
        if quantity_by_sku is not None:
            wanted = {self._product(s).id: Decimal(str(n)) for s, n in quantity_by_sku.items()}
            kept = [
                {"id": line["id"], "quantity": -wanted[line["product"]["id"]]}
                for line in lines
                if line["product"]["id"] in wanted
            ]
            self.sales.update(return_id, {"line_items": kept})
        self.change(return_id, "closed", paid=True)
        return return_id

    def close_register(self, register: str) -> str:
        """Close a register for the day, which webhooks tell, and return the closure's id."""
        row, closure_id = self._register(register), self.world.new_id()
        closed_at = offset_stamp(self.world.now())
        self.account.registers.put(
            row.data | {"is_open": False, "register_close_time": closed_at}, row.id
        )
        payload = {"id": closure_id, "register_id": row.id, "register_close_time": closed_at}
        self.world.emit("register_closure.create", payload)
        return closure_id

    def _line(self, sku: str, quantity: Decimal, number: int) -> Json:
        data = self._product(sku).data
        net, gross = data["price_excluding_tax"], data["price_including_tax"]
        return {
            "product": {"id": self._product(sku).id},
            "quantity": quantity,
            "pricing": {"price": net, "discount": Decimal(0)},
            "tax": {"id": self.account.tax, "amount": gross - net},
            "return": {"is_return": quantity < 0},
            "_metadata": {"sequence": number},
        }

    def _payment(self, amount: Decimal) -> Json:
        kind = self.account.payment_types.live()[0]
        return {"amount": amount, "type": {"config_id": kind.id}}

    def _author(self) -> str:
        return self.account.users.live()[0].id

    def _product(self, sku: str) -> Row:
        found = [row for row in self.sales.inventory.products.live() if row.data["sku"] == sku]
        if not found:
            raise LookupError(f"no product with the SKU {sku}")
        return found[0]

    def _register(self, register: str) -> Row:
        rows = self.account.registers.live()
        found = [row for row in rows if register in (row.id, row.data["name"])]
        if not found:
            raise LookupError(f"no register {register}")
        return found[0]


def _due(lines: Sequence[Json]) -> Decimal:
    """Return what a customer pays for lines, tax included."""
    return sum(
        (line["quantity"] * (line["pricing"]["price"] + line["tax"]["amount"]) for line in lines),
        Decimal(0),
    )
