"""Restoring a table to a time, on moto: what is missing comes back, what is there stays."""

import os
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from click.testing import CliRunner, Result
from moto import mock_aws

from infra import restore

NAME = "synclog-dev-registry"
KEYS: Any = {
    "KeySchema": [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ],
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "sk", "AttributeType": "S"},
    ],
}


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A table with one consumer of two in it: the other was lost, and is in the restored table."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with mock_aws():
        found = boto3.client("dynamodb")
        for table in (NAME, "restored"):
            found.create_table(TableName=table, BillingMode="PAY_PER_REQUEST", **KEYS)
        put(found, "restored", "lost", "old")
        put(found, "restored", "kept", "old")
        put(found, NAME, "kept", "new")
        yield found


def put(client: Any, table: str, consumer: str, name: str) -> None:
    item = {"pk": {"S": "C"}, "sk": {"S": consumer}, "name": {"S": name}}
    client.put_item(TableName=table, Item=item)


def names(client: Any, table: str = NAME) -> dict[str, str]:
    return {one["sk"]["S"]: one["name"]["S"] for one in client.scan(TableName=table)["Items"]}


def run(*words: str) -> Result:
    return CliRunner().invoke(restore.main, ["--table", "registry", *words], env=dict(os.environ))


def test_what_is_missing_comes_back_and_what_is_there_stays(client: Any) -> None:
    result = run("--from-table", "restored")

    assert names(client) == {"lost": "old", "kept": "new"}
    assert "1 of 2 items came back" in result.output


def test_asked_to_it_takes_everything_back_in_time(client: Any) -> None:
    run("--from-table", "restored", "--overwrite")

    assert names(client) == {"lost": "old", "kept": "old"}


def test_done_again_it_changes_nothing(client: Any) -> None:
    run("--from-table", "restored")

    assert "0 of 2 items came back" in run("--from-table", "restored").output


def test_a_table_is_restored_beside_the_one_in_use(client: Any) -> None:
    client.update_continuous_backups(
        TableName=NAME, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )

    result = run()

    assert result.exit_code == 0, result.output
    [copy] = [one for one in client.list_tables()["TableNames"] if one.startswith(f"{NAME}-")]
    assert names(client, copy) == {"kept": "new"}
    assert f"delete-table --table-name {copy}" in result.output


def test_a_copy_that_is_not_there_is_said_with_how_to_go_on(client: Any) -> None:
    result = run("--from-table", "nowhere")

    assert result.exit_code == 1
    assert "If nowhere is there, go on with --from-table" in result.output
