"""The official SDK reads what came back, what was paid back, and who is no customer any more."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from square import Square
from square.core.api_error import ApiError
from square.core.request_options import RequestOptions

from local.platforms.square import SquareSimulator, demo_merchant

ONCE = RequestOptions(max_retries=0)


@dataclass(frozen=True)
class World:
    """A running simulator, its shops, and the SDK's client for it."""

    square: SquareSimulator
    shops: list[str]
    client: Any  # the SDK types every field as optional


@pytest.fixture
def world() -> Iterator[World]:
    with SquareSimulator() as square:
        merchant = demo_merchant(square)
        client = Square(base_url=square.base_url, token=merchant.token, version="2025-08-20")
        yield World(square, list(merchant.location_ids.values()), client)
        client._client_wrapper.httpx_client.httpx_client.close()
    assert square.defects == []


def test_a_refund_leads_to_its_return_and_from_there_to_the_sale(world: World) -> None:
    sale = world.square.sell(world.shops[0], [(None, 2, 1200), (None, 1, 600)], discount="10%")
    (refund_id,) = world.square.refund(sale, [(1, 1)], reason="Wrong size")

    refund = world.client.refunds.get(refund_id, request_options=ONCE).refund
    order = world.client.orders.get(refund.order_id, request_options=ONCE).order

    assert (refund.status, refund.amount_money.amount) == ("COMPLETED", 1080)
    assert (refund.destination_type, refund.reason, refund.unlinked) == ("CARD", "Wrong size", None)
    came_back = order.returns[0]
    assert (order.line_items, order.total_money.amount) == (None, 0)
    assert (came_back.source_order_id, order.return_amounts.total_money.amount) == (sale, 1080)
    line = came_back.return_line_items[0]
    assert (line.source_line_item_uid, line.quantity, line.total_tax_money.amount) == (
        "li-1",
        "1",
        180,
    )
    assert came_back.return_taxes[0].uid == line.applied_taxes[0].tax_uid
    assert [(one.id, one.status) for one in order.refunds] == [(refund_id, "APPROVED")]


def test_a_charge_and_a_tip_come_back_in_fields_of_their_own(world: World) -> None:
    sale = world.square.sell(world.shops[0], [(None, 1, 1000)], tip=100, service_charge=50)
    (refund_id,) = world.square.refund(sale, charge=True, tip=100, rounding=-1)

    refund = world.client.refunds.get(refund_id, request_options=ONCE).refund
    order = world.client.orders.get(refund.order_id, request_options=ONCE).order

    came_back = order.returns[0]
    (charge,) = came_back.return_service_charges
    assert (charge.source_service_charge_uid, charge.total_money.amount) == ("charge-1", 50)
    assert charge.type is None
    assert came_back.return_tips[0].applied_money.amount == 100
    assert came_back.rounding_adjustment.amount_money.amount == -1
    assert (refund.amount_money.amount, order.refunds[0].reason) == (1149, "")


def test_the_payment_tells_what_was_given_back_of_it(world: World) -> None:
    sale = world.square.sell(world.shops[0], [(None, 1, 1000)])
    first = world.square.refund(sale, amount=300)[0]
    second = world.square.refund(sale, amount=200, status="REJECTED")[0]

    (payment,) = list(world.client.payments.list(request_options=ONCE))

    assert payment.refund_ids == [first, second]
    assert payment.refunded_money.amount == 300
    with pytest.raises(ValueError, match="more cannot go back"):
        world.square.refund(sale, amount=800, parts=[800])


def test_refunds_of_all_places_are_listed_by_change_to_the_end(world: World) -> None:
    made = []
    for number in range(130):
        sale = world.square.sell(world.shops[number % 3], [(None, 1, 100)])
        made += world.square.refund(sale, status="PENDING")
    world.square.settle_refund(made[0])

    listed = list(
        world.client.refunds.list(
            updated_at_begin_time="2020-01-01T00:00:00Z",
            sort_field="UPDATED_AT",
            sort_order="ASC",
            request_options=ONCE,
        )
    )

    assert sorted(one.id for one in listed) == sorted(made)
    times = [one.updated_at for one in listed]
    assert times == sorted(times)
    assert len(world.square.calls_to("/v2/refunds")) == 2
    pending = list(world.client.refunds.list(status="PENDING", request_options=ONCE))
    assert len(pending) == 129


