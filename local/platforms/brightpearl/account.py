"""One Brightpearl account: its state, and what people do in the ERP meanwhile."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from local.platforms.brightpearl.auth import Access, Grant, OAuthApp
from local.platforms.brightpearl.edits import Edits
from local.platforms.brightpearl.faults import THROTTLED
from local.platforms.brightpearl.oauth import OAuth
from local.platforms.brightpearl.partial import Partial
from local.platforms.brightpearl.state.contacts import Contacts
from local.platforms.brightpearl.state.orders import Orders
from local.platforms.brightpearl.state.payments import Payments
from local.platforms.brightpearl.state.products import Products
from local.platforms.brightpearl.state.references import References
from local.platforms.brightpearl.state.stock import Stock
from local.platforms.brightpearl.state.webhooks import Webhooks
from local.platforms.brightpearl.throttle import Throttle
from local.platforms.brightpearl.world import Behaviour, World
from local.platforms.server import Clock, Simulator, WebhookSender, wall_clock

REQUESTS_PER_MINUTE = 200
RETRY_DELAYS_S = (5.0, 30.0, 120.0, 600.0)  #: Brightpearl's own plan is not known


class Account(Simulator):
    """The state of one account and the verbs that change it; it answers no calls itself.

    Attributes: ``staff_token`` and ``app_ref`` are accepted from the start; ``world.behaviour``,
    ``throttle.limit`` (None: off), ``oauth`` and ``access.forbidden`` may be changed at any time.
    """

    def __init__(
        self,
        *,
        account: str = "acme",
        clock: Clock = wall_clock,
        requests_per_minute: int | None = REQUESTS_PER_MINUTE,
        time_zone: str = "Europe/London",
        auto_webhooks: bool = True,
        retry_delays_s: tuple[float, ...] = RETRY_DELAYS_S,
        staff_token: str = "staff-token-of-the-simulator",
    ) -> None:
        at_least_once = WebhookSender(
            auto=auto_webhooks,
            clock=clock,
            retry_delays_s=retry_delays_s,
            gives_up_on=lambda status: 400 <= status < 500,
        )
        super().__init__(clock=clock, sender=at_least_once)
        self.best_effort_sender = WebhookSender(
            auto=auto_webhooks,
            clock=clock,
            retry_delays_s=retry_delays_s,
            gives_up_on=lambda status: status != 503,
        )
        self.world = _world(self, account, time_zone)
        self.throttle = Throttle(self._now, requests_per_minute)
        self.access = Access(account, self._now)
        self.access.staff_tokens.add(staff_token)
        self.oauth = OAuth(access=self.access)
        self.staff_token = staff_token
        self.app_ref = f"{account}_synclog"
        self.partial = Partial()
        self.edits = Edits(self.world)
        self._batches = 0

    def _now(self) -> datetime:
        return self.clock()

    def throttle_next(self, times: int = 1, path: str = "") -> None:
        """Answer the next calls as throttled, whatever the quota."""
        headers = {"brightpearl-requests-remaining": "0", "brightpearl-next-throttle-period": "811"}
        self.fail_next(503, times=times, path=path, body=THROTTLED, headers=headers)

    # what people do in the ERP

    def add_product(
        self,
        name: str,
        sku: str | None,
        *,
        group: int | None = None,
        options: Sequence[tuple[str, str]] = (),
        category: str | int | None = None,
        price: Mapping[int | str, str | Decimal] | None = None,
        tracked: bool = True,
        barcode: str | None = None,
        **more: Any,
    ) -> int:
        """Create a product and return its id.

        ``category`` is an id or a name (added when new), ``price`` by id or code of the price
        list. ``more``: bundle, components, brand, tax_code (its code), description.
        """
        fields = {"options": options, "category": category, "price": price, **more}
        with self.batch():
            return self.edits.add_product(
                name=name, sku=sku, group=group, tracked=tracked, barcode=barcode, **fields
            )

    def edit_product(self, product: int, **changes: Any) -> None:
        """Change a product: name, sku, barcode, group, options, category, tracked, status, price…

        A changed price alone moves neither ``updatedOn`` nor raises an event.
        """
        with self.batch():
            self.edits.edit_product(product, changes)

    def archive_product(self, product: int) -> None:
        """Archive a product."""
        self.edit_product(product, status="ARCHIVED")

    def set_stock(self, product: int, warehouse: int, quantity: int) -> None:
        """Set what is in stock in one warehouse; ``onHand`` is that less what is allocated."""
        with self.batch():
            self.edits.set_stock(product, warehouse, quantity)

    def add_contact(
        self, first_name: str, last_name: str = "", *, email: str = "", phone: str = ""
    ) -> int:
        """Create a contact and return its id."""
        with self.batch():
            return self.edits.add_contact(first_name, last_name, email=email, phone=phone)

    def invoice(self, order: int) -> None:
        """Invoice an order, as a person would."""
        with self.batch():
            self.edits.invoice(order)

    def send_out(self, order: int, pieces: Mapping[int, int] | None = None, **more: Any) -> int:
        """Put goods of an order on a goods-out note and return its id.

        ``pieces`` by product id; without it all that is left. ``more``: warehouse_id,
        shipping_method_id, reference.
        """
        with self.batch():
            return self.edits.send_out(order, pieces, **more)

    def mark_note(self, note: int, code: str = "SHW", at: datetime | None = None) -> None:
        """Let something happen to a goods-out note: PRI, PIC, PAC, SHW or an undoing (UPR …)."""
        with self.batch():
            self.edits.mark_note(note, code, at)

    def set_tracking(self, note: int, reference: str, shipping_method: int | None = None) -> None:
        """Change a parcel's reference, which people may do even when it has left."""
        with self.batch():
            self.edits.set_tracking(note, reference, shipping_method)

    def delete_note(self, note: int) -> None:
        """Delete a goods-out note that has not left."""
        with self.batch():
            self.edits.delete_note(note)

    def transfer(self, product: int, quantity: int, *, source: int, target: int) -> int:
        """Put goods on a note from one warehouse to another and return its id."""
        with self.batch():
            return self.edits.transfer(product, quantity, source=source, target=target)

    def set_order_status(self, order: int, status: int) -> None:
        """Give an order another status, as a person would."""
        with self.batch():
            self.edits.set_order_status(order, status)

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Do several things at once: each event is sent once, with all its ids."""
        with self.lock:
            self._batches += 1
            try:
                yield
            finally:
                self._batches -= 1
                self.tell()

    def tell(self) -> None:
        """Send the events raised so far, unless a batch is open."""
        if not self._batches:
            self.world.webhooks.send()

    # OAuth and webhooks

    def register_app(self, app_ref: str, dev_ref: str, *, secret: str = "") -> OAuthApp:
        """Register an OAuth app; with ``secret`` it must send it."""
        with self.lock:
            app = OAuthApp(app_ref=app_ref, dev_ref=dev_ref, secret=secret)
            self.access.apps[app_ref] = app
            return app

    def grant(self, app: OAuthApp) -> Grant:
        """Install an app without the browser and return its tokens."""
        with self.lock:
            return self.access.issue(app, life_s=self.oauth.life_s)

    def drain_webhooks(self, timeout_s: float = 10.0) -> bool:
        """Wait until every webhook raised so far was tried once."""
        tried = self.sender.drain(timeout_s)
        return self.best_effort_sender.drain(timeout_s) and tried

    def stop(self) -> None:
        """Stop serving and sending."""
        super().stop()
        self.best_effort_sender.stop()


def _world(owner: Account, account: str, time_zone: str) -> World:
    """Build an empty account; its clock is whatever the owner's clock is at the time."""

    def clock() -> datetime:
        return owner.clock()

    zone = ZoneInfo(time_zone)
    return World(
        account=account,
        clock=clock,
        zone=zone,
        behaviour=Behaviour(),
        references=References(),
        products=Products(clock=clock),
        stock=Stock(),
        orders=Orders(clock=clock),
        contacts=Contacts(clock=clock),
        payments=Payments(clock=clock),
        webhooks=Webhooks(
            account=account,
            zone=zone,
            clock=clock,
            at_least_once=owner.sender,
            at_most_once=owner.best_effort_sender,
        ),
    )
