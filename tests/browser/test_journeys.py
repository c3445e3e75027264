"""What merchants, support agents and operators do in the console, from first click to last."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from local.demo.merchant import ORDERS, PRODUCTS, STOCK
from tests.browser.home import IMAGE, SCRIPT, Home
from tests.browser.pages import MERCHANT
from tests.browser.signing import open_from_menu
from tests.browser.watch import Watch

SignIn = Callable[..., Page]
SOON = 25_000  #: milliseconds for the worker, and the page that looks again every few seconds
TOO_LONG = "N" * 520  #: characters; Square takes 512

scripts_or_not = pytest.mark.parametrize(
    "java_script", [True, False], ids=["scripts", "no scripts"]
)


def see_status(page: Page, status: str, *, scripts: bool = True) -> None:
    """Wait for a row's page to say so: by itself with scripts, by looking again without."""
    standing = page.get_by_role("region", name="Where it stands")
    if scripts:
        expect(standing.locator(".st").first).to_have_text(status, timeout=SOON)
        return
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    for _ in range(60):
        page.reload()
        if standing.locator(".st").first.inner_text().strip() == status:
            return
        page.wait_for_timeout(250)
    expect(standing.locator(".st").first).to_have_text(status)


# find, understand, mend


@scripts_or_not
def test_an_order_that_waits_is_found_by_its_number_understood_and_mended(
    page: Page, house: Home, signed_in: SignIn, java_script: bool
) -> None:
    """The merchant asks "where is this order?", and mends what its row names."""
    house.sell_ready("Umbrella", f"UMBRELLA-{java_script}")
    location, warehouse = mapped_warehouse(house, shop=2)
    house.map(ORDERS, "warehouse", **{location: None})
    order = house.sell(f"UMBRELLA-{java_script}", shop=2)
    house.wait_for("order", order, "Pending", "needs_mapping")

    signed_in(page)
    open_from_menu(page, "Orders")
    page.get_by_role("searchbox").fill(order[:12].lower())
    page.get_by_role("searchbox").press("Enter")
    row = page.get_by_role("row").filter(has_text=order)
    expect(row).to_contain_text("has no warehouse yet")
    row.get_by_role("link", name=order).click()
    see_status(page, "Pending")
    address = page.url
    page.get_by_role("link", name="Open the mapping").first.click()
    waiting = page.get_by_role("region", name="Rows wait for these")
    expect(waiting).to_contain_text("1 row")
    waiting.locator("select").first.select_option(value=warehouse)
    waiting.get_by_role("button", name="Save these answers").click()
    expect(page.get_by_role("status").first).to_contain_text("by itself")
    page.goto(address)
    see_status(page, "Synced", scripts=java_script)
    expect(page.get_by_role("region", name="Ids")).not_to_contain_text("not there yet")


def mapped_warehouse(house: Home, *, shop: int) -> tuple[str, str]:
    """Return a shop's location and the warehouse it is mapped to."""
    location = list(house.vendors.tills.location_ids.values())[shop]
    return location, str(house.vendors.erp.warehouses[shop])


def test_a_mapping_by_name_is_suggested_and_saving_releases_its_rows(
    page: Page, house: Home, signed_in: SignIn
) -> None:
    """Category Candles is the demo's own: Square has one of that name."""
    waiting = house.rows(cause=f"mapping:{PRODUCTS}:category:Candles")
    assert waiting
    signed_in(page)
    open_from_menu(page, "What needs you")
    group = page.get_by_role("row").filter(has_text="Candles")
    expect(group).to_contain_text(re.compile(rf"\b{len(waiting)} rows?"))
    group.get_by_role("link", name="Open the mapping").click()
    waits = page.get_by_role("region", name="Rows wait for these")
    expect(waits.get_by_role("row", name=re.compile("^Candles"))).to_contain_text("Suggested")
    page.get_by_role("button", name="Save these answers").click()
    expect(page.get_by_role("status").first).to_contain_text(re.compile(rf"\b{len(waiting)} row"))
    for row in waiting:
        house.wait_for("product", row["record"], "Synced")
        house.wait_for("stock", row["record"], "Synced")


def test_all_failed_products_are_re_synced_by_one_click_and_the_result_stays(
    page: Page, house: Home, signed_in: SignIn
) -> None:
    """The button acts on the whole filter; the page afterwards says what came of it, and who."""
    products = [house.add_product(TOO_LONG, f"TOO-LONG-{number}") for number in range(3)]
    for product in products:
        house.wait_for("product", product, "Failed", "rejected_by_target")
    before = {row["id"]: row["attempts"] for row in house.rows(kind="product", status="Failed")}
    signed_in(page)
    open_from_menu(page, "Products")
    page.get_by_role("button", name=f"Re-sync all {len(before)} failed").click()
    run = page.locator("#run")
    expect(run.locator(".st").first).to_have_text(re.compile("Success|Error"), timeout=SOON)
    expect(page.locator("main")).to_contain_text("Browser")  # the name of the key
    expect(run).to_contain_text(f"{len(before)}")
    after = {row["id"]: row["attempts"] for row in house.rows(kind="product", status="Failed")}
    assert {one: after[one] - before[one] for one in before} == dict.fromkeys(before, 1)
    open_from_menu(page, "History")
    expect(page.get_by_role("row").nth(1)).to_contain_text("Re-sync")
    for number, product in enumerate(products):  # the house is left as it was
        house.vendors.brightpearl.edit_product(product, name=f"Short {number}")
        house.wait_for("product", product, "Synced")


