"""Customers become contacts at Brightpearl: one each, found again, never overwritten blindly."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from chalicelib.domain.platforms import Done, Found, Wanted
from chalicelib.domain.reasons import Reason
from chalicelib.domain.records import Customer
from chalicelib.domain.statuses import Kind, Outcome
from tests.contract.brightpearl_connection import ANN, Connected, connect, reason_of
from tests.contract.brightpearl_refunds import (
    contact,
    count_contacts,
    default_address,
    sync_all,
    sync_customer,
)

BOB = Customer(id="C-2", given_name="Bob", family_name="Nomail", phone="0117 1")


@pytest.fixture
def connected() -> Iterator[Connected]:
    with connect() as found:
        yield found


def test_new_customer_becomes_a_contact_with_all_it_has(connected: Connected) -> None:
    done = sync_customer(connected, replace(ANN, company="Example Ltd"))
    assert (done.outcome, done.verified) == (Outcome.CREATED, True)
    there = contact(connected, done.target_id)
    assert (there["firstName"], there["lastName"]) == ("Ann", "Example")
    assert there["communication"]["emails"]["PRI"]["email"] == "ann@example.com"
    assert there["communication"]["telephones"]["PRI"] == "+441170000000"
    assert there["organisation"]["name"] == "Example Ltd"
    address = default_address(connected, done.target_id)
    assert (address["addressLine1"], address["addressLine3"]) == ("1 High St", "Bristol")
    assert address["countryIsoCode"] == "GBR"
    assert sync_customer(connected, ANN, done.target_id).equal


def test_order_of_a_synced_customer_meets_the_same_contact(connected: Connected) -> None:
    made = sync_customer(connected)
    done = connected.create(connected.order(customer=ANN))
    party = connected.there(done.target_id)["parties"]["customer"]
    assert str(party["contactId"]) == made.target_id


def test_contact_found_by_email_is_adopted_and_only_what_is_empty_is_filled(
    connected: Connected,
) -> None:
    there = connected.simulator.add_contact("Annabel", "Bee", email="ANN@example.com")
    done = sync_customer(connected)
    assert (done.outcome, done.target_id, done.verified) == (Outcome.ADOPTED, str(there), True)
    found = contact(connected, there)
    assert (found["firstName"], found["lastName"]) == ("Annabel", "Bee")
    assert found["communication"]["telephones"]["PRI"] == "+441170000000"
    assert default_address(connected, there)["addressLine1"] == "Unknown"


def test_adopted_contact_that_lacks_nothing_is_found_equal(connected: Connected) -> None:
    connected.simulator.add_contact("Annabel", "Bee", email="ann@example.com", phone="999")
    found = sync_customer(connected)
    assert isinstance(found, Found)
    assert (found.equal, found.ours) == (True, False)


def test_address_that_was_not_given_is_filled_on_adoption(connected: Connected) -> None:
    first = sync_customer(connected, replace(ANN, address={}))
    done = sync_customer(connected)
    assert (done.outcome, done.target_id) == (Outcome.ADOPTED, first.target_id)
    assert default_address(connected, done.target_id)["addressLine1"] == "1 High St"


def test_linked_contact_follows_the_source(connected: Connected) -> None:
    made = sync_customer(connected)
    moved = replace(
        ANN,
        family_name="Married",
        email="new@example.com",
        phone="+441179999999",
        address={"line1": "2 Low St", "city": "Bath", "postcode": "BA1 1AA", "country": "GB"},
    )
    done = sync_customer(connected, moved, made.target_id)
    assert (done.outcome, done.verified) == (Outcome.UPDATED, True)
    there = contact(connected, made.target_id)
    assert (there["firstName"], there["lastName"]) == ("Ann", "Married")
    assert there["communication"]["emails"]["PRI"]["email"] == "new@example.com"
    assert there["communication"]["telephones"]["PRI"] == "+441179999999"
    assert len(set(there["postAddressIds"].values())) == 1
    assert default_address(connected, made.target_id)["addressLine3"] == "Bath"
    assert sync_customer(connected, moved, made.target_id).equal


def test_delivery_address_of_its_own_stays_when_the_customer_moves(connected: Connected) -> None:
    made = sync_customer(connected)
    held = connected.simulator.world.contacts
    other = held.add_address({"addressLine1": "Works", "countryIsoCode": "GBR"})
    held.by_id[int(made.target_id)].addresses["DEL"] = other
    sync_customer(connected, replace(ANN, address={"line1": "2 Low St"}), made.target_id)
    there = contact(connected, made.target_id)["postAddressIds"]
    assert there["DEL"] == other
    assert there["BIL"] == there["DEF"]
    assert default_address(connected, made.target_id)["addressLine1"] == "2 Low St"


@pytest.mark.parametrize(
    "same",
    [
        {"given_name": "ANN "},
        {"email": "Ann@Example.com"},
        {"phone": "0044 117 000-0000"},
        {"address": {**ANN.address, "line1": "1  HIGH st", "country": "GBR"}},
        {"phone": "", "address": {}, "given_name": "", "family_name": "", "email": ""},
    ],
    ids=["case", "email", "phone", "address", "empty"],
)
def test_another_way_of_writing_the_same_changes_nothing(
    connected: Connected, same: dict[str, object]
) -> None:
    made = sync_customer(connected)
    assert sync_customer(connected, replace(ANN, **same), made.target_id).equal  # type: ignore[arg-type]


def test_number_that_people_moved_to_another_field_is_not_written_again(
    connected: Connected,
) -> None:
    made = sync_customer(connected)
    there = connected.simulator.world.contacts.by_id[int(made.target_id)]
    there.phone, there.mobile = "", "+44 117 000 0000"
    assert sync_customer(connected, ANN, made.target_id).equal


def test_of_two_contacts_with_one_email_the_lowest_buyer_in_use_is_taken(
    connected: Connected,
) -> None:
    add, world = connected.simulator.add_contact, connected.simulator.world.contacts
    supplier, archived, chosen, late = (
        add("Ann", name, email="ann@example.com") for name in ("S", "A", "B", "C")
    )
    world.by_id[supplier].role = "supplier"
    world.by_id[archived].status = "Archived"
    before = count_contacts(connected)
    done = sync_customer(connected)
    assert done.target_id == str(chosen)
    order = connected.create(connected.order(customer=ANN))
    assert connected.there(order.target_id)["parties"]["customer"]["contactId"] == chosen
    assert count_contacts(connected) == before
    assert late > chosen


def test_email_that_only_contains_the_customers_is_another_contact(connected: Connected) -> None:
    other = connected.simulator.add_contact("Jo", "Ann", email="joann@example.com")
    done = sync_customer(connected)
    assert done.outcome is Outcome.CREATED
    assert done.target_id != str(other)


def test_contact_out_of_use_is_refused_and_not_doubled(connected: Connected) -> None:
    made = sync_customer(connected)
    connected.simulator.world.contacts.by_id[int(made.target_id)].status = "archived"
    before = count_contacts(connected)
    for target_id in (made.target_id, None):
        failure = sync_customer(connected, ANN, target_id)
        assert reason_of(failure) is Reason.WRONG_STATE
        assert made.target_id in failure.detail
    assert count_contacts(connected) == before


def test_linked_contact_that_was_merged_away_gives_way_to_the_one_with_the_email(
    connected: Connected,
) -> None:
    made = sync_customer(connected)
    held = connected.simulator.world.contacts
    kept = connected.simulator.add_contact("Ann", "Example", email="ann@example.com")
    held.remove(held.by_id[int(made.target_id)])
    done = sync_customer(connected, ANN, made.target_id)
    assert done.target_id == str(kept)


def test_linked_contact_that_was_deleted_is_not_found(connected: Connected) -> None:
    made = sync_customer(connected)
    held = connected.simulator.world.contacts
    held.remove(held.by_id[int(made.target_id)])
    one = Wanted(record="C-1", desired=ANN, target_id=made.target_id, key="k-1")
    assert connected.platform().target(Kind.CUSTOMER, {}).find_many([one]) == {}


@pytest.mark.parametrize(
    ("customer", "names"),
    [
        (BOB, ("Bob", "Nomail")),
        (Customer(id="C-3", company="Example Ltd"), ("", "Example Ltd")),
        (Customer(id="C-4", phone="1"), ("", "Customer C-4")),
        (Customer(id="C-5", given_name="x" * 40), ("x" * 32, "")),
    ],
    ids=["name", "company", "nothing", "long"],
)
def test_customer_without_email_gets_a_contact_without_one(
    connected: Connected, customer: Customer, names: tuple[str, str]
) -> None:
    done = sync_customer(connected, customer)
    there = contact(connected, done.target_id)
    assert (there["firstName"], there["lastName"]) == names
    assert there["communication"]["emails"] == {}
    assert sync_customer(connected, customer, done.target_id).equal


def test_two_people_of_one_name_without_email_are_two_contacts(connected: Connected) -> None:
    first = sync_customer(connected, BOB)
    second = sync_customer(connected, replace(BOB, id="C-9"))
    assert first.target_id != second.target_id


@pytest.mark.parametrize("customer", [ANN, BOB], ids=["email", "no-email"])
def test_contact_whose_create_got_no_answer_is_found_again(
    connected: Connected, customer: Customer
) -> None:
    connected.simulator.fail_next(mode="drop_after", path="contact-service/contact", method="POST")
    before = count_contacts(connected)
    failure = sync_customer(connected, customer)
    assert reason_of(failure) is Reason.OUTCOME_UNKNOWN
    found = sync_customer(connected, customer, unclear=True)
    assert isinstance(found, Found)
    assert found.equal
    assert count_contacts(connected) == before + 1


def test_older_contact_of_the_same_name_is_not_taken_for_the_lost_one(
    connected: Connected,
) -> None:
    namesake = connected.simulator.add_contact("Bob", "Nomail", phone="0117 1")
    connected.shop.clock.advance(2 * 86_400)
    add = connected.simulator.add_contact
    other_phone = add("Bob", "Nomail", phone="0117 2")
    with_email = add("Bob", "Nomail", phone="0117 1", email="bob@example.com")
    done = sync_customer(connected, BOB, unclear=True)
    assert done.outcome is Outcome.CREATED
    assert done.target_id not in {str(one) for one in (namesake, other_phone, with_email)}


def test_two_new_customers_of_one_email_in_a_batch_make_one_contact(connected: Connected) -> None:
    twin = replace(ANN, id="C-9", email="ANN@example.com")
    wanted = [Wanted(record=one.id, desired=one, target_id=None, key=one.id) for one in (ANN, twin)]
    before = count_contacts(connected)
    results = sync_all(connected, Kind.CUSTOMER, wanted)
    assert isinstance(results["C-1"], Done)
    assert reason_of(results["C-9"]) is Reason.CONFLICT
    assert count_contacts(connected) == before + 1


def test_linked_customers_are_read_in_one_call(connected: Connected) -> None:
    people = [replace(ANN, id=f"C-{n}", email=f"p{n}@example.com") for n in range(5)]
    made = {one.id: sync_customer(connected, one).target_id for one in people}
    before = connected.calls("contact-service")
    wanted = [
        Wanted(record=one.id, desired=one, target_id=made[one.id], key=one.id) for one in people
    ]
    found = connected.platform().target(Kind.CUSTOMER, {}).find_many(wanted)
    assert all(one.equal for one in found.values())
    assert connected.calls("contact-service") == before + 1


def test_address_that_is_not_given_with_the_contact_is_read(connected: Connected) -> None:
    made = sync_customer(connected)
    bare = contact(connected, made.target_id)
    del bare["postalAddresses"]
    connected.simulator.fail_next(200, path="contact-service/contact/", body={"response": [bare]})
    assert sync_customer(connected, ANN, made.target_id).equal


def test_customer_that_brightpearl_refuses_does_not_fail_its_neighbour(
    connected: Connected,
) -> None:
    bad = replace(BOB, phone="1" * 65)
    wanted = [Wanted(record=one.id, desired=one, target_id=None, key=one.id) for one in (bad, ANN)]
    results = sync_all(connected, Kind.CUSTOMER, wanted)
    assert reason_of(results["C-2"]) is Reason.REJECTED_BY_TARGET
    assert "0117" not in results["C-2"].detail
    assert isinstance(results["C-1"], Done)
