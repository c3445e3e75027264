"""Transactions on DynamoDB, and which of its errors are busy, a limit or a defect."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from chalicelib.domain.ports import BusyError
from chalicelib.domain.writes import MISSING, Op, Term
from chalicelib.store.dynamo import ROUNDS, DynamoTable
from chalicelib.store.table import (
    EXISTS,
    NOTHING,
    Effect,
    TableBusyError,
    Write,
    choice,
    put,
    update,
)
from tests.builders import NOW, Clock
from tests.contract import dynamo_items
from tests.contract.dynamo_clients import Cancelling, Refusing
from tests.contract.dynamo_items import item

clock, table = dynamo_items.clock, dynamo_items.table


def pair() -> list[Write]:
    return [put(item("a"), MISSING), update(("p", "b"), add={"n": 1})]


@pytest.mark.parametrize(
    "reasons",
    [
        ["TransactionConflict", "None"],
        ["None", "ThrottlingError"],
        ["None", "ProvisionedThroughputExceeded"],
    ],
    ids=lambda reasons: "-".join(reasons),
)
def test_a_transaction_that_meets_another_is_tried_again(
    table: DynamoTable, clock: Clock, reasons: Sequence[str]
) -> None:
    client = Cancelling(table.client, *[reasons] * 3)

    assert replace(table, client=client).transact(pair())
    assert table.query("p", limit=9) == [item("a"), item("b", n=1)]
    assert clock() > NOW  # it waited


def test_a_transaction_that_always_meets_others_is_busy(table: DynamoTable) -> None:
    client = Cancelling(table.client, *[["TransactionConflict", "None"]] * ROUNDS)

    with pytest.raises(TableBusyError, match="a transaction was not done in 8 tries"):
        replace(table, client=client).transact(pair())
    assert table.query("p", limit=9) == []


@pytest.mark.parametrize("code", ["AccessDenied", "ItemCollectionSizeLimitExceeded", "Unheard"])
def test_a_transaction_cancelled_for_a_defect_is_one(table: DynamoTable, code: str) -> None:
    client = Cancelling(table.client, ["TransactionConflict", code])

    with pytest.raises(ClientError, match="told to"):
        replace(table, client=client).transact(pair())


def test_a_transaction_makes_the_choice_that_holds_of_each_item(table: DynamoTable) -> None:
    table.write_many([put(item("a", n=1)), put(item("b", n=2))])
    first = choice("no", (MISSING,), Effect(set={"by": "first"}))
    second = choice("yes", (EXISTS,), Effect(set={"by": "second"}))
    same = choice("same", (Term("n", Op.EQ, 2),), NOTHING)
    writes = [
        Write(("p", "a"), [first, second]),
        Write(("p", "b"), [first, same]),
        Write(("p", "c"), [first, second]),
    ]

    assert table.transact(writes)
    assert table.query("p", limit=9) == [
        item("a", n=1, by="second"),
        item("b", n=2),
        item("c", by="first"),
    ]


def test_a_transaction_none_of_whose_choices_holds_for_one_item_writes_nothing(
    table: DynamoTable,
) -> None:
    table.write_many([put(item("a", n=1))])
    none = [
        choice("x", (MISSING,), Effect(set={"x": 1})),
        choice("y", (Term("n", Op.GT, 1),), NOTHING),
    ]

    assert not table.transact([Write(("p", "a"), none), put(item("b"))])
    assert not table.transact([Write(("p", "a"), none)])
    assert table.query("p", limit=9) == [item("a", n=1)]


def test_no_writes_are_all_carried_out(table: DynamoTable) -> None:
    assert table.transact([])
    assert table.write_many([]) == []


# Errors


@pytest.mark.parametrize(
    "code", ["AccessDeniedException", "ResourceNotFoundException", "ValidationException"]
)
@pytest.mark.parametrize("method", ["get_many", "query", "write_many", "transact"])
def test_what_somebody_has_to_mend_is_not_busy(table: DynamoTable, method: str, code: str) -> None:
    refused = replace(table, client=Refusing(code))
    asks: dict[str, Callable[[], object]] = {
        "get_many": lambda: refused.get_many([("p", "s")]),
        "query": lambda: refused.query("p", limit=1),
        "write_many": lambda: refused.write_many([put(item(), MISSING)]),
        "transact": lambda: refused.transact(pair()),
    }

    with pytest.raises(ClientError, match=code) as caught:
        asks[method]()
    assert not isinstance(caught.value, BusyError)


@pytest.mark.parametrize("code", ["TransactionConflictException", "TransactionInProgressException"])
def test_an_item_in_anothers_transaction_is_busy(table: DynamoTable, code: str) -> None:
    with pytest.raises(TableBusyError, match="a transaction holds the item"):
        replace(table, client=Refusing(code)).write_many([update(("p", "s"), add={"n": 1})])
