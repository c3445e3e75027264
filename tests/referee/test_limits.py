"""What our adapter believes about DynamoDB: sizes, batches, transactions, statements."""

from typing import Any

import pytest

from tests.referee.desk import Desk, key, number, refusal, text

# Sizes


@pytest.mark.parametrize(
    "item",
    [
        key(pk=""),
        key(sk=""),
        key(pk="x" * 2049),
        key(sk="x" * 1025),
        {**key(), "lp": text("")},
        {**key(), "ws": text("")},
        {**key(), "lp": text("x" * 2049), "ls": text("1")},
        {**key(), "wp": text("1"), "ws": text("x" * 1025)},
        {**key(), "lp": number(1), "ls": text("1")},
    ],
    ids=[
        *("empty pk", "empty sk", "long pk", "long sk", "empty lp", "empty ws", "long lp"),
        *("long ws", "a number as lp"),
    ],
)
def test_a_key_is_refused(desk: Desk, item: dict[str, Any]) -> None:
    refusal(lambda: desk.put(item))


def test_keys_of_2048_and_1024_bytes_are_taken(desk: Desk) -> None:
    longest = key("x" * 2048, "x" * 1024)
    desk.put(longest)

    assert desk.read(longest) == longest


def test_an_item_holds_400_kb_and_not_a_byte_more(desk: Desk) -> None:
    rest = len("pkask~b")
    desk.put(key(), b=text("x" * (400 * 1024 - rest)))

    said = refusal(lambda: desk.put(key(), b=text("x" * (400 * 1024 - rest + 1))))
    assert "size" in said["Error"]["Message"]
    grown = refusal(lambda: desk.update("SET c = :c", c=text("")))
    assert "size" in grown["Error"]["Message"]


@pytest.mark.parametrize("names", [["a"] * 2, [str(place) for place in range(26)]])
def test_a_batch_writes_25_different_items(desk: Desk, names: list[str]) -> None:
    def write(names: list[str]) -> Any:
        puts = [{"PutRequest": {"Item": key(name)}} for name in names]
        return desk.client.batch_write_item(RequestItems={desk.table: puts})

    refusal(lambda: write(names))
    assert write(list(dict.fromkeys(names))[:25])["UnprocessedItems"] == {}


@pytest.mark.parametrize("names", [["a"] * 2, [str(place) for place in range(101)]])
def test_a_batch_reads_100_different_keys(desk: Desk, names: list[str]) -> None:
    def read(names: list[str]) -> Any:
        keys = [key(name) for name in names]
        return desk.client.batch_get_item(RequestItems={desk.table: {"Keys": keys}})

    refusal(lambda: read(names))
    assert read(list(dict.fromkeys(names))[:100])["UnprocessedKeys"] == {}


# Transactions


def test_a_cancelled_transaction_tells_each_reason_and_writes_nothing(desk: Desk) -> None:
    desk.put(key("there"), n=number(7))
    new = {"ConditionExpression": "attribute_not_exists(pk)"}
    shown = {**new, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}

    said = refusal(
        lambda: desk.transact(
            {"Put": {"Item": key("new"), **shown}},
            {"Put": {"Item": key("there"), **shown}},
            {"ConditionCheck": {"Key": key("there"), **shown}},
        ),
        "TransactionCanceledException",
    )

    reasons = said["CancellationReasons"]
    codes = [reason["Code"] for reason in reasons]
    assert codes == ["None", "ConditionalCheckFailed", "ConditionalCheckFailed"]
    assert [reason.get("Item") for reason in reasons] == [
        None,
        {**key("there"), "n": number(7)},
        {**key("there"), "n": number(7)},
    ]
    assert desk.read(key("new")) is None


@pytest.mark.parametrize("names", [["a"] * 2, [str(place) for place in range(101)]])
def test_a_transaction_writes_100_different_items(desk: Desk, names: list[str]) -> None:
    refusal(lambda: desk.transact(*({"Put": {"Item": key(name)}} for name in names)))
    desk.transact(*({"Put": {"Item": key(name)}} for name in dict.fromkeys(names[:100])))

    assert desk.read(key(names[0])) is not None


def test_a_token_makes_a_repeated_transaction_do_nothing(desk: Desk) -> None:
    counted = {
        "Update": {
            "Key": key(),
            "UpdateExpression": "ADD n :n",
            "ExpressionAttributeValues": {":n": number(1)},
        }
    }
    for _ in range(2):
        desk.transact(counted, ClientRequestToken="once")

    assert desk.read(key())["n"] == number(1)
    refusal(
        lambda: desk.transact({"Put": {"Item": key("b")}}, ClientRequestToken="once"),
        "IdempotentParameterMismatchException",
    )


# PartiQL: what it could do for conditional writes of many rows in one request


def test_statements_of_a_batch_succeed_and_fail_by_themselves(desk: Desk) -> None:
    for name in ("first", "second"):
        desk.put(key(name), n=number(1))
    write = f'UPDATE "{desk.table}" SET n = ? WHERE pk = ? AND sk = ? AND n = ?'  # noqa: S608 - our own words
    statements = [
        {
            "Statement": f"{write} RETURNING ALL NEW *",
            "Parameters": [number(2), text(name), text("~"), number(expected)],
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        for name, expected in (("first", 1), ("second", 9), ("none", 1))
    ]

    answer = desk.client.batch_execute_statement(
        Statements=statements, ReturnConsumedCapacity="TOTAL"
    )
    done, refused, missing = answer["Responses"]

    assert done["Item"]["n"] == number(2)
    assert refused["Error"]["Code"] == "ConditionalCheckFailed"
    assert refused["Error"]["Item"]["n"] == number(1)
    assert missing["Error"]["Code"] == "ConditionalCheckFailed"  # an UPDATE makes no item
    assert "Item" not in missing["Error"]
    assert "ConsumedCapacity" not in answer  # DynamoDB tells it, DynamoDB Local does not
