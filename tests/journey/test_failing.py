"""Failure → dead letter → redrive; refused tokens; answers that promise what is not there."""

from local.demo.merchant import ORDERS
from tests.journey.house import House, wait_until

RECORDS = 250


def test_failed_order_is_a_dead_letter_and_its_redrive_syncs_it(house: House) -> None:
    house.sell_ready("Mug", "MUG-1")
    house.vendors.brightpearl.down()
    sale = house.sell("MUG-1")
    failed = house.wait_for("order", sale, "Failed", "gave_up")
    letters = house.operator.get("/v1/dlq")
    assert [letter["row"] for letter in letters["items"]] == [failed["id"]]
    assert letters["counts"]["records"] == 1

    house.vendors.brightpearl.down(False)
    driven = house.operator.post("/v1/dlq/redrive", {})

    assert (driven["received"], driven["requested"]) == (1, 1)
    row = house.wait_for("order", sale, "Synced")
    assert house.sales_order(row)["externalRef"] == sale
    assert row["attempts"] == failed["attempts"] + 1
    assert house.operator.get("/v1/dlq")["items"] == []


def test_one_resync_tries_every_failed_row_again_and_no_other(house: House) -> None:
    house.sell_ready("Mug", "MUG-1", stock=1000)
    good = house.sell("MUG-1")
    house.settle()
    before = house.wait_for("order", good, "Synced")
    wrong = [house.sell("MUG-1", total_off_by=100) for _ in range(RECORDS)]
    failed = {"kind": "order", "status": "Failed"}
    wait_until(lambda: len(house.rows(**failed)) == RECORDS, "250 failed rows")
    assert len(house.api.get(f"{house.base}/logs", **failed)["items"]) == 50

    house.vendors.square.sender.configure(lose_next=10 * RECORDS)  # no webhook helps
    for sale in wrong:
        house.vendors.square.edit(sale, total_off_by=0)
    counted = house.api.post(f"{house.base}/resyncs", {"filter": failed, "dry_run": True})
    started = house.api.post(f"{house.base}/resyncs", {"filter": failed})

    assert counted == {"count": RECORDS, "exact": True}
    address = f"{house.base}/resyncs/{started['id']}"
    wait_until(lambda: house.api.get(address)["state"] != "Running", "end of the re-sync")
    run = house.api.get(address)
    assert (run["state"], run["counts"]["requested"]) == ("Success", RECORDS)
    assert (run["counts"]["done"], run["counts"]["synced"]) == (RECORDS, RECORDS)
    assert house.rows(**failed) == []
    after = house.row("order", good)
    assert after is not None
    assert after["attempts"] == before["attempts"]


def test_item_that_is_not_live_yet_is_processing_until_it_is(house: House) -> None:
    house.vendors.square.catalog_live_after_s = 3.0
    product = house.add_product("Mug", "MUG-1")

    waiting = house.wait_for("product", product, "Processing", "awaiting_target")
    assert house.variations("MUG-1") == []
    assert waiting["synced_at"] is None

    house.wait_for("product", product, "Synced")
    assert len(house.variations("MUG-1")) == 1


def test_item_that_never_gets_live_fails_with_a_reason(house: House) -> None:
    _shorten_waiting(house)
    house.vendors.square.catalog_live_after_s = None
    product = house.add_product("Mug", "MUG-1")

    row = house.wait_for("product", product, "Failed", "gave_up")

    assert row["sentence"]
    assert row["remedy"]


def test_write_that_square_drops_is_not_synced(house: House) -> None:
    _shorten_waiting(house)
    house.vendors.square.drop_catalog_writes = True
    product = house.add_product("Mug", "MUG-1")

    house.wait_for("product", product, "Failed", "gave_up")
    assert house.rows(kind="product", status="Synced") == []

    house.vendors.square.drop_catalog_writes = False
    row = house.row("product", product)
    assert row is not None
    house.resync(row)
    house.wait_for("product", product, "Synced")
    assert len(house.variations("MUG-1")) == 1


def test_refused_token_holds_the_rows_and_calls_nobody_until_it_is_mended(house: House) -> None:
    house.sell_ready("Mug", "MUG-1")
    square = house.vendors.square
    square.oauth.revoke_all("MERCHANT")

    held = house.add_product("Bowl", "BOWL-1")
    row = house.wait_for("product", held, "Pending", "connection_down")
    assert row["cause"] == "connection:square"
    down = house.api.get(f"{house.base}/connections/square")
    assert down["health"] == "down"
    calls = len(square.calls)
    more = house.add_product("Plate", "PLATE-1")
    house.wait_for("product", more, "Pending", "connection_down")
    assert len(square.calls) == calls

    token = square.add_token()
    path = f"{house.base}/connections/square"
    house.api.put(path, {"credentials": {"access_token": token}})
    assert house.api.post(f"{path}/check")["ok"]

    for product in (held, more):
        house.wait_for("product", product, "Synced")


def test_order_whose_answer_got_lost_is_looked_up_and_not_made_twice(house: House) -> None:
    house.sell_ready("Mug", "MUG-1")
    house.vendors.brightpearl.fail_next(mode="drop_after", path="sales-order", method="POST")

    sale = house.sell("MUG-1")
    row = house.wait_for("order", sale, "Processing", "outcome_unknown")

    assert row["next_attempt_at"] is not None
    assert len(house.vendors.brightpearl.world.orders.by_id) == 1
    assert house.api.get(f"{house.base}/flows/{ORDERS}")["counts"]


def _shorten_waiting(house: House) -> None:
    settings = {"awaiting_every_s": 1, "awaiting_limit_s": 2}
    house.api.put(f"{house.base}/connections/square", {"settings": settings})
