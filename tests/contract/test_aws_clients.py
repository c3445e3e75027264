"""Clients of AWS: made once, with limits on how long they wait; which errors pass."""

import logging
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from chalicelib.ops import aws
from tests.contract import aws as moto
from tests.contract.aws import BROKEN_AFTER, TIMEOUT, UNAVAILABLE, Fault

HERE = {"region_name": "eu-west-1", "aws_access_key_id": "a", "aws_secret_access_key": "b"}


class BusyError(Exception):
    """What a port would raise."""


@pytest.fixture
def _aws() -> Iterator[None]:
    with moto.running():
        yield


def count_queues() -> int:
    with aws.raising_busy(BusyError):
        found = moto.clients().get("sqs").list_queues()
    return len(found["QueueUrls"])


@pytest.mark.parametrize("service", ["dynamodb", "sqs", "kms"])
def test_no_client_waits_longer_than_a_request_may_take(service: str) -> None:
    config = aws.Clients(**HERE).get(service).meta.config

    assert (config.connect_timeout, config.read_timeout) == (2, 5)
    assert config.retries == {"mode": "standard", "total_max_attempts": 4}
    assert (config.max_pool_connections, config.tcp_keepalive) == (32, True)


def test_a_client_is_made_once() -> None:
    clients = aws.Clients(**HERE)

    assert clients.get("sqs") is clients.get("sqs")
    assert clients.get("sqs") is not clients.get("kms")


def test_an_endpoint_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")

    assert aws.Clients(**HERE).get("sqs").meta.endpoint_url == "http://127.0.0.1:4566"


def test_answers_of_aws_are_never_logged(caplog: pytest.LogCaptureFixture) -> None:
    with moto.running():
        caplog.set_level(logging.DEBUG)
        logging.getLogger("botocore").setLevel(logging.NOTSET)
        key = {"KeyId": moto.KEY_ALIAS, "KeySpec": "AES_256"}
        aws.Clients(**HERE).get("kms").generate_data_key(**key)

    assert not [record for record in caplog.records if record.name.startswith("botocore")]


@pytest.mark.usefixtures("_aws")
@pytest.mark.parametrize(
    "fault",
    [
        TIMEOUT,
        UNAVAILABLE,
        BROKEN_AFTER,
        Fault(status=429),
        Fault(status=400, code="RequestThrottled"),
        Fault(status=400, code="KMS.ThrottlingException"),
    ],
    ids=["timeout", "503", "500 after", "429", "throttled", "throttled, old name"],
)
def test_what_passes_by_itself_is_busy(fault: Fault) -> None:
    moto.wire.fail_next("ListQueues", fault)

    with pytest.raises(BusyError):
        count_queues()
    assert count_queues() == 4


@pytest.mark.usefixtures("_aws")
def test_what_somebody_has_to_mend_is_a_defect() -> None:
    moto.wire.fail_next("ListQueues", Fault(status=403, code="AccessDenied"))

    with pytest.raises(ClientError, match="AccessDenied"):
        count_queues()


@pytest.mark.usefixtures("_aws")
def test_a_request_that_was_lost_is_tried_again() -> None:
    client = aws.Clients(**HERE).get("sqs")
    moto.wire.tap(client)
    moto.wire.fail_next("ListQueues", UNAVAILABLE)

    assert len(client.list_queues()["QueueUrls"]) == 4
    assert moto.wire.calls["ListQueues"] == 2
