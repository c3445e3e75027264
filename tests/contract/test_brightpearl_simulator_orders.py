"""The simulated Brightpearl sells as the vendor does: orders, stock taken, payments, contacts."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.brightpearl_account import Account

SALES = "order-service/sales-order"


@pytest.fixture
def account() -> Iterator[Account]:
    with Account() as account:
        yield account


# sales orders


def test_sale_is_read_back_with_text_amounts_and_a_map_of_rows(account: Account) -> None:
    product = account.product(name="Mug", sku="MUG")
    rows = [
        {
            "productId": product,
            "quantity": "2",
            "taxCode": "T20",
            "net": "16.67",
            "tax": "3.33",
            "nominalCode": "4000",
            "externalRef": "LINE-1",
        },
        {"name": "Tip", "quantity": "1", "taxCode": "T0", "net": "2.00", "tax": "0.00"},
    ]
    customer = {
        "id": account.merchant.walk_in,
        "address": {"addressLine1": "1 High St", "countryIsoCode": "GBR"},
    }
    body = account.sale(rows=rows, customer=customer, ref="SQ-1", externalRef="SALE-1")
    order = account.order(account.post(SALES, body))
    assert order["totalValue"]["total"] == "22.0000"
    assert (order["reference"], order["externalRef"]) == ("SQ-1", "SALE-1")
    assert [row["productSku"] for row in order["orderRows"].values() if "productId" in row] == [
        "MUG"
    ]
    assert [row["rowValue"]["rowNet"]["value"] for row in order["orderRows"].values()] == [
        "16.6700",
        "2.0000",
    ]
    assert order["parties"]["customer"]["countryIsoCode"] == "GB"
    assert order["parties"]["customer"]["countryIsoCode3"] == "GBR"


def _orders_made(account: Account, *sales: dict[str, Any]) -> int:
    for sale in sales:
        account.post(SALES, sale)
    return len(account.search("order-service/order-search"))


def test_same_pair_of_references_makes_one_order_and_changes_nothing(account: Account) -> None:
    sale = account.sale(externalRef="SALE-1", installedIntegrationInstanceId=77)
    order = account.post(SALES, sale)
    before = account.order(order)
    account.clock.advance(60)
    assert account.post(SALES, sale | {"ref": "other", "rows": []}) is None
    assert account.order(order) == before
    assert len(account.search("order-service/order-search", externalRef="SALE-1")) == 1


def test_repeated_sale_answers_the_old_id_where_an_account_does(account: Account) -> None:
    account.simulator.world.behaviour.repeat_answers_id = True
    sale = account.sale(externalRef="SALE-1", installedIntegrationInstanceId=77)
    assert account.post(SALES, sale) == account.post(SALES, sale)


@pytest.mark.parametrize(
    "references",
    [{}, {"externalRef": "SALE-1"}, {"installedIntegrationInstanceId": 77}],
    ids=["neither", "no instance", "no reference"],
)
def test_sale_without_the_whole_pair_doubles(account: Account, references: dict[str, Any]) -> None:
    sale = account.sale(**references)
    assert _orders_made(account, sale, sale) == 2


def test_other_instance_may_use_the_same_reference(account: Account) -> None:
    one = account.sale(externalRef="SALE-1", installedIntegrationInstanceId=77)
    assert _orders_made(account, one, one | {"installedIntegrationInstanceId": 78}) == 2


def test_private_app_can_be_without_instances(account: Account) -> None:
    account.simulator.world.behaviour.private_apps_have_instances = False
    sale = account.sale(externalRef="SALE-1", installedIntegrationInstanceId=77)
    assert _orders_made(account, sale, sale) == 2


ROW = {"name": "x", "quantity": "1", "taxCode": "T20", "net": "1.00", "tax": "0.20"}


@pytest.mark.parametrize(
    "change",
    [
        {"customer": {}},
        {"customer": {"id": 9_999}},
        {"warehouseId": 9_999},
        {"statusId": 99},
        {"channelId": 99},
        {"priceModeCode": "BOTH"},
        {"ref": "x" * 65},
        {"placedOn": "2026-07-02T10:00:00"},
        {"currency": {"code": "pounds"}},
        {"installedIntegrationInstanceId": "77"},
        {"rows": [ROW | {"net": "1.005"}]},
        {"rows": [ROW | {"tax": None}]},
        {"rows": [ROW | {"taxCode": "T99"}]},
        {"rows": [ROW | {"nominalCode": "1"}]},
        {"rows": [ROW | {"productId": 9_999}]},
        {"rows": [ROW | {"name": ""}]},
        {"rows": {}},
    ],
    ids=lambda change: str(change)[:60],
)
def test_sale_that_is_wrong_is_refused_whole(account: Account, change: dict[str, Any]) -> None:
    status, codes = account.errors("POST", SALES, account.sale(**change))
    assert (status, len(codes)) == (400, 1)
    assert account.search("order-service/order-search") == []


def test_parts_of_a_counted_piece_are_refused(account: Account) -> None:
    tracked, loose = account.product(), account.product(sku="L", tracked=False, stock=0)
    wrong = account.sale(rows=[ROW | {"productId": tracked, "quantity": "1.5"}])
    assert account.errors("POST", SALES, wrong)[0] == 400
    right = account.sale(rows=[ROW | {"productId": loose, "quantity": "1.5"}])
    assert account.post(SALES, right)


def test_every_error_of_a_sale_is_named_at_once(account: Account) -> None:
    wrong = account.sale(customer={}, rows=[ROW | {"taxCode": "T99", "net": "x"}])
    assert len(account.errors("POST", SALES, wrong)[1]) == 3


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null"])
def test_body_that_is_no_object_is_refused(account: Account, content: bytes) -> None:
    answer = account.client.post(f"/public-api/acme/{SALES}", content=content)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "CMNC-010")


def test_unknown_orders_are_an_empty_list(account: Account) -> None:
    assert account.get("order-service/order/77,78") == []


# changes of orders


def test_patch_replaces_and_removes(account: Account) -> None:
    order = account.post(SALES, account.sale(ref="OLD"))
    patch = [{"op": "replace", "path": "/reference", "value": "NEW"}]
    assert account.call("PATCH", f"order-service/order/{order}", patch).is_success
    assert account.search("order-service/order-search", customerRef="OLD") == []
    assert len(account.search("order-service/order-search", customerRef="NEW")) == 1
    account.call("PATCH", f"order-service/order/{order}", [{"op": "remove", "path": "/reference"}])
    assert account.order(order)["reference"] == ""


def test_other_patch_operations_are_a_500(account: Account) -> None:
    order = account.post(SALES, account.sale())
    patch = [{"op": "add", "path": "/reference", "value": "NEW"}]
    assert account.errors("PATCH", f"order-service/order/{order}", patch) == (500, ["CMNC-044"])


def _row_body(net: str, **more: object) -> dict[str, object]:
    value = {"taxCode": "T20", "rowNet": {"value": net}, "rowTax": {"value": "0.00"}}
    return {"productName": "Row", "quantity": {"magnitude": "1"}, "rowValue": value, **more}


def test_rows_are_added_replaced_and_deleted(account: Account) -> None:
    order = account.post(SALES, account.sale())
    path = f"order-service/order/{order}/row"
    row = account.post(path, _row_body("3.00", externalRef="LINE-2"))
    assert account.order(order)["totalValue"]["total"] == "15.0000"
    assert account.call("PUT", f"{path}/{row}", _row_body("4.00")).json() == {}
    changed = account.order(order)
    assert changed["totalValue"]["total"] == "16.0000"
    assert changed["orderRows"][str(row)]["externalRef"] == "LINE-2"
    assert account.call("DELETE", f"{path}/{row}").json() == {}
    assert account.order(order)["totalValue"]["total"] == "12.0000"
    assert account.errors("DELETE", f"{path}/{row}") == (404, ["CMNC-404"])


def test_invoiced_order_cannot_be_changed_or_cancelled(account: Account) -> None:
    order = account.post(SALES, account.sale())
    row = next(iter(account.order(order)["orderRows"]))
    assert account.call("POST", f"{SALES}/{order}/close", {}).json() == {}
    assert account.order(order)["invoices"][0]["invoiceReference"].startswith("SI-")
    cancelled = {"orderStatusId": account.merchant.statuses["Cancelled"]}
    base = f"order-service/order/{order}"
    patch = [{"op": "replace", "path": "/reference", "value": "x"}]
    refused = [
        account.errors("PATCH", base, patch),
        account.errors("POST", f"{base}/row", _row_body("1.00")),
        account.errors("DELETE", f"{base}/row/{row}"),
        account.errors("PUT", f"{base}/status", cancelled),
        account.errors("POST", f"{SALES}/{order}/close", {}),
    ]
    assert {status for status, _ in refused} == {400}


def test_slow_invoice_is_pending_first(account: Account) -> None:
    account.simulator.world.behaviour.invoice_after_s = 30
    order = account.post(SALES, account.sale())
    account.post(f"{SALES}/{order}/close", {})
    account.post(f"{SALES}/{order}/close", {})
    assert "invoiceReference" not in account.order(order)["invoices"][0]
    account.clock.advance(30)
    assert "invoiceReference" in account.order(order)["invoices"][0]
