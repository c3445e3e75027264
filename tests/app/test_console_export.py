"""The pages of the export."""

from typing import Any

import pytest

from app import app
from chalicelib.domain import protocol
from chalicelib.domain.rows import RowName
from chalicelib.domain.setup import Role
from chalicelib.domain.statuses import Kind
from chalicelib.flows.door import request_many
from tests.app.browsing import Browser, Seen
from tests.app.toy_world import World
from tests.app.toys import PRODUCTS, STOCK

ACME = "/console/consumers/acme"
EXPORT = f"{ACME}/export"
CSV = f"{ACME}/export.csv"


def request_products(world: World, count: int, **columns: Any) -> None:
    """Make more rows than one part holds."""
    names = [
        RowName(consumer="acme", flow=PRODUCTS, record=f"P{number:05}") for number in range(count)
    ]
    asked = [
        protocol.Request(name=name, kind=Kind.PRODUCT, by="webhook", columns=columns)
        for name in names
    ]
    request_many(world.services, asked)


def part_link(seen: Seen) -> str:
    [address] = {to for said, to in seen.links if said.startswith("Download")}
    return address


def test_a_small_export_is_one_file_with_the_rows_of_the_filter(
    browser: Browser, world: World
) -> None:
    world.failed("acme", PRODUCTS, "P1", name="Shirt")
    world.synced("acme", PRODUCTS, "P2", name="Hat")
    world.failed("acme", STOCK, "P1")
    world.failed("bistro", PRODUCTS, "P9")

    seen = browser.get(f"{EXPORT}?kind=product&status=Failed")
    file = browser.get(part_link(seen))

    assert "1 row" in seen.text
    assert "Log Product" in seen.text
    assert "Status Failed" in seen.text
    assert "Download 1 row" in seen.text
    assert "In parts" not in seen.text
    assert file.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert file.headers["Content-Disposition"] == 'attachment; filename="acme-log.csv"'
    assert file.headers["X-Synclog-Rows"] == "1"
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert file.html.count("\r\n") == 2
    assert "P1" in file.html
    assert "P9" not in file.html


def test_the_logs_lead_to_the_export_of_what_they_show(browser: Browser, world: World) -> None:
    world.failed("acme", PRODUCTS, "P1", sku="SKU-1")

    seen = browser.get(browser.get(f"{ACME}/logs?kind=product&q=SKU").link("Export"))

    assert "Begins with SKU" in seen.text
    assert "Rows that fit the filters" in seen.text
    assert seen.link("Back to the logs") == f"{ACME}/logs?kind=product&q=SKU"


def test_a_large_export_comes_in_parts_that_join(browser: Browser, world: World) -> None:
    request_products(world, 2_050)
    pages = [browser.get(f"{EXPORT}?kind=product")]
    assert "Download part 1 (2,000 rows)" in pages[0].text
    assert 'data-export="/console/consumers/acme/export.csv?kind=product"' in pages[0].html
    assert 'data-name="acme-log.csv"' in pages[0].html

    pages.append(browser.get(pages[0].link("Go on to part 2")))
    assert "Download part 2 (50 rows)" in pages[1].text
    assert "This is the last part." in pages[1].text

    text = "".join(browser.get(part_link(page)).html for page in pages)
    assert text.count("\r\n") == 2_051
    assert text.count("target_id") == 1
    assert "P00000" in text


def test_parts_as_the_script_asks_for_them(browser: Browser, world: World) -> None:
    request_products(world, 2_050)

    first = browser.get(CSV)
    second = browser.get(f"{CSV}?cursor={first.headers['X-Synclog-Next']}")

    assert (first.headers["X-Synclog-Rows"], second.headers["X-Synclog-Rows"]) == ("2000", "50")
    assert "X-Synclog-Next" not in second.headers


def test_nothing_to_export_is_said(browser: Browser, world: World) -> None:
    for address in (EXPORT, f"{EXPORT}?kind=refund", f"{EXPORT}?q=nobody"):
        seen = browser.get(address)
        assert seen.status == 200
        assert "No row fits these filters" in seen.text
        assert "Download" not in seen.text


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("kind=inventory", "kind: Give one of"),
        ("since=soon", "since: Give a day"),
        ("q=ab", "q: Give 3 to 200"),
        ("cursor=x", "This part is no more."),
        ("cursor=%00", "This part is no more."),
    ],
)
def test_what_does_not_fit_is_said(browser: Browser, world: World, query: str, said: str) -> None:
    seen = browser.get(f"{EXPORT}?{query}")

    assert seen.status == 422
    assert said in seen.text
    assert browser.get(f"{CSV}?{query}").status == 422


@pytest.mark.parametrize("part", ["-1", "0", "two", "9" * 400, "٣"])
def test_a_number_of_a_part_that_is_none_does_no_harm(
    browser: Browser, world: World, part: str
) -> None:
    request_products(world, 2_050)
    following = browser.get(EXPORT).link("Go on to part 2")

    seen = browser.get(following.replace("part=2", f"part={part}"))

    assert seen.status == 200
    assert "Download part 2 (50 rows)" in seen.text


def test_days_are_those_of_the_merchant(browser: Browser, world: World) -> None:
    world.add_consumer("tokyo", time_zone="Asia/Tokyo")
    world.synced("tokyo", PRODUCTS, "P1")
    world.advance(hours=6)
    world.synced("tokyo", PRODUCTS, "P2")  # on the next day there
    export = CSV.replace("acme", "tokyo")

    file = browser.get(f"{export}?since=2026-11-03")

    assert file.headers["X-Synclog-Rows"] == "1"
    assert "P2" in file.html


def test_viewers_export_and_strangers_find_nothing(browser: Browser, world: World) -> None:
    world.synced("acme", PRODUCTS, "P1")
    viewer, stranger = Browser(app), Browser(app)
    viewer.sign_in(world.key("acme", Role.VIEWER))
    stranger.sign_in(world.key("bistro", Role.ADMIN))

    assert viewer.get(EXPORT).status == viewer.get(CSV).status == 200
    assert stranger.get(EXPORT).status == stranger.get(CSV).status == 404
    assert Browser(app).get(CSV).status == 303


def test_filters_of_strangers_are_text(browser: Browser, world: World) -> None:
    world.synced("acme", PRODUCTS, "P1", name="<script>alert(1)</script>")

    seen = browser.get(f"{EXPORT}?q=<script>alert(1)</script>&cause={'<b>' * 300}")

    assert "<script>alert" not in seen.html
    assert "<script>alert(1)</script>" in seen.text
    assert len(seen.html.encode()) < 50_000
