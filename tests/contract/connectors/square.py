"""Square under contract."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from chalicelib.connectors.square import OFFER
from chalicelib.domain.money import Money
from chalicelib.domain.platforms import Wanted
from chalicelib.domain.records import Count, Listing
from chalicelib.domain.statuses import Kind
from local.platforms.square.webhooks import sign
from tests.contract.connectors.suite import Entry, Running, SourceCase, TargetCase, WebhookCase
from tests.contract.square_connection import connect, counted, wanted
from tests.contract.square_shop import item


@contextmanager
def open_square(**options: Any) -> Iterator[Running]:
    """Run a seller's Square."""
    with connect(**options) as shop:
        yield Running(
            offer=OFFER,
            account=shop.account,
            simulator=shop.square,
            clock=shop.shop.clock,
            shop=shop,
        )


def sell(at: Running, number: int) -> str:
    """Ring up a mug for a buyer who is known."""
    buyer = at.shop.square.add_customer(
        given_name="Ann", family_name="Example", email_address=f"ann.{number}@example.com"
    )
    mugs = [{"name": f"Mug {number}", "quantity": 1, "price": 1200}]
    return str(at.shop.square.sell(at.shop.places[0], mugs, customer=buyer))


def edit_sale(at: Running, order: str) -> None:
    """Give a discount afterwards."""
    at.shop.square.edit(order, discount=100)


def know(at: Running, number: int) -> str:
    """Keep a customer's profile."""
    address = f"ann.{number}@example.com"
    made = at.shop.square.add_customer(
        given_name="Ann", family_name=f"Example {number}", email_address=address
    )
    return str(made)


def marry(at: Running, customer: str) -> None:
    """Give a customer another name."""
    at.shop.square.change_customer(customer, family_name="Married")


def give_back(at: Running, number: int) -> str:
    """Sell a mug and give the money back; it is on its way."""
    (refund,) = at.shop.square.refund(sell(at, number), [(1, 1)], status="PENDING")
    return str(refund)


def arrive(at: Running, refund: str) -> None:
    """Let the money arrive."""
    at.shop.square.settle_refund(refund)


def product(at: Running, number: int) -> Wanted[Listing]:
    """Want a product of the catalogue."""
    return wanted(at.shop.listing(number))


def dearer(at: Running, listing: Listing) -> Listing:
    """Want another price."""
    return replace(listing, price=Money(Decimal("31.50"), "GBP"))


def long_named(at: Running, number: int) -> Wanted[Listing]:
    """Want a name that is longer than Square's names are."""
    return wanted(at.shop.listing(number, item_name="x" * 600))


def shown_product(at: Running, variation: str) -> Any:
    """Return what Square shows of a product, without its times and versions."""
    shown = at.shop.item_of(variation)["item_data"]
    nested = [one["item_variation_data"] for one in shown["variations"]]
    return [(shown["name"], one["sku"], one["price_money"], one["name"]) for one in nested]


def typed_in(at: Running, one: Wanted[Listing]) -> str:
    """Make an item of that SKU in the Dashboard."""
    answer = at.shop.shop.upsert([_with_sku(item("OLD"), one.desired.sku)]).json()
    return str(answer["objects"][0]["item_data"]["variations"][0]["id"])


def _with_sku(made: dict[str, Any], sku: str) -> dict[str, Any]:
    made["item_data"]["variations"][0]["item_variation_data"]["sku"] = sku
    return made


def stock(at: Running, number: int) -> Wanted[Count]:
    """Want five pieces in one shop and three in another."""
    return counted(at.shop, at.shop.shop.make(f"S{number}"), "5", "3")


def one_more(at: Running, count: Count) -> Count:
    """Want a piece more, counted a minute later."""
    more = {place: quantity + 1 for place, quantity in count.quantities.items()}
    at.clock.advance(60)
    return replace(count, quantities=more, counted_at=count.counted_at + timedelta(seconds=60))


def on_shelves(at: Running, variation: str) -> Any:
    """Return what is in stock, shop by shop."""
    return {place: at.shop.square.stock(variation, place) for place in at.shop.places}


def pieces(at: Running) -> int:
    """Return how many pieces are in stock at all."""
    variations = [one.id for one in at.shop.square.catalog.views() if one.type == "ITEM_VARIATION"]
    return int(sum(sum(on_shelves(at, one).values()) for one in variations))


def subscriptions(at: Running) -> Mapping[str, Mapping[str, Any]]:
    """Return all subscriptions of the application."""
    every = at.shop.square.webhooks.subscriptions.values()
    return {
        one.id: {"address": one.notification_url, "on": one.enabled, "events": one.event_types}
        for one in every
    }


def switch_off(at: Running, subscription: str) -> None:
    """Disable a subscription."""
    at.shop.square.webhooks.subscriptions[subscription].enabled = False


def signed(at: Running, body: bytes, address: str) -> Mapping[str, str]:
    """Sign a body with the subscription's key."""
    key = at.account.credentials["signature_key"]
    return {"x-square-hmacsha256-signature": sign(body, notification_url=address, key=key)}


ENTRY = Entry(
    offer=OFFER,
    open=open_square,
    sources=(
        SourceCase(
            kind=Kind.ORDER,
            make=sell,
            change=edit_sale,
            delete=lambda at, order: at.shop.square.cancel(order),
            unknown="NOSUCHORDERATSQUARE0",
            page=500,
        ),
        SourceCase(
            kind=Kind.CUSTOMER,
            make=know,
            change=marry,
            delete=lambda at, customer: at.shop.square.delete_customer(customer),
            unknown="NOSUCHCUSTOMER000000",
            page=100,
        ),
        SourceCase(
            kind=Kind.REFUND,
            make=give_back,
            change=arrive,
            delete=None,  # money that was given back is not deleted
            unknown="NOSUCHREFUND00000000",
            page=100,
        ),
    ),
    targets=(
        TargetCase(
            kind=Kind.PRODUCT,
            wanted=product,
            changed=dearer,
            refused=long_named,
            held=shown_product,
            count=lambda at: len(at.shop.all_items()),
            write_path="/v2/catalog/batch-upsert",
            unknown="NOSUCHVARIATION00000",
            by_people=typed_in,
            delete=lambda at, variation: at.shop.square.delete_catalog(variation),
        ),
        TargetCase(
            kind=Kind.STOCK,
            wanted=stock,
            changed=one_more,
            refused=lambda at, number: counted(at.shop, f"NOSUCHVARIATION{number}", "5"),
            held=on_shelves,
            count=pieces,
            write_path="/v2/inventory/changes/batch-create",
            # Nobody deletes a count; what a deleted variation's count is answered is not documented
        ),
    ),
    webhooks=WebhookCase(
        subscriptions=subscriptions,
        subscribe=lambda at, address: at.shop.square.subscribe(address),
        remove=lambda at, one: at.shop.square.webhooks.delete(one),
        switch_off=switch_off,
        sign=signed,
    ),
)
