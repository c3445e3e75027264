"""What a contact lacks of a customer, and what is no difference."""

import pytest

from chalicelib.connectors.brightpearl.contact_lookup import choose
from chalicelib.connectors.brightpearl.contact_models import ContactModel, PostalAddress
from chalicelib.connectors.brightpearl.contact_state import (
    ContactState,
    contact_changes,
    plain_phone,
    to_contact,
)
from chalicelib.domain.records import Customer


def contact(number: int = 205, **fields: object) -> ContactModel:
    return ContactModel.model_validate({"contactId": number, **fields})


@pytest.mark.parametrize(
    ("written", "plain"),
    [("+44 (0) 117-1", "4401171"), ("0044 117", "44117"), ("", ""), ("none", "")],
)
def test_phone_is_compared_by_its_digits(written: str, plain: str) -> None:
    assert plain_phone(written) == plain


def test_missing_email_is_added_and_another_one_replaced() -> None:
    customer = Customer(id="C-1", email="a@example.com")
    bare = contact_changes(customer, ContactState(contact=contact()), adopting=False)
    assert [dict(one)["op"] for one in bare.patch] == ["add"]
    other = contact(communication={"emails": {"PRI": {"email": "b@example.com"}}})
    changed = contact_changes(customer, ContactState(contact=other), adopting=False)
    assert [dict(one)["op"] for one in changed.patch] == ["replace"]


def test_name_is_filled_on_adoption_only_where_there_is_none() -> None:
    customer = Customer(id="C-1", given_name="Ann", family_name="Example")
    nameless = contact_changes(customer, ContactState(contact=contact()), adopting=True)
    assert len(nameless.patch) == 2
    named = ContactState(contact=contact(lastName="Bee"))
    assert not contact_changes(customer, named, adopting=True)
    assert contact_changes(customer, named, adopting=False)


def test_country_that_the_source_does_not_say_is_not_compared() -> None:
    address = PostalAddress(line1="1 High St", country="GBR")
    state = ContactState(contact=contact(), address=address)
    silent = Customer(id="C-1", address={"line1": "1 High St"})
    assert not contact_changes(silent, state, adopting=False)
    french = Customer(id="C-1", address={"line1": "1 High St", "country": "FR"})
    assert contact_changes(french, state, adopting=False).address
    nowhere = Customer(id="C-1", address={"country": "FR"})
    assert not contact_changes(nowhere, state, adopting=False)


def test_address_without_a_first_line_does_not_change_for_ever() -> None:
    customer = Customer(id="C-1", address={"city": "Bath"})
    made = PostalAddress(line1="Not given", city="Bath", country="GBR")
    left = contact_changes(customer, ContactState(contact=contact(), address=made), adopting=False)
    assert not left


def test_new_contact_holds_only_what_is_known() -> None:
    assert to_contact(Customer(id="C-1", given_name="Ann"), 12) == {
        "firstName": "Ann",
        "postAddressIds": {"DEF": 12, "BIL": 12, "DEL": 12},
    }


def test_contact_in_use_goes_before_a_buyer_and_a_buyer_before_a_lower_id() -> None:
    staff = contact(1, relationshipToAccount={"isStaff": True})
    closed = contact(2, contactStatus={"current": {"contactStatusName": "Closed"}})
    late, early = contact(10), contact(9)
    chosen = choose([late, staff, closed, early])
    assert chosen is early
    assert choose([closed, staff]) is staff
    assert choose([]) is None
