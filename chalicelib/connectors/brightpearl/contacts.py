"""Contacts of buyers: found by e-mail, created where there is none.

E-mail addresses are not unique at Brightpearl: the lowest id wins, so every order of a buyer meets
the same contact. A buyer without e-mail could not be found again, so such orders go to the walk-in
contact with the buyer's name in the order's address.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.connectors.brightpearl.client import Api
from chalicelib.connectors.brightpearl.countries import to_three_letters, to_two_letters
from chalicelib.connectors.brightpearl.idsets import is_id
from chalicelib.connectors.brightpearl.search import search_all
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Customer, SalesOrder

NAME_AT_MOST = 32  #: first and last name each (API reference, contact POST)
DEFAULT_COUNTRY = "GBR"
_NO_ADDRESS = "Not given"


@dataclass
class Contacts:
    """Finds or makes the contact of an order; remembers e-mails for the life of the object."""

    api: Api
    _known: dict[str, str] = field(default_factory=dict)

    def contact_for(self, order: SalesOrder) -> str:
        """Return the contact id an order is booked on; creates a contact where that is needed.

        Raises:
            SyncFailure: the order has neither an e-mail nor a walk-in contact.
        """
        if order.customer is not None and order.customer.email.strip():
            return self._by_email(order.customer, order.customer.email.strip())
        if is_id(order.walk_in_contact):
            return order.walk_in_contact
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
            self._known[key] = self._find(email) or self._create(customer, email)
        return self._known[key]

    def _find(self, email: str) -> str:
        rows = search_all(
            self.api,
            "contact-service/contact-search",
            {"primaryEmail": email},
            columns=("contactId", "primaryEmail"),
        )
        ids = (
            int(row["contactId"])
            for row in rows
            if str(row.get("primaryEmail") or "").strip().lower() == email.lower()
            and is_id(str(row.get("contactId")))
        )
        lowest = min(ids, default=0)
        return str(lowest) if lowest else ""

    def _create(self, customer: Customer, email: str) -> str:
        address = self.api.post("contact-service/postal-address", self._postal_address(customer))
        address_id = id_of_created(address.value, "postal address")
        reply = self.api.post(
            "contact-service/contact", _contact_body(customer, email, int(address_id))
        )
        return id_of_created(reply.value, "contact")

    def _postal_address(self, customer: Customer) -> dict[str, str]:
        country = to_three_letters(customer.address.get("country", ""))
        fallback = to_three_letters(self.api.setting("default_country")) or DEFAULT_COUNTRY
        return {
            "addressLine1": _NO_ADDRESS,
            **_address_lines(customer.address),
            "countryIsoCode": country or fallback,
        }

    def order_address(self, customer: Customer) -> dict[str, str]:
        """Return the buyer as an order shows it; the country as the connection's setting says."""
        country = customer.address.get("country", "")
        two_letters = self.api.setting("country_format") == "alpha2"
        code = to_two_letters(country) if two_letters else to_three_letters(country)
        address = {
            "addressFullName": customer.name,
            **_address_lines(customer.address),
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


def _address_lines(address: Mapping[str, str]) -> dict[str, str]:
    """Line 3 is the city and line 4 the county or state (API reference, postal-address)."""
    lines = {
        "addressLine1": address.get("line1", ""),
        "addressLine2": address.get("line2", ""),
        "addressLine3": address.get("city", ""),
        "addressLine4": address.get("state", ""),
        "postalCode": address.get("postcode", ""),
    }
    return {name: text for name, text in lines.items() if text}


def _contact_body(customer: Customer, email: str, address_id: int) -> dict[str, Any]:
    first, last = customer.given_name.strip(), customer.family_name.strip()
    if not (first or last):
        last = customer.company.strip() or email.partition("@")[0]
    names = {"firstName": first[:NAME_AT_MOST], "lastName": last[:NAME_AT_MOST]}
    telephones = {"telephones": {"PRI": customer.phone}} if customer.phone else {}
    return {
        **{name: text for name, text in names.items() if text},
        "postAddressIds": dict.fromkeys(("DEF", "BIL", "DEL"), address_id),
        "communication": {"emails": {"PRI": {"email": email}}, **telephones},
    }
