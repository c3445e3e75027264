"""The log table's stream, handed on as Lambda hands it on: in order, in batches, until taken.

Works with whatever speaks DynamoDB Streams: DynamoDB Local, moto, AWS.
"""

from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

BATCH_AT_MOST = 1000  #: GetRecords, Limit

#: Called with an event as Lambda's: ``{"Records": [...]}``.
Handler = Callable[[dict[str, Any]], object]


class Stream:
    """One table's stream and how far it has been read: from its beginning, by this reader alone.

    Args:
        client: boto3's ``dynamodbstreams``; moto wants ``account_id_endpoint_mode="disabled"``.
        arn: the stream's, as ``create_tables`` gives it.
        handler: what Lambda would call. While it raises, the same batch comes again.
        batch_size: records of one event at most.
    """

    def __init__(self, client: Any, arn: str, handler: Handler, *, batch_size: int = 100) -> None:
        if not 1 <= batch_size <= BATCH_AT_MOST:
            raise ValueError(f"a batch has 1 to {BATCH_AT_MOST} records, not {batch_size}")
        self._client = client
        self._arn = arn
        self._handler = handler
        self._batch_size = batch_size
        self._open: dict[str, str] = {}  # shard -> where to read on
        self._ended: set[str] = set()
        self._failed: dict[str, Any] = {}  # shard -> the answer whose batch was not taken

    def drain(self) -> int:
        """Hand on all there is, what the handler writes meanwhile included; returns how many.

        An exception of the handler goes to the caller; nothing after that batch was handed on.
        """
        if not self._open:
            self._find_shards()
        total, quiet = 0, set[str]()
        while shard := next((shard for shard in self._open if shard not in quiet), None):
            if handed_on := self._read_shard(shard):
                total += handed_on
                quiet.clear()  # the handler may have written to the others
            quiet.add(shard)
        return total

    def _read_shard(self, shard: str) -> int:
        total = 0
        while iterator := self._open.get(shard):
            # What failed comes again as it was, whatever has been written since: so does Lambda.
            found = self._failed.get(shard) or self._client.get_records(
                ShardIterator=iterator, Limit=self._batch_size
            )
            self._failed[shard] = found
            if records := found["Records"]:
                self._handler({"Records": [_to_event(record, self._arn) for record in records]})
            del self._failed[shard]
            total += len(records)
            self._move_on(shard, found.get("NextShardIterator"))
            if not records:
                break
        return total

    def _move_on(self, shard: str, iterator: str | None) -> None:
        if iterator is not None:
            self._open[shard] = iterator
            return
        del self._open[shard]
        self._ended.add(shard)
        self._find_shards()  # a shard that ends has children

    def _find_shards(self) -> None:
        for shard in self._list_shards():
            name = shard["ShardId"]
            if name not in self._ended and name not in self._open:
                self._open[name] = self._client.get_shard_iterator(
                    StreamArn=self._arn, ShardId=name, ShardIteratorType="TRIM_HORIZON"
                )["ShardIterator"]

    def _list_shards(self) -> Sequence[Mapping[str, Any]]:
        shards: list[Mapping[str, Any]] = []
        start: dict[str, str] = {}
        while True:
            found = self._client.describe_stream(StreamArn=self._arn, **start)["StreamDescription"]
            shards += found["Shards"]
            if "LastEvaluatedShardId" not in found:
                return _parents_first(shards)
            start = {"ExclusiveStartShardId": found["LastEvaluatedShardId"]}


def _parents_first(shards: Iterable[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    return sorted(shards, key=lambda one: int(one["SequenceNumberRange"]["StartingSequenceNumber"]))


def _to_event(record: Mapping[str, Any], arn: str) -> dict[str, Any]:
    """Return a record as it stands in Lambda's event: JSON, and the stream it came from."""
    event = dict(record)
    event["dynamodb"] = {name: _to_json(value) for name, value in record["dynamodb"].items()}
    event["eventSourceARN"] = arn
    return event


def _to_json(value: Any) -> Any:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, Mapping):
        return {name: _to_json(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_to_json(one) for one in value]
    return value
