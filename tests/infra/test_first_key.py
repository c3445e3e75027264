"""The first key of a stage on AWS: made by whoever deployed it, shown once."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from chalicelib.domain.setup import Role
from chalicelib.flows.keys import hash_of
from chalicelib.store.dynamo import DynamoTable
from chalicelib.store.registry import TableRegistry
from chalicelib.wiring import utc_now
from infra.first_key import main
from local.aws.tables import create_tables

TABLE = "synclog-dev-registry"
OUTPUTS = {
    "PublicURL": "https://abc.execute-api.eu-west-1.amazonaws.com/api",
    "LogTableName": "synclog-dev-log",
    "RegistryTableName": TABLE,
    "RecordsQueueURL": "https://sqs.eu-west-1.amazonaws.com/123456789012/synclog-dev-records",
    "StockQueueURL": "https://sqs.eu-west-1.amazonaws.com/123456789012/synclog-dev-stock",
    "SealingKeyArn": "arn:aws:kms:eu-west-1:123456789012:key/0b1c",
}


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[TableRegistry]:
    """The registry of a stage that was deployed as the stack ``synclog-dev``."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with mock_aws():
        client = boto3.client("dynamodb")
        create_tables(client, stage="dev")
        _create_stack("synclog-dev", OUTPUTS)
        yield TableRegistry(table=DynamoTable(client, TABLE, utc_now))


def _create_stack(name: str, outputs: Mapping[str, str]) -> None:
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {output: {"Value": value} for output, value in outputs.items()},
    }
    boto3.client("cloudformation").create_stack(StackName=name, TemplateBody=json.dumps(template))


def test_a_fresh_stage_gives_its_operator_a_key_once(
    registry: TableRegistry, capsys: pytest.CaptureFixture[str]
) -> None:
    first = main(["--stage", "dev"])
    key = capsys.readouterr().out.strip()
    second = main(["--stage", "dev"])
    said = capsys.readouterr()

    assert (first, second) == (0, 1)
    found = registry.find_key(hash_of(key))
    assert found is not None
    assert (found.role, found.consumer) == (Role.ADMIN, None)
    assert said.out == ""
    assert "--another" in said.err
    assert len(registry.list_keys(limit=10).items) == 1


def test_whoever_lost_all_keys_makes_another(
    registry: TableRegistry, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--stage", "dev"])
    capsys.readouterr()

    ended = main(["--stage", "dev", "--another"])

    assert ended == 0
    assert registry.find_key(hash_of(capsys.readouterr().out.strip())) is not None
    assert len(registry.list_keys(limit=10).items) == 2


def test_the_making_of_a_key_stands_in_the_history(registry: TableRegistry) -> None:
    main(["--stage", "dev"])

    [line] = registry.list_history("", limit=10).items
    assert (line.what, line.who) == ("key made", "set-up")


def test_a_stage_that_was_not_deployed_is_named(
    registry: TableRegistry, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = main(["--stage", "prod"])

    assert ended == 2
    said = capsys.readouterr().err
    assert "synclog-prod" in said
    assert "`make deploy STAGE=prod` makes the stack" in said


def test_without_an_account_set_up_it_is_said_how_to_set_one_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)

    ended = main(["--stage", "dev"])

    assert ended == 2
    assert "`aws configure` sets up account and region" in capsys.readouterr().err


def test_a_stack_of_another_service_is_refused_with_all_that_is_missing(
    registry: TableRegistry, capsys: pytest.CaptureFixture[str]
) -> None:
    _create_stack("other", {})

    ended = main(["--stage", "dev", "--stack", "other"])

    assert ended == 2
    assert "SYNCLOG_TABLE_REGISTRY" in capsys.readouterr().err
