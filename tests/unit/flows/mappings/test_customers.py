"""Customer → contact: what is known of a buyer, and who is left alone."""

from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Customer
from chalicelib.flows.declare import Planning, Showing
from chalicelib.flows.mappings.customers import (
    changed_at,
    contact_from_customer,
    customer_columns,
    why_no_contact,
)

FLOW = "shop-customers-to-books"
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


def customer(**changes: Any) -> Customer:
    defaults: dict[str, Any] = {
        "id": "C1",
        "given_name": "Ann",
        "family_name": "Lee",
        "email": "ann@example.com",
        "phone": "0123",
        "address": {"line1": "1 High St", "country": "FR"},
        "source": "Shop",
        "version": 7,
        "updated_at": AT,
    }
    return Customer(**{**defaults, **changes})


def planning(**settings: str) -> Planning:
    return Planning(flow=FLOW, target_connection="books", settings=settings, mappings={})


def refusal(one: Customer, **settings: str) -> SyncFailure:
    with pytest.raises(SyncFailure) as met:
        contact_from_customer(one, planning(**settings))
    return met.value


def test_contact_holds_all_that_is_known() -> None:
    contact = contact_from_customer(customer(company="Lee Ltd"), planning())
    assert (contact.given_name, contact.family_name, contact.company) == ("Ann", "Lee", "Lee Ltd")
    assert (contact.email, contact.phone) == ("ann@example.com", "0123")
    assert contact.address == {"line1": "1 High St", "country": "FR"}


def test_change_of_nothing_but_the_version_plans_the_same_contact() -> None:
    later = customer(version=8, updated_at=AT.replace(hour=10))
    assert contact_from_customer(later, planning()) == contact_from_customer(customer(), planning())


@pytest.mark.parametrize("address", [{}, {"line1": "1 High St"}, {"country": ""}])
def test_country_of_the_setting_is_for_those_without_one(address: dict[str, str]) -> None:
    contact = contact_from_customer(customer(address=address), planning(country="GB"))
    assert contact.address == {**address, "country": "GB"}


def test_country_of_the_setting_never_replaces_a_customers_own() -> None:
    assert contact_from_customer(customer(), planning(country="GB")).address["country"] == "FR"


def test_missing_country_holds_the_customer_under_that_setting() -> None:
    one = customer(address={})
    failure = refusal(one)
    assert (failure.reason, failure.cause) == (Reason.NEEDS_SETTINGS, f"setting:{FLOW}:country")
    assert one.address == {}


NAMELESS = {"given_name": "", "family_name": "", "company": "", "email": "", "phone": ""}


def test_customer_without_anything_says_what_to_enter() -> None:
    failure = refusal(customer(**NAMELESS), country="GB")
    assert (failure.reason, failure.field) == (Reason.UNSUPPORTED, "name")
    assert "enter one of them" in failure.detail


@pytest.mark.parametrize(
    ("name", "value"),
    [("email", "a@example.com"), ("phone", "0123"), ("company", "Lee Ltd"), ("family_name", "Lee")],
)
def test_one_thing_to_know_a_customer_by_is_enough(name: str, value: str) -> None:
    contact = contact_from_customer(customer(**{**NAMELESS, name: value}), planning())
    assert getattr(contact, name) == value
    assert all(not getattr(contact, other) for other in NAMELESS if other != name)


def test_deleted_customer_leaves_its_contact_alone() -> None:
    why = why_no_contact(Customer(id="C1", deleted=True), planning())
    assert why == "It was deleted where it came from; its contact stays as it is."


def test_merged_customer_names_the_one_that_took_its_place() -> None:
    why = why_no_contact(Customer(id="C1", deleted=True, merged_into="C2"), planning())
    assert why == "It was merged into customer C2; its contact stays as it is."


def test_living_customer_is_synced() -> None:
    assert why_no_contact(customer(), planning()) is None
    assert (changed_at(customer()), changed_at(customer(updated_at=None))) == (AT, None)


def test_columns_of_a_customer_are_known_before_it_is_planned() -> None:
    columns = customer_columns(Showing(record=customer()))
    assert columns == {
        "name": "Ann Lee",
        "email": "ann@example.com",
        "phone": "0123",
        "source": "Shop",
    }
    planned = contact_from_customer(customer(), planning())
    done = Showing(record=customer(), desired=planned, target_id="500", synced=True)
    assert customer_columns(done) == columns


def test_company_is_the_name_of_a_customer_without_one() -> None:
    one = customer(given_name="", family_name="", company="L" * 500)
    assert customer_columns(Showing(record=one))["name"] == "L" * 200


def test_deleted_customer_gives_no_columns_so_that_those_known_stay() -> None:
    assert customer_columns(Showing(record=Customer(id="C1", deleted=True))) == {}
