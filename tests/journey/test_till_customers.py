"""Customers of the tills on Square as contacts of the ERP."""

from collections.abc import Iterator

import pytest

from local.demo.joining.square import CUSTOMERS
from tests.journey.books import Books
from tests.journey.house import House, keeping_house, wait_until


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A merchant with tills on Square."""
    with keeping_house(tmp_path_factory.mktemp("tills")) as found:
        yield found


@pytest.fixture
def books(house: House) -> Books:
    """The merchant's ERP."""
    return Books(house=house)


def test_new_customer_is_a_row_of_three_fields_and_a_contact(house: House, books: Books) -> None:
    customer = house.vendors.square.add_customer(
        given_name="Ada",
        family_name="Byron",
        email_address="ada@example.org",
        phone_number="+441134960000",
    )

    row = house.wait_for("customer", customer, "Synced")

    assert row["columns"] == {
        "name": "Ada Byron",
        "email": "ada@example.org",
        "phone": "+441134960000",
        "source": "Square",
    }
    number = books.contacts("ada@example.org")
    assert len(number) == 1
    assert books.contact(number[0])["lastName"] == "Byron"


def test_customer_who_changes_changes_the_same_contact(house: House, books: Books) -> None:
    customer = house.vendors.square.add_customer(given_name="Gil", email_address="gil@example.org")
    house.wait_for("customer", customer, "Synced")
    number = books.contacts("gil@example.org")

    house.vendors.square.change_customer(customer, family_name="Lowe")

    wait_until(lambda: books.contact(number[0])["lastName"] == "Lowe", "the new name")
    assert books.contacts("gil@example.org") == number


def test_customer_without_an_email_or_phone_is_a_contact_once(house: House, books: Books) -> None:
    before = books.contact_count()

    customer = house.vendors.square.add_customer(given_name="Una", family_name="Known")
    row = house.wait_for("customer", customer, "Synced")
    house.resync(row)
    row = house.wait_for("customer", customer, "Synced", fits=lambda one: one["attempts"] > 1)

    assert (row["columns"]["email"], row["columns"]["phone"]) == ("", "")
    assert books.contact_count() == before + 1


def test_profile_of_a_card_without_any_name_is_no_row_until_it_has_one(
    house: House, books: Books
) -> None:
    before = books.contact_count()
    customer = house.vendors.square.add_customer(note="Likes tea.")
    house.poll_now(CUSTOMERS)
    house.settle()
    assert house.row("customer", customer) is None
    assert books.contact_count() == before

    house.vendors.square.change_customer(customer, given_name="Ann")

    house.wait_for("customer", customer, "Synced")
    assert books.contact_count() == before + 1


def test_customer_waits_for_the_country_and_its_setting_frees_it(house: House) -> None:
    house.configure(CUSTOMERS, country=None)
    customer = house.vendors.square.add_customer(given_name="Noa", email_address="noa@example.org")
    row = house.wait_for("customer", customer, "Pending", "needs_settings")
    assert row["cause"] == f"setting:{CUSTOMERS}:country"

    house.configure(CUSTOMERS, country="GBR")

    house.wait_for("customer", customer, "Synced")


def test_deleted_customer_keeps_the_contact_and_the_row_says_so(house: House, books: Books) -> None:
    customer = house.vendors.square.add_customer(given_name="Leo", email_address="leo@example.org")
    house.wait_for("customer", customer, "Synced")

    house.vendors.square.delete_customer(customer)
    row = house.wait_for(
        "customer", customer, "Synced", fits=lambda one: one["outcome"] == "not_applicable"
    )

    assert "deleted" in house.detail(row)["attempts"][0]["detail"]
    assert len(books.contacts("leo@example.org")) == 1


def test_customer_whose_webhook_was_lost_is_found_by_the_poll(house: House, books: Books) -> None:
    house.vendors.square.sender.configure(lose_next=1)
    customer = house.vendors.square.add_customer(
        given_name="Late", email_address="late@example.org"
    )
    house.vendors.square.sender.configure(lose_next=0)

    house.poll_now(CUSTOMERS)

    house.wait_for("customer", customer, "Synced")
    assert len(books.contacts("late@example.org")) == 1
