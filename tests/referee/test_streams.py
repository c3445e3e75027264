"""What a reader of the log's stream is given, by DynamoDB Local and by moto alike."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from local.aws.dynamodb_local import REGION, connect
from local.aws.streams import Stream
from local.aws.tables import Tables, create_tables

#: moto does not know the addresses that begin with an account's number.
ONE_HOST = Config(account_id_endpoint_mode="disabled")


@dataclass
class Log:
    """A table with a stream, and what its reader was given."""

    client: Any
    streams: Any
    tables: Tables
    events: list[dict[str, Any]] = field(default_factory=list)

    def stream(self, **options: Any) -> Stream:
        return Stream(self.streams, self.tables.stream, self.events.append, **options)

    def put(self, pk: str, **attributes: Any) -> None:
        item = {"pk": {"S": pk}, "sk": {"S": "~"}, **attributes}
        self.client.put_item(TableName=self.tables.log, Item=item)

    def delete(self, pk: str) -> None:
        self.client.delete_item(TableName=self.tables.log, Key={"pk": {"S": pk}, "sk": {"S": "~"}})

    def records(self) -> list[dict[str, Any]]:
        return [record for event in self.events for record in event["Records"]]

    def told(self) -> list[tuple[str, str]]:
        return [
            (record["eventName"], record["dynamodb"]["Keys"]["pk"]["S"])
            for record in self.records()
        ]


@pytest.fixture
def dynamodb_local(endpoint: str, client: Any, tables: Tables) -> Log:
    return Log(client, connect(endpoint, "dynamodbstreams"), tables)


@pytest.fixture
def moto() -> Iterator[Log]:
    with mock_aws():
        client = boto3.client("dynamodb", region_name=REGION)
        streams = boto3.client("dynamodbstreams", region_name=REGION, config=ONE_HOST)
        yield Log(client, streams, create_tables(client))


@pytest.fixture(params=["dynamodb_local", "moto"])
def log(request: pytest.FixtureRequest) -> Log:
    found: Log = request.getfixturevalue(request.param)
    return found


def test_changes_come_once_and_in_order(log: Log) -> None:
    stream = log.stream()
    log.put("a")
    log.put("a", n={"N": "1"})
    log.delete("a")

    assert stream.drain() == 3
    log.put("b")
    assert stream.drain() == 1
    assert stream.drain() == 0
    assert log.told() == [("INSERT", "a"), ("MODIFY", "a"), ("REMOVE", "a"), ("INSERT", "b")]


def test_a_change_shows_the_item_before_and_after(log: Log) -> None:
    log.put("a", n={"N": "1"})
    log.put("a", n={"N": "2"})
    log.stream().drain()

    first, second = (record["dynamodb"] for record in log.records())
    assert "OldImage" not in first
    assert first["NewImage"]["n"] == second["OldImage"]["n"] == {"N": "1"}
    assert second["NewImage"]["n"] == {"N": "2"}
    assert first["SequenceNumber"] < second["SequenceNumber"]


def test_a_write_that_changes_nothing_is_no_change(dynamodb_local: Log) -> None:
    # moto tells of it; whoever follows has to bear both.
    dynamodb_local.put("a", n={"N": "1"})
    dynamodb_local.put("a", n={"N": "1"})

    assert dynamodb_local.stream().drain() == 1


def test_an_event_is_json_and_names_its_stream(log: Log) -> None:
    log.put("a", body={"B": b"\x00\xff"}, many={"L": [{"M": {"b": {"B": b"x"}}}]})
    log.stream().drain()

    [event] = json.loads(json.dumps(log.events))
    [record] = event["Records"]
    assert record["eventSourceARN"] == log.tables.stream
    assert record["dynamodb"]["NewImage"]["body"] == {"B": "AP8="}
    assert record["dynamodb"]["NewImage"]["many"] == {"L": [{"M": {"b": {"B": "eA=="}}}]}


def test_many_changes_come_in_batches(log: Log) -> None:
    for number in range(7):
        log.put(f"a{number}")

    assert log.stream(batch_size=3).drain() == 7
    assert [len(event["Records"]) for event in log.events] == [3, 3, 1]


def test_a_batch_that_was_not_taken_comes_again(log: Log) -> None:
    refusals = [OSError("the counts are elsewhere")]

    def handler(event: dict[str, Any]) -> None:
        if refusals:
            raise refusals.pop()
        log.events.append(event)

    stream = Stream(log.streams, log.tables.stream, handler)
    log.put("a")
    with pytest.raises(OSError, match="elsewhere"):
        stream.drain()
    log.put("b")

    assert stream.drain() == 2
    assert log.told() == [("INSERT", "a"), ("INSERT", "b")]


def test_what_the_reader_writes_itself_is_handed_on_too(log: Log) -> None:
    def handler(event: dict[str, Any]) -> None:
        log.events.append(event)
        if len(log.events) < 3:
            log.put(f"count-{len(log.events)}")

    log.put("a")
    Stream(log.streams, log.tables.stream, handler).drain()

    assert log.told() == [("INSERT", "a"), ("INSERT", "count-1"), ("INSERT", "count-2")]


def test_a_reader_that_starts_late_begins_at_the_beginning(log: Log) -> None:
    log.put("a")
    log.stream().drain()
    log.put("b")
    log.stream().drain()

    assert [pk for _, pk in log.told()] == ["a", "a", "b"]


class SplitStream:
    """A stream of several shards, as AWS has it when a table grows; a shard with children ended."""

    def __init__(self, *shards: str) -> None:
        self.records: dict[str, list[dict[str, Any]]] = {shard: [] for shard in shards}
        self.children: dict[str, str] = {}

    def add(self, shard: str, pk: str) -> None:
        self.records[shard].append({"eventName": "INSERT", "dynamodb": {"Keys": {"pk": {"S": pk}}}})

    def split(self, parent: str, child: str) -> None:
        self.records[child] = []
        self.children[parent] = child

    def describe_stream(self, ExclusiveStartShardId: str | None = None, **_: Any) -> dict[str, Any]:
        names = list(self.records)
        at = names.index(ExclusiveStartShardId) + 1 if ExclusiveStartShardId else 0
        shards = [
            {"ShardId": name, "SequenceNumberRange": {"StartingSequenceNumber": str(at)}}
            for name in names[at : at + 1]
        ]
        more = {"LastEvaluatedShardId": names[at]} if at + 1 < len(names) else {}
        return {"StreamDescription": {"Shards": shards, **more}}

    def get_shard_iterator(self, ShardId: str, **_: Any) -> dict[str, Any]:
        return {"ShardIterator": f"{ShardId}:0"}

    def get_records(self, ShardIterator: str, Limit: int) -> dict[str, Any]:
        shard, start = ShardIterator.split(":")
        found = self.records[shard][int(start) : int(start) + Limit]
        ended = shard in self.children and not found
        following = {} if ended else {"NextShardIterator": f"{shard}:{int(start) + len(found)}"}
        return {"Records": found, **following}


def test_a_shard_that_ended_is_followed_by_its_children(moto: Log) -> None:
    split = SplitStream("one")
    stream = Stream(split, "arn", moto.events.append)
    split.add("one", "a")
    assert stream.drain() == 1
    split.add("one", "b")
    split.split("one", "two")
    split.add("two", "c")
    stream.drain()

    assert stream.drain() == 0
    assert [pk for _, pk in moto.told()] == ["a", "b", "c"]


def test_what_the_reader_writes_to_a_shard_it_has_read_is_handed_on_too(moto: Log) -> None:
    split = SplitStream("one", "two")

    def handler(event: dict[str, Any]) -> None:
        moto.events.append(event)
        if len(moto.events) == 1:
            split.add("one", "count")

    split.add("two", "a")

    assert Stream(split, "arn", handler).drain() == 2
    assert [pk for _, pk in moto.told()] == ["a", "count"]


@pytest.mark.parametrize("size", [0, 1001])
def test_a_batch_size_out_of_bounds_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="1 to 1000"):
        Stream(None, "arn", print, batch_size=size)
