"""Brightpearl under contract."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from chalicelib.connectors.brightpearl import OFFER
from chalicelib.domain.platforms import Wanted
from chalicelib.domain.records import SalesOrder
from chalicelib.domain.statuses import Kind
from tests.contract.brightpearl_connection import ANN, connect, gbp, wanted
from tests.contract.connectors.brightpearl_books import BOOKS
from tests.contract.connectors.suite import Entry, Running, SourceCase, TargetCase, WebhookCase

UNKNOWN = "987654"
OVERLAP = "an edited product moves to the end of the search, so pages overlap by a second"


@contextmanager
def open_brightpearl(**options: Any) -> Iterator[Running]:
    """Run a merchant's account."""
    with connect(**options) as connected:
        yield Running(
            offer=OFFER,
            account=connected.account,
            simulator=connected.simulator,
            clock=connected.shop.clock,
            shop=connected,
        )


def add_product(at: Running, number: int) -> str:
    """Add a product with a price and ten pieces."""
    fields = {"name": f"Mug {number}", "sku": f"MUG-{number}", "price": {"RETAIL": "9.99"}}
    return str(at.shop.shop.product(**fields))


def rename(at: Running, number: str) -> None:
    """Give a product another name."""
    at.shop.simulator.edit_product(int(number), name="Bigger mug")


def count_shelf(at: Running, number: str) -> None:
    """Count seven pieces of a product."""
    at.shop.simulator.set_stock(int(number), at.shop.shop.shop, 7)


def send_out(at: Running, number: int) -> str:
    """Sell a product, and let its parcel leave."""
    order, _ = at.shop.shop.order_of(int(add_product(at, number)))
    note = at.shop.simulator.send_out(order)
    at.shop.simulator.mark_note(note)
    return str(note)


def sell(at: Running, number: int) -> str:
    """Type an order in."""
    order, _ = at.shop.shop.order_of(int(add_product(at, number)))
    return str(order)


def set_status(at: Running, order: str) -> None:
    """Give an order another status."""
    at.shop.simulator.set_order_status(int(order), at.shop.shop.merchant.statuses["Paid"])


def order(at: Running, number: int) -> Wanted[SalesOrder]:
    """Want the order of a buyer who is known."""
    made = at.shop.order(
        source_id=f"ORDER-{number}", reference=f"R-{number}", customer=replace(ANN, id="C-1")
    )
    return wanted(made, key=f"key-{number}")


def with_other_line(at: Running, desired: SalesOrder) -> SalesOrder:
    """Want another amount."""
    line = replace(desired.lines[0], net=gbp("20.00"), tax=gbp("4.00"))
    return replace(desired, lines=(line,), total=gbp("24.00"))


def of_unknown_product(at: Running, number: int) -> Wanted[SalesOrder]:
    """Want to sell what Brightpearl does not have."""
    one = order(at, number)
    line = replace(one.desired.lines[0], product_id=UNKNOWN)
    return replace(one, desired=replace(one.desired, lines=(line,)))


def shown_order(at: Running, number: str) -> Any:
    """Return what Brightpearl shows of an order, without its times."""
    shown = at.shop.there(number)
    rows = [(one["externalRef"], one["rowValue"]) for one in shown["orderRows"].values()]
    return shown["totalValue"]["total"], rows


def typed_in(at: Running, one: Wanted[SalesOrder]) -> str:
    """Make the same order by hand, with our reference and nothing else of ours."""
    line = one.desired.lines[0]
    row = {
        "name": line.name,
        "quantity": str(line.quantity),
        "taxCode": line.tax_code,
        "net": str(line.net.amount),
        "tax": str(line.tax.amount),
    }
    body = at.shop.shop.sale(ref=one.desired.reference, rows=[row])
    return str(at.shop.shop.post("order-service/sales-order", body))


def subscriptions(at: Running) -> Mapping[str, Mapping[str, Any]]:
    """Return all subscriptions of the account."""
    every = at.shop.simulator.world.webhooks.by_id.values()
    return {
        str(one.id): {"address": one.uri_template, "on": True, "event": one.subscribe_to}
        for one in every
    }


def subscribe(at: Running, address: str) -> None:
    """Subscribe an address to products, as another app would."""
    body = {
        "subscribeTo": "product",
        "httpMethod": "POST",
        "uriTemplate": address,
        "bodyTemplate": '{"id":"${resource-id}"}',
        "contentType": "application/json",
        "idSetAccepted": False,
        "qualityOfService": 0,
    }
    at.shop.shop.post("integration-service/webhook", body)


ENTRY = Entry(
    offer=OFFER,
    open=open_brightpearl,
    sources=(
        SourceCase(
            kind=Kind.PRODUCT,
            make=add_product,
            change=rename,
            delete=lambda at, number: at.shop.simulator.archive_product(int(number)),
            unknown=UNKNOWN,
            page=500,
            pages_overlap=OVERLAP,
        ),
        SourceCase(
            kind=Kind.STOCK,
            make=add_product,
            change=count_shelf,
            delete=None,
            unknown=UNKNOWN,
            page=500,
            pages_overlap=OVERLAP,
            listed_again=False,  # stock moves without touching the product, which is what is listed
        ),
        SourceCase(
            kind=Kind.SHIPMENT,
            make=send_out,
            change=lambda at, note: at.shop.simulator.set_tracking(int(note), "PARCEL-1"),
            delete=None,  # what has left cannot be deleted
            unknown=UNKNOWN,
            pages_overlap=OVERLAP,
            listed_again=False,  # listed is when it left; a reference edited later shows in no list
        ),
        SourceCase(
            kind=Kind.ORDER,
            make=sell,
            change=set_status,
            delete=None,
            unknown=UNKNOWN,
            pages_overlap=OVERLAP,
            fetched=False,  # orders are made there by us; the target looks at their status
        ),
    ),
    targets=(
        TargetCase(
            kind=Kind.ORDER,
            wanted=order,
            changed=with_other_line,
            refused=of_unknown_product,
            held=shown_order,
            count=lambda at: at.shop.count_orders(),
            write_path="order-service/sales-order",
            unknown=UNKNOWN,
            by_people=typed_in,
        ),
        *BOOKS,
    ),
    webhooks=WebhookCase(
        subscriptions=subscriptions,
        subscribe=subscribe,
        remove=lambda at, one: at.shop.simulator.world.webhooks.by_id.pop(int(one)),
    ),
)
