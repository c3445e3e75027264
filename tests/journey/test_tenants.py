"""Two merchants on one process: walls between them, and a noisy one beside a quiet one."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local.demo.api import RefusedError
from local.demo.merchant import ORDERS, PRODUCTS
from tests.journey.house import House, opened


@pytest.fixture
def bistro(house: House) -> Iterator[House]:
    """A second merchant, with accounts of its own at the same vendors."""
    with opened(house.operator, consumer="bistro-nord", name="Bistro Nord") as found:
        yield found


def refusal(ask: Callable[..., Any], *given: Any) -> str:
    """Return what the API says no with."""
    with pytest.raises(RefusedError) as raised:
        ask(*given)
    return str(raised.value)


def test_key_of_one_merchant_reads_guesses_and_changes_nothing_of_the_other(
    house: House, bistro: House
) -> None:
    ours = house.add_product("Mug", "MUG-1")
    theirs = bistro.add_product("Pan", "PAN-1")
    assert ours == theirs  # both vendors count from the same number
    house.wait_for("product", ours, "Synced")
    row = bistro.wait_for("product", theirs, "Synced")

    for path in ("", "/logs", f"/logs/{row['id']}", "/connections/square", "/flows", "/groups"):
        assert " 404 " in refusal(house.api.get, f"{bistro.base}{path}")
    for path in (f"/logs/{row['id']}/resync", "/resyncs", "/connections/square/check"):
        assert " 404 " in refusal(house.api.post, f"{bistro.base}{path}")
    flow = f"{bistro.base}/flows/{PRODUCTS}"
    assert " 404 " in refusal(house.api.put, flow, {"enabled": False})
    own = house.api.get(f"{house.base}/logs/{row['id']}")["row"]  # ids repeat, rows do not
    assert (own["consumer"], own["columns"]["name"]) == (house.consumer, "Mug")
    assert [one["id"] for one in house.api.items("/v1/consumers")] == [house.consumer]
    assert [one["columns"]["name"] for one in house.rows(kind="product")] == ["Mug"]
    after = bistro.row("product", theirs)
    assert after is not None
    assert after["attempts"] == row["attempts"]


def test_records_with_one_id_stay_with_their_own_accounts(house: House, bistro: House) -> None:
    house.sell_ready("Mug", "MUG-1")
    bistro.sell_ready("Pan", "PAN-1")

    sale = house.sell("MUG-1")
    house.wait_for("order", sale, "Synced")

    assert bistro.rows(kind="order") == []
    assert not bistro.vendors.brightpearl.world.orders.by_id
    assert (house.variations("PAN-1"), bistro.variations("MUG-1")) == ([], [])


def test_merchant_whose_vendor_is_down_does_not_keep_the_other_waiting(
    house: House, bistro: House
) -> None:
    bistro.sell_ready("Pan", "PAN-1")
    house.vendors.brightpearl.down()
    for number in range(40):
        house.add_product(f"Mug {number}", f"MUG-{number}")
    house.poll_now(ORDERS)

    sale = bistro.sell("PAN-1")

    bistro.wait_for("order", sale, "Synced", within_s=10)
