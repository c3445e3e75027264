"""What people do at the tills of the merchant's Square shops, returns and exchanges included."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from local.demo.shops import BUYERS
from local.demo.vendors import Vendors

YESTERDAY = timedelta(days=1)


class DeskPeople:
    """Each verb is one thing they do, and returns the id it is about; None: there was nothing."""

    def __init__(self, vendors: Vendors, chance: Random) -> None:
        self.square = vendors.square
        self.locations = list(vendors.tills.location_ids.values())
        self.chance = chance
        self.buyers = [
            self.square.add_customer(given_name=first, family_name=last, email_address=email)
            for first, last, email in BUYERS
        ]
        self.regulars: list[str] = []  #: customers nobody knows elsewhere
        self._fresh: list[str] = []  #: sales with no fate yet
        self._owed: list[str] = []
        self._open: list[str] = []

    def acts(self) -> dict[Callable[[], object], int]:
        """Return everything they do, and how often."""
        return {
            self.sell: 12,
            self.sell_to_somebody: 4,
            self.sell_at_a_discount: 2,
            self.sell_two_ways: 2,
            self.sell_offline: 1,
            self.sell_on_account: 1,
            self.sell_later_paid: 2,
            self.take_rest: 1,
            self.finish_open: 2,
            self.add_to: 1,
            self.take_back: 2,
            self.give_money: 1,
            self.exchange: 2,
            self.take_back_unlinked: 1,
            self.know_customer: 1,
            self.change_customer: 1,
        }

    def close_up(self) -> None:
        """Take all money that is still owed."""
        while self._owed:
            self.take_rest()
        while self._open:
            self.finish_open()

    def sell(self, **options: Any) -> str:
        """Ring up one to three things."""
        picked = self._pick(self.chance.randint(1, 3))
        lines = [(one, self.chance.randint(1, 2)) for one in picked]
        sale = self.square.sell(self.chance.choice(self.locations), lines, **options)
        self._fresh.append(sale)
        return sale

    def sell_to_somebody(self) -> str:
        """Sell to a customer, who may leave a tip."""
        buyer = self.chance.choice([*self.buyers, *self.regulars])
        return self.sell(customer=buyer, tip=self.chance.choice((0, 100, 250)))

    def sell_at_a_discount(self) -> str:
        """Sell with ten percent off."""
        return self.sell(discount="10%")

    def sell_two_ways(self) -> str:
        """Sell one thing for cash and card."""
        variation, price = self._priced()
        tenders = [("CASH", price // 2), ("CARD", price - price // 2)]
        sale = self.square.sell(self._shop(), [(variation, 1)], tenders=tenders)
        self._fresh.append(sale)
        return sale

    def sell_offline(self) -> str:
        """Let a till that was offline send a sale of yesterday."""
        return self.square.sell(
            self._shop(), [(self._pick(1)[0], 1)], created_at=datetime.now(UTC) - YESTERDAY
        )

    def sell_on_account(self) -> str:
        """Hand goods over for half of the money."""
        variation, price = self._priced()
        sale = self.square.sell(self._shop(), [(variation, 1)], tenders=[("CASH", price // 2)])
        self._owed.append(sale)
        return sale

    def take_rest(self) -> str | None:
        """Take the other half."""
        if not self._owed:
            return None
        sale = self._owed.pop(0)
        self.square.pay(sale)
        return sale

    def sell_later_paid(self) -> str:
        """Put goods aside for somebody who pays later, or does not come."""
        sale = self.square.sell(self._shop(), [(self._pick(1)[0], 1)], state="OPEN", paid=False)
        self._open.append(sale)
        return sale

    def finish_open(self) -> str | None:
        """Take the money for goods put aside, or put them back."""
        if not self._open:
            return None
        sale = self._open.pop(0)
        if self.chance.random() < 0.5:
            self.square.pay(sale)
        else:
            self.square.cancel(sale)
        return sale

    def add_to(self) -> str | None:
        """Put one thing more on a sale, and take the money for it."""
        if not self._fresh:
            return None
        sale = self._fresh.pop()
        with self.square.lock:
            kept = self.square.orders.orders[sale].lines
            lines: list[Any] = [(one.variation_id, one.quantity, one.price) for one in kept]
        self.square.edit(sale, [*lines, (self._pick(1)[0], 1)])
        self.square.pay(sale)
        return sale

    def take_back(self) -> str | None:
        """Take back a piece of a sale, or all of it."""
        if not self._fresh:
            return None
        sale = self._fresh.pop(0)
        pieces = [(1, 1)] if self.chance.random() < 0.6 else None
        return " ".join(self.square.refund(sale, pieces))

    def give_money(self) -> str | None:
        """Give some money back, and no goods."""
        if not self._fresh:
            return None
        return " ".join(self.square.refund(self._fresh.pop(0), amount=120))

    def exchange(self) -> str | None:
        """Take a piece of a sale back and sell another thing."""
        if not self._fresh:
            return None
        sale = self._fresh.pop(0)
        made = self.square.exchange(sale, [(1, 1)], [(self._pick(1)[0], 1)])
        return str(made)

    def take_back_unlinked(self) -> str:
        """Take a thing back without a receipt."""
        return self.square.take_back(self._shop(), [(self._pick(1)[0], 1)])

    def know_customer(self) -> str:
        """Enter a new customer."""
        number = self.chance.randint(1, 999_999)
        made = self.square.add_customer(
            given_name="Tilly",
            family_name=f"Number {number}",
            email_address=f"t{number}@example.org",
        )
        self.regulars.append(made)
        return made

    def change_customer(self) -> str | None:
        """Write down another name of a customer."""
        if not self.regulars:
            return None
        customer = self.chance.choice(self.regulars)
        self.square.change_customer(customer, family_name=f"Wed {self.chance.randint(1, 999_999)}")
        return customer

    def _shop(self) -> str:
        return self.chance.choice(self.locations)

    def _priced(self) -> tuple[str, int]:
        variation = self._pick(1)[0]
        with self.square.lock:
            stored = self.square.catalog.current(variation)
            return variation, int(stored.data["price_money"]["amount"]) if stored else 0

    def _pick(self, count: int) -> list[str]:
        """Pick things that are sold; in the order of their SKUs, so that chance repeats itself."""
        square = self.square
        with square.lock:
            sold = sorted(
                (str(one.data["sku"]), one.id)
                for one in square.catalog.views()
                if one.type == "ITEM_VARIATION"
                and one.presence.get("present_at_all_locations", True)
            )
        return [id_ for _, id_ in self.chance.sample(sold, count)]
