"""The simulated Brightpearl's answers have every field of the payloads we know, with its type."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.contract.brightpearl_account import Account

PAYLOADS = Path(__file__).parents[1] / "payloads" / "brightpearl"
Answer = Callable[[Account], httpx.Response]


@pytest.fixture
def account() -> Iterator[Account]:
    with Account() as account:
        yield account


def _mug(account: Account) -> int:
    brand = account.simulator.world.references.add_brand("Own")
    return account.product(
        sku="MUG-RED",
        barcode="2000000000008",
        brand=brand,
        group=31,
        category="Mugs",
        options=(("Colour", "Red"),),
        price={"RETAIL": {1: "10.00", 10: "9.25"}},
        stock=25,
    )


def _product(account: Account) -> httpx.Response:
    return account.call("GET", f"product-service/product/{_mug(account)}")


def _price(account: Account) -> httpx.Response:
    return account.call("GET", f"product-service/product-price/{_mug(account)}/price-list/1,2")


def _availability(account: Account) -> httpx.Response:
    return account.call("GET", f"warehouse-service/product-availability/{_mug(account)}")


def _sold(account: Account) -> int:
    row = {
        "productId": _mug(account),
        "quantity": "2",
        "taxCode": "T20",
        "net": "16.67",
        "tax": "3.33",
        "externalRef": "LINE-1",
    }
    address = {"addressFullName": "Ann Example", "countryIsoCode": "GBR"}
    sale = account.sale(
        customer={"id": account.merchant.walk_in, "address": address},
        ref="SQ-1",
        externalRef="SALE-1",
        installedIntegrationInstanceId=77,
        priceListId=2,
        channelId=1,
        delivery={"date": "2026-07-02T10:15:00.000Z", "shippingMethodId": 1},
        rows=[row],
    )
    return int(account.post("order-service/sales-order", sale))


def _order(account: Account) -> httpx.Response:
    return account.call("GET", f"order-service/order/{_sold(account)}")


def _order_search(account: Account) -> httpx.Response:
    _sold(account)
    query = {"columns": "orderId,customerRef", "externalRef": "SALE-1"}
    return account.call("GET", "order-service/order-search", params=query)


def _contact(account: Account) -> httpx.Response:
    contact = account.simulator.add_contact("Ann", "Example", email="ann@example.com")
    return account.call("GET", f"contact-service/contact/{contact}")


def _unauthenticated(account: Account) -> httpx.Response:
    account.simulator.access.revoke_everything()
    return account.call("GET", "product-service/brand")


def _throttled(account: Account) -> httpx.Response:
    account.simulator.throttle.limit = 1
    account.call("GET", "product-service/brand")
    return account.call("GET", "product-service/brand")


def _bad_filter(account: Account) -> httpx.Response:
    return account.call("GET", "product-service/product-search", params={"productId": "x"})


def _not_found(account: Account) -> httpx.Response:
    return account.call("GET", "contact-service/contact/99999")


ANSWERS: dict[str, tuple[int, Answer]] = {
    "product_variant": (200, _product),
    "price_break": (200, _price),
    "availability_allocated": (200, _availability),
    "order_part_paid": (200, _order),
    "order_search_found": (200, _order_search),
    "contact_with_email": (200, _contact),
    "error_unauthenticated": (401, _unauthenticated),
    "error_throttled": (503, _throttled),
    "error_filter": (500, _bad_filter),
    "error_not_found": (404, _not_found),
}


def _missing(wanted: Any, found: Any, at: str = "body") -> list[str]:
    """Return where ``found`` lacks a field of ``wanted`` or has it with another type."""
    if type(wanted) is not type(found):
        return [f"{at} is {type(found).__name__}, not {type(wanted).__name__}"]
    if isinstance(wanted, list):
        pairs = zip(wanted, found, strict=True) if len(wanted) == len(found) else None
        if pairs is None:
            return [f"{at} has {len(found)} items, not {len(wanted)}"]
        return [m for n, (w, f) in enumerate(pairs) for m in _missing(w, f, f"{at}[{n}]")]
    if not isinstance(wanted, dict):
        return []
    problems = []
    for name, value in wanted.items():
        # ids as keys differ from account to account: the n-th stands for the n-th
        key = name if not name.isdigit() else next(iter(found), name)
        if key not in found:
            problems.append(f"{at}.{name} is missing")
        else:
            problems += _missing(value, found[key], f"{at}.{name}")
    return problems


@pytest.mark.parametrize("name", ANSWERS)
def test_answer_has_every_known_field(account: Account, name: str) -> None:
    status, ask = ANSWERS[name]
    answer = ask(account)
    assert answer.status_code == status
    assert _missing(json.loads((PAYLOADS / f"{name}.json").read_text()), answer.json()) == []


def test_every_payload_of_an_answer_is_compared() -> None:
    files = {path.stem for path in PAYLOADS.glob("*.json")}
    assert files - {"webhook_on_hand"} == set(ANSWERS)


@pytest.mark.parametrize(
    "change",
    [
        {"placedOn": "0001-01-01T00:00:00+14:00"},
        {"warehouseId": "²"},
        {"warehouseId": True},
        {"currency": {"exchangeRate": "1e999999"}},
        {"currency": {"exchangeRate": "NaN"}},
        {"delivery": {"shippingMethodId": 1.5}},
        {"customer": {"id": [1]}},
        {"installedIntegrationInstanceId": True},
    ],
    ids=lambda change: str(change)[:60],
)
def test_values_no_vendor_example_shows_are_refused_not_crashed_on(
    account: Account, change: dict[str, Any]
) -> None:
    assert account.errors("POST", "order-service/sales-order", account.sale(**change))[0] == 400
