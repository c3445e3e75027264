"""The simulated Brightpearl calls back as the vendor does: unsigned, thin, with id sets."""

import json
from collections.abc import Iterator

import pytest

from tests.contract.brightpearl_account import Account, Receiver

WEBHOOKS = "integration-service/webhook"
BODY = json.dumps(
    {
        "account": "${account-code}",
        "type": "${resource-type}",
        "ids": "${resource-id}",
        "event": "${full-event}",
        "life": "${lifecycle-event}",
        "raisedOn": "${raised-on}",
    }
)


@pytest.fixture
def account() -> Iterator[Account]:
    with Account() as account:
        yield account


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.stop()


def _subscription(receiver: Receiver, event: str, **changes: object) -> dict[str, object]:
    return {
        "subscribeTo": event,
        "httpMethod": "POST",
        "uriTemplate": f"{receiver.url}/hook?account=${{account-code}}",
        "bodyTemplate": BODY,
        "contentType": "application/json",
        "idSetAccepted": True,
        "qualityOfService": 1,
    } | changes


def _subscribe(account: Account, receiver: Receiver, event: str, **changes: object) -> int:
    return int(account.post(WEBHOOKS, _subscription(receiver, event, **changes)))


def _events(account: Account, receiver: Receiver) -> list[tuple[str, str]]:
    """Deliver what waits and return (event, ids) of everything received so far."""
    account.simulator.drain_webhooks()
    bodies = [json.loads(body) for body in receiver.bodies]
    return [(body["event"], body["ids"]) for body in bodies]


def test_template_is_filled_in(account: Account, receiver: Receiver) -> None:
    _subscribe(account, receiver, "product.modified.on-hand-modified")
    product = account.product(stock=10)
    account.simulator.drain_webhooks()
    assert receiver.paths == ["/hook?account=acme"]
    assert json.loads(receiver.bodies[0]) == {
        "account": "acme",
        "type": "product",
        "ids": str(product),
        "event": "product.modified.on-hand-modified",
        "life": "modified",
        "raisedOn": "2026-07-02T11:00:00.000+01:00",
    }


def test_ids_of_one_batch_arrive_as_one_set_with_ranges(
    account: Account, receiver: Receiver
) -> None:
    products = [account.product(sku=f"S{n}", stock=0) for n in range(6)]
    _subscribe(account, receiver, "product.modified.on-hand-modified")
    with account.simulator.batch():
        for product in [*products[:3], products[5], products[0]]:
            account.simulator.set_stock(product, account.shop, product)
    ids = f"{products[0]}-{products[2]},{products[5]}"
    assert _events(account, receiver) == [("product.modified.on-hand-modified", ids)]


def test_without_id_sets_each_id_has_its_own_call(account: Account, receiver: Receiver) -> None:
    _subscribe(account, receiver, "product.created", idSetAccepted=False)
    with account.simulator.batch():
        ids = [account.product(sku=f"S{n}", stock=0) for n in range(2)]
    assert _events(account, receiver) == [("product.created", str(n)) for n in ids]


def test_prefix_takes_everything_below_it(account: Account, receiver: Receiver) -> None:
    _subscribe(account, receiver, "product")
    product = account.product(stock=5)
    account.simulator.edit_product(product, name="Cup")
    assert [event for event, _ in _events(account, receiver)] == [
        "product.created",
        "product.modified.on-hand-modified",
        "product.modified",
    ]


def test_exact_event_is_not_a_prefix_of_a_longer_word(account: Account, receiver: Receiver) -> None:
    _subscribe(account, receiver, "order.modified.order-status")
    account.post("order-service/sales-order", account.sale())
    assert _events(account, receiver) == []


def test_sale_raises_created_and_modified(account: Account, receiver: Receiver) -> None:
    _subscribe(account, receiver, "sales-order.created")
    _subscribe(account, receiver, "order.modified")
    sale = account.sale(externalRef="S", installedIntegrationInstanceId=1)
    order = str(account.post("order-service/sales-order", sale))
    account.post("order-service/sales-order", sale)
    assert _events(account, receiver) == [("sales-order.created", order), ("order.modified", order)]


