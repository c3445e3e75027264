"""Capacity units: DynamoDB's rules as we compute them, where DynamoDB Local counts otherwise."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.aws.dynamodb_local import connect
from local.aws.metering import Bill, Meter
from local.aws.tables import Tables
from local.aws.units import write_units

CAPACITY = {"ReturnConsumedCapacity": "INDEXES"}
KEY_AND_NAME = len("pkask~b")  #: bytes of `item()` besides its text


def item(text: str = "", **attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {"pk": {"S": "a"}, "sk": {"S": "~"}, "b": {"S": text}, **attributes}


def listed(lp: str, ls: str) -> dict[str, Any]:
    return {"lp": {"S": lp}, "ls": {"S": ls}}


def due(ws: str) -> dict[str, Any]:
    return {"wp": {"S": "D|1"}, "ws": {"S": ws}}


def text(size: int) -> str:
    """A text that makes an item of so many bytes."""
    return "x" * (size - KEY_AND_NAME)


EVERYTHING = {
    "M": {
        "n": {"N": "-12.50"},
        "t": {"N": "120"},
        "z": {"N": "0"},
        "l": {"L": [{"BOOL": True}, {"NULL": True}, {"S": "é"}]},
        "b": {"B": b"123"},
    }
}

WRITES = {
    "a small item": (None, item(), {"": 1}),
    "1 KB": (None, item(text(1024)), {"": 1}),
    "a byte more": (None, item(text(1025)), {"": 2}),
    "bytes, not characters": (None, item("é" * 512), {"": 2}),
    "smaller than it was": (item(text(3000)), item(), {"": 3}),
    "deleted": (item(text(3000)), None, {"": 3}),
    "nothing deleted": (None, None, {"": 1}),
    "into both indexes": (
        None,
        item(**listed("l", "1"), **due("1")),
        {"": 1, "list": 1, "wait": 1},
    ),
    "half a key is in no index": (None, item(lp={"S": "l"}), {"": 1}),
    "the indexes stay": (item("a", **listed("l", "1")), item("b", **listed("l", "1")), {"": 1}),
    "to another place": (item(**due("1")), item(**due("2")), {"": 1, "wait": 2}),
    "to another shelf": (item(**listed("l", "1")), item(**listed("m", "1")), {"": 1, "list": 2}),
    "out of an index": (item(**due("1")), item(), {"": 1, "wait": 1}),
    "deleted from an index": (item(**listed("l", "1")), None, {"": 1, "list": 1}),
    "a key of a whole KB": (None, item(**listed("l" * 1024, "1")), {"": 2, "list": 2}),
    "numbers, lists and maps": (None, item(text(989), m=EVERYTHING), {"": 1}),
    "and a byte more": (None, item(text(990), m=EVERYTHING), {"": 2}),
}


@pytest.mark.parametrize(("before", "after", "units"), WRITES.values(), ids=WRITES)
def test_a_write_costs_what_the_rules_say(
    client: Any, tables: Tables, before: Any, after: Any, units: dict[str, int]
) -> None:
    if before:
        client.put_item(TableName=tables.log, Item=before)
    if after:
        answer = client.put_item(TableName=tables.log, Item=after, **CAPACITY)
    else:
        key = {"pk": {"S": "a"}, "sk": {"S": "~"}}
        answer = client.delete_item(TableName=tables.log, Key=key, **CAPACITY)
    consumed = answer["ConsumedCapacity"]
    parts = {"": consumed["Table"], **consumed.get("GlobalSecondaryIndexes", {})}

    assert {name: part["CapacityUnits"] for name, part in parts.items()} == units
    assert write_units(before, after) == units


@pytest.fixture
def bill_of(endpoint: str, tables: Tables) -> Callable[[Callable[[Any], Any]], Bill]:
    """Ask something of a client that a meter watches."""
    watched = connect(endpoint)
    meter = Meter()
    meter.watch(watched)

    def measure(ask: Callable[[Any], Any]) -> Bill:
        with meter.measuring() as bill:
            ask(watched)
        return bill

    return measure


def test_a_bill_tells_requests_and_units_by_table_and_index(bill_of: Any, tables: Tables) -> None:
    def ask(client: Any) -> None:
        client.put_item(TableName=tables.log, Item=item(**due("1")))
        client.put_item(TableName=tables.registry, Item=item(text(1500)))
        client.get_item(TableName=tables.log, Key={"pk": {"S": "a"}, "sk": {"S": "~"}})
        client.query(
            TableName=tables.log,
            IndexName="wait",
            KeyConditionExpression="wp = :p",
            ExpressionAttributeValues={":p": {"S": "D|1"}},
        )

    bill = bill_of(ask)

    assert bill.requests == {"PutItem": 2, "GetItem": 1, "Query": 1}
    assert bill.writes == {
        (tables.log, ""): 1,
        (tables.log, "wait"): 1,
        (tables.registry, ""): 2,
    }
    assert bill.reads == {(tables.log, ""): 0.5, (tables.log, "wait"): 0.5}
    assert (bill.write_units, bill.read_units) == (4, 1)


def test_a_bill_holds_what_was_asked_while_it_was_open(endpoint: str, tables: Tables) -> None:
    client = connect(endpoint)
    meter = Meter()
    meter.watch(client)

    client.put_item(TableName=tables.log, Item=item())
    with meter.measuring() as outer:
        client.put_item(TableName=tables.log, Item=item())
        with meter.measuring() as inner:
            client.put_item(TableName=tables.log, Item=item())
    client.put_item(TableName=tables.log, Item=item())

    assert (outer.write_units, inner.write_units) == (2, 1)


def test_batches_are_summed_up(bill_of: Any, tables: Tables) -> None:
    puts = [
        {"PutRequest": {"Item": item(text(1500)) | {"sk": {"S": str(number)}}}}
        for number in range(5)
    ]
    bill = bill_of(lambda client: client.batch_write_item(RequestItems={tables.log: puts}))

    assert bill.writes == {(tables.log, ""): 10}


def test_a_delete_in_a_batch_costs_a_unit_where_nothing_is(
    bill_of: Any, client: Any, tables: Tables
) -> None:
    client.put_item(TableName=tables.log, Item=item(text(2500)))
    deletes = [
        {"DeleteRequest": {"Key": {"pk": {"S": pk}, "sk": {"S": "~"}}}} for pk in ("a", "b", "c")
    ]
    said: list[Any] = []
    bill = bill_of(
        lambda client: said.append(client.batch_write_item(RequestItems={tables.log: deletes}))
    )

    assert said[0]["ConsumedCapacity"][0]["CapacityUnits"] == 3 + 2 + 2
    assert bill.writes == {(tables.log, ""): 3 + 1 + 1}
    assert bill.requests == {"BatchWriteItem": 1}


@pytest.mark.parametrize(("consistent", "units"), [(True, 1), (False, 0.5)])
def test_a_query_that_finds_nothing_costs_the_least_there_is(
    bill_of: Any, tables: Tables, consistent: bool, units: float
) -> None:
    said: list[Any] = []
    bill = bill_of(
        lambda client: said.append(
            client.query(
                TableName=tables.log,
                ConsistentRead=consistent,
                KeyConditionExpression="pk = :p",
                ExpressionAttributeValues={":p": {"S": "nobody"}},
            )
        )
    )

    assert said[0]["ConsumedCapacity"]["CapacityUnits"] == 0  # what DynamoDB Local says
    assert bill.reads == {(tables.log, ""): units}


@pytest.mark.parametrize(("consistent", "units"), [(True, 1), (False, 0.5)])
def test_a_key_without_an_item_costs_the_least_there_is(
    bill_of: Any, client: Any, tables: Tables, consistent: bool, units: float
) -> None:
    client.put_item(TableName=tables.log, Item=item(text(5000)))
    keys = [{"pk": {"S": pk}, "sk": {"S": "~"}} for pk in ("a", "b", "c")]
    asked = {tables.log: {"Keys": keys, "ConsistentRead": consistent}}
    said: list[Any] = []
    bill = bill_of(lambda client: said.append(client.batch_get_item(RequestItems=asked)))

    assert said[0]["ConsumedCapacity"][0]["CapacityUnits"] == 2 * units
    assert bill.reads == {(tables.log, ""): 4 * units}


@pytest.mark.parametrize(
    ("there", "units"), [(None, 1), (item(), 1), (item(text(2500)), 3)], ids=["none", "small", "3"]
)
def test_a_refused_condition_costs_what_is_there(
    bill_of: Any, client: Any, tables: Tables, there: Any, units: int
) -> None:
    if there:
        client.put_item(TableName=tables.log, Item=there)

    def ask(client: Any) -> None:
        with pytest.raises(ClientError) as refused:
            client.put_item(
                TableName=tables.log,
                Item=item(),
                ConditionExpression="attribute_exists(nothing)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        assert "ConsumedCapacity" not in refused.value.response

    assert bill_of(ask).writes == {(tables.log, ""): units}


def test_a_transaction_costs_twice_each_of_its_writes(
    bill_of: Any, client: Any, tables: Tables
) -> None:
    client.put_item(TableName=tables.log, Item=item(**due("1")))
    key = {"pk": {"S": "b"}, "sk": {"S": "~"}}
    moved = {"Put": {"TableName": tables.log, "Item": item(text(1500), **due("2"))}}
    new = {"Put": {"TableName": tables.log, "Item": {**key, **listed("l", "1")}}}
    looked = {
        "ConditionCheck": {
            "TableName": tables.registry,
            "Key": key,
            "ConditionExpression": "attribute_not_exists(pk)",
        }
    }
    said: list[Any] = []
    bill = bill_of(
        lambda client: said.append(client.transact_write_items(TransactItems=[moved, new, looked]))
    )

    # DynamoDB Local neither rounds each item up by itself nor takes it twice.
    local = {one["TableName"]: one["Table"] for one in said[0]["ConsumedCapacity"]}
    assert local[tables.log]["CapacityUnits"] == 12
    assert bill.writes == {
        (tables.log, ""): 2 * (2 + 1),
        (tables.log, "wait"): 2 * 2,
        (tables.log, "list"): 2 * 1,
        (tables.registry, ""): 2 * 1,
    }
    assert bill.requests == {"TransactWriteItems": 1}


def test_a_cancelled_transaction_is_counted_as_if_it_had_looked(
    bill_of: Any, client: Any, tables: Tables
) -> None:
    client.put_item(TableName=tables.log, Item=item(text(1500), **due("1")))
    refused = {
        "Put": {
            "TableName": tables.log,
            "Item": item(**due("2")),
            "ConditionExpression": "attribute_not_exists(pk)",
        }
    }
    other = {"Put": {"TableName": tables.registry, "Item": item()}}

    def ask(client: Any) -> None:
        with pytest.raises(ClientError, match="ConditionalCheckFailed"):
            client.transact_write_items(TransactItems=[refused, other])

    assert bill_of(ask).writes == {(tables.log, ""): 4, (tables.registry, ""): 2}


def test_other_services_are_counted_too(endpoint: str, tables: Tables) -> None:
    streams = connect(endpoint, "dynamodbstreams")
    meter = Meter()
    meter.watch(streams)
    with meter.measuring() as bill:
        streams.describe_stream(StreamArn=tables.stream)

    assert bill.requests == {"DescribeStream": 1}
    assert (bill.reads, bill.writes) == ({}, {})
