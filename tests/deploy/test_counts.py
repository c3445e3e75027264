"""Counts, groups and search words, which the reader of the log table's stream keeps."""

from collections import Counter

from local.demo.log import Log
from tests.journey.house import House, wait_until


def test_counts_and_groups_are_those_of_the_rows(house: House) -> None:
    house.sell_ready("Mug", "MUG-1")
    held = house.add_product("Candle", "CAN-1", category="Candles")
    right, wrong = house.sell("MUG-1"), house.sell("MUG-1", total_off_by=137)
    house.wait_for("order", right, "Synced")
    failed = house.wait_for("order", wrong, "Failed", "amounts_differ")
    waiting = house.wait_for("product", held, "Pending", "needs_mapping")

    wait_until(lambda: _counted(house) == _counted_by_hand(house), "counts of the rows")
    _, groups = _counted(house)
    assert groups[waiting["cause"]] == 1
    assert groups[failed["group"]] == 1


def test_a_row_is_found_by_the_start_of_a_sku(house: House) -> None:
    mug = house.sell_ready("Mug", "MUG-1")

    wait_until(lambda: len(house.rows(q="MUG")) > 0, "row by its SKU")

    assert {row["record"] for row in house.rows(q="MUG")} == {str(mug)}


def _counted(house: House) -> tuple[Counter[tuple[str, str]], Counter[str]]:
    """Return rows by kind and status, and rows by group or cause, as they were counted."""
    log = Log(api=house.api, consumer=house.consumer)
    statuses = {(kind, one): n for kind, counts in log.count().items() for one, n in counts.items()}
    groups = {one["key"]: one["count"] for one in house.api.get(f"{house.base}/groups")["items"]}
    return +Counter(statuses), +Counter(groups)


def _counted_by_hand(house: House) -> tuple[Counter[tuple[str, str]], Counter[str]]:
    rows = house.rows()
    groups = (row["group"] or row["cause"] for row in rows)
    return Counter((row["kind"], row["status"]) for row in rows), Counter(filter(None, groups))
