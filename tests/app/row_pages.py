"""What tests of a row's page share: rows with traces and records, and ways to look at them."""

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.domain.log import Exchange
from chalicelib.domain.rows import Row
from tests.app.browsing import Browser, Seen
from tests.app.toy_world import World
from tests.builders import make_attempt, make_exchange

LOGS = "/console/consumers/acme/logs"


def address(row: Row) -> str:
    return f"{LOGS}/{row.name.id}"


def look(browser: Browser, row: Row, more: str = "") -> Seen:
    seen = browser.get(address(row) + more)
    assert seen.status == 200, seen.text
    return seen


def keep(world: World, row: Row, record: Mapping[str, Any]) -> None:
    world.services.log.put_snapshots([(row.name, record)])


def make_call(world: World, id_: str, **changes: Any) -> Exchange:
    given = {
        "consumer": "acme",
        "connection": "till",
        "platform": "till",
        "url": "https://till.example/items",
        "at": world.time,
        "duration_ms": 12,
        "status": 400,
        "request_headers": {"authorization": "[hidden]"},
        "request_body": '{"name": "Shirt"}',
        "response_body": '{"error": "too long"}',
        "serves": "P1",
    }
    return make_exchange(id_, **{**given, **changes})


def put_attempt(world: World, row: Row, number: int, *calls: Exchange, **changes: Any) -> None:
    at = world.advance(seconds=5)
    made = {"started_at": at, "ended_at": at, "exchanges": tuple(one.id for one in calls)}
    world.services.log.put_traces([make_attempt(row.name, number, **{**made, **changes})], calls)


def money(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "GBP"}


def make_line(number: int, **changes: Any) -> dict[str, Any]:
    line = {
        "id": f"l{number}",
        "name": f"Shirt {number}",
        "sku": f"SH-{number}",
        "quantity": "2.000",
        "net": money("10.00"),
        "tax": money("2.00"),
        "tax_name": "VAT",
        "discount": money("1.50"),
    }
    return {**line, **changes}


def make_order(lines: Sequence[Any], **changes: Any) -> dict[str, Any]:
    order = {
        "id": "O1",
        "state": "completed",
        "placed_at": "2026-11-02T09:15:00+00:00",
        "location": "London Soho",
        "source": "Square",
        "lines": list(lines),
        "service_charges": [],
        "tip": money("1.00"),
        "rounding": money("0.00"),
        "discount": money("1.50"),
        "tax": money("2.00"),
        "total": money("13.00"),
        "payments": [
            {
                "id": "PAY1",
                "method": "CARD",
                "amount": money("13.00"),
                "tip": money("1.00"),
                "paid_at": "2026-11-02T09:16:00+00:00",
            }
        ],
        "customer": {"given_name": "Ada", "family_name": "King", "email": "ada@example.org"},
    }
    return {**order, **changes}
