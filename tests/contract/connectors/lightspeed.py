"""Lightspeed under contract."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from chalicelib.connectors.lightspeed import OFFER
from chalicelib.connectors.lightspeed.webhooks import EVENT_TYPES
from chalicelib.domain.money import Money
from chalicelib.domain.platforms import Wanted
from chalicelib.domain.records import Count, Listing
from chalicelib.domain.statuses import Kind
from local.platforms.lightspeed.webhooks import sign
from tests.contract.connectors.suite import Entry, Running, SourceCase, TargetCase, WebhookCase
from tests.contract.lightspeed_connection import connect, counted, wanted

UNKNOWN = "00000000-0000-4000-8000-000000000000"


@contextmanager
def open_lightspeed(**options: Any) -> Iterator[Running]:
    """Run a store that has agreed to an application, whose webhooks are signed."""
    with connect(application=True, **options) as connected:
        connected.store.product("MUG", stock=5000)
        connected.till.calls_per_window = 1_000_000
        yield Running(
            offer=OFFER,
            account=connected.account,
            simulator=connected.till,
            clock=connected.store.clock,
            shop=connected,
        )


def add_buyer(at: Running, number: int) -> str:
    """Add a customer who is known."""
    return str(
        at.shop.till.add_customer(
            first_name="Ann", last_name="Example", email=f"ann.{number}@example.com"
        )
    )


def sell(at: Running, number: int) -> str:
    """Ring up a mug for a buyer who is known."""
    return str(at.shop.till.sell("Leeds", {"MUG": 1}, customer=add_buyer(at, number)))


def take_back(at: Running, number: int) -> str:
    """Sell two mugs and take one back."""
    sale = at.shop.till.sell("Leeds", {"MUG": 2}, customer=add_buyer(at, number))
    return str(at.shop.till.take_back(sale, {"MUG": 1}))


def name_buyer(at: Running, sale: str) -> None:
    """Give a sale another buyer."""
    body = {"customer_id": add_buyer(at, 99)}
    assert at.shop.store.call("PUT", f"sales/{sale}", body).status_code == 200


def move_house(at: Running, customer: str) -> None:
    """Give a customer another phone number."""
    body = {"phone": f"0113 4960{len(at.simulator.calls):03}"}
    assert at.shop.store.call("PUT", f"customers/{customer}", body).status_code == 200


def product(at: Running, number: int) -> Wanted[Listing]:
    """Want a product of the catalogue."""
    return wanted(at.shop.listing(number))


def dearer(at: Running, listing: Listing) -> Listing:
    """Want another price."""
    return replace(listing, price=Money(Decimal("31.50"), "GBP"))


def long_named(at: Running, number: int) -> Wanted[Listing]:
    """Want a name that is longer than Lightspeed's names are."""
    return wanted(at.shop.listing(number, item_name="x" * 600))


def shown_product(at: Running, product_id: str) -> Any:
    """Return what Lightspeed shows of a product, without its times and versions."""
    shown = at.shop.read(product_id)
    names = ("name", "sku", "description", "is_active", "has_inventory", "price_including_tax")
    return {name: shown[name] for name in names}


def typed_in(at: Running, one: Wanted[Listing]) -> str:
    """Make a product of that SKU in the back office."""
    return str(at.shop.store.product(one.desired.sku, name="Typed in"))


def stock(at: Running, number: int) -> Wanted[Count]:
    """Want five pieces at one outlet and three at another."""
    return counted(at.shop, at.shop.store.product(f"S{number}"), "5", "3")


def one_more(at: Running, count: Count) -> Count:
    """Want a piece more, counted a minute later."""
    more = {place: quantity + 1 for place, quantity in count.quantities.items()}
    at.clock.advance(60)
    return replace(count, quantities=more, counted_at=count.counted_at + timedelta(seconds=60))


def on_shelves(at: Running, product_id: str) -> Any:
    """Return what is in stock, outlet by outlet."""
    return {place: at.shop.till.stock(product_id, place) for place in at.shop.places}


def pieces(at: Running) -> int:
    """Return how many pieces are in stock at all."""
    return int(sum(sum(on_shelves(at, one["id"]).values()) for one in at.shop.products()))


def remove_product(at: Running, product_id: str) -> None:
    """Delete a product in the back office."""
    at.shop.till.delete("products", product_id)


def subscriptions(at: Running) -> Mapping[str, Mapping[str, Any]]:
    """Return all webhooks of the store."""
    return {
        row.id: {"address": row.data["url"], "on": row.data["active"], "type": row.data["type"]}
        for row in at.shop.till.webhooks.feed.live()
    }


def subscribe(at: Running, address: str) -> None:
    """Register an address for all that we need, as often as it is asked for."""
    for kind in EVENT_TYPES:
        one = {"type": kind, "url": address, "active": True, "signed": True}
        at.shop.till.webhooks.feed.put(one)


def switch_off(at: Running, webhook: str) -> None:
    """Switch a webhook off."""
    feed = at.shop.till.webhooks.feed
    feed.put(feed.rows[webhook].data | {"active": False}, webhook)


def signed(at: Running, body: bytes, address: str) -> Mapping[str, str]:
    """Sign a body with the application's secret."""
    return {"x-signature": sign(body, secret=at.account.credentials["client_secret"])}


ENTRY = Entry(
    offer=OFFER,
    open=open_lightspeed,
    sources=(
        SourceCase(
            kind=Kind.ORDER,
            make=sell,
            change=name_buyer,
            delete=lambda at, sale: at.shop.till.change_sale(sale, "voided"),
            unknown=UNKNOWN,
            page=200,
        ),
        SourceCase(
            kind=Kind.CUSTOMER,
            make=add_buyer,
            change=move_house,
            delete=lambda at, customer: at.shop.till.delete("customers", customer),
            unknown=UNKNOWN,
            page=200,
        ),
        SourceCase(
            kind=Kind.REFUND,
            make=take_back,
            change=name_buyer,
            delete=None,  # a voided return stays a refund, one that moved no money
            unknown=UNKNOWN,
            page=200,
        ),
    ),
    targets=(
        TargetCase(
            kind=Kind.PRODUCT,
            wanted=product,
            changed=dearer,
            refused=long_named,
            held=shown_product,
            count=lambda at: len(at.shop.products()),
            write_path="/products",
            unknown=UNKNOWN,
            by_people=typed_in,
            delete=remove_product,
        ),
        TargetCase(
            kind=Kind.STOCK,
            wanted=stock,
            changed=one_more,
            refused=lambda at, number: counted(at.shop, UNKNOWN[:-4] + f"{number:04}", "5"),
            held=on_shelves,
            count=pieces,
            write_path="/products/",
            delete=remove_product,
            starts_there=True,
        ),
    ),
    webhooks=WebhookCase(
        subscriptions=subscriptions,
        subscribe=subscribe,
        remove=lambda at, one: at.shop.till.webhooks.feed.delete(one),
        switch_off=switch_off,
        sign=signed,
    ),
)
