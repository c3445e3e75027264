"""The stores of the aws home over moto or DynamoDB Local, as the contract suites want them."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from threading import RLock
from typing import Any
from uuid import uuid4

from botocore.config import Config
from botocore.session import Session

from chalicelib.store.changes import follow_changes
from chalicelib.store.dynamo import DynamoTable
from chalicelib.store.registry import TableRegistry
from chalicelib.store.sync_log import TableSyncLog
from chalicelib.store.wire import item_from_wire
from chalicelib.wiring import AwsStores
from local.aws.streams import Stream
from local.aws.tables import Tables, create_tables, delete_tables
from tests.builders import Clock
from tests.contract import aws

#: URL of DynamoDB Local, where it runs; read here, as each test clears our own variables.
DYNAMODB_LOCAL = os.environ.get("SYNCLOG_TEST_DYNAMODB")

#: First parts of the partitions that the stream reader writes.
FOLLOWING = ("N|", "G|", "H|", "Q|")


@dataclass(frozen=True)
class TestTable(DynamoTable):
    """A table whose counts and words have followed by the time somebody reads them."""

    __test__ = False  # no test case, whatever pytest makes of the name
    stream: Stream | None = None
    turn: Any = field(default_factory=RLock)

    def _call(self, method: str, parameters: Mapping[str, Any]) -> Any:
        with self.turn:  # moto judges a condition and writes in two steps
            return super()._call(method, parameters)

    def query(self, pk: str, **options: Any) -> Sequence[dict[str, Any]]:
        """Items of a partition."""
        if self.stream is not None and pk.startswith(FOLLOWING):
            self.stream.drain()
        return super().query(pk, **options)

    def read_all(self) -> Sequence[dict[str, Any]]:
        """Every item, what follows included: for tests, no part of the port."""
        if self.stream is not None:
            self.stream.drain()
        pages = self.client.get_paginator("scan").paginate(TableName=self.name)
        return [item_from_wire(item) for page in pages for item in page["Items"]]


@dataclass(frozen=True, kw_only=True)
class MotoStores(AwsStores):
    """Stores on moto, which ends with them."""

    def close(self) -> None:
        """Stop moto."""
        aws.stop()


@dataclass(frozen=True, kw_only=True)
class LocalStores(AwsStores):
    """Tables on DynamoDB Local, the rest on moto; the tables go with them."""

    client: Any
    tables: Tables

    def close(self) -> None:
        """Delete the tables and stop moto."""
        aws.stop()
        delete_tables(self.client, self.tables)


def open_moto_stores(clock: Clock) -> MotoStores:
    """Open stores on a fresh moto."""
    tables = aws.start()
    clients = aws.clients()
    return MotoStores(**open_tables(clients.get("dynamodb"), moto_streams(), tables, clock))


def open_local_stores(clock: Clock) -> LocalStores:
    """Open stores on tables of their own on DynamoDB Local."""
    aws.start()
    client, streams = _client("dynamodb"), _client("dynamodbstreams")
    tables = create_tables(client, stage=f"test-{uuid4().hex}")
    parts = open_tables(client, streams, tables, clock)
    return LocalStores(client=client, tables=tables, **parts)


@cache
def moto_streams() -> Any:
    """Return moto's client of streams, the same each time."""
    # moto does not know the addresses of streams that begin with an account's number.
    return _client("dynamodbstreams", config=Config(account_id_endpoint_mode="disabled"))


@cache
def _client(service: str, config: Config | None = None) -> Any:
    return Session().create_client(
        service,
        config=config,
        endpoint_url=DYNAMODB_LOCAL,
        region_name=aws.REGION,
        aws_access_key_id="nobody",
        aws_secret_access_key="nothing",
    )


def open_tables(client: Any, streams: Any, tables: Tables, clock: Clock) -> dict[str, Any]:
    """Return the parts of stores whose tables these are; queue and vault are moto's."""
    reader = DynamoTable(client, tables.log, clock)
    stream = Stream(
        streams, tables.stream, lambda event: follow_changes(reader, whole(event["Records"]))
    )
    log_table = TestTable(client, tables.log, clock, pause=clock.pass_s, stream=stream)
    registry_table = TestTable(client, tables.registry, clock, pause=clock.pass_s)
    vault = aws.open_aws_vault(clock)
    return {
        "log": TableSyncLog(table=log_table, vault=vault, retention=timedelta(days=30)),
        "registry": TableRegistry(table=registry_table),
        "queue": aws.open_aws_queue(clock),
        "vault": vault,
        "log_table": log_table,
        "registry_table": registry_table,
    }


def whole(records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out images of keys alone: moto makes an item in two steps and tells of both."""
    for record in records:
        change = record["dynamodb"]
        for image in ("OldImage", "NewImage"):
            if len(change.get(image, {})) == len(change["Keys"]):
                del change[image]
    return list(records)