def test_goods_without_a_receipt_are_an_unlinked_refund(world: World) -> None:
    refund_id = world.square.take_back(world.shops[0], [(None, 1, 700)])

    refund = world.client.refunds.get(refund_id, request_options=ONCE).refund
    order = world.client.orders.get(refund.order_id, request_options=ONCE).order

    assert (refund.unlinked, refund.payment_id, refund.destination_type) == (True, None, "CASH")
    assert order.returns[0].source_order_id is None
    assert order.returns[0].return_line_items[0].source_line_item_uid is None


@pytest.mark.parametrize(
    ("price", "net", "paid"),
    [(3000, 500, 500), (2500, 0, None), (1000, -1500, None)],
    ids=["for more", "even", "for less"],
)
def test_an_exchange_sells_and_takes_back_in_one_order(
    world: World, price: int, net: int, paid: int | None
) -> None:
    sale = world.square.sell(world.shops[0], [(None, 1, 2500)])
    made = world.square.exchange(sale, [(1, 1)], [(None, 1, price)])

    order = world.client.orders.get(made["order"], request_options=ONCE).order

    assert (order.total_money.amount, order.return_amounts.total_money.amount) == (price, 2500)
    assert order.net_amounts.total_money.amount == net
    assert (order.tenders[0].amount_money.amount if order.tenders else None) == paid
    assert [one.amount_money.amount for one in order.refunds or []] == ([-net] if net < 0 else [])


def test_more_than_was_sold_cannot_come_back(world: World) -> None:
    sale = world.square.sell(world.shops[0], [(None, 3, 333)], discount=100)

    totals = [
        world.client.refunds.get(one, request_options=ONCE).refund.amount_money.amount
        for _ in range(3)
        for one in world.square.refund(sale, [(1, 1)])
    ]

    assert sum(totals) == 899
    with pytest.raises(ValueError, match="4 of 3"):
        world.square.refund(sale, [(1, 1)])


def test_an_unknown_refund_is_not_found(world: World) -> None:
    with pytest.raises(ApiError) as refused:
        world.client.refunds.get("nobody", request_options=ONCE)

    assert (refused.value.status_code, refused.value.errors[0].code) == (404, "NOT_FOUND")


def test_customers_that_are_deleted_or_merged_are_gone(world: World) -> None:
    ann, bo, cy = (world.square.add_customer(given_name=name) for name in ("Ann", "Bo", "Cy"))
    world.square.change_customer(cy, company_name="Cy & Sons")
    world.square.delete_customer(ann)
    both = world.square.merge_customers([bo, cy])

    bulk = world.client.customers.bulk_retrieve_customers(
        customer_ids=[ann, bo, both], request_options=ONCE
    ).responses
    world.square.merged_ids_resolve = True
    resolved = world.client.customers.get(bo, request_options=ONCE).customer

    assert [one.code for one in bulk[ann].errors + bulk[bo].errors] == ["NOT_FOUND"] * 2
    merged = bulk[both].customer
    assert (merged.given_name, merged.company_name) == ("Bo", "Cy & Sons")
    assert (merged.creation_source, resolved.id) == ("MERGE", both)


def test_customers_are_sorted_by_name_or_creation_and_never_by_change(world: World) -> None:
    for name in ("Cy", "ann", "Bo"):
        world.square.add_customer(given_name=name)

    def names(**query: Any) -> list[str]:
        answer = world.client.customers.search(query=query, request_options=ONCE)
        return [one.given_name for one in answer.customers]

    assert names() == ["ann", "Bo", "Cy"]
    with pytest.raises(ApiError) as refused:
        names(sort={"field": "UPDATED_AT"})
    assert refused.value.errors[0].field == "field"


def test_events_of_a_merge_name_all_profiles(world: World) -> None:
    world.square.sender.auto = False
    world.square.subscribe("https://example.com/hooks", ["customer.created", "customer.deleted"])
    ann, bo = (world.square.add_customer(given_name=name) for name in ("Ann", "Bo"))
    both = world.square.merge_customers([ann, bo])

    events = [json.loads(one.body) for one in world.square.sender.waiting()][2:]

    assert [(one["type"], one["data"]["id"]) for one in events] == [
        ("customer.created", both),
        ("customer.deleted", ann),
        ("customer.deleted", bo),
    ]
    merge = {"from_customer_ids": [ann, bo], "to_customer_id": both}
    assert all(one["data"]["object"]["event_context"] == {"merge": merge} for one in events)
    assert [one["data"].get("deleted") for one in events] == [None, True, True]
