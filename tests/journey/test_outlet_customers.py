"""Customers of the outlets as contacts of the ERP."""

from collections.abc import Iterator

import pytest

from tests.journey.books import Books
from tests.journey.house import keeping_house, wait_until
from tests.journey.outlets import FLOWS, Shops

CUSTOMERS = FLOWS["customer"]


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shops]:
    """A merchant with two outlets on Lightspeed."""
    with keeping_house(tmp_path_factory.mktemp("outlets"), shops=("lightspeed",)) as house:
        yield Shops(house=house)


@pytest.fixture
def books(shops: Shops) -> Books:
    """The merchant's ERP."""
    return shops.books


def test_new_customer_is_a_row_of_three_fields_and_a_contact(shops: Shops, books: Books) -> None:
    customer = shops.tills.add_customer(
        first_name="Ada", last_name="Byron", email="ada@example.org", phone="0113 496 0000"
    )

    row = shops.wait_for("customer", customer, "Synced")

    assert row["columns"] == {
        "name": "Ada Byron",
        "email": "ada@example.org",
        "phone": "0113 496 0000",
        "source": "Lightspeed",
    }
    number = books.contacts("ada@example.org")
    assert len(number) == 1
    contact = books.contact(number[0])
    assert (contact["firstName"], contact["lastName"]) == ("Ada", "Byron")
    assert contact["communication"]["telephones"]["PRI"] == "0113 496 0000"


def test_customer_who_changes_changes_the_same_contact(shops: Shops, books: Books) -> None:
    customer = shops.tills.add_customer(first_name="Gil", last_name="Low", email="gil@example.org")
    shops.wait_for("customer", customer, "Synced")
    number = books.contacts("gil@example.org")

    with shops.tills.lock:
        shops.tills.customers.update(customer, {"last_name": "Lowe", "phone": "0113 496 0001"})

    wait_until(lambda: books.contact(number[0])["lastName"] == "Lowe", "the new name")
    shops.wait_for(
        "customer", customer, "Synced", fits=lambda row: row["columns"]["name"] == "Gil Lowe"
    )
    assert books.contacts("gil@example.org") == number


def test_customer_without_email_or_phone_has_empty_cells_and_a_contact(
    shops: Shops, books: Books
) -> None:
    before = books.contact_count()

    customer = shops.tills.add_customer(first_name="Una", last_name="Known")
    row = shops.wait_for("customer", customer, "Synced")

    assert (row["columns"]["email"], row["columns"]["phone"]) == ("", "")
    assert books.contact_count() == before + 1
    shops.house.resync(row)
    shops.wait_for("customer", customer, "Synced", fits=lambda one: one["attempts"] > 1)
    assert books.contact_count() == before + 1


def test_two_people_of_one_name_without_an_email_are_two_contacts(
    shops: Shops, books: Books
) -> None:
    before = books.contact_count()

    people = [shops.tills.add_customer(first_name="Jo", last_name="Smith") for _ in range(2)]

    for one in people:
        shops.wait_for("customer", one, "Synced")
    assert books.contact_count() == before + 2


def test_of_two_contacts_with_the_email_one_is_chosen_and_no_third_made(
    shops: Shops, books: Books
) -> None:
    brightpearl = shops.house.vendors.brightpearl
    known = [brightpearl.add_contact("Twin", name, email="twin@example.org") for name in "AB"]

    customer = shops.tills.add_customer(first_name="Twin", last_name="C", email="twin@example.org")
    row = shops.wait_for("customer", customer, "Synced")

    assert sorted(books.contacts("twin@example.org")) == sorted(known)
    ids = {link["platform"]: link["id"] for link in shops.house.detail(row)["row"]["links"]}
    assert int(ids["brightpearl"]) == min(known)


def test_customer_of_whom_nothing_is_known_fails_saying_what_to_enter(
    shops: Shops, books: Books
) -> None:
    customer = shops.tills.add_customer(customer_code="C-100")
    failed = shops.wait_for("customer", customer, "Failed", "unsupported")
    assert "name" in failed["sentence"]

    with shops.tills.lock:
        shops.tills.customers.update(customer, {"first_name": "Ann", "email": "ann@example.org"})

    shops.wait_for("customer", customer, "Synced")
    assert len(books.contacts("ann@example.org")) == 1


def test_customer_waits_for_the_country_and_its_setting_frees_it(shops: Shops) -> None:
    shops.house.configure(CUSTOMERS, country=None)
    customer = shops.tills.add_customer(first_name="Noa", last_name="Land", email="noa@example.org")
    row = shops.wait_for("customer", customer, "Pending", "needs_settings")
    assert "Country" in row["sentence"]
    assert row["cause"] == f"setting:{CUSTOMERS}:country"

    shops.house.configure(CUSTOMERS, country="GBR")

    shops.wait_for("customer", customer, "Synced")


def test_customer_is_processing_while_the_erp_is_slow(shops: Shops) -> None:
    shops.house.vendors.brightpearl.fail_next(
        mode="slow", delay_s=1.5, path="contact-service/contact", method="POST"
    )

    customer = shops.tills.add_customer(first_name="Slow", last_name="Coach")

    shops.wait_for("customer", customer, "Processing", "sending")
    shops.wait_for("customer", customer, "Synced")


def test_deleted_customer_keeps_the_contact_and_the_row_says_so(shops: Shops, books: Books) -> None:
    customer = shops.tills.add_customer(first_name="Leo", last_name="Gone", email="leo@example.org")
    shops.wait_for("customer", customer, "Synced")

    shops.tills.delete("customers", customer)
    row = shops.wait_for(
        "customer", customer, "Synced", fits=lambda one: one["outcome"] == "not_applicable"
    )

    assert "deleted" in shops.house.detail(row)["attempts"][0]["detail"]
    assert len(books.contacts("leo@example.org")) == 1


def test_customer_whose_webhook_was_lost_is_found_by_the_poll(shops: Shops, books: Books) -> None:
    shops.tills.sender.configure(lose_next=1)
    customer = shops.tills.add_customer(
        first_name="Late", last_name="Comer", email="late@example.org"
    )
    shops.tills.sender.configure(lose_next=0)

    shops.house.poll_now(CUSTOMERS)

    shops.wait_for("customer", customer, "Synced")
    assert len(books.contacts("late@example.org")) == 1