@scripts_or_not
def test_one_failed_row_is_mended_at_its_source_and_re_synced(
    page: Page, house: Home, signed_in: SignIn, java_script: bool
) -> None:
    """The failure says what is wrong; after the mend the first attempt is still there to read."""
    product = house.add_product(TOO_LONG, f"MENDED-{java_script}")
    house.wait_for("product", product, "Failed", "rejected_by_target")
    signed_in(page)
    page.goto(f"{house.console}/logs?kind=product&status=Failed&q=MENDED-{java_script}")
    expect(page.get_by_role("row").nth(1)).to_contain_text("512")
    page.get_by_role("row").nth(1).get_by_role("link").first.click()
    house.vendors.brightpearl.edit_product(product, name="Mended")
    house.wait_for("product", product, "Synced")
    see_status(page, "Synced", scripts=java_script)
    happened = page.get_by_role("region", name="What happened")
    expect(happened).to_contain_text("Attempt 1")
    expect(happened).to_contain_text("Attempt 2")
    again = page.get_by_role("button", name="Sync again")
    again.click()
    expect(page.get_by_role("status").first).to_contain_text("synced again")
    see_status(page, "Synced", scripts=java_script)


def test_an_order_is_shown_whole(page: Page, house: Home, signed_in: SignIn) -> None:
    """Each line with SKU, name, quantity, prices and tax; payments, customer, both ids, totals."""
    buyer = house.vendors.square.add_customer(
        given_name="Ada", family_name="Byron", email_address="ada.byron@example.org"
    )
    house.sell_ready("Kettle", "KETTLE-1")
    order = house.sell("KETTLE-1", customer=buyer, tip=250, discount="10%")
    row = house.wait_for("order", order, "Synced")
    signed_in(page)
    page.goto(f"{house.console}/logs/{row['id']}")
    record = page.get_by_role("region", name="The record")
    total = row["columns"]["total"]
    for said in ("KETTLE-1", "Kettle", "Tip", "Discount", "CARD", "Ada", total["amount"]):
        expect(record).to_contain_text(said)
    expect(page.get_by_role("region", name="Ids")).to_contain_text(
        str(row["columns"]["target_order_id"])
    )
    call = page.locator("details.call").first
    call.locator("summary").click()
    expect(call.locator("pre").first).to_be_visible()


def test_a_log_is_narrowed_down_by_ticks_that_stand_in_its_address(
    page: Page, house: Home, signed_in: SignIn
) -> None:
    """Two kinds are the union of both, and the address can be given to somebody else."""
    signed_in(page)
    open_from_menu(page, "All")
    page.locator("summary", has_text="Log type").click()
    page.get_by_role("checkbox", name="Products").check()
    page.get_by_role("checkbox", name="Orders").check()
    page.get_by_role("group", name="Log type").get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile("kind=product&kind=order"))
    count = len(house.rows(kind="product")) + len(house.rows(kind="order"))
    expect(page.get_by_role("navigation", name="Status")).to_contain_text(f"All {count}")


