"""WooCommerce under contract."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from chalicelib.connectors.woocommerce import OFFER
from chalicelib.domain.money import Money
from chalicelib.domain.platforms import Delivery, Wanted
from chalicelib.domain.records import Count, Fulfilment, Listing, StatusChange
from chalicelib.domain.statuses import Kind
from local.platforms.woocommerce.auth import webhook_signature
from tests.contract.connectors.suite import Entry, Running, SourceCase, TargetCase, WebhookCase
from tests.contract.woo_connection import connect, counted, listing, sent, wanted

UNKNOWN = "987654"
EUROS = Money(Decimal("24.95"), "EUR")


@dataclass(kw_only=True)
class ShopRunning(Running):
    """A shop whose queue runs whenever it is looked at: a queue that rests merges what waits."""

    sent: list[Delivery] = field(default_factory=list)

    def listen(self, address: str) -> Mapping[str, str]:
        """Register our address; webhooks are pinged meanwhile."""
        given = super().listen(address)
        self.simulator.sender.take()
        return given

    def deliveries(self, address: str) -> list[Delivery]:
        """Return everything that was sent to ``address`` so far."""
        self.sent += [
            Delivery(
                headers={name.lower(): value for name, value in one.headers.items()},
                query={},
                body=one.body,
                address=one.url,
            )
            for one in self.simulator.sender.take()
        ]
        return [one for one in self.sent if one.address == address]


@contextmanager
def open_shop(**options: Any) -> Iterator[Running]:
    """Run a shop in a folder of its site."""
    with connect("/shop", **options) as connected:
        yield ShopRunning(
            offer=OFFER,
            account=connected.account,
            simulator=connected.woo,
            clock=connected.shop.clock,
            shop=connected,
        )


def buy(at: Running, number: int) -> str:
    """Buy a mug at the checkout, as a guest."""
    buyer = {"first_name": "Ann", "last_name": "Example", "email": f"ann.{number}@example.com"}
    lines = [{"product_id": int(at.shop.mug), "quantity": 1}]
    return str(at.shop.woo.buy(lines, billing=buyer))


def give_back(at: Running, number: int) -> str:
    """Buy a mug and give half of the money back."""
    return str(at.shop.woo.refund(int(buy(at, number)), amount="6.00", reason="A crack"))


def correct_buyer(at: Running, refund: str) -> None:
    """Correct the buyer's name on the order of a refund: a refund itself never changes."""
    order = order_of(at, refund)
    at.shop.shop.http.put(f"orders/{order}", json={"billing": {"first_name": "Anna"}})


def order_of(at: Running, refund: str) -> int:
    """Return the order of a refund."""
    rows = at.shop.woo.parts.refunds.all()
    return next(order.id for order, one in rows if str(one.id) == refund)


def dearer(at: Running, desired: Listing) -> Listing:
    """Want another price."""
    return replace(desired, price=Money(Decimal("31.50"), "GBP"))


def shown_product(at: Running, product: str) -> Any:
    """Return what the shop shows of a product, without its times."""
    return {n: one for n, one in at.shop.product(product).items() if "date" not in n}


def typed_in(at: Running, one: Wanted[Listing]) -> str:
    """Make a product of that SKU at the dashboard."""
    return str(at.shop.woo.add_product(name="Old", sku=one.desired.sku, regular_price="1.00"))


def delete_product(at: Running, product: str) -> None:
    """Delete a product for good."""
    at.shop.shop.http.delete(f"products/{product}", params={"force": True})


def stock(at: Running, number: int) -> Wanted[Count]:
    """Want five pieces of a product that has none."""
    made = at.shop.woo.add_product(name=f"Cup {number}", manage_stock=True, stock_quantity=0)
    return replace(counted(str(made), "5", at.clock()), target_id=None)


def one_more(at: Running, count: Count) -> Count:
    """Want a piece more, counted a minute later."""
    at.clock.advance(60)
    later = count.counted_at + timedelta(seconds=60)
    return replace(count, quantities={"shop": count.quantities["shop"] + 1}, counted_at=later)


def pieces(at: Running) -> int:
    """Return how many pieces are in stock at all."""
    rows = at.shop.woo.products.by_id.values()
    return sum(int(one.data["stock_quantity"] or 0) for one in rows)


def parcel(at: Running, number: int, order: str = "") -> Wanted[Fulfilment]:
    """Want the parcel of a new order shown."""
    named = order or buy(at, number)
    return sent(named, at.clock(), shipment_id=f"S{number}", tracking=f"JD0{number}")


