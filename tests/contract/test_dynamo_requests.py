"""How many requests to AWS our work is made of: a webhook of one record, a batch of ten rows."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from chalicelib.domain.ports import QueueMessage
from chalicelib.domain.protocol import claim, park
from chalicelib.domain.reasons import Reason
from chalicelib.domain.statuses import Status
from chalicelib.flows import engine, intake
from chalicelib.store.table import put
from tests.contract.aws import wire
from tests.contract.dynamo import open_moto_stores
from tests.toy import Toy, make_services


class Time:
    """The toy's clock, as stores on moto want it."""

    def __init__(self, toy: Toy) -> None:
        self.toy = toy

    def __call__(self) -> datetime:
        return self.toy.at

    def pass_s(self, seconds: float) -> None:
        """Let time pass."""
        self.toy.pass_s(seconds)


@dataclass
class AwsToy(Toy):
    """The toy merchant over the stores of the aws home."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.stores.close()
        self.stores = open_moto_stores(Time(self))  # type: ignore[arg-type,assignment]  # alike
        self.services = make_services(self)

    def hear(self, record: str, version: int | None = None) -> int:
        """Let the shop tell of a product; returns how many requests the answer took."""
        token = self.connection().webhook_token
        body = json.dumps({"product": record, "version": version}).encode()
        signed = {"x-toy-signature": "signed"}
        wire.reset()
        received = intake.receive(self.services, "shop", token, signed, {}, body)
        assert (received.status, received.requested) == (200, 1)
        return sum(wire.calls.values())

    def take(self, *records: str) -> Counter[str]:
        """Work a batch of messages; returns what was asked of AWS."""
        messages = [QueueMessage(name=self.name(one), receipt=one) for one in records]
        wire.reset()
        done = engine.sync_batch(self.services, messages, deadline=self.soon())
        assert len(done.done) == len(messages)
        return +wire.calls


@pytest.fixture
def toy() -> Iterator[AwsToy]:
    toy = AwsToy()
    toy.set_up()
    toy.shop.edit("warm")
    toy.hear("warm")  # set-up and credentials are in memory, as in a process that has run before
    toy.take("warm")
    yield toy
    toy.stores.close()


# A webhook of one record


def nothing(toy: AwsToy) -> None:
    """Nothing is known of the row."""


def synced(toy: AwsToy) -> None:
    toy.hear("7", 5)
    toy.take("7")
    assert toy.row("7").status is Status.SYNCED


def owed(toy: AwsToy) -> None:
    toy.hear("7", 5)


def leased(toy: AwsToy) -> None:
    toy.hear("7", 5)
    [claimed] = toy.services.log.write_rows(
        [claim(toy.name("7"), lease_id="a", deadline=toy.soon(), settle_s=60, now=toy.at)]
    )
    assert claimed.tag == "claimed"


def parked(toy: AwsToy) -> None:
    toy.hear("7", 5)
    toy.services.log.write_rows(
        [park(toy.name("7"), cause="rate:till:1:0", reason=Reason.THROTTLED, now=toy.at)]
    )
    assert toy.row("7").reason is Reason.THROTTLED


@pytest.mark.parametrize(
    ("before", "version", "updates", "sends"),
    [
        (nothing, None, 1, 1),
        (nothing, 5, 1, 1),
        (synced, None, 1, 1),
        (synced, 6, 1, 1),
        (synced, 5, 2, 1),  # told again what is known: the version is not written
        (parked, None, 2, 1),
        (parked, 6, 2, 1),
        (owed, None, 1, 0),
        (owed, 5, 1, 0),
        (owed, 6, 2, 0),
        (leased, None, 2, 0),
        (leased, 6, 2, 0),
    ],
    ids=lambda part: getattr(part, "__name__", str(part)),
)
def test_a_webhook_is_one_write_and_one_send_unless_the_row_is_in_motion(
    toy: AwsToy,
    before: Callable[[AwsToy], None],
    version: int | None,
    updates: int,
    sends: int,
) -> None:
    toy.shop.edit("7")
    before(toy)

    assert toy.hear("7", version) == updates + sends
    assert +wire.calls == +Counter(UpdateItem=updates, SendMessageBatch=sends)


def test_a_webhook_that_is_refused_asks_nothing_of_aws(toy: AwsToy) -> None:
    token = toy.connection().webhook_token
    wire.reset()

    assert intake.receive(toy.services, "shop", token, {}, {}, b"{}").status == 401
    assert not wire.calls


# A worker's batch of ten


def batch(toy: AwsToy) -> list[str]:
    """Make ten rows owed; returns their records."""
    records = [str(number) for number in range(10, 20)]
    for record in records:
        toy.shop.edit(record, name=f"at {toy.at}")
        toy.hear(record)
    return records


#: Of every batch: rows are claimed and closed one by one, and each side has a window of calls.
#: The flow's connections are listed by a query.
ALWAYS = {"UpdateItem": 10 + 10 + 2, "Query": 1}


def test_ten_new_rows(toy: AwsToy) -> None:
    assert toy.take(*batch(toy)) == {
        **ALWAYS,
        "BatchGetItem": 3,  # the flow, its mapping; snapshots, to see which differ
        "PutItem": 10,  # snapshots that do
        "BatchWriteItem": 3,  # links of both sides; releases of who waited for these; traces
    }


def test_ten_changed_rows(toy: AwsToy) -> None:
    toy.take(*batch(toy))
    toy.pass_s(30)

    asked = toy.take(*batch(toy))

    assert asked == {**ALWAYS, "BatchGetItem": 3, "PutItem": 10, "BatchWriteItem": 1}


def test_ten_rows_that_fail(toy: AwsToy) -> None:
    records = batch(toy)
    for record in records:
        toy.fail(record)

    asked = toy.take(*records)

    letters = {"SendMessageBatch": 1}
    expected = {**ALWAYS, **letters, "BatchGetItem": 3, "PutItem": 10, "BatchWriteItem": 1}
    assert asked == expected


def test_ten_messages_of_rows_that_are_not_owed(toy: AwsToy) -> None:
    records = batch(toy)
    toy.take(*records)
    toy.pass_s(30)

    asked = toy.take(*records)

    assert asked["UpdateItem"] == 10 + 2  # ten refused claims
    assert sum(asked.values()) - asked["UpdateItem"] <= 4
    assert not asked.keys() & {"PutItem", "BatchWriteItem", "SendMessageBatch"}


# Reads


def test_rows_are_read_as_they_are_and_what_never_changes_for_half_the_price(toy: AwsToy) -> None:
    wire.reset()
    toy.row("warm")
    toy.services.log.read_snapshot(toy.name("warm"))
    toy.services.log.list_attempts(toy.name("warm"), limit=5)

    whether = [
        next(iter(asked.get("RequestItems", {"": asked}).values()))["ConsistentRead"]
        for _, asked in wire.asked
    ]
    assert whether == [True, False, True]


def test_a_page_between_two_keys_is_one_request(toy: AwsToy) -> None:
    table: Any = toy.services.log.table  # type: ignore[attr-defined]  # TableSyncLog's
    table.write_many([put({"pk": "p", "sk": str(number)}) for number in range(9)])
    wire.reset()

    assert len(table.query("p", low="2", high="7", forward=False, limit=5)) == 5
    assert wire.calls == {"Query": 1}


def test_an_index_is_asked_for_no_more_than_its_page(toy: AwsToy) -> None:
    wire.reset()
    toy.services.log.list_due(0, before=toy.at, limit=7)

    [(operation, asked)] = wire.asked
    assert (operation, asked["Limit"], "ConsistentRead" in asked) == ("Query", 7, False)


def test_a_transaction_of_one_write_is_none_which_costs_half(toy: AwsToy) -> None:
    table: Any = toy.services.log.table  # type: ignore[attr-defined]  # TableSyncLog's
    wire.reset()

    assert table.transact([put({"pk": "p", "sk": "1"})])
    assert wire.calls == {"PutItem": 1}
