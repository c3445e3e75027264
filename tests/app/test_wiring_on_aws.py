"""How the aws home is wired: from the environment, once, or loudly not at all."""

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from app import app
from chalicelib import wiring
from chalicelib.domain.ports import QueueMessage
from chalicelib.domain.protocol import Request
from chalicelib.domain.reasons import SyncFailure
from chalicelib.domain.statuses import Kind
from chalicelib.flows.door import request_many
from chalicelib.ops import metrics
from chalicelib.ops.settings import SettingsError
from chalicelib.queue.messages import to_text
from chalicelib.triggers.timing import deadline_of
from tests.app.aws_home import (
    SCHEDULED,
    environment_of_a_function,
    invoke,
    nothing_wired,
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


def record(body: str) -> dict[str, Any]:
    """A message as SQS hands it to a function."""
    counted = {"ApproximateReceiveCount": "1"}
    return {"messageId": "m", "receiptHandle": "r", "body": body, "attributes": counted}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """What a deployed function finds around it, with nothing wired yet."""
    with aws.running() as tables, nothing_wired():
        for name, value in environment_of_a_function(tables, PUBLIC_URL).items():
            monkeypatch.setenv(name, value)
        yield monkeypatch


# Time


@pytest.mark.parametrize(("left_ms", "span_s"), [(60_000, 57), (10_000, 7), (1_000, -2)])
def test_a_function_sends_nothing_in_its_last_seconds(left_ms: int, span_s: int) -> None:
    class Context:
        def get_remaining_time_in_millis(self) -> int:
            return left_ms

    with open_toy() as toy:
        assert deadline_of(toy.services, Context()) - toy.at == timedelta(seconds=span_s)


def test_where_nobody_says_a_function_has_the_time_it_is_deployed_with() -> None:
    with open_toy() as toy:
        assert deadline_of(toy.services, None) - toy.at == timedelta(seconds=57)


def test_a_worker_without_time_gives_its_messages_back() -> None:
    with open_toy() as toy, wiring.use(toy.services, make_settings()):
        toy.set_up()
        toy.shop.edit("7")
        message = to_text(QueueMessage(name=toy.name("7")))
        services = toy.services
        request_many(services, [Request(name=toy.name("7"), kind=Kind.PRODUCT, by="webhook")])
        sent = toy.messages()

        answer = invoke("sync_records", {"Records": [record(message)]}, left_ms=12_000)

        assert answer == {"batchItemFailures": []}
        assert toy.messages() == sent + 1
        assert toy.row("7").attempts == 0


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


def test_lines_and_metrics_name_the_stage(
    environment: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    services = wiring.services()
    services.note("webhook.refused", platform="square")
    services.count("webhook_refused", platform="square")
    metrics.flush()

    line, metric = map(json.loads, capsys.readouterr().out.splitlines())
    assert (line["message"], line["stage"]) == ("webhook.refused", "dev")
    assert (metric["webhook_refused"], metric["stage"]) == ([1.0], "dev")


def test_stores_are_those_that_the_environment_names(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SYNCLOG_RETENTION_DAYS", "7")
    log: Any = wiring.services().log
    registry: Any = wiring.services().registry

    assert log.retention == timedelta(days=7)
    assert log.table.name == wiring.settings().table_log
    assert registry.table.name == wiring.settings().table_registry
    assert log.table.name != registry.table.name


def test_no_address_of_our_own_network_is_called(environment: Any) -> None:
    openings = wiring.services().open.__self__  # type: ignore[attr-defined]  # its method

    with pytest.raises(SyncFailure, match="must start with https"):
        openings.guard.check("http://127.0.0.1:8080")


def test_simulators_on_this_machine_are_called_on_an_emulator_alone(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("SYNCLOG_ALLOW_PRIVATE_HOSTS", "yes")

    with pytest.raises(SettingsError, match="opens our own network"):
        wiring.services()


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
