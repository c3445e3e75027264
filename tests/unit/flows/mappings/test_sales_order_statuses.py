"""Order → sales order: statuses, orders that are not paid yet, nominal codes by role, numbers."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Order, Role, SalesOrder, StatusChange
from chalicelib.domain.setup import MappingTable
from chalicelib.flows.declare import Planning, Showing
from chalicelib.flows.mappings.sales_orders import (
    STATUS_BOTH_WAYS,
    order_columns,
    sales_order_from_order,
    sold_units,
    waits_with_goods,
    why_no_sales_order,
)
from tests.unit.flows.mappings.sales import FLOW, line, money, order, payment, planning


def with_statuses(given: Planning, **tables: Any) -> Planning:
    """Add answers for statuses: ``there`` of the source's words, ``back`` of the target's."""
    names = {"there": "order_status", "back": "order_status_back"}
    defaults = {names[key]: tables.pop(f"{key}_default", None) for key in names}
    added = {
        names[key]: MappingTable(
            consumer="c", flow=FLOW, name=names[key], entries=entries, default=defaults[names[key]]
        )
        for key, entries in tables.items()
    }
    return replace(given, mappings={**given.mappings, **added})


def plan(one: Order, given: Planning) -> SalesOrder:
    return sales_order_from_order(one, given)


# --- statuses -------------------------------------------------------------------------------------


def test_new_order_gets_the_status_of_the_setting_where_no_status_is_mapped() -> None:
    document = plan(order(status="processing"), planning())
    assert (document.status, document.moves_to) == ("3", "")


def test_mapped_status_counts_more_than_the_setting_and_is_to_be_kept() -> None:
    given = with_statuses(planning(), there={"processing": "4"})
    document = plan(order(status="processing"), given)
    assert (document.status, document.moves_to) == ("4", "4")


def test_status_without_an_answer_moves_nothing() -> None:
    given = with_statuses(planning(), there={"processing": "4"})
    document = plan(order(status="on-hold"), given)
    assert (document.status, document.moves_to) == ("3", "")


def test_default_of_the_status_mapping_answers_every_other_status() -> None:
    given = with_statuses(planning(order_status=None), there={}, there_default="7")
    document = plan(order(status="on-hold"), given)
    assert (document.status, document.moves_to) == ("7", "7")


def test_statuses_are_looked_up_in_the_table_of_their_direction() -> None:
    given = with_statuses(planning(), there={"completed": "4"}, back={"4": "shipped"})
    ways = STATUS_BOTH_WAYS
    assert (ways.forward("completed", given), ways.back("4", given)) == ("4", "shipped")
    assert (ways.forward("4", given), ways.back("completed", given)) == (None, None)
    assert (ways.forward("completed", planning()), ways.back("4", planning())) == (None, None)


def test_source_is_told_its_own_word_of_its_own_order() -> None:
    assert STATUS_BOTH_WAYS.status(order(status="on-hold")) == "on-hold"
    told = STATUS_BOTH_WAYS.change("SALE42", "completed")
    assert told == StatusChange(order_id="SALE42", status="completed")


# --- cancelled ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "entries", [{"trash": "5"}, {"cancelled": "5"}], ids=["its_word", "cancelled"]
)
def test_cancelled_order_takes_the_status_that_its_word_is_mapped_to(
    entries: dict[str, str],
) -> None:
    given = with_statuses(planning(), there=entries)
    document = plan(order(state="cancelled", status="trash"), given)
    assert (document.cancelled, document.cancelled_status) == (True, "5")


def test_mapped_status_counts_more_than_that_of_the_setting_for_cancelled_orders() -> None:
    given = with_statuses(planning(cancelled_status="8"), there={"cancelled": "5"})
    for state in ("cancelled", "completed"):
        document = plan(order(state=state, status="cancelled"), given)
        assert document.cancelled_status == "5"


@pytest.mark.parametrize(
    ("entries", "setting", "known"),
    [({"cancelled": "5"}, None, "5"), ({}, "8", "8"), ({}, None, "")],
    ids=["mapped", "set", "unknown"],
)
def test_live_order_tells_what_a_cancelled_one_would_stand_at(
    entries: dict[str, str], setting: str | None, known: str
) -> None:
    given = with_statuses(planning(cancelled_status=setting), there=entries)
    assert plan(order(), given).cancelled_status == known


def test_default_status_is_never_the_one_of_cancelled_orders() -> None:
    given = with_statuses(planning(), there={"processing": "4"}, there_default="3")
    assert plan(order(status="processing"), given).cancelled_status == ""
    with pytest.raises(SyncFailure) as met:
        plan(order(state="cancelled", status="cancelled"), given)
    assert met.value.reason is Reason.NEEDS_SETTINGS
    assert met.value.cause == f"setting:{FLOW}:cancelled_status"


def test_cancelled_order_takes_back_every_payment_it_knows_of() -> None:
    one = order(state="cancelled", unpaid=("P0",), payments=(payment("12.00", "P1"),))
    assert plan(one, planning(cancelled_status="5")).unpaid == ("P0", "P1")
    assert plan(order(unpaid=("P0",)), planning()).unpaid == ()


# --- not paid yet ---------------------------------------------------------------------------------


def test_unpaid_order_is_synced_where_the_merchant_wants_it() -> None:
    unpaid = order(state="open", payments=())
    given = planning(unpaid_orders="export")
    assert why_no_sales_order(unpaid, given) is None
    assert plan(unpaid, given).payments == ()
    assert why_no_sales_order(unpaid, planning(unpaid_orders="wait")) is not None


@pytest.mark.parametrize("changes", [{"state": "draft"}, {"returns_of": "SALE41"}])
def test_drafts_and_returns_are_left_alone_even_then(changes: dict[str, Any]) -> None:
    given = planning(unpaid_orders="export")
    assert why_no_sales_order(order(payments=(), **changes), given) is not None


def test_completed_order_is_synced_whatever_was_paid() -> None:
    assert why_no_sales_order(order(payments=()), planning(unpaid_orders="wait")) is None


def test_sentence_says_why_the_order_is_not_paid() -> None:
    unpaid = order(state="open", payments=(), note="laid by")
    assert why_no_sales_order(unpaid, planning()) == (
        "It is laid by and not paid yet; it is synced once it is."
    )
    plain = why_no_sales_order(replace(unpaid, note=""), planning()) or ""
    assert plain.startswith("It is open and not paid yet")


@pytest.mark.parametrize(
    ("changes", "waits", "takes"),
    [
        ({"state": "open", "holds_goods": True}, True, True),
        ({"state": "open"}, False, False),
        ({"state": "draft", "holds_goods": True}, False, False),
        ({"state": "cancelled", "holds_goods": True}, False, False),
    ],
    ids=["held", "not_held", "draft", "cancelled"],
)
def test_goods_that_a_shop_holds_for_an_unpaid_order_are_taken(
    changes: dict[str, Any], waits: bool, takes: bool
) -> None:
    unpaid = order(payments=(), **changes)
    assert waits_with_goods(unpaid) is waits
    assert bool(sold_units(unpaid)) is takes


# --- lines by role --------------------------------------------------------------------------------

CODES = {
    "shipping_nominal_code": "4040",
    "fee_nominal_code": "4050",
    "gift_card_nominal_code": "2110",
}
ROLES = {
    Role.GOODS: "4000",
    Role.SHIPPING: "4040",
    Role.FEE: "4050",
    Role.GIFT_CARD: "2110",
}


@pytest.mark.parametrize(("role", "code"), ROLES.items(), ids=[role.value for role in ROLES])
def test_line_is_booked_to_the_nominal_code_of_its_role(role: Role, code: str) -> None:
    one = order(lines=(line(role=role, item_id=None),))
    assert plan(one, planning(**CODES)).lines[0].nominal_code == code
    assert plan(one, planning()).lines[0].nominal_code == "4000"


def test_charge_is_booked_by_its_role_as_lines_are() -> None:
    shipping = line("S1", "5.00", "1.00", role=Role.SHIPPING, item_id=None, name="Courier")
    document = plan(order("18.00", service_charges=(shipping,)), planning(**CODES))
    assert [one.nominal_code for one in document.lines] == ["4000", "4040"]


def test_tip_and_rounding_are_never_booked_as_fees() -> None:
    given = planning(sales_nominal_code=None, **CODES)
    document = plan(order("13.01", tip=money("1.00"), rounding=money("0.01")), given)
    assert [one.nominal_code for one in document.lines] == ["", "", ""]


def test_order_in_yen_may_be_rounded_down() -> None:
    sold = line(net="1004", tax="100", currency="JPY")
    one = order("1100", "JPY", lines=(sold,), rounding=money("-4", "JPY"))
    document = plan(one, planning())
    assert [(row.key, row.net.amount) for row in document.lines] == [
        ("L1", Decimal(1004)),
        ("rounding", Decimal(-4)),
    ]


# --- columns --------------------------------------------------------------------------------------


@pytest.mark.parametrize("reference", ["", "SALE42"], ids=["none", "the_id"])
def test_number_of_an_order_is_a_column_only_where_it_has_one(reference: str) -> None:
    assert "order_number" not in order_columns(Showing(record=order(reference=reference)))
    numbered = order_columns(Showing(record=order(reference="1042")))
    assert (numbered["order_id"], numbered["order_number"]) == ("SALE42", "1042")
