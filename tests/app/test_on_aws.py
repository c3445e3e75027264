"""Every function of the aws home, wired from its environment: what AWS would call, called."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from app import app
from chalicelib import wiring
from chalicelib.domain.protocol import Request, request
from chalicelib.domain.rows import RowName
from chalicelib.domain.statuses import Kind, Status
from chalicelib.ops.settings import SettingsError
from local.demo.merchant import CONSUMER, PRODUCTS
from tests.app.aws_home import (
    SCHEDULED,
    Home,
    environment_of_a_function,
    invoke,
    nothing_wired,
    open_home,
    send,
)
from tests.app.toy_world import make_settings
from tests.contract import aws
from tests.toy import open_toy

PUBLIC_URL = "https://sync.example.com/api"
FUNCTIONS = {
    "sync_records": {"Records": []},
    "sync_stock": {"Records": []},
    "dispatch_due": SCHEDULED,
    "poll_sources": SCHEDULED,
    "sweep_overdue": SCHEDULED,
    "follow_changes": {"Records": []},
}


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    with open_home(monkeypatch) as opened:
        yield opened


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """What a deployed function finds around it, with nothing wired yet."""
    with aws.running() as tables, nothing_wired():
        for name, value in environment_of_a_function(tables, PUBLIC_URL).items():
            monkeypatch.setenv(name, value)
        yield monkeypatch


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


# Wiring


def test_the_functions_are_those_that_a_deployment_makes(environment: Any) -> None:
    assert {source.name for source in app.event_sources} == FUNCTIONS.keys()
    assert not app.pure_lambda_functions


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_with_nothing_to_do_ends_well(environment: Any, function: str) -> None:
    assert invoke(function, FUNCTIONS[function]) in (None, {"batchItemFailures": []})


def test_everything_is_built_from_the_environment_once(environment: pytest.MonkeyPatch) -> None:
    services = wiring.services()
    environment.setenv("SYNCLOG_PUBLIC_URL", "https://other.example.com")

    assert wiring.services() is services
    assert wiring.settings().public_url == services.public_url == PUBLIC_URL
    assert wiring.settings().stage == "dev"


def test_settings_may_be_asked_for_first(environment: pytest.MonkeyPatch) -> None:
    assert wiring.settings().public_url == wiring.services().public_url


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_with_wrong_settings_fails_loudly(
    environment: pytest.MonkeyPatch, function: str
) -> None:
    environment.delenv("SYNCLOG_TABLE_LOG")
    environment.setenv("SYNCLOG_WORKERS", "many")

    with pytest.raises(SettingsError) as caught:
        invoke(function, FUNCTIONS[function])

    assert [one.name for one in caught.value.problems] == ["SYNCLOG_WORKERS", "SYNCLOG_TABLE_LOG"]


def test_the_api_with_wrong_settings_answers_500_and_says_nothing_of_them(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.delenv("SYNCLOG_TABLE_LOG")

    answer = send("GET", "/v1/health", {}, b"")

    assert answer.status_code == 500
    assert b"SYNCLOG" not in answer.body


def test_a_placeholder_that_no_template_replaced_is_told(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SYNCLOG_QUEUE_STOCK", "https://queue-of-dev.invalid/stock")

    with pytest.raises(SettingsError, match=r"SYNCLOG_QUEUE_STOCK: it is still the placeholder"):
        wiring.services()


def test_settings_that_were_mended_are_read_again(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SYNCLOG_WORKERS", "many")
    with pytest.raises(SettingsError):
        wiring.services()
    environment.setenv("SYNCLOG_WORKERS", "10")

    assert wiring.settings().workers == 10


def test_nothing_is_wired_by_itself_on_one_machine(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SYNCLOG_HOME", "local")

    for ask in (wiring.services, wiring.settings):
        with pytest.raises(wiring.NotWiredError, match="make run"):
            ask()


def test_what_was_wired_before_comes_back_whatever_happens(environment: Any) -> None:
    before, settings = wiring.services(), wiring.settings()
    local = make_settings()
    with open_toy() as toy, suppress(ZeroDivisionError), wiring.use(toy.services, local):
        assert (wiring.services(), wiring.settings()) == (toy.services, local)
        wiring.follow_changes([{"none": "of ours"}])  # one machine has no stream
        raise ZeroDivisionError

    assert wiring.services() is before
    assert wiring.settings() is settings
    with pytest.raises(KeyError):
        wiring.follow_changes([{"none": "of ours"}])


def test_the_wired_table_follows_changes(environment: Any) -> None:
    with open_toy() as toy:
        toy.shop.edit("1")
        table = toy.stores.log_table
        with wiring.use(toy.services, make_settings(), log_table=table), pytest.raises(KeyError):
            wiring.follow_changes([{"none": "of ours"}])
