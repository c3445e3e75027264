"""The official SDK and our connector play one story, and both leave and see the same world.

Square's own client is the referee: where our connector means something else by a call than Square's
client does, the two worlds differ.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol

import httpx
import pytest
from square import Square

from chalicelib.domain.money import Money
from chalicelib.domain.records import Listing
from chalicelib.domain.statuses import Kind
from tests.contract.square_connection import Connected, connect, counted, linked, wanted

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
ONCE = {"max_retries": 0}
VARIATIONS = {"MUG-R": ("Red", 950), "MUG-B": ("Blue", 990)}

World = dict[str, Any]


class Player(Protocol):
    """Plays each step of the story in its own way."""

    def make_mugs(self) -> None:
        """Create the item with its two variations at the first two locations."""

    def change_price(self, sku: str, price: int) -> None:
        """Give a variation another price, in minor units."""

    def count(self, sku: str, *quantities: str) -> None:
        """Set the stock at the first locations."""

    def seen_orders(self) -> list[World]:
        """All orders, oldest change first, in the words of the story."""


class WithSdk:
    """Plays with the official client."""

    def __init__(self, at: Connected, http: httpx.Client) -> None:
        self.at = at
        self.client = Square(
            base_url=at.square.base_url,
            token=at.shop.merchant.token,
            version="2025-08-20",
            httpx_client=http,
        )

    def make_mugs(self) -> None:
        places = {
            "present_at_all_locations": False,
            "present_at_location_ids": self.at.places[:2],
        }
        variations = [
            {
                "type": "ITEM_VARIATION",
                "id": f"#{sku}",
                **places,
                "item_variation_data": {
                    "name": name,
                    "sku": sku,
                    "pricing_type": "FIXED_PRICING",
                    "price_money": {"amount": price, "currency": "GBP"},
                    "track_inventory": True,
                },
            }
            for sku, (name, price) in VARIATIONS.items()
        ]
        item = {
            "type": "ITEM",
            "id": "#mug",
            **places,
            "item_data": {
                "name": "Mug",
                "description_html": "<p>Holds tea</p>",
                "categories": [{"id": self.at.category}],
                "reporting_category": {"id": self.at.category},
                "variations": variations,
            },
        }
        self.client.catalog.batch_upsert(
            idempotency_key="sdk-1", batches=[{"objects": [item]}], request_options=ONCE
        )

    def change_price(self, sku: str, price: int) -> None:
        variation = self.variation(sku)
        data = variation.item_variation_data
        money = data.price_money.model_copy(update={"amount": price})
        data = data.model_copy(update={"price_money": money})
        changed = variation.model_copy(update={"item_variation_data": data})
        self.client.catalog.object.upsert(
            idempotency_key=f"sdk-{sku}-{price}", object=changed, request_options=ONCE
        )

    def count(self, sku: str, *quantities: str) -> None:
        now = self.at.shop.clock().isoformat().replace("+00:00", "Z")
        changes = [
            {
                "type": "PHYSICAL_COUNT",
                "physical_count": {
                    "catalog_object_id": self.variation(sku).id,
                    "location_id": location,
                    "state": "IN_STOCK",
                    "quantity": quantity,
                    "occurred_at": now,
                },
            }
            for location, quantity in zip(self.at.places, quantities, strict=False)
        ]
        self.client.inventory.batch_create_changes(
            idempotency_key=f"sdk-{now}-{sku}", changes=changes, request_options=ONCE
        )

    def seen_orders(self) -> list[World]:
        answer = self.client.orders.search(
            location_ids=self.at.places,
            query={
                "filter": {
                    "state_filter": {"states": ["COMPLETED", "OPEN", "CANCELED"]},
                    "date_time_filter": {"updated_at": {"start_at": "2026-01-01T00:00:00Z"}},
                },
                "sort": {"sort_field": "UPDATED_AT", "sort_order": "ASC"},
            },
            request_options=ONCE,
        )
        return [self.told(order) for order in answer.orders or []]

    def told(self, order: Any) -> World:
        return {
            "state": {"CANCELED": "cancelled"}.get(order.state, order.state.lower()),
            "total": order.total_money.amount,
            "tax": order.total_tax_money.amount,
            "place": self.at.places.index(order.location_id),
            "lines": [
                (self.sku(line.catalog_object_id), line.quantity, line.total_money.amount)
                for line in order.line_items
            ],
            "payments": [(one.type, one.amount_money.amount) for one in order.tenders or []],
            "customer": self.email(order.customer_id),
        }

    def email(self, customer_id: str | None) -> str | None:
        if customer_id is None:
            return None
        found = self.client.customers.get(customer_id=customer_id, request_options=ONCE)
        return str(found.customer.email_address)

    def sku(self, variation_id: str | None) -> str | None:
        return next((sku for sku in VARIATIONS if self.variation(sku).id == variation_id), None)

    def variation(self, sku: str) -> Any:
        query = {"set_query": {"attribute_name": "sku", "attribute_values": [sku]}}
        found = self.client.catalog.search(
            object_types=["ITEM_VARIATION"], query=query, request_options=ONCE
        )
        return found.objects[0]


class WithConnector:
    """Plays with our connector, as the engine would."""

    def __init__(self, at: Connected) -> None:
        self.at = at
        self.results: dict[str, Any] = {}
        self.listings = {
            sku: at.listing(
                number,
                item_key="group-1",
                item_name="Mug",
                variation_name=name,
                sku=sku,
                price=Money.from_minor(price, "GBP"),
                description_html="<p>Holds tea</p>",
            )
            for number, (sku, (name, price)) in enumerate(VARIATIONS.items(), start=1)
        }

    def make_mugs(self) -> None:
        self.results = self.at.sync(*(wanted(one) for one in self.listings.values()))
        assert all(result.verified for result in self.results.values())

    def change_price(self, sku: str, price: int) -> None:
        listing = self.at.listing(
            **vars(self.listings[sku]) | {"price": Money.from_minor(price, "GBP")}
        )
        assert self.synced(listing).verified

    def synced(self, listing: Listing) -> Any:
        record = listing.product_id
        return self.at.sync(linked(listing, self.results[record]))[record]

    def count(self, sku: str, *quantities: str) -> None:
        variation = self.results[self.listings[sku].product_id].target_id
        results = self.at.sync(counted(self.at, variation, *quantities), kind=Kind.STOCK)
        assert all(result.verified for result in results.values())

    def seen_orders(self) -> list[World]:
        page = self.at.orders().list_changes(since=LONG_AGO, until=None, page=None)
        assert page.page is None
        ids = [change.record for change in page.changes]
        orders = self.at.orders().fetch_many(ids)
        return [self.told(orders[one]) for one in ids]

    def told(self, order: Any) -> World:
        return {
            "state": order.state,
            "total": order.total.to_minor(),
            "tax": order.tax.to_minor(),
            "place": self.at.places.index(order.location),
            "lines": [
                (self.sku(line.item_id), str(line.quantity), (line.net + line.tax).to_minor())
                for line in order.lines
            ],
            "payments": [(one.method, one.amount.to_minor()) for one in order.payments],
            "customer": order.customer.email if order.customer else None,
        }

    def sku(self, variation_id: str | None) -> str | None:
        found = (
            sku
            for sku, listing in self.listings.items()
            if self.results[listing.product_id].target_id == variation_id
        )
        return next(found, None)


def play(at: Connected, player: Player) -> World:
    """Play the story, and return what the player saw and what it left at Square."""
    tick = at.shop.clock.advance
    player.make_mugs()
    tick(1)
    player.count("MUG-R", "20", "5")
    player.count("MUG-B", "7", "0")
    tick(1)
    red, blue = (variation_of(at, sku) for sku in VARIATIONS)
    ada = at.square.add_customer(given_name="Ada", email_address="ada@example.com")
    at.square.sell(at.places[0], [(red, 2), (None, 1, 120)], tip=50, customer=ada)
    tick(1)
    cancelled = at.square.sell(at.places[1], [(red, 1)], discount="10%")
    tick(1)
    at.square.sell(at.places[0], [(blue, 1)], tenders=[("CASH", 500), ("CARD", 490)])
    tick(1)
    at.square.cancel(cancelled)
    player.change_price("MUG-R", 1050)
    tick(1)
    player.count("MUG-B", "12", "3")
    return {"seen": player.seen_orders(), "catalogue": catalogue(at), "stock": stock(at)}


def variation_of(at: Connected, sku: str) -> str:
    return next(
        one["id"]
        for item in at.all_items()
        for one in item["item_data"]["variations"]
        if one["item_variation_data"]["sku"] == sku
    )


def catalogue(at: Connected) -> list[World]:
    """Return every item as Square shows it, without ids, versions and times of its own."""
    return [plain(at, item) for item in at.all_items()]


def plain(at: Connected, thing: World) -> World:
    own = ("id", "version", "updated_at", "item_id")
    named = {key: value for key, value in thing.items() if key not in own}
    for name in ("item_data", "item_variation_data"):
        if name in named:
            named[name] = plain(at, named[name])
    if "variations" in named:
        named["variations"] = [plain(at, one) for one in named["variations"]]
    if "present_at_location_ids" in named:
        places = named["present_at_location_ids"]
        named["present_at_location_ids"] = sorted(at.places.index(one) for one in places)
    if "categories" in named:
        named["categories"] = [one["id"] == at.category for one in named["categories"]]
        named["reporting_category"] = named["reporting_category"]["id"] == at.category
    return named


def stock(at: Connected) -> dict[tuple[str, int], Decimal]:
    return {
        (sku, number): at.square.stock(variation_of(at, sku), place)
        for sku in VARIATIONS
        for number, place in enumerate(at.places)
    }


@pytest.fixture
def two() -> Iterator[tuple[Connected, Connected]]:
    with connect() as one, connect() as other:
        yield one, other


def test_the_sdk_and_the_connector_leave_and_see_the_same_world(
    two: tuple[Connected, Connected],
) -> None:
    with httpx.Client() as http:
        by_sdk = play(two[0], WithSdk(two[0], http))
    by_connector = play(two[1], WithConnector(two[1]))

    assert by_connector["catalogue"] == by_sdk["catalogue"]
    assert by_connector["stock"] == by_sdk["stock"]
    assert by_connector["seen"] == by_sdk["seen"]
    assert [order["total"] for order in by_sdk["seen"]] == [2070, 990, 855]
    assert by_sdk["stock"]["MUG-B", 0] == 12
