"""Every function of the aws home, wired from its environment: what AWS would call, called."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from chalicelib import wiring
from chalicelib.domain.protocol import Request, request
from chalicelib.domain.rows import RowName
from chalicelib.domain.statuses import Kind, Status
from local.demo.merchant import CONSUMER, PRODUCTS
from tests.app.aws_home import (
    SCHEDULED,
    Home,
    invoke,
    open_home,
    send,
)
from tests.contract import aws


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    with open_home(monkeypatch) as opened:
        yield opened


def test_a_product_goes_from_the_webhook_to_the_till_and_into_the_counts(home: Home) -> None:
    product = home.house.add_product("Mug", "MUG-1")

    assert set(home.deliver()) == {200}
    row = home.house.row("product", product)
    assert row is not None
    assert (row["status"], row["reason"]) == ("Pending", "queued")
    assert home.work("records") == []

    row = home.house.row("product", product)
    assert row is not None
    assert (row["status"], row["outcome"], row["verified"]) == ("Synced", "created", True)
    assert home.house.variation("MUG-1")["item_variation_data"]["sku"] == "MUG-1"
    assert home.counts() == {}
    home.stream.drain()
    assert home.counts()[PRODUCTS, "Synced"] == 1
    assert [one["record"] for one in home.house.rows(q="mug-1", kind="product")] == [str(product)]


def test_stock_goes_through_its_own_queue(home: Home) -> None:
    product = home.house.add_product("Mug", "MUG-1")
    home.deliver()
    home.work("records")
    home.house.vendors.brightpearl.set_stock(product, home.house.vendors.erp.warehouses[0], 7)
    home.deliver()

    assert home.work("stock") == []

    row = home.house.row("stock", product)
    assert row is not None
    assert row["status"] == "Synced"
    assert home.house.in_stock("MUG-1") == 7


def test_the_poller_finds_what_no_webhook_told_and_the_dispatcher_ends_its_run(home: Home) -> None:
    product = home.house.add_product("Mug", "MUG-1")  # its webhook is never delivered

    invoke("poll_sources", SCHEDULED)

    row = home.house.row("product", product)
    assert row is not None
    assert row["status"] == "Pending"
    home.work("records")
    invoke("dispatch_due", SCHEDULED)
    runs = home.house.api.get(f"{home.house.base}/flows/{PRODUCTS}/executions")["items"]
    assert [(run["trigger"], run["state"]) for run in runs] == [("schedule", "Success")]


def test_the_dispatcher_releases_what_a_saved_mapping_was_missing(home: Home) -> None:
    product = home.house.add_product("Candle", "CAN-1", category="Candles")
    home.deliver()
    home.work("records")
    row = home.house.row("product", product)
    assert row is not None
    assert row["reason"] == "needs_mapping"

    home.house.map(PRODUCTS, "category", Candles=home.house.vendors.tills.category_ids["Candles"])
    invoke("dispatch_due", SCHEDULED)
    home.work("records")

    row = home.house.row("product", product)
    assert row is not None
    assert row["status"] == "Synced"


def test_the_sweeper_sends_what_is_owed_and_was_never_sent(home: Home) -> None:
    services = wiring.services()
    product = home.house.add_product("Mug", "MUG-1")
    name = RowName(consumer=CONSUMER, flow=PRODUCTS, record=str(product))
    asked = Request(name=name, kind=Kind.PRODUCT, by="webhook")
    long_ago = services.now() - timedelta(minutes=10)
    services.log.write_rows([request(asked, long_ago)])  # whoever wrote it crashed before the send
    assert services.queue.count("records") == 0

    invoke("sweep_overdue", SCHEDULED)
    home.work("records")

    [row] = services.log.read_rows([name])
    assert row is not None
    assert row.status is Status.SYNCED


def test_a_message_of_nobody_comes_back_alone(home: Home) -> None:
    product = home.house.add_product("Mug", "MUG-1")
    home.deliver()
    sqs = aws.clients().get("sqs")
    sqs.send_message(QueueUrl=aws.queue_urls()["records"], MessageBody="{}", MessageGroupId="x")

    assert len(home.work("records")) == 1

    row = home.house.row("product", product)
    assert row is not None
    assert row["status"] == "Synced"


def test_a_delivery_that_is_not_signed_is_refused(home: Home) -> None:
    found = wiring.services().registry.read_connection(CONSUMER, "square")
    assert found is not None
    body = b'{"type": "order.created"}'

    answer = send("POST", f"/webhooks/square/{found.webhook_token}", {}, body)

    assert answer.status_code == 401
