"""Columns of the logs, under the names merchants know."""

import pytest

from chalicelib.console.parts.columns import chosen, columns_of, label_of
from chalicelib.domain.statuses import Kind


@pytest.mark.parametrize(
    ("kind", "labels"),
    [
        ("product", "Product name, SKU, Source, Status, Last updated on Square"),
        ("stock", "Product name, SKU, Quantity, Locations, Status, Last updated on Square"),
        ("order", "Order ID, Square SO ID, Order total, Source, Status, Synced"),
        ("customer", "Name, E-mail, Phone, Source, Status, Synced"),
        (
            "refund",
            "Refund ID, Order ID, Square SO ID, Sales Credit ID, Total, Status, Synced",
        ),
        (
            "shipment",
            "Shipment ID, Brightpearl SO ID, Square order ID, Carrier, Tracking, Status, Synced",
        ),
        ("day", "Date, Location, Total, Difference, Status, Synced"),
        ("add_payment", "Order number, Channel, Invoice number, Total, Status, Synced"),
    ],
)
def test_a_kind_has_its_columns_and_those_of_every_row(kind: str, labels: str) -> None:
    found = [one.label for one in columns_of([kind], ["Square"], ["Brightpearl"])]
    assert found == [*labels.split(", "), "Received", "Updated", "Attempts", "Code"]


@pytest.mark.parametrize("kinds", [[], ["product", "order"]])
def test_several_kinds_have_columns_that_fit_all(kinds: list[str]) -> None:
    names = [one.name for one in columns_of(kinds, ["Square", "Brightpearl"])]
    assert names[:4] == ["info", "kind", "status", "synced_at"]


def test_where_several_platforms_are_written_to_none_is_named() -> None:
    labels = [one.label for one in columns_of(["order"], ["Square", "Brightpearl"])]
    assert "Target SO ID" in labels


@pytest.mark.parametrize(
    ("kind", "labels"),
    [
        ("product", "Source, To, Status, Last updated there"),
        ("stock", "Locations, From, To, Status, Last updated there"),
        ("order", "Source, To, Status, Synced"),
        ("refund", "Total, From, To, Status, Synced"),
    ],
)
def test_where_several_shops_are_read_or_written_each_row_names_its_own(
    kind: str, labels: str
) -> None:
    found = columns_of([kind], ["Square", "WooCommerce"], ["Brightpearl", "Shop"])
    assert labels in ", ".join(one.label for one in found)


@pytest.mark.parametrize("kind", list(Kind))
def test_every_log_leads_to_its_rows(kind: Kind) -> None:
    types = [one.type for one in columns_of([kind.value], [])]
    assert (types.count("main"), types.count("status")) == (1, 1)


def test_a_person_chooses_columns_but_never_loses_what_the_row_is() -> None:
    every = columns_of(["product"], ["Square"])
    assert [one.name for one in chosen(every, ["code", "nonsense"])] == ["name", "status", "code"]
    assert chosen(every, []) == every


def test_a_column_by_itself_has_its_label_too() -> None:
    assert label_of("credit_id") == "Sales Credit ID"
    assert label_of("something_else") == "something else"
