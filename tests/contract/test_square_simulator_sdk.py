"""The official SDK drives the simulated Square through every call the connector makes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from square import Square
from square.core.api_error import ApiError
from square.core.request_options import RequestOptions

from local.platforms.square import DemoMerchant, SquareSimulator, demo_merchant

ONCE = RequestOptions(max_retries=0)
SHIRT = {
    "type": "ITEM",
    "id": "#shirt",
    "present_at_all_locations": True,
    "item_data": {
        "name": "Linen shirt",
        "description_html": "<p>Summer &amp; linen</p>",
        "variations": [
            {
                "type": "ITEM_VARIATION",
                "id": f"#{sku}",
                "item_variation_data": {
                    "item_id": "#shirt",
                    "name": sku,
                    "sku": sku,
                    "pricing_type": "FIXED_PRICING",
                    "price_money": {"amount": 2495, "currency": "GBP"},
                    "track_inventory": True,
                },
            }
            for sku in ("LIN-M", "LIN-L")
        ],
    },
}


@dataclass(frozen=True)
class World:
    """A running simulator, its merchant, and the SDK's client for it."""

    square: SquareSimulator
    merchant: DemoMerchant
    client: Any  # the SDK types every field as optional

    @property
    def shops(self) -> list[str]:
        return list(self.merchant.location_ids.values())

    def make_shirt(self) -> tuple[str, dict[str, str]]:
        """Create the shirt; returns the item's id and the variations' ids by SKU."""
        answer = self.client.catalog.batch_upsert(
            idempotency_key="shirt", batches=[{"objects": [SHIRT]}], request_options=ONCE
        )
        ids = {one.client_object_id: one.object_id for one in answer.id_mappings or []}
        return ids["#shirt"], {"LIN-M": ids["#LIN-M"], "LIN-L": ids["#LIN-L"]}

    def count(self, variation: str, quantity: str, key: str = "count-1") -> Any:
        """Set the stock of a variation in the first shop."""
        return self.client.inventory.batch_create_changes(
            idempotency_key=key,
            changes=[
                {
                    "type": "PHYSICAL_COUNT",
                    "physical_count": {
                        "catalog_object_id": variation,
                        "location_id": self.shops[0],
                        "state": "IN_STOCK",
                        "quantity": quantity,
                        "occurred_at": datetime.now(UTC).isoformat(),
                    },
                }
            ],
            request_options=ONCE,
        )


@pytest.fixture
def world() -> Iterator[World]:
    with SquareSimulator() as square:
        merchant = demo_merchant(square, ["Shirts", "Hats"])
        client = Square(base_url=square.base_url, token=merchant.token, version="2025-08-20")
        yield World(square, merchant, client)
        client._client_wrapper.httpx_client.httpx_client.close()
    assert square.defects == []


def test_locations_are_listed_with_currency_and_zone(world: World) -> None:
    answer = world.client.locations.list(request_options=ONCE)

    shops = answer.locations or []
    assert [one.name for one in shops] == ["London Soho", "Brighton Lanes", "Bath Market"]
    assert {(one.currency, one.timezone, one.status) for one in shops} == {
        ("GBP", "Europe/London", "ACTIVE")
    }


def test_an_item_is_created_read_and_found_by_its_sku(world: World) -> None:
    item_id, variations = world.make_shirt()

    item = world.client.catalog.object.get(item_id, request_options=ONCE).object
    found = world.client.catalog.search(
        object_types=["ITEM_VARIATION"],
        query={"set_query": {"attribute_name": "sku", "attribute_values": ["lin-l", "gone"]}},
        request_options=ONCE,
    ).objects

    assert item.type == "ITEM"
    assert item.item_data.description_plaintext == "Summer & linen"
    assert [one.id for one in item.item_data.variations or []] == list(variations.values())
    assert [one.id for one in found or []] == [variations["LIN-L"]]


def test_a_partial_match_comes_from_an_exact_query(world: World) -> None:
    world.make_shirt()

    found = world.client.catalog.search(
        object_types=["ITEM_VARIATION"],
        query={"exact_query": {"attribute_name": "sku", "attribute_value": "lin-"}},
        request_options=ONCE,
    ).objects

    assert len(found or []) == 2


def test_an_update_needs_the_version_that_was_read(world: World) -> None:
    item_id, _ = world.make_shirt()
    read = world.client.catalog.batch_get(object_ids=[item_id, "nobody"], request_options=ONCE)
    assert len(read.objects) == 1
    item = world.square.catalog.render(world.square.catalog.objects[item_id])
    item["item_data"]["name"] = "Silk shirt"

    world.client.catalog.object.upsert(idempotency_key="u1", object=item, request_options=ONCE)
    with pytest.raises(ApiError) as refused:
        world.client.catalog.object.upsert(idempotency_key="u2", object=item, request_options=ONCE)

    renamed = world.client.catalog.object.get(item_id, request_options=ONCE).object
    assert renamed.type == "ITEM"
    assert renamed.item_data.name == "Silk shirt"
    assert refused.value.status_code == 400
    assert refused.value.errors[0].code == "VERSION_MISMATCH"