@scripts_or_not
def test_what_the_filters_find_is_exported(
    page: Page, house: Home, signed_in: SignIn, java_script: bool, tmp_path: Path
) -> None:
    """One click, one file; its lines are the rows of the filter."""
    signed_in(page)
    page.goto(f"{house.console}/logs?kind=order")
    page.get_by_role("link", name="Export").click()
    with page.expect_download() as found:
        page.get_by_role("link", name=re.compile("Download")).first.click()
    found.value.save_as(tmp_path / "log.csv")
    lines = (tmp_path / "log.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) - 1 == len(house.rows(kind="order"))


# setting up


@scripts_or_not
def test_a_flow_is_switched_off_and_on(
    page: Page, house: Home, signed_in: SignIn, java_script: bool
) -> None:
    """With scripts the switch saves by itself, without them a button beside it does."""
    signed_in(page)
    for wanted in (False, True):
        open_from_menu(page, "Flows")
        card = page.locator("section.card").filter(has_text="Inventory from Brightpearl to Square")
        card.get_by_role("switch").set_checked(wanted)
        if not java_script:
            card.get_by_role("button", name=re.compile("Save the switch")).click()
        expect(page.get_by_role("status").first).to_be_visible()
        assert house.api.get(f"{house.base}/flows/{STOCK}")["enabled"] is wanted


@scripts_or_not
def test_a_setting_is_changed_and_the_history_says_so(
    page: Page, house: Home, signed_in: SignIn, java_script: bool
) -> None:
    """The choices are the platform's own; who changed what stands in the history."""
    signed_in(page)
    open_from_menu(page, "Flows")
    page.get_by_role("link", name="Settings of Products from Brightpearl to Square").click()
    field = page.get_by_label("Archived products")
    wanted = "hide" if field.input_value() == "keep" else "keep"
    field.select_option(value=wanted)
    page.get_by_role("button", name=re.compile("^Save")).last.click()
    expect(page.get_by_role("status").first).to_contain_text("Saved")
    expect(page.get_by_label("Archived products")).to_have_value(wanted)
    open_from_menu(page, "History")
    expect(page.get_by_role("row").nth(1)).to_contain_text(wanted)


def test_a_connection_is_checked_and_says_what_it_found(
    page: Page, house: Home, signed_in: SignIn
) -> None:
    """A healthy one says so; one whose token was revoked says what to do and what it needs."""
    signed_in(page)
    open_from_menu(page, "Connections")
    page.get_by_role("button", name=re.compile("Check Square")).click()
    expect(page.get_by_role("status").first).to_be_visible()
    page.context.clear_cookies()
    signed_in(page, house.other.key)
    open_from_menu(page, "Connections")
    square = page.locator("section.card").filter(has_text="Square").first
    expect(square.locator(".st").first).to_contain_text(re.compile("down", re.IGNORECASE))


def test_records_are_imported_by_their_ids(page: Page, house: Home, signed_in: SignIn) -> None:
    """The run's page says what came of it; its rows are a click away."""
    row = house.rows(kind="product", status="Synced")[0]
    signed_in(page)
    open_from_menu(page, "Executions")
    page.get_by_label("Flow", exact=True).select_option(value=PRODUCTS)
    page.get_by_label("Ids at the source, one on each line").fill(row["record"])
    page.get_by_role("button", name="Import now").click()
    expect(page.locator(".st").first).to_have_text("Success", timeout=SOON)


# walls, odd names, hands and eyes


def test_a_merchants_key_opens_nothing_of_another(
    page: Page, house: Home, signed_in: SignIn
) -> None:
    """Whatever address is guessed, and whatever is known of the other's ids."""
    signed_in(page, house.other.key)
    addresses = {name: path(house) for name, path in MERCHANT.items()}
    answers = {name: page.request.get(one).status for name, one in addresses.items()}
    assert answers == dict.fromkeys(addresses, 404)
    for path in ("/console/consumers/new", "/console/keys", "/console/dead-letters"):
        assert page.request.get(path).status in (403, 404)


def test_names_that_look_like_markup_stay_names(
    page: Page, house: Home, signed_in: SignIn, watch: Watch
) -> None:
    """No dialog opens, no image is asked for, and the name can be read as it was typed."""
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    signed_in(page)
    row = f"{house.console}/logs/{PRODUCTS}.{house.awkward['SCRIPT-1']}"
    for address in (f"{house.console}/logs?q=SCRIPT-1", row):
        page.goto(address)
        expect(page.locator("main")).to_contain_text(SCRIPT)
    page.goto(f"{house.console}/mappings/{PRODUCTS}/category")
    expect(page.locator("#waiting")).to_contain_text(IMAGE)
    page.goto(f"{house.console}/groups")
    expect(page.locator("main")).to_contain_text(IMAGE)
    page.goto(f"{house.console}/logs?q={SCRIPT}")
    expect(page.get_by_role("searchbox")).to_have_value(SCRIPT)
    assert page.locator("main script, main img").count() == 0
    assert dialogs == []


def test_the_keyboard_alone_leads_through(page: Page, house: Home, signed_in: SignIn) -> None:
    """The first stop skips the menu; a list of filters opens by Enter and closes by Escape."""
    signed_in(page)
    page.goto(f"{house.console}/logs")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.locator("summary", has_text="Columns").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("checkbox", name="Attempts")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(page.get_by_role("checkbox", name="Attempts")).to_be_hidden()
    expect(page.locator("summary", has_text="Columns")).to_be_focused()


def test_the_consumers_id_is_copied(browser: Browser, house: Home, signed_in: SignIn) -> None:
    """Support begins with it."""
    context = browser.new_context(
        base_url=house.url, permissions=["clipboard-read", "clipboard-write"]
    )
    page = context.new_page()
    signed_in(page)
    page.locator("header").get_by_role("button", name="Copy the consumer id").click()
    assert page.evaluate("navigator.clipboard.readText()") == house.consumer
    context.close()


@scripts_or_not
def test_signing_out_closes_everything(
    page: Page, house: Home, signed_in: SignIn, java_script: bool
) -> None:
    """Also with the browser's way back."""
    signed_in(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto(house.console)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
