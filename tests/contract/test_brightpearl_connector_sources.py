"""The Brightpearl connector reads products and stock from the simulator as they are."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Product, StockLevel
from chalicelib.domain.statuses import Kind
from tests.contract.brightpearl_account import START
from tests.contract.brightpearl_connection import Connected, connect, gbp, reason_of


@pytest.fixture
def connected() -> Iterator[Connected]:
    with connect() as found:
        yield found


def _product(connected: Connected, number: int) -> Product:
    found = connected.products().fetch_many([str(number)])[str(number)]
    assert isinstance(found, Product), repr(found)
    return found


def _level(connected: Connected, number: int) -> StockLevel:
    found = connected.stock().fetch_many([str(number)])[str(number)]
    assert isinstance(found, StockLevel), repr(found)
    return found


def test_product_is_read_with_its_price_category_and_codes(connected: Connected) -> None:
    retail = connected.shop.merchant.price_list
    number = connected.shop.product(
        name="Linen shirt",
        sku="LIN-1",
        barcode="5012345678900",
        category="Shirts",
        price={retail: "24.95"},
        description="<p>Summer linen</p>",
    )
    product = _product(connected, number)
    assert (product.name, product.sku, product.barcode) == ("Linen shirt", "LIN-1", "5012345678900")
    assert product.category_name == "Shirts"
    assert product.prices == {str(retail): gbp("24.9500")}
    assert product.description_html == "<p>Summer linen</p>"
    assert (product.source, product.tracked, product.archived) == ("Brightpearl", True, False)
    assert product.updated_at == START
    assert product.version == int(START.timestamp() * 1000)


def test_variants_share_their_group_and_are_named_by_their_options(connected: Connected) -> None:
    options = (("Colour", "Red"), ("Size", "M"))
    first = connected.shop.product(sku="A", group=31, options=options)
    second = connected.shop.product(sku="B", group=31, options=(("Colour", "Blue"), ("Size", "M")))
    found = connected.products().fetch_many([str(first), str(second)])
    assert {product.group_id for product in found.values()} == {"31"}
    assert [product.variant_name for product in found.values()] == ["Red / M", "Blue / M"]


def test_product_without_group_category_sku_and_price_has_none_of_them(
    connected: Connected,
) -> None:
    product = _product(connected, connected.shop.product(sku=None))
    assert (product.group_id, product.category_id, product.category_name) == (None, "", "")
    assert (product.sku, dict(product.prices)) == ("", {})


def test_archived_product_says_so(connected: Connected) -> None:
    number = connected.shop.product()
    connected.simulator.archive_product(number)
    assert _product(connected, number).archived


def test_unknown_ids_are_absent_whatever_they_look_like(connected: Connected) -> None:
    number = str(connected.shop.product())
    asked = [number, "999999", "abc", "", "0", "-1", "007"]
    assert set(connected.products().fetch_many(asked)) == {number}
    assert set(connected.stock().fetch_many(asked)) == {number}


def test_no_ids_cost_no_call(connected: Connected) -> None:
    assert connected.products().fetch_many([]) == {}
    assert connected.simulator.calls_to("/public-api/") == []


def test_a_hundred_products_are_three_calls(connected: Connected) -> None:
    ids = [str(connected.shop.product(sku=f"S{n}", category="Mugs")) for n in range(100)]
    before = connected.calls("/")
    assert len(connected.products().fetch_many(ids)) == 100
    assert connected.calls("/") - before == 3


def test_a_hundred_stock_levels_are_two_calls(connected: Connected) -> None:
    ids = [str(connected.shop.product(sku=f"S{n}")) for n in range(100)]
    before = connected.calls("/")
    assert len(connected.stock().fetch_many(ids)) == 100
    assert connected.calls("/") - before == 2


def test_five_hundred_products_are_read_in_chunks_of_two_hundred(connected: Connected) -> None:
    with connected.simulator.batch():
        ids = [str(connected.shop.product(sku=f"S{n}", stock=0)) for n in range(500)]
    assert set(connected.products().fetch_many(ids)) == set(ids)
    assert connected.calls("product-service/product/") == 3


def test_prices_are_read_by_list_where_all_lists_are_not_taken(connected: Connected) -> None:
    retail = connected.shop.merchant.price_list
    number = connected.shop.product(price={retail: "5.00"})
    connected.simulator.fail_next(400, path="price-list/*")
    assert _product(connected, number).prices == {str(retail): gbp("5.0000")}


def test_a_category_that_cannot_be_named_is_not_taken_for_none(connected: Connected) -> None:
    number = connected.shop.product(category=999)
    assert _product(connected, number).category_name == "Category 999"


def test_stock_is_what_is_on_hand_in_each_warehouse(connected: Connected) -> None:
    number = connected.shop.product(stock=20)
    other = connected.shop.merchant.warehouses[1]
    connected.simulator.set_stock(number, other, 3)
    connected.simulator.world.stock.allocated[number][connected.shop.shop] = 5
    level = _level(connected, number)
    assert level.on_hand == {str(connected.shop.shop): Decimal(15), str(other): Decimal(3)}
    assert (level.name, level.sku, level.tracked) == ("Mug", "MUG", True)


@pytest.mark.parametrize("more", [{"tracked": False}, {"bundle": True}])
def test_untracked_products_have_no_figures(connected: Connected, more: dict[str, bool]) -> None:
    level = _level(connected, connected.shop.product(stock=0, **more))
    assert (level.tracked, dict(level.on_hand)) == (False, {})


def test_product_missing_from_the_availability_map_is_not_taken_for_zero(
    connected: Connected,
) -> None:
    number = connected.shop.product(stock=4)
    connected.simulator.partial.next([number], path="product-availability")
    assert not _level(connected, number).tracked


def test_part_of_an_answer_that_failed_is_tried_again(connected: Connected) -> None:
    first, second = connected.shop.product(sku="A"), connected.shop.product(sku="B")
    body = {
        "response": {str(first): {"warehouses": {}}},
        "errors": [{"code": "CMNU-003", "message": "One of the ids could not be read"}],
    }
    connected.simulator.fail_next(207, path="product-availability", body=body)
    found = connected.stock().fetch_many([str(first), str(second)])
    assert isinstance(found[str(first)], StockLevel)
    assert reason_of(found[str(second)]) is Reason.RETRYING


def test_one_unreadable_product_does_not_harm_its_neighbours(connected: Connected) -> None:
    good = connected.shop.product()
    listed = connected.shop.call("GET", f"product-service/product/{good}").json()["response"]
    body = {"response": [*listed, {"id": 7, "updatedOn": "yesterday"}]}
    connected.simulator.fail_next(200, path="product-service/product/", body=body)
    found = connected.products().fetch_many([str(good), "7"])
    assert isinstance(found[str(good)], Product)
    failure = found["7"]
    assert isinstance(failure, SyncFailure)
    assert (failure.reason, failure.field) == (Reason.UNSUPPORTED, "updatedOn")


def test_a_refused_id_is_found_by_halving_the_call(connected: Connected) -> None:
    ids = [str(connected.shop.product(sku=f"S{n}")) for n in range(4)]
    connected.simulator.fail_next(400, path=f"product/{ids[0]}-{ids[3]}")
    connected.simulator.fail_next(400, path=f"product/{ids[2]}-{ids[3]}")
    connected.simulator.fail_next(400, path=f"product/{ids[3]}")
    found = connected.products().fetch_many(ids)
    assert [isinstance(found[id_], Product) for id_ in ids] == [True, True, True, False]
    assert reason_of(found[ids[3]]) is Reason.REJECTED_BY_TARGET


def test_a_refusal_of_everything_costs_a_bounded_number_of_calls(connected: Connected) -> None:
    with connected.simulator.batch():
        ids = [str(connected.shop.product(sku=f"S{n}", stock=0)) for n in range(200)]
    connected.simulator.fail_next(400, times=1_000, path="product-service/product/")
    found = connected.products().fetch_many(ids)
    assert {reason_of(one) for one in found.values()} == {Reason.REJECTED_BY_TARGET}
    assert len(found) == 200
    assert connected.calls("product-service/product/") <= 41


# what changed


def _changes(connected: Connected, since: datetime, kind: str = "products") -> list[str]:
    """Return ids of all pages, in order."""
    source = getattr(connected, kind)()
    ids, page = [], None
    for _ in range(20):
        found = source.list_changes(since=since, until=None, page=page)
        ids += [change.record for change in found.changes]
        page = found.page
        if page is None:
            return ids
    raise AssertionError("the pages do not end")


def test_changes_are_listed_oldest_first_with_what_the_log_shows(connected: Connected) -> None:
    first = connected.shop.product(sku="A", name="Mug")
    connected.shop.clock.advance(60)
    second = connected.shop.product(sku="B", name="Cup")
    connected.shop.clock.advance(60)
    connected.simulator.edit_product(first, name="Tall mug")
    source = connected.products()
    page = source.list_changes(since=START, until=None, page=None)
    assert [change.record for change in page.changes] == [str(second), str(first)]
    newest = page.changes[-1]
    assert newest.kind is Kind.PRODUCT
    assert newest.columns == {"name": "Tall mug", "sku": "A", "source": "Brightpearl"}
    assert newest.updated_at == START + timedelta(minutes=2)
    assert newest.version == int(newest.updated_at.timestamp() * 1000)
    assert page.page is None


def test_changes_before_and_after_the_period_are_left_out(connected: Connected) -> None:
    for sku in ("A", "B", "C"):
        connected.shop.product(sku=sku)
        connected.shop.clock.advance(60)
    page = connected.products().list_changes(
        since=START + timedelta(seconds=1), until=START + timedelta(seconds=90), page=None
    )
    assert [change.columns["sku"] for change in page.changes] == ["B"]


def test_nothing_changed_is_an_empty_page(connected: Connected) -> None:
    assert _changes(connected, START) == []


def test_changes_of_many_pages_are_all_listed(connected: Connected) -> None:
    ids = []
    with connected.simulator.batch():
        for number in range(1_200):
            ids.append(str(connected.shop.product(sku=f"S{number}", stock=0)))
            connected.shop.clock.advance(0.25)
    assert list(dict.fromkeys(_changes(connected, START))) == ids


def test_more_than_a_page_in_one_moment_is_listed_to_the_end(connected: Connected) -> None:
    with connected.simulator.batch():
        ids = [str(connected.shop.product(sku=f"S{n}", stock=0)) for n in range(1_100)]
        connected.shop.clock.advance(30)
        ids.append(str(connected.shop.product(sku="LAST", stock=0)))
    assert set(_changes(connected, START)) == set(ids)


def test_product_edited_while_paging_hides_no_neighbour(connected: Connected) -> None:
    with connected.simulator.batch():
        ids = []
        for number in range(501):
            ids.append(connected.shop.product(sku=f"S{number}", stock=0))
            connected.shop.clock.advance(1)
    source = connected.products()
    first = source.list_changes(since=START, until=None, page=None)
    connected.simulator.edit_product(ids[3], name="Moved to the end")
    second = source.list_changes(since=START, until=None, page=first.page)
    seen = {change.record for change in (*first.changes, *second.changes)}
    assert seen == {str(id_) for id_ in ids}


def test_a_page_that_repeats_ends_with_an_error(connected: Connected) -> None:
    with connected.simulator.batch():
        for number in range(501):
            connected.shop.product(sku=f"S{number}", stock=0)
    path = "/product-service/product-search?pageSize=500"
    params = {"columns": "productId,updatedOn", "sort": "updatedOn.ASC"}
    page = connected.shop.call("GET", path.removeprefix("/"), params=params).json()
    connected.simulator.fail_next(200, times=5, path="product-search", body=page)
    with pytest.raises(SyncFailure) as caught:
        _changes(connected, START)
    assert (caught.value.reason, caught.value.error_code) == (Reason.RETRYING, "page_repeated")


@pytest.mark.parametrize("page", ["old", "a|b|c", "2026-07-02T10:00:00|1|", "x|0|"])
def test_a_page_token_that_expired_says_so(connected: Connected, page: str) -> None:
    with pytest.raises(SyncFailure) as caught:
        connected.products().list_changes(since=START, until=None, page=page)
    assert caught.value.error_code == "cursor_expired"


def test_stock_is_swept_with_every_product_and_without_versions(connected: Connected) -> None:
    number = connected.shop.product()
    page = connected.stock().list_changes(
        since=datetime(1, 1, 1, tzinfo=UTC), until=None, page=None
    )
    assert [(change.kind, change.record, change.version) for change in page.changes] == [
        (Kind.STOCK, str(number), None)
    ]
    assert "updatedOn=2000-01-01T" in connected.account.http.trace.exchanges[-1].url
