"""Webhooks of the simulated Lightspeed: registration, forms, signatures, lost and late ones."""

import base64
import hmac
import json
from collections.abc import Iterator
from urllib.parse import parse_qs

import httpx
import pytest

from local.platforms.lightspeed.webhooks import RETRY_DELAYS_S, sign
from local.platforms.server import Request
from tests.contract.lightspeed_store import Json, Store, open_store
from tests.contract.simulators import Receiver


@pytest.fixture
def store() -> Iterator[Store]:
    with open_store() as made:
        yield made


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


@pytest.fixture
def app(store: Store) -> str:
    """Return the access token of the application, whose webhooks are signed."""
    return str(store.lightspeed.grant()["access_token"])


def register(
    store: Store, receiver: Receiver, event: str = "sale.update", **options: str
) -> httpx.Response:
    body = {"active": True, "type": event, "url": f"{receiver.base_url}/in"}
    return store.call("POST", "webhooks", body, **options)


def payload(request: Request) -> Json:
    return dict(json.loads(parse_qs(request.body.decode())["payload"][0]))


# Signatures

SECRET = "ls-test-client-secret"
BODY = (
    b"payload=%7B%22id%22%3A%22b1e198a9-f019-11e3-a0f5-b8ca3a64f8f4%22%2C%22version%22%3A42%7D"
    b"&domain_prefix=demo&environment=prod"
)
HEX = "187f81c29247611d4d18316e5abb310278d4631ae35825639f4043e15b6c79b8"


def test_a_signature_is_made_over_the_bytes_of_the_body() -> None:
    assert sign(BODY, secret=SECRET) == f"signature={HEX},algorithm=HMAC-SHA256"
    wanted = base64.b64encode(bytes.fromhex(HEX)).decode()
    assert sign(BODY, secret=SECRET, form="base64").startswith(f"signature={wanted},")
    assert HEX not in sign(BODY + b" ", secret=SECRET)


def test_a_sale_arrives_as_a_signed_form_in_the_oldest_shape(
    store: Store, receiver: Receiver, app: str
) -> None:
    product = store.product()
    assert register(store, receiver, token=app).status_code == 201

    sale_id = store.call("POST", "sales", store.sale(product)).json()["data"]["id"]

    [got] = receiver.wait_for(1)
    assert got.headers["content-type"].startswith("application/x-www-form-urlencoded")
    secret = store.lightspeed.oauth.client_secret
    digest = hmac.new(secret.encode(), got.body, "sha256").hexdigest()
    assert got.headers["x-signature"] == f"signature={digest},algorithm=HMAC-SHA256"
    sale = payload(got)
    assert (sale["id"], sale["status"]) == (sale_id, "CLOSED")
    assert sale["register_sale_products"][0]["product_id"] == product
    assert sale["register_sale_payments"][0]["amount"] == 40
    shown = store.get(f"sales/{sale_id}")["data"]
    assert sale["version"] == shown["_metadata"]["version"]
    assert parse_qs(got.body.decode())["domain_prefix"] == ["northwind"]


def test_a_personal_token_gets_no_signature(store: Store, receiver: Receiver) -> None:
    register(store, receiver, "product.update")
    store.product("MUG")
    [got] = receiver.wait_for(1)
    assert "x-signature" not in got.headers
    assert payload(got)["sku"] == "MUG"


@pytest.mark.parametrize(
    ("state", "attributes", "status"),
    [
        ("parked", [], "SAVED"),
        ("pending", ["onaccount"], "ONACCOUNT"),
        ("closed", ["layby"], "LAYBY_CLOSED"),
        ("voided", [], "VOIDED"),
        ("voided", ["layby"], "VOIDED"),
    ],
)
def test_a_webhook_names_the_old_status(
    store: Store, receiver: Receiver, state: str, attributes: list[str], status: str
) -> None:
    register(store, receiver)
    body = store.sale(store.product(), state=state, attributes=attributes)
    store.call("POST", "sales", body)
    assert payload(receiver.wait_for(1)[0])["status"] == status


def test_each_type_tells_of_its_own_objects(store: Store, receiver: Receiver) -> None:
    product = store.product()
    for event in ("inventory.update", "customer.update", "register_closure.create"):
        register(store, receiver, event)

    store.lightspeed.set_stock(product, store.leeds, 7)
    store.lightspeed.add_customer(first_name="Ann")
    store.http.post("/_sim/close_register", json={"register": "Leeds"})

    stock, customer, closure = (payload(one) for one in receiver.wait_for(3))
    assert (stock["product_id"], stock["count"]) == (product, "7.00000")
    assert customer["contact"]["first_name"] == "Ann"
    assert closure["register_id"] == store.demo.register_ids["Leeds"]


# Registration


def test_a_webhook_of_one_type_and_url_is_registered_once(store: Store, receiver: Receiver) -> None:
    made, again = register(store, receiver), register(store, receiver)

    assert made.json()["data"]["active"] is True
    assert again.status_code == 409
    assert list(again.json()) == ["error"]
    assert store.get("webhooks")["data"] == [made.json()["data"]]
    assert register(store, receiver, "product.update").status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        {"type": "sale.create", "url": "http://127.0.0.1/in"},
        {"type": "sale.update", "url": "elsewhere"},
        {"type": "sale.update", "url": "ftp://127.0.0.1/in"},
        {"type": "sale.update"},
    ],
)
def test_a_wrong_webhook_is_refused(store: Store, body: Json) -> None:
    assert store.call("POST", "webhooks", body).status_code == 400


def test_a_webhook_is_switched_off_and_on_and_removed(store: Store, receiver: Receiver) -> None:
    path = f"webhooks/{register(store, receiver).json()['data']['id']}"
    product = store.product()

    store.http.post("/_sim/switch_off_webhooks", json={})
    assert store.get(path)["data"]["active"] is False
    store.call("POST", "sales", store.sale(product, note="off"))
    assert store.call("PUT", path, {"active": True}).json()["data"]["active"] is True
    store.call("POST", "sales", store.sale(product, note="on"))
    assert store.lightspeed.sender.drain()
    assert store.call("DELETE", path).status_code == 204
    store.call("POST", "sales", store.sale(product, note="gone"))

    assert store.lightspeed.sender.drain()
    assert [payload(one)["note"] for one in receiver.got] == ["on"]
    assert store.call("GET", path).status_code == 404


# Deliveries


def test_a_delivery_that_is_not_taken_waits_to_be_repeated(
    store: Store, receiver: Receiver
) -> None:
    receiver.status = 500
    register(store, receiver, "customer.update")
    store.lightspeed.add_customer()
    assert store.lightspeed.sender.drain()
    [waiting] = store.lightspeed.sender.waiting()

    receiver.status = 204
    store.lightspeed.sender.flush()

    assert waiting.retry == 1
    assert store.lightspeed.sender.waiting() == []
    assert receiver.got[0].body == receiver.got[1].body


def test_repetitions_are_twenty_within_two_days() -> None:
    assert len(RETRY_DELAYS_S) == 20
    assert sum(RETRY_DELAYS_S) < 48 * 3600


def test_deliveries_can_be_tripled_and_lost(store: Store, receiver: Receiver) -> None:
    register(store, receiver, "customer.update")
    store.http.post("/_sim/webhooks", json={"lose_next": 1, "duplicates": 3})

    store.lightspeed.add_customer(first_name="Ann")
    store.lightspeed.add_customer(first_name="Bob")

    assert store.lightspeed.sender.drain()
    assert [payload(one)["name"] for one in receiver.got] == ["Bob"] * 3
