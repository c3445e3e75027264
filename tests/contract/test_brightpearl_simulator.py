"""The simulated Brightpearl shows what the vendor shows: products, prices, searches, faults."""

from collections import Counter
from collections.abc import Iterator

import httpx
import pytest

from local.platforms.brightpearl.demo import demo_merchant
from local.platforms.brightpearl.simulator import BrightpearlSimulator
from tests.contract.brightpearl_account import Account

PRODUCTS = "product-service/product"
PRODUCT_SEARCH = "product-service/product-search"


@pytest.fixture
def account() -> Iterator[Account]:
    with Account() as account:
        yield account


# products and prices


def test_product_is_shown_with_its_variations_and_group(account: Account) -> None:
    product = account.product(
        name="Harbour Shirt",
        sku="SH-1",
        group=31,
        options=(("Colour", "Red"), ("Size", "M")),
        category="Shirts",
        barcode="",
    )
    (found,) = account.get(f"{PRODUCTS}/{product}")
    assert found["salesChannels"][0]["productName"] == "Harbour Shirt"
    assert found["salesChannels"][0]["categories"][0]["categoryCode"] == str(
        account.merchant.categories["Shirts"]
    )
    assert found["identity"] == {"sku": "SH-1", "barcode": ""}
    assert [v["optionValue"] for v in found["variations"]] == ["Red", "M"]
    assert found["productGroupId"] == 31
    assert found["updatedOn"] == "2026-07-02T11:00:00.000+01:00"


def test_fields_without_a_value_are_left_out(account: Account) -> None:
    (found,) = account.get(f"{PRODUCTS}/{account.product(sku=None)}")
    assert found["identity"] == {}
    assert not {"productGroupId", "variations", "brandId"} & set(found)


def test_unknown_product_ids_are_left_out(account: Account) -> None:
    product = account.product()
    assert [p["id"] for p in account.get(f"{PRODUCTS}/{product}-{product + 50},9")] == [product]


def test_more_than_200_ids_are_refused(account: Account) -> None:
    assert account.call("GET", f"{PRODUCTS}/1-200").status_code == 200
    assert account.call("GET", f"{PRODUCTS}/1-200,300").status_code == 400
    assert account.call("GET", f"{PRODUCTS}/1-999999999999").status_code == 400


def test_prices_are_text_by_quantity_and_an_empty_map_without_price(account: Account) -> None:
    product = account.product(price={"RETAIL": {1: "10.00", 10: "9.25"}})
    (found,) = account.get(f"product-service/product-price/{product}/price-list/1,2")
    prices = {p["priceListId"]: p["quantityPrice"] for p in found["priceLists"]}
    assert prices == {1: {}, 2: {"1": "10.0000", "10": "9.2500"}}


@pytest.mark.parametrize("path", ["5/price-list/2", "1001/price-list/99"])
def test_price_that_matches_nothing_is_404(account: Account, path: str) -> None:
    account.product()
    found = account.errors("GET", f"product-service/product-price/{path}")
    assert found == (404, ["CMNC-404"])


def test_changed_price_moves_neither_version_nor_updated_on(account: Account) -> None:
    product = account.product()
    before = account.get(f"{PRODUCTS}/{product}")
    account.clock.advance(60)
    account.simulator.edit_product(product, price={"RETAIL": "11.00"})
    assert account.get(f"{PRODUCTS}/{product}") == before
    account.simulator.edit_product(product, name="Big mug")
    (after,) = account.get(f"{PRODUCTS}/{product}")
    assert after["version"] > before[0]["version"]


def test_availability_leaves_out_unknown_and_untracked_products(account: Account) -> None:
    tracked = account.product(stock=7)
    untracked = account.product(sku="GIFT", tracked=False, stock=0)
    path = f"warehouse-service/product-availability/{tracked},{untracked},5"
    found = account.get(path)
    assert list(found) == [str(tracked)]
    assert found[str(tracked)]["total"]["onHand"] == 7
    assert list(found[str(tracked)]["warehouses"]) == [str(account.shop)]


