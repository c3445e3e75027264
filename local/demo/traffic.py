"""Live traffic: what goes on in the shops while somebody watches."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from random import Random

from local.demo.goings_on import acts_elsewhere
from local.demo.shops import Shops
from local.demo.vendors import Vendors
from local.demo.waiting import EndedError, Patience

PAUSE_S = (0.3, 1.5)  #: between two things that happen
INCIDENT_EVERY_S = 20.0
DOWN_S = 10.0
KEPT = 20  #: orders that may still change

Say = Callable[[str], None]

_log = logging.getLogger("synclog")


class Traffic:
    """Sales, stock changes and edits at random, and an incident every now and then."""

    def __init__(self, vendors: Vendors, shops: Shops, patience: Patience, say: Say) -> None:
        self.vendors = vendors
        self.shops = shops
        self.patience = patience
        self.say = say
        self.chance = Random(shops.chance.random())
        self._orders: list[str] = []
        self._on_account: list[str] = []
        self._threads = [
            threading.Thread(target=self._guarded, args=(run,), name=run.__name__, daemon=True)
            for run in (self._go_on, self._have_incidents)
        ]

    def start(self) -> None:
        """Open the shops."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Wait until the last thing under way has happened; the patience has ended already."""
        for thread in self._threads:
            thread.join(DOWN_S)

    def _guarded(self, run: Callable[[], None]) -> None:
        try:
            run()
        except EndedError:
            return
        except Exception as defect:
            self.say(f"The traffic stopped: {type(defect).__name__}.")
            _log.exception("demo.traffic_stopped")
            raise

    def _go_on(self) -> None:
        acts: dict[Callable[[], object], int] = {
            self._sell: 10,
            self._sell_to_somebody: 5,
            self.shops.sell_at_a_discount: 2,
            self.shops.sell_for_cash_and_card: 2,
            self.shops.sell_offline: 1,
            self._sell_on_account: 1,
            self._pay_the_rest: 1,
            self._change_one: 1,
            self.shops.change_stock: 8,
            self.shops.edit_product: 3,
            self._refund_one: 1,
            **acts_elsewhere(self.vendors, self.chance),
        }
        while True:
            self.patience.pass_time(self.chance.uniform(*PAUSE_S))
            act = self.chance.choices(list(acts), list(acts.values()))[0]
            with suppress(LookupError):  # that shop has nothing to sell yet
                act()

    def _sell(self) -> None:
        self._orders = [*self._orders, self.shops.sell()][-KEPT:]

    def _sell_to_somebody(self) -> None:
        self._orders = [*self._orders, self.shops.sell_to_somebody()][-KEPT:]

    def _sell_on_account(self) -> None:
        self._on_account.append(self.shops.sell_on_account())

    def _pay_the_rest(self) -> None:
        if self._on_account:
            self.vendors.square.pay(self._on_account.pop(0))

    def _change_one(self) -> None:
        if self._orders:
            self.shops.add_to(self._orders.pop(0))

    def _refund_one(self) -> None:
        if self._orders:
            self.vendors.square.refund(self._orders.pop(0))

    def _have_incidents(self) -> None:
        for tell in self._incidents():
            tell()
            self.patience.pass_time(INCIDENT_EVERY_S)

    def _incidents(self) -> Iterator[Callable[[], None]]:
        yield self._sell_wrongly
        while True:
            yield self._lose_webhooks
            yield self._cancel_one
            yield self._deliver_badly
            yield self._break_down
            yield self._break_down_till
            yield from self._break_downs_elsewhere()

    def _sell_wrongly(self) -> None:
        order = self.shops.sell_wrongly()
        self.say(f"A till rings up order {order}, whose lines do not add up.")

    def _cancel_one(self) -> None:
        order = self.shops.sell_unpaid()
        self.patience.pass_time(INCIDENT_EVERY_S / 4)
        self.vendors.square.cancel(order)
        self.say(f"Order {order} is cancelled at the till.")

    def _break_down(self) -> None:
        self._be_down("Brightpearl", self.vendors.brightpearl.down)

    def _break_down_till(self) -> None:
        self._be_down("Square", self.vendors.square.down)

    def _break_downs_elsewhere(self) -> Iterator[Callable[[], None]]:
        for name, shop in (
            ("Lightspeed", self.vendors.outlets),
            ("The web shop", self.vendors.web),
        ):
            if shop is not None:
                yield partial(self._be_down, name, shop.simulator.down)

    def _be_down(self, name: str, down: Callable[[bool], None]) -> None:
        self.say(f"{name} is down for {DOWN_S:.0f} seconds.")
        down(True)
        try:
            self.patience.pass_time(DOWN_S)
        finally:
            down(False)
        self.say(f"{name} is back.")

    def _deliver_badly(self) -> None:
        self.say("Webhooks come three times, late and in the wrong order for a while.")
        senders = self.vendors.senders
        for sender in senders:
            sender.configure(duplicates=3, delay_s=2, reorder=True)
        try:
            self.patience.pass_time(DOWN_S)
        finally:
            for sender in senders:
                sender.configure(duplicates=1, delay_s=0, reorder=False)

    def _lose_webhooks(self) -> None:
        self.say("Square loses two webhooks; the next poll finds what they would have said.")
        self.vendors.square.sender.configure(lose_next=2)