def test_the_catalogue_is_listed_by_type_to_the_end(world: World) -> None:
    names = [f"Category {number}" for number in range(230)]
    objects = [
        {"type": "CATEGORY", "id": f"#{name}", "category_data": {"name": name}} for name in names
    ]
    world.client.catalog.batch_upsert(
        idempotency_key="many", batches=[{"objects": objects}], request_options=ONCE
    )
    world.make_shirt()

    listed = list(world.client.catalog.list(types="CATEGORY", request_options=ONCE))

    shown = [one.category_data.name for one in listed if one.type == "CATEGORY"]
    assert shown == ["Shirts", "Hats", *names]
    assert len(world.square.calls_to("/v2/catalog/list")) == 3


def test_a_deleted_item_is_seen_only_by_a_search_that_asks_for_it(world: World) -> None:
    item_id, variations = world.make_shirt()
    before = world.client.catalog.search(request_options=ONCE).latest_time

    gone = world.client.catalog.batch_delete(object_ids=[item_id, "nobody"], request_options=ONCE)
    plain = world.client.catalog.search(object_types=["ITEM"], request_options=ONCE)
    asked = world.client.catalog.search(
        object_types=["ITEM", "ITEM_VARIATION"],
        include_deleted_objects=True,
        begin_time=before,
        request_options=ONCE,
    )

    assert gone.deleted_object_ids == [item_id, *variations.values()]
    assert not plain.objects
    assert {one.id for one in asked.objects or []} == {item_id, *variations.values()}


def test_the_limits_of_the_catalogue_are_told(world: World) -> None:
    limits = world.client.catalog.info(request_options=ONCE).limits

    assert limits.batch_upsert_max_objects_per_batch == 1_000
    assert limits.batch_delete_max_object_ids == 200


def test_counts_are_written_and_read_back_in_three_ways(world: World) -> None:
    _, variations = world.make_shirt()
    medium = variations["LIN-M"]

    written = world.count(medium, "48").counts
    batch = list(
        world.client.inventory.batch_get_counts(
            catalog_object_ids=list(variations.values()), request_options=ONCE
        )
    )
    single = list(world.client.inventory.get(medium, request_options=ONCE))

    for counts in (written, batch, single):
        assert [(one.location_id, one.state, one.quantity) for one in counts or []] == [
            (world.shops[0], "IN_STOCK", "48")
        ]


def test_a_sale_is_found_by_search_batch_and_id(world: World) -> None:
    _, variations = world.make_shirt()
    order_id = world.square.sell(world.shops[0], [(variations["LIN-M"], 2)], tip=150)

    search = world.client.orders.search(
        location_ids=world.shops,
        query={
            "filter": {
                "state_filter": {"states": ["COMPLETED"]},
                "date_time_filter": {"updated_at": {"start_at": "2020-01-01T00:00:00Z"}},
            },
            "sort": {"sort_field": "UPDATED_AT", "sort_order": "ASC"},
        },
        request_options=ONCE,
    ).orders
    batch = world.client.orders.batch_get(order_ids=[order_id, "nobody"], request_options=ONCE)
    single = world.client.orders.get(order_id, request_options=ONCE).order

    assert search == batch.orders == [single]
    assert single.total_money.amount == 2 * 2495 + 150
    assert single.line_items[0].catalog_object_id == variations["LIN-M"]
    assert single.version is None


def test_a_search_of_orders_gives_every_order_once(world: World) -> None:
    made = [world.square.sell(world.shops[n % 3], [(None, 1, 100 + n)]) for n in range(7)]

    seen: list[str | None] = []
    cursor: str | None = None
    while True:
        options: dict[str, Any] = {"cursor": cursor} if cursor else {}
        answer = world.client.orders.search(
            location_ids=world.shops, limit=2, request_options=ONCE, **options
        )
        seen += [one.id for one in answer.orders or []]
        cursor = answer.cursor
        if not cursor:
            break

    assert sorted(seen, key=str) == sorted(made)