# searches


def test_search_rows_are_in_the_order_of_the_columns(account: Account) -> None:
    account.product(name="Mug", sku="MUG-RED")
    assert account.get(PRODUCT_SEARCH, columns="SKU,productId", SKU="mug-red")["results"] == [
        ["MUG-RED", 1001]
    ]


def test_empty_search_has_no_first_and_last_result(account: Account) -> None:
    meta = account.get(PRODUCT_SEARCH, SKU="none")["metaData"]
    assert (meta["resultsAvailable"], meta["morePagesAvailable"]) == (0, False)
    assert not {"firstResult", "lastResult"} & set(meta)


def test_pages_of_a_search_cover_it_once(account: Account) -> None:
    products = [account.product(sku=f"S{n}", stock=0) for n in range(7)]
    seen: list[int] = []
    first, more = 1, True
    while more:
        page = account.get(
            PRODUCT_SEARCH, pageSize="3", firstResult=str(first), sort="updatedOn.ASC|productId.ASC"
        )
        seen += [row[0] for row in page["results"]]
        more = page["metaData"]["morePagesAvailable"]
        first = page["metaData"]["lastResult"] + 1
    assert seen == products


def test_page_of_more_than_500_rows_is_refused(account: Account) -> None:
    assert account.call("GET", PRODUCT_SEARCH, params={"pageSize": "501"}).status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        {"productId": "abc"},
        {"updatedOn": "yesterday"},
        {"updatedOn": "2026-07-02T10:00:00.000Z"},
        {"updatedOn": "2026-07-02T10:00:00/"},
        {"stockTracked": "yes"},
        {"productGroupId": "x"},
        {"firstResult": "0"},
    ],
)
def test_filter_of_the_wrong_type_is_a_500_that_no_retry_helps(
    account: Account, query: dict[str, str]
) -> None:
    answer = account.call("GET", PRODUCT_SEARCH, params=query)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (500, "CMNC-018")


def test_period_finds_what_changed_since(account: Account) -> None:
    account.product(sku="OLD", stock=0)
    account.clock.advance(100)
    since = account.clock().isoformat()
    account.product(sku="NEW", stock=0)
    account.clock.advance(100)
    until = account.clock().isoformat()
    account.product(sku="LATER", stock=0)
    rows = account.search(PRODUCT_SEARCH, updatedOn=f"{since}/")
    assert [row["SKU"] for row in rows] == ["NEW", "LATER"]
    account.clock.advance(100)
    rows = account.search(PRODUCT_SEARCH, createdOn=f"{since}/{until}", sort="SKU.DESC")
    assert [row["SKU"] for row in rows] == ["NEW", "LATER"]


def test_lagging_search_finds_a_record_only_later(account: Account) -> None:
    account.simulator.world.behaviour.search_lag_s = 30
    account.post("order-service/sales-order", account.sale(externalRef="SALE-1"))
    assert account.search("order-service/order-search", externalRef="SALE-1") == []
    account.clock.advance(30)
    assert len(account.search("order-service/order-search", externalRef="SALE-1")) == 1


def test_lagging_search_misses_a_fresh_change_in_update_order(account: Account) -> None:
    product = account.product(stock=0)
    account.clock.advance(1_000)
    account.simulator.world.behaviour.search_lag_s = 30
    account.simulator.edit_product(product, name="Cup")
    since = account.clock().isoformat()
    assert account.search(PRODUCT_SEARCH, updatedOn=f"{since}/") == []
    account.clock.advance(30)
    assert len(account.search(PRODUCT_SEARCH, updatedOn=f"{since}/")) == 1


# faults on demand


