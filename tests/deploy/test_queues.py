"""The work queues: part of a batch fails, a worker dies, a dead letter is tried again."""

from tests.deploy.stage import Stage
from tests.journey.house import House, wait_until

BATCH = 10
ORDERS = "/order-service/sales-order"
POISON = "poison"
#: Ten deliveries take an hour as deployed. A batch may take 20 s: its good messages, were they to
#: come back meanwhile, must not be taken for dead after ten.
AGAIN_S = 3
WITHIN_S = 90.0


def test_of_ten_messages_nine_are_done_and_the_poison_is_a_dead_letter(
    house: House, stage: Stage
) -> None:
    house.sell_ready("Mug", "MUG-1", stock=100)
    dead = stage.count("records-dlq")
    with stage.coming_back("records", after_s=AGAIN_S):
        with stage.paused("SyncRecords"):
            sales = [house.sell("MUG-1") for _ in range(BATCH - 1)]
            stage.client("sqs").send_message(
                QueueUrl=stage.queue_url("records"), MessageBody=POISON, MessageGroupId=POISON
            )
            wait_until(lambda: stage.count("records") >= BATCH, "ten messages")
        for sale in sales:
            house.wait_for("order", sale, "Synced", within_s=WITHIN_S)
        wait_until(lambda: stage.count("records-dlq") > dead, "dead letter", within_s=WITHIN_S)

    assert stage.count("records-dlq") == dead + 1
    assert stage.count("records") == 0
    assert stage.peek("records-dlq").count(POISON) == 1
    made = [house.sales_order(row)["externalRef"] for row in house.rows(kind="order")]
    assert sorted(made) == sorted(sales)


def test_a_row_whose_worker_was_killed_ends_synced_after_its_lease(
    house: House, stage: Stage
) -> None:
    house.sell_ready("Mug", "MUG-1")
    erp = house.vendors.brightpearl
    erp.fail_next(mode="slow", delay_s=4, path=ORDERS, method="POST")
    sale = house.sell("MUG-1")
    wait_until(lambda: _orders_written(house) == 1, "order that is being written")

    assert stage.kill("SyncRecords") > 0

    killed = house.row("order", sale)
    assert killed is not None
    assert (killed["status"], killed["reason"]) == ("Processing", "sending")
    row = house.wait_for("order", sale, "Synced", within_s=WITHIN_S)
    assert house.sales_order(row)["externalRef"] == sale
    assert _orders_written(house) == 1


def test_a_dead_letter_is_redriven_once_its_record_was_mended(house: House, stage: Stage) -> None:
    house.sell_ready("Mug", "MUG-1")
    sale = house.sell("MUG-1", total_off_by=137)
    failed = house.wait_for("order", sale, "Failed", "amounts_differ")
    letters = house.operator.get("/v1/dlq", consumer=house.consumer)
    assert [letter["row"] for letter in letters["items"]] == [failed["id"]]
    house.vendors.square.sender.configure(lose_next=10)  # no webhook helps
    house.vendors.square.edit(sale, total_off_by=0)

    driven = house.operator.post("/v1/dlq/redrive", {"consumer": house.consumer})

    assert driven["requested"] == 1
    house.wait_for("order", sale, "Synced")
    assert house.operator.get("/v1/dlq", consumer=house.consumer)["items"] == []


def _orders_written(house: House) -> int:
    calls = list(house.vendors.brightpearl.calls)
    return sum(call.method == "POST" and call.path.endswith(ORDERS) for call in calls)
