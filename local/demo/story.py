"""The demo's story: what happens in ``--once``, in which order, and how it has to end."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from local.demo.chapters import Chapters, open_chapters
from local.demo.log import Log, Tally
from local.demo.merchant import UNMAPPED, products_of
from local.demo.shops import Shops
from local.demo.vendors import Vendors
from local.demo.waiting import Patience

WITHIN_S = 180.0
DOWN_S = 10.0
LATE_S = 1.5
COPIES = 3
SALES = 6

Say = Callable[[str], None]


@dataclass
class Story:
    """The story of one merchant; `play` tells it, `ending` says how it has to end."""

    vendors: Vendors
    shops: Shops
    log: Log
    patience: Patience
    say: Say
    until: float = field(default_factory=lambda: time.monotonic() + WITHIN_S)
    down_s: float = DOWN_S
    orders: list[str] = field(default_factory=list)
    returned: list[str] = field(default_factory=list)  #: refunds at the first shop
    wrong: str = ""
    chapters: Chapters = field(init=False)

    def __post_init__(self) -> None:
        self.chapters = open_chapters(self.vendors, self.shops, self.log)

    def play(self) -> None:
        """Tell everything and wait until nothing is owed.

        Raises:
            LateError: something did not come about in time.
            EndedError: the demo is to end.
        """
        self._settle("The products go to the shops, then their stock.")
        self.say("The shops open: sales, tips, discounts, two ways to pay, a till of yesterday.")
        self._sell()
        self.chapters.open()
        later, unpaid, edited = self._sell_what_changes()
        self.say(f"Every webhook comes {COPIES} times, late and in the wrong order.")
        self._deliver_badly()
        self._lose_a_webhook()
        self._settle("All that is written to Brightpearl.")
        self.say("Orders are paid in full, cancelled on either side, changed, shipped, refunded.")
        self.vendors.square.pay(later)
        self.vendors.square.cancel(unpaid)
        self.shops.add_to(edited)
        self.returned += self.vendors.square.refund(self.orders[0])
        self.chapters.go_on()
        self._break_down()
        self._settle("What failed meanwhile is tried again.")

    def ending(self) -> Tally:
        """Return the counts the story has to end with."""
        waiting = len(products_of(self.vendors, UNMAPPED))
        products = len(self.vendors.erp.products)
        own: Tally = Counter(
            {
                ("product", "Pending", "needs_mapping"): waiting,
                ("product", "Failed", "rejected_by_target"): 1,
                ("product", "Synced", ""): products - waiting - 1,
                ("stock", "Pending", "needs_record"): waiting + 1,
                ("stock", "Synced", ""): products - waiting - 1,
                ("order", "Failed", "amounts_differ"): 1,
                # The till keeps a return as an order of its own: there is nothing to do for it.
                ("order", "Synced", ""): len(self.orders) + len(self.returned),
                ("customer", "Synced", ""): len(self.shops.buyers),
                ("refund", "Synced", ""): len(self.returned),
            }
        )
        return own + self.chapters.ending()

    def _sell(self) -> None:
        shops = self.shops
        self.orders += [shops.sell() for _ in range(SALES)]
        for sell in (
            shops.sell_to_somebody,
            shops.sell_to_somebody,
            shops.sell_at_a_discount,
            shops.sell_for_cash_and_card,
            shops.sell_offline,
        ):
            self.orders.append(sell())
        self.wrong = shops.sell_wrongly()

    def _sell_what_changes(self) -> tuple[str, str, str]:
        shops = self.shops
        later, unpaid, edited = shops.sell_on_account(), shops.sell_unpaid(), shops.sell()
        self.orders += [later, unpaid, edited]
        return later, unpaid, edited

    def _deliver_badly(self) -> None:
        senders = self.vendors.senders
        for sender in senders:
            sender.configure(duplicates=COPIES, delay_s=LATE_S, reorder=True)
        self.orders.append(self.shops.sell())
        for _ in range(5):
            self.shops.change_stock()
            self.shops.edit_product()
        self.patience.pass_time(LATE_S)
        for sender in senders:
            sender.configure(duplicates=1, delay_s=0, reorder=False)

    def _lose_a_webhook(self) -> None:
        self.say("Square loses the webhooks of a sale; the next poll finds it.")
        sender = self.vendors.square.sender
        sender.configure(lose_next=2)  # payment.created and payment.updated
        self.orders.append(self.shops.sell())
        sender.configure(lose_next=0)

    def _break_down(self) -> None:
        self.say(
            f"Brightpearl is down for {self.down_s:.0f} seconds while the shops go on selling."
        )
        self.vendors.brightpearl.down()
        try:
            self.orders += [self.shops.sell(), self.shops.sell_to_somebody()]
            self.shops.change_stock()
            self.patience.pass_time(self.down_s)
        finally:
            self.vendors.brightpearl.down(False)

    def _settle(self, told: str) -> None:
        """Wait until every webhook was tried, every record has its row, and nothing is owed."""
        self.say(told)
        self.patience.wait_until(self._is_settled, told, until=self.until)

    def _is_settled(self) -> bool:
        counts = self.log.count()
        shops = len(self.vendors.simulators) - 1
        has_rows = (
            counts["product"].total() >= shops * len(self.vendors.erp.products)
            and counts["stock"].total() >= counts["product"].total()
            and counts["order"].total() >= self._orders
            and counts["refund"].total() >= self.ending()["refund", "Synced", ""]
            and counts.get("shipment", Counter()).total() >= self.ending()["shipment", "Synced", ""]
        )
        return has_rows and self._are_told() and not self.log.is_owed()

    @property
    def _orders(self) -> int:
        own = len(self.orders) + bool(self.wrong) + len(self.returned)
        return own + self.chapters.orders

    def _are_told(self) -> bool:
        return all(sender.drain(0) for sender in self.vendors.senders)
