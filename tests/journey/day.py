"""A day in the life of a merchant with an ERP and three shops, in about a minute."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from local.demo.outlets import OutletPeople
from local.demo.vendors import Vendors
from local.demo.waiting import Patience
from local.demo.web import WebPeople
from tests.journey.desk import DeskPeople
from tests.journey.office import OfficePeople

HOURS = 24
ACTS_OF_AN_HOUR = 8
PAUSE_S = (0.1, 0.4)
DOWN_S = 4.0

Acts = dict[Callable[[], object], int]


@dataclass
class Day:
    """What happens from midnight to midnight; chance comes from a seed.

    An order has one fate: what happens to it after the sale is chosen once.
    """

    vendors: Vendors
    chance: Random
    told: list[str] = field(default_factory=list)
    _laid_by: list[str] = field(default_factory=list)
    _rung_up: list[str] = field(default_factory=list)  #: at Lightspeed, with no fate yet
    _bought: list[int] = field(default_factory=list)  #: on the web, with no fate yet
    _transfers: list[int] = field(default_factory=list)  #: whose money has not come

    def __post_init__(self) -> None:
        assert self.vendors.outlets is not None
        assert self.vendors.web is not None
        self.patience = Patience()
        self.desk = DeskPeople(self.vendors, Random(self.chance.random()))
        self.outlets = OutletPeople(self.vendors.outlets, Random(self.chance.random()))
        self.web = WebPeople(self.vendors.web, Random(self.chance.random()))
        self.office = OfficePeople(self.vendors, Random(self.chance.random()))

    def pass_by(self, hour_begins: Callable[[int], None]) -> None:
        """Let everything happen that happens in a day."""
        acts = {**self.desk.acts(), **self._outlet_acts(), **self._web_acts(), **self.office.acts()}
        for hour in range(HOURS):
            hour_begins(hour)
            for act in self.chance.choices(list(acts), list(acts.values()), k=ACTS_OF_AN_HOUR):
                self.told.append(f"{hour:02}:00 {act.__name__} {act()}")
                self.patience.pass_time(self.chance.uniform(*PAUSE_S))
        self._close_up()

    def _close_up(self) -> None:
        """Come to an end with what is still open: nobody owes anything at midnight."""
        self.desk.close_up()
        while self._laid_by:
            self._pay_off()
        while self._transfers:
            self._receive_transfer()

    def _outlet_acts(self) -> Acts:
        return {
            self._ring_up: 8,
            self._lay_by: 2,
            self._pay_off: 2,
            self._take_back: 2,
            self._void: 1,
            self.outlets.exchange: 2,
            self.outlets.park: 1,
            self._know_customer: 1,
        }

    def _ring_up(self) -> str:
        people = self.outlets
        sale = people.sell_to_somebody() if self.chance.random() < 0.4 else people.sell()
        self._rung_up.append(sale)
        return sale

    def _lay_by(self) -> str:
        self._laid_by.append(self.outlets.lay_by())
        return self._laid_by[-1]

    def _pay_off(self) -> str | None:
        if not self._laid_by:
            return None
        sale = self._laid_by.pop(0)
        self.outlets.pay_off(sale)
        return sale

    def _take_back(self) -> str | None:
        return self.outlets.take_back(self._rung_up.pop(0)) if self._rung_up else None

    def _void(self) -> str | None:
        if not self._rung_up:
            return None
        sale = self._rung_up.pop()
        self.outlets.simulator.change_sale(sale, "voided")
        return sale

    def _know_customer(self) -> str:
        number = self.chance.randint(1, 999_999)
        email = f"outlet-{number}@example.org"
        return self.outlets.simulator.add_customer(
            first_name="Olive", last_name=f"Number {number}", email=email
        )

    def _web_acts(self) -> Acts:
        return {
            self._buy: 10,
            self._buy_by_transfer: 2,
            self._receive_transfer: 1,
            self._cancel_transfer: 1,
            self._cancel: 1,
            self._refund: 1,
            self._refund_all: 1,
            self._send: 4,
            self._complete_at_office: 1,
            self._cancel_at_office: 1,
        }

    def _buy(self) -> int:
        self._bought.append(self.web.buy())
        return self._bought[-1]

    def _buy_by_transfer(self) -> int:
        self._transfers.append(self.web.buy_by_transfer())
        return self._transfers[-1]

    def _receive_transfer(self) -> int | None:
        if not self._transfers:
            return None
        order = self._transfers.pop(0)
        self.web.receive_transfer(order)
        self._bought.append(order)
        return order

    def _cancel_transfer(self) -> int | None:
        if not self._transfers:
            return None
        order = self._transfers.pop()
        self.web.cancel(order)
        return order

    def _cancel(self) -> int | None:
        if not self._bought:
            return None
        order = self._bought.pop()
        self.web.cancel(order)
        return order

    def _refund(self) -> int | None:
        return self.web.refund(self._bought.pop(0), "1.50") if self._bought else None

    def _refund_all(self) -> int | None:
        if not self._bought:
            return None
        order = self._bought.pop(0)
        with self.web.simulator.lock:
            lines = [
                {
                    "id": line.id,
                    "quantity": line.quantity,
                    "refund_total": str(line.total),
                    "refund_tax": [
                        {"id": rate, "refund_total": str(tax)} for rate, tax in line.taxes.items()
                    ],
                }
                for line in self.web.simulator.orders.one(order).of("line_items")
            ]
        return self.web.simulator.refund(order, line_items=lines)

    def _known_at_office(self) -> int | None:
        """Return the number the ERP has of the oldest web order, which gets its fate now."""
        for order in list(self._bought):
            number = self.office.order_of(str(order))
            if number is not None:
                self._bought.remove(order)
                return number
        return None

    def _send(self) -> str | None:
        number = self._known_at_office()
        return self.office.send(number) if number is not None else None

    def _complete_at_office(self) -> int | None:
        number = self._known_at_office()
        if number is not None:
            self.office.complete(number)
        return number

    def _cancel_at_office(self) -> int | None:
        number = self._known_at_office()
        if number is not None:
            self.office.cancel(number)
        return number