def test_reserving_and_shipping_raise_stock_events(account: Account, receiver: Receiver) -> None:
    product = account.product(stock=10)
    order, row = account.order_of(product)
    _subscribe(account, receiver, "product.modified.on-hand-modified")
    _subscribe(account, receiver, "order.modified.fully-shipped")
    lines = [{"productId": product, "salesOrderRowId": row, "quantity": 2}]
    path = f"warehouse-service/order/{order}"
    account.post(f"{path}/reservation/warehouse/{account.shop}", {"products": lines})
    assert len(_events(account, receiver)) == 1
    parts = {"warehouses": [{"warehouseId": account.shop, "products": lines}]}
    (note,) = account.post(f"{path}/goods-note/goods-out", parts)
    shipped = {"events": [{"eventCode": "SHW", "occured": "2026-07-02T10:15:00.000Z"}]}
    account.post(f"warehouse-service/goods-note/goods-out/{note}/event", shipped)
    assert _events(account, receiver)[-2:] == [
        ("product.modified.on-hand-modified", str(product)),
        ("order.modified.fully-shipped", str(order)),
    ]


def test_changed_price_raises_no_event(account: Account, receiver: Receiver) -> None:
    product = account.product(stock=0)
    _subscribe(account, receiver, "product")
    account.simulator.edit_product(product, price={"RETAIL": "9.00"})
    assert _events(account, receiver) == []


@pytest.mark.parametrize(
    ("quality", "status", "tries"),
    [(1, 500, 2), (1, 503, 2), (1, 404, 1), (0, 503, 2), (0, 500, 1), (0, 404, 1)],
)
def test_quality_of_service_decides_what_is_tried_again(
    account: Account, receiver: Receiver, quality: int, status: int, tries: int
) -> None:
    receiver.statuses = [status]
    _subscribe(account, receiver, "product.created", qualityOfService=quality)
    account.product(stock=0)
    for sender in (account.simulator.sender, account.simulator.best_effort_sender):
        sender.flush()
        sender.flush()
    assert len(receiver.bodies) == tries


def test_webhooks_can_be_lost_and_repeated_on_demand(account: Account, receiver: Receiver) -> None:
    _subscribe(account, receiver, "product.created")
    account.client.post("/_sim/webhooks", json={"lose_next": 1, "duplicates": 2})
    lost, found = account.product(sku="A", stock=0), account.product(sku="B", stock=0)
    assert lost != found
    assert _events(account, receiver) == [("product.created", str(found))] * 2


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"subscribeTo": "contact.created"}, "INTC-064"),
        ({"subscribeTo": "prod"}, "INTC-064"),
        ({"bodyTemplate": None}, "INTC-000"),
        ({"contentType": ""}, "INTC-000"),
        ({"uriTemplate": "ftp://x"}, "INTC-000"),
        ({"httpMethod": "FETCH"}, "INTC-000"),
        ({"qualityOfService": 2}, "INTC-000"),
    ],
)
def test_wrong_subscription_is_refused(
    account: Account, receiver: Receiver, change: dict[str, object], code: str
) -> None:
    body = _subscription(receiver, "product") | change
    assert account.errors("POST", WEBHOOKS, body) == (400, [code])
    assert account.get(WEBHOOKS) == []


def test_same_subscription_twice_calls_twice_until_one_is_deleted(
    account: Account, receiver: Receiver
) -> None:
    first = _subscribe(account, receiver, "product.created")
    second = _subscribe(account, receiver, "product.created")
    account.product(sku="A", stock=0)
    assert len(_events(account, receiver)) == 2
    assert account.call("DELETE", f"{WEBHOOKS}/{first}").json() == {}
    assert [hook["id"] for hook in account.get(WEBHOOKS)] == [second]
    account.product(sku="B", stock=0)
    assert len(_events(account, receiver)) == 3
    assert account.errors("GET", f"{WEBHOOKS}/{first}") == (404, ["CMNC-404"])


def test_simulated_delivery_carries_the_test_data(account: Account, receiver: Receiver) -> None:
    hook = _subscribe(account, receiver, "product.modified.on-hand-modified")
    data = {"${resource-id}": "1-3,9", "${account-code}": "testing"}
    account.post(f"{WEBHOOKS}/{hook}/simulate", {"testData": data})
    assert _events(account, receiver) == [("product.modified.on-hand-modified", "1-3,9")]
    assert receiver.paths == ["/hook?account=testing"]
    many = {"testData": {"${resource-id}": "1-11"}}
    assert account.errors("POST", f"{WEBHOOKS}/{hook}/simulate", many)[0] == 400