def notes_of(at: Running, target: str) -> Any:
    """Return what the buyer of an order was told."""
    order = at.shop.woo.orders.by_id[int(target.partition("-")[0])]
    return order.status, [one["note"] for one in order.notes if one["customer_note"]]


def count_notes(at: Running) -> int:
    """Return how many notes buyers got."""
    orders = at.shop.woo.orders.by_id.values()
    return sum(one["customer_note"] for order in orders for one in order.notes)


def moved(at: Running, number: int, status: str = "completed") -> Wanted[StatusChange]:
    """Want a status for a new order."""
    change = StatusChange(order_id=buy(at, number), status=status)
    return Wanted(record=f"O{number}", desired=change, target_id=None, key=f"key-{number}")


def subscriptions(at: Running) -> Mapping[str, Mapping[str, Any]]:
    """Return all webhooks of the shop."""
    every = at.shop.woo.parts.webhooks.by_id.values()
    return {
        str(one.id): {
            "address": one.delivery_url,
            "on": one.status == "active",
            "topic": one.topic,
            "secret": one.secret,
        }
        for one in every
    }


def subscribe(at: Running, address: str) -> None:
    """Subscribe an address to changed orders."""
    body = {"topic": "order.updated", "delivery_url": address, "secret": "theirs"}
    at.shop.woo.parts.webhooks.create(body)


def switch_off(at: Running, webhook: str) -> None:
    """Disable a webhook, as the shop does after failures."""
    at.shop.woo.parts.webhooks.by_id[int(webhook)].status = "disabled"


def signed(at: Running, body: bytes, address: str) -> Mapping[str, str]:
    """Sign a body about an order with the webhooks' secret."""
    secret = at.account.credentials["webhook_secret"]
    return {
        "X-WC-Webhook-Topic": "order.updated",
        "X-WC-Webhook-Signature": webhook_signature(body, secret),
    }


ENTRY = Entry(
    offer=OFFER,
    open=open_shop,
    sources=(
        SourceCase(
            kind=Kind.ORDER,
            make=buy,
            change=lambda at, order: at.shop.woo.set_order_status(int(order), "completed"),
            delete=lambda at, order: at.shop.shop.http.delete(f"orders/{order}"),
            unknown=UNKNOWN,
            page=100,
        ),
        SourceCase(
            kind=Kind.REFUND,
            make=give_back,
            change=correct_buyer,
            delete=lambda at, refund: at.shop.shop.http.delete(
                f"orders/{order_of(at, refund)}/refunds/{refund}"
            ),
            unknown=UNKNOWN,
            page=100,
            listed_again=False,  # a refund has no date of change: it can only be made or deleted
        ),
    ),
    targets=(
        TargetCase(
            kind=Kind.PRODUCT,
            wanted=lambda at, number: wanted(listing(number)),
            changed=dearer,
            refused=lambda at, number: wanted(listing(number, price=EUROS)),
            held=shown_product,
            count=lambda at: len(at.shop.woo.products.by_id),
            write_path="products/batch",
            unknown=UNKNOWN,
            by_people=typed_in,
            delete=delete_product,
        ),
        TargetCase(
            kind=Kind.STOCK,
            wanted=stock,
            changed=one_more,
            refused=lambda at, number: counted(UNKNOWN, "5", at.clock()),
            held=lambda at, product: at.shop.product(product)["stock_quantity"],
            count=pieces,
            write_path="products/batch",
            starts_there=True,
        ),
        TargetCase(
            kind=Kind.SHIPMENT,
            wanted=parcel,
            changed=lambda at, desired: replace(desired, tracking="JD99"),
            refused=lambda at, number: parcel(at, number, order=UNKNOWN),
            held=notes_of,
            count=count_notes,
            write_path="/notes",
            starts_there=True,  # what is found is the order; it is equal once it shows the parcel
        ),
        TargetCase(
            kind=Kind.ORDER,
            wanted=moved,
            changed=lambda at, desired: replace(desired, status="on-hold"),
            refused=lambda at, number: moved(at, number, status="no-such-status"),
            held=lambda at, order: at.shop.woo.orders.by_id[int(order)].status,
            count=lambda at: len(at.shop.woo.orders.by_id),
            write_path="orders/batch",
            starts_there=True,
        ),
    ),
    webhooks=WebhookCase(
        subscriptions=subscriptions,
        subscribe=subscribe,
        remove=lambda at, one: at.shop.woo.parts.webhooks.by_id.pop(int(one)),
        switch_off=switch_off,
        sign=signed,
    ),
)