def test_payments_of_a_sale_are_read_and_listed(world: World) -> None:
    order_id = world.square.sell(
        world.shops[0], [(None, 1, 1000)], tip=100, tenders=[("CASH", 600), ("CARD", 500)]
    )
    world.square.sell(world.shops[1], [(None, 1, 900)])

    listed = list(world.client.payments.list(request_options=ONCE))
    cash = next(one for one in listed if one.source_type == "CASH")
    read = world.client.payments.get(str(cash.id), request_options=ONCE).payment

    assert [one.order_id for one in listed] == [order_id, order_id]
    assert (read.status, read.amount_money.amount, read.tip_money.amount) == ("COMPLETED", 500, 100)


def test_customers_are_read_searched_and_read_in_bulk(world: World) -> None:
    ann = world.square.add_customer(given_name="Ann", email_address="Ann@example.com")
    world.square.add_customer(given_name="Bo", email_address="bo@example.com")

    single = world.client.customers.get(ann, request_options=ONCE).customer
    found = world.client.customers.search(
        query={"filter": {"email_address": {"exact": "ann@example.com"}}}, request_options=ONCE
    ).customers
    bulk = world.client.customers.bulk_retrieve_customers(
        customer_ids=[ann, "nobody"], request_options=ONCE
    ).responses

    assert single.given_name == "Ann"
    assert [one.id for one in found or []] == [ann]
    assert bulk[ann].customer == single
    assert [one.code for one in bulk["nobody"].errors or []] == ["NOT_FOUND"]


def test_the_code_flow_keeps_its_refresh_token(world: World) -> None:
    oauth = world.square.oauth
    first = world.client.o_auth.obtain_token(
        client_id=oauth.client_id,
        client_secret=oauth.client_secret,
        grant_type="authorization_code",
        code=oauth.add_code(),
        request_options=ONCE,
    )
    second = world.client.o_auth.obtain_token(
        client_id=oauth.client_id,
        client_secret=oauth.client_secret,
        grant_type="refresh_token",
        refresh_token=first.refresh_token,
        request_options=ONCE,
    )

    assert second.refresh_token == first.refresh_token
    assert second.access_token != first.access_token
    assert second.refresh_token_expires_at is None


def test_pkce_turns_its_refresh_token_over(world: World) -> None:
    oauth = world.square.oauth
    first = world.client.o_auth.obtain_token(
        client_id=oauth.client_id,
        grant_type="authorization_code",
        code=oauth.add_code(pkce=True),
        code_verifier="proof",
        request_options=ONCE,
    )
    refresh = {"client_id": oauth.client_id, "grant_type": "refresh_token"}
    second = world.client.o_auth.obtain_token(
        **refresh, refresh_token=first.refresh_token, request_options=ONCE
    )

    assert second.refresh_token != first.refresh_token
    assert second.refresh_token_expires_at is not None
    with pytest.raises(ApiError) as refused:
        world.client.o_auth.obtain_token(
            **refresh, refresh_token=first.refresh_token, request_options=ONCE
        )
    assert refused.value.status_code == 401


def test_revoking_one_token_revokes_them_all(world: World) -> None:
    status = world.client.o_auth.retrieve_token_status(request_options=ONCE)
    assert status.merchant_id == world.merchant.merchant_id
    assert "ORDERS_READ" in (status.scopes or [])

    secret = world.square.oauth.client_secret
    answer = world.client.o_auth.revoke_token(
        client_id=world.square.oauth.client_id,
        access_token=world.square.add_token(),
        request_options=RequestOptions(
            max_retries=0, additional_headers={"Authorization": f"Client {secret}"}
        ),
    )

    assert answer.success is True
    with pytest.raises(ApiError) as refused:
        world.client.locations.list(request_options=ONCE)
    assert refused.value.errors[0].code == "ACCESS_TOKEN_REVOKED"


def test_webhook_subscriptions_are_made_changed_tested_and_removed(world: World) -> None:
    hooks = world.client.webhooks.subscriptions
    made = hooks.create(
        subscription={
            "name": "orders",
            "event_types": ["payment.updated"],
            "notification_url": "https://example.com/hooks",
            "api_version": "2025-08-20",
        },
        request_options=ONCE,
    ).subscription
    assert made.signature_key

    changed = hooks.update(made.id, subscription={"enabled": False}, request_options=ONCE)
    assert changed.subscription.enabled is False
    assert changed.subscription.event_types == ["payment.updated"]
    assert list(hooks.list(request_options=ONCE)) == []
    assert len(list(hooks.list(include_disabled=True, request_options=ONCE))) == 1

    world.square.sender.auto = False
    hooks.test(made.id, event_type="payment.updated", request_options=ONCE)
    assert [one.url for one in world.square.sender.waiting()] == ["https://example.com/hooks"]

    hooks.delete(made.id, request_options=ONCE)
    with pytest.raises(ApiError) as refused:
        hooks.get(made.id, request_options=ONCE)
    assert refused.value.status_code == 404
