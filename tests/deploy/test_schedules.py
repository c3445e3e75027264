"""What every minute brings: a poll, a release, a message that was lost. Nobody hurries it here."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from chalicelib.domain.rows import RowName
from chalicelib.store import keys
from chalicelib.wiring import utc_now
from local.demo.api import Json
from local.demo.merchant import ORDERS, PRODUCTS, UNMAPPED
from tests.deploy.stage import STAGE, Stage
from tests.journey.house import House, opened, wait_until

WITHIN_S = 150.0  #: two ticks of a schedule, and the start of its function


@dataclass(frozen=True, kw_only=True)
class Situation:
    """A merchant who waits for each of the three schedules."""

    house: House
    polled: str  #: an order of which no webhook ever told
    held: str  #: a product whose category got its mapping
    lost: str  #: an order whose message was lost


@pytest.fixture(scope="module")
def situation(stage: Stage) -> Iterator[Situation]:
    """All three at once, so that they wait for the same minute."""
    with opened(stage.operator, consumer="schedules", name="Schedules") as house:
        with stage.hurrying():  # up to here nothing is about schedules
            wait_until(lambda: _is_polled(house), "first polls", within_s=WITHIN_S)
            house.sell_ready("Mug", "MUG-1")
            candle = house.add_product("Candle", "CAN-1", category=UNMAPPED)
            house.wait_for("product", candle, "Pending", "needs_mapping")
        yield _prepare(stage, house, candle)


def _is_polled(house: House) -> bool:
    flows = house.api.get(f"{house.base}/flows")["items"]
    return all(flow["last_execution"] for flow in flows if flow["enabled"])


def _prepare(stage: Stage, house: House, candle: int) -> Situation:
    lost = _lose_message(stage, house)
    house.vendors.square.sender.configure(lose_next=1000)
    polled = house.sell("MUG-1")
    house.poll_now(ORDERS)
    house.map(PRODUCTS, "category", **{UNMAPPED: house.vendors.tills.category_ids["Shirts"]})
    return Situation(house=house, polled=polled, held=str(candle), lost=lost)


def _lose_message(stage: Stage, house: House) -> str:
    """Sell something, take its message away, and let its due time be over."""
    with stage.paused("SyncRecords"):
        sale = house.sell("MUG-1")
        row = house.wait_for("order", sale, "Pending", "queued")
        assert house.vendors.square.sender.drain()  # answered, so its message was sent
        assert stage.count("records") > 0
        stage.client("sqs").purge_queue(QueueUrl=stage.queue_url("records"))
        _let_be_due(stage, house, row)
    return sale


def _let_be_due(stage: Stage, house: House, row: Json) -> None:
    pk, sk = keys.row_key(RowName.from_id(house.consumer, row["id"]))
    stage.client("dynamodb").update_item(
        TableName=f"synclog-{STAGE}-log",
        Key={"pk": {"S": pk}, "sk": {"S": sk}},
        UpdateExpression="SET du = :past, ws = :past",
        ExpressionAttributeValues={
            ":past": {"S": keys.time_text(utc_now() - timedelta(minutes=1))}
        },
    )


def test_the_poller_finds_what_no_webhook_told(situation: Situation) -> None:
    situation.house.wait_for("order", situation.polled, "Synced", within_s=WITHIN_S)


def test_the_dispatcher_releases_what_waited_for_a_mapping(situation: Situation) -> None:
    situation.house.wait_for("product", situation.held, "Synced", within_s=WITHIN_S)


def test_the_sweeper_sends_what_was_lost(situation: Situation) -> None:
    situation.house.wait_for("order", situation.lost, "Synced", within_s=WITHIN_S)
