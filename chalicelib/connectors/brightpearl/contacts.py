"""Contacts of buyers: found by e-mail, created where there is none.

Which of several contacts with one e-mail is meant says ``contact_lookup``. An order's buyer without
e-mail could not be found again, so such orders go to the walk-in contact with the buyer's name in
the order's address.
"""

from dataclasses import dataclass, field
from typing import Any

from chalicelib.connectors.brightpearl.client import Api
from chalicelib.connectors.brightpearl.contact_lookup import contact_with_email
from chalicelib.connectors.brightpearl.contact_state import (
    NAME_AT_MOST,
    address_lines,
    to_contact,
    to_postal_address,
)
from chalicelib.connectors.brightpearl.countries import to_three_letters, to_two_letters
from chalicelib.connectors.brightpearl.idsets import is_id
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Customer, SalesCredit, SalesOrder

__all__ = ["DEFAULT_COUNTRY", "NAME_AT_MOST", "Contacts", "id_of_created"]

DEFAULT_COUNTRY = "GBR"


@dataclass
class Contacts:
    """Finds or makes the contact of an order; remembers e-mails for the life of the object."""

    api: Api
    _known: dict[str, str] = field(default_factory=dict)

    def contact_for(self, document: SalesOrder | SalesCredit) -> str:
        """Return the contact id an order is booked on; creates a contact where that is needed.

        Raises:
            SyncFailure: the order has neither an e-mail nor a walk-in contact.
        """
        if document.customer is not None and document.customer.email.strip():
            return self._by_email(document.customer, document.customer.email.strip())
        if is_id(document.walk_in_contact):
            return document.walk_in_contact
        raise SyncFailure(
            Reason.REJECTED_BY_TARGET,
            "The buyer has no e-mail address and no walk-in contact is set: choose the contact"
            " that orders of unknown buyers are booked on.",
            error_code="no_contact",
            field="customer",
        )

    def _by_email(self, customer: Customer, email: str) -> str:
        key = email.lower()
        if key not in self._known:
            self._known[key] = contact_with_email(self.api, email) or self.create(customer)
        return self._known[key]

    def create(self, customer: Customer) -> str:
        """Create a contact with an address of its own and return its id."""
        body = to_contact(customer, int(self.create_address(customer)))
        return id_of_created(self.api.post("contact-service/contact", body).value, "contact")

    def create_address(self, customer: Customer) -> str:
        """Create a postal address and return its id."""
        default = to_three_letters(self.api.setting("default_country")) or DEFAULT_COUNTRY
        body = to_postal_address(customer, default)
        reply = self.api.post("contact-service/postal-address", body)
        return id_of_created(reply.value, "postal address")

    def order_address(self, customer: Customer) -> dict[str, str]:
        """Return the buyer as an order shows it; the country as the connection's setting says."""
        country = customer.address.get("country", "")
        two_letters = self.api.setting("country_format") == "alpha2"
        code = to_two_letters(country) if two_letters else to_three_letters(country)
        address = {
            "addressFullName": customer.name,
            **address_lines(customer.address),
            "countryIsoCode": code,
            "email": customer.email.strip(),
            "telephone": customer.phone,
        }
        return {name: text for name, text in address.items() if text}


def id_of_created(value: Any, what: str) -> str:
    """Return the id a create was answered with: a bare number.

    Raises:
        SyncFailure: there is none, so whether it was created has to be looked up.
    """
    text = str(value)
    if isinstance(value, bool) or not is_id(text):
        raise SyncFailure(
            Reason.OUTCOME_UNKNOWN,
            f"Brightpearl did not say which {what} it created.",
            error_code="no_id",
        )
    return text
