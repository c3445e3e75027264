"""A signed webhook goes in, and its record is at the other side; a forged one changes nothing."""

import httpx

from tests.deploy.stage import Stage
from tests.journey.house import House


def test_a_sale_that_square_tells_of_is_an_order_in_the_erp(house: House) -> None:
    house.sell_ready("Mug", "MUG-1")

    sale = house.sell("MUG-1")

    row = house.wait_for("order", sale, "Synced")
    assert house.sales_order(row)["externalRef"] == sale
    assert row["verified"] is True
    [attempt] = house.detail(row)["attempts"]
    assert attempt["exchanges"]


def test_a_webhook_with_a_wrong_signature_is_refused(house: House, stage: Stage) -> None:
    house.sell_ready("Mug", "MUG-1")
    sender = house.vendors.square.sender
    sale = house.sell("MUG-1")
    house.wait_for("order", sale, "Synced")
    genuine = sender.sent[-1]
    rows = len(house.rows())

    with httpx.Client(trust_env=False, timeout=30) as http:
        again = http.post(genuine.url, content=genuine.body, headers=dict(genuine.headers))
        forged = http.post(
            genuine.url,
            content=genuine.body.replace(sale.encode(), b"FORGED" + sale[6:].encode()),
            headers=dict(genuine.headers),
        )

    assert again.status_code == 200
    assert forged.status_code in (401, 403)
    assert len(house.rows()) == rows