def test_part_of_the_ids_can_fail_with_207(account: Account) -> None:
    good, bad = account.product(), account.product(sku="B")
    account.simulator.partial.next([bad], path="product/")
    answer = account.call("GET", f"{PRODUCTS}/{good},{bad}")
    assert answer.status_code == 207
    assert [p["id"] for p in answer.json()["response"]] == [good]
    assert answer.json()["errors"][0]["code"] == "CMNC-404"
    assert account.call("GET", f"{PRODUCTS}/{good},{bad}").status_code == 200


def test_lost_answer_leaves_the_sale_at_brightpearl(account: Account) -> None:
    account.simulator.fail_next(mode="drop_after", path="sales-order")
    with pytest.raises(httpx.TransportError):
        account.post("order-service/sales-order", account.sale(externalRef="SALE-1"))
    assert len(account.search("order-service/order-search", externalRef="SALE-1")) == 1


def test_maintenance_is_a_503_without_the_text_of_throttling(account: Account) -> None:
    account.simulator.down()
    answer = account.call("GET", f"{PRODUCTS}/1")
    assert (answer.status_code, answer.json()) == (503, {})
    account.simulator.down(False)
    account.simulator.throttle_next()
    throttled = account.call("GET", f"{PRODUCTS}/1")
    assert throttled.headers["brightpearl-next-throttle-period"] == "811"


def test_controls_drive_the_account_over_http(account: Account) -> None:
    def control(verb: str, /, **body: object) -> httpx.Response:
        return account.client.post(f"/_sim/{verb}", json=body)

    product = control("add-product", name="Lamp", sku="L1", price={"RETAIL": "5.00"}).json()["id"]
    assert control("set-stock", product=product, warehouse=account.shop, quantity=4).is_success
    assert control("edit-product", product=product, name="Tall lamp").is_success
    assert account.level(product)[2] == 4
    (found,) = account.get(f"{PRODUCTS}/{product}")
    assert found["salesChannels"][0]["productName"] == "Tall lamp"
    assert control("archive-product", product=product).is_success
    assert account.get(f"{PRODUCTS}/{product}")[0]["status"] == "ARCHIVED"


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("edit-product", {"product": 5, "name": "x"}),
        ("edit-product", {"product": 1001, "colour": "red"}),
        ("set-stock", {"product": 1001}),
        ("behave", {"speed": 1}),
        ("behave", {"repeat_answers_id": "no"}),
        ("behave", {"search_lag_s": "soon"}),
        ("quota", {"per_minute": "many"}),
    ],
)
def test_control_with_wrong_arguments_says_what_is_wrong(
    account: Account, name: str, body: dict[str, object]
) -> None:
    account.product()
    answer = account.client.post(f"/_sim/{name}", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]


@pytest.mark.parametrize("path", ["nothing-service/x", "product-service/nothing", "x"])
def test_unknown_resource_is_404(account: Account, path: str) -> None:
    assert account.errors("GET", path) == (404, ["CMNC-404"])


# the merchant of the demo


def test_demo_merchant_has_products_of_every_kind_in_every_category() -> None:
    simulator = BrightpearlSimulator(auto_webhooks=False)
    merchant = demo_merchant(simulator, products=300, categories=20)
    found = [simulator.world.products.by_id[number] for number in merchant.products]
    assert len({product.sku for product in found}) == 300
    assert max(len(product.sku or "") for product in found) <= 32
    assert {category for product in found for category in product.categories} == set(
        merchant.categories.values()
    )
    assert len(merchant.categories) == 20
    groups = Counter(product.group for product in found if product.group is not None)
    assert max(groups.values()) > 1
    assert {product.tracked for product in found} == {True, False}
    assert all(
        len({(v.option, v.value) for p in found if p.group == group for v in p.variations}) > 1
        for group, size in groups.items()
        if size > 1
    )


def test_demo_merchant_can_have_more_categories_than_it_has_names_for() -> None:
    merchant = demo_merchant(BrightpearlSimulator(), products=0, categories=25)
    assert len(merchant.categories) == 25
