"""Rows as lines of CSV: columns by kind, and cells that do no harm in a spreadsheet."""

import csv
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest

from chalicelib.api.csv_lines import columns_of, header_line, row_line, to_cell
from chalicelib.domain.reasons import Reason
from chalicelib.domain.rows import Row, RowName
from chalicelib.domain.statuses import Kind, Outcome, Status

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def read(kind: Kind, **fields: Any) -> dict[str, str]:
    """Write a row and read its line back as a spreadsheet would."""
    name = RowName(consumer="acme", flow="a-flow", record="R1")
    columns = columns_of([kind])
    line = row_line(Row(name=name, kind=kind, **fields), columns)
    [cells] = csv.reader(StringIO(line))
    return dict(zip(columns, cells, strict=True))


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+44 20 7946 0000",
        "-2+3",
        "@SUM(A1)",
        " =1+1",
        "\t=1+1",
        "\r\n=1+1",
        "\uff1d1+1",
        "=cmd|' /C calc'!A0",
        "-",
    ],
)
def test_a_cell_that_looks_like_a_formula_is_defused(text: str) -> None:
    assert to_cell(text).startswith("'")


@pytest.mark.parametrize("text", ["-5", "-12.50", "58.71", "Shirt = red", "a@b.example", "007", ""])
def test_numbers_and_usual_texts_stay_as_they_are(text: str) -> None:
    assert to_cell(text) == text


def test_a_text_of_several_lines_becomes_one() -> None:
    assert to_cell("one\r\ntwo\x00\u2028three") == "one two three"


def test_half_a_letter_does_not_spoil_the_file() -> None:
    assert to_cell("a\ud800b").encode() == b"a b"


def test_letters_of_the_whole_world_stay() -> None:
    text = 'قميص "أحمر", 👩‍🚒; 赤'
    name = read(Kind.PRODUCT, columns={"name": text})["name"]

    assert name == text


def test_one_row_is_one_line() -> None:
    name = RowName(consumer="acme", flow="a-flow", record="R1")
    row = Row(name=name, kind=Kind.PRODUCT, columns={"name": 'a,"b"\nc', "sku": None})

    line = row_line(row, columns_of([Kind.PRODUCT]))

    assert line.count("\n") == 1
    assert line.endswith("\r\n")


def test_the_first_line_names_the_columns_after_a_byte_order_mark() -> None:
    columns = columns_of([Kind.PRODUCT])

    line = header_line(columns)

    assert line.encode().startswith(b"\xef\xbb\xbfconsumer,flow,kind,record,target_id,name,sku,")
    assert line == "\ufeff" + ",".join(columns) + "\r\n"


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ([Kind.STOCK], "name sku quantity locations"),
        ([Kind.ORDER], "order_id target_order_id total source currency"),
        ([Kind.CUSTOMER], "name email phone source"),
        ([Kind.REFUND], "refund_id order_id target_order_id credit_id total currency"),
        ([Kind.SHIPMENT], "shipment_id order_id target_order_id carrier tracking"),
        ([Kind.DAY], "location date total difference currency"),
        ([Kind.VOID_INVOICE], "channel order_number invoice_number total currency"),
        ([Kind.STOCK, Kind.PRODUCT], "name sku source quantity locations"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_each_kind_has_its_columns(kinds: list[Kind], expected: str) -> None:
    columns = columns_of(kinds)

    assert columns[5 : columns.index("status")] == tuple(expected.split())
    assert len(set(columns)) == len(columns)


def test_money_is_an_amount_and_beside_it_a_currency() -> None:
    total = {"amount": "58.71", "currency": "GBP"}
    found = read(Kind.ORDER, columns={"order_id": "S1", "total": total}, target_id="77")

    assert (found["total"], found["currency"]) == ("58.71", "GBP")
    assert (found["order_id"], found["target_id"], found["target_order_id"]) == ("S1", "77", "")


def test_locations_are_one_cell_that_says_which_one_failed() -> None:
    locations = [
        {"location": "Main street", "quantity": "5", "status": "Synced", "detail": ""},
        {"location": "Harbour", "quantity": "2", "status": "Failed", "detail": "Closed."},
    ]
    found = read(Kind.STOCK, columns={"quantity": "7", "locations": locations})

    assert found["locations"] == "Main street: 5 Synced; Harbour: 2 Failed Closed."


def test_a_failed_row_says_why_and_what_to_do_and_no_outcome_of_the_past() -> None:
    found = read(
        Kind.PRODUCT,
        status=Status.FAILED,
        reason=Reason.REJECTED_BY_TARGET,
        outcome=Outcome.CREATED,
        detail="The name is too long.",
        code=400,
        attempts=3,
        received_at=NOON,
    )

    assert found["consumer"] == "acme"
    assert (found["status"], found["reason"]) == ("Failed", "rejected_by_target")
    assert found["sentence"].endswith("The name is too long.")
    assert found["remedy"].startswith("Mend what the sentence names")
    assert (found["code"], found["attempts"], found["outcome"]) == ("400", "3", "")
    assert (found["received_at"], found["synced_at"]) == ("2026-11-02T12:00:00.000Z", "")
    assert (found["row"], found["record"]) == ("a-flow.R1", "R1")
