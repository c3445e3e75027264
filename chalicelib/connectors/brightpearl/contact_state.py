"""What a contact lacks of a customer; pure.

On a contact that we made or linked the source wins; on one that is adopted only what is empty is
filled. An empty field of the source never empties one of the contact. Upper case, spaces and the
way a telephone number is written are no difference, so that two systems do not correct each other
for ever.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.connectors.brightpearl.contact_models import ContactModel, PostalAddress
from chalicelib.connectors.brightpearl.countries import to_three_letters, to_two_letters
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Customer

NAME_AT_MOST = 32  #: first and last name each (API reference, contact POST)
NO_ADDRESS = "Not given"
_EMAIL_PATH = "/communication/emails/PRI/email"
_PHONE_PATH = "/communication/telephones/PRI"


@dataclass(frozen=True, kw_only=True)
class ContactState:
    """A contact as it was read, with the address it stands under."""

    contact: ContactModel
    address: PostalAddress | None = None


@dataclass(frozen=True, kw_only=True)
class ContactChanges:
    """What brings a contact in step: a JSON patch, and an address of its own."""

    patch: tuple[Mapping[str, str], ...] = ()
    address: bool = False

    def __bool__(self) -> bool:
        return bool(self.patch or self.address)


def check_email(customer: Customer) -> None:
    """Refuse, before anything is written, an e-mail address that Brightpearl would not take.

    Raises:
        SyncFailure: it has no @; the address itself is not repeated.
    """
    email = customer.email.strip()
    if email and "@" not in email:
        raise SyncFailure(
            Reason.REJECTED_BY_TARGET,
            "The customer's e-mail address has no @: correct or remove it at the source.",
            error_code="no_email",
            field="email",
        )


def names_of(customer: Customer) -> tuple[str, str]:
    """Return first and last name for a new contact, which needs one of them.

    Without a name the company stands in, then the start of the e-mail address, then the id.
    """
    first, last = customer.given_name.strip(), customer.family_name.strip()
    if not (first or last):
        last = customer.company.strip() or customer.email.strip().partition("@")[0]
    if not (first or last):
        last = f"Customer {customer.id}"
    return first[:NAME_AT_MOST].strip(), last[:NAME_AT_MOST].strip()


def contact_changes(customer: Customer, state: ContactState, *, adopting: bool) -> ContactChanges:
    """Return what to change at a contact; nothing where it holds the customer."""
    contact = state.contact
    return ContactChanges(
        patch=(
            *_name_changes(customer, contact, adopting=adopting),
            *_email_change(customer, contact),
            *_phone_change(customer, contact, adopting=adopting),
        ),
        address=_needs_address(customer, state.address, adopting=adopting),
    )


def _name_changes(
    customer: Customer, contact: ContactModel, *, adopting: bool
) -> list[dict[str, str]]:
    if adopting and (contact.first_name.strip() or contact.last_name.strip()):
        return []
    wanted = {
        "/firstName": (customer.given_name.strip()[:NAME_AT_MOST].strip(), contact.first_name),
        "/lastName": (customer.family_name.strip()[:NAME_AT_MOST].strip(), contact.last_name),
    }
    return [
        _set(path, new, there=True)
        for path, (new, old) in wanted.items()
        if new and plain_text(new) != plain_text(old)
    ]


def _email_change(customer: Customer, contact: ContactModel) -> list[dict[str, str]]:
    email = customer.email.strip()
    if not email or email.lower() == contact.email.lower():
        return []
    return [_set(_EMAIL_PATH, email, there=bool(contact.email))]


def _phone_change(
    customer: Customer, contact: ContactModel, *, adopting: bool
) -> list[dict[str, str]]:
    phone, numbers = customer.phone.strip(), contact.communication.telephones.values()
    if not phone or plain_phone(phone) in {plain_phone(number) for number in numbers}:
        return []
    if adopting and any(plain_phone(number) for number in numbers):
        return []
    return [_set(_PHONE_PATH, phone, there=bool(contact.phone))]


def _set(path: str, value: str, *, there: bool) -> dict[str, str]:
    return {"op": "replace" if there else "add", "path": path, "value": value}


def _needs_address(customer: Customer, address: PostalAddress | None, *, adopting: bool) -> bool:
    lines = address_lines(customer.address)
    if not lines:
        return False
    if address is None:
        return True
    may_replace = not adopting or address.line1.strip() in ("", NO_ADDRESS)
    return may_replace and not _is_same_address(customer, address)


def _is_same_address(customer: Customer, address: PostalAddress) -> bool:
    wanted = {"addressLine1": NO_ADDRESS, **address_lines(customer.address)}
    there = {
        "addressLine1": address.line1,
        "addressLine2": address.line2,
        "addressLine3": address.city,
        "addressLine4": address.state,
        "postalCode": address.postcode,
    }
    country = to_two_letters(customer.address.get("country", ""))
    same_country = not country or country == to_two_letters(address.country)
    return same_country and all(
        plain_text(wanted.get(name, "")) == plain_text(text) for name, text in there.items()
    )


def address_lines(address: Mapping[str, str]) -> dict[str, str]:
    """Line 3 is the city and line 4 the county or state (API reference, postal-address)."""
    lines = {
        "addressLine1": address.get("line1", ""),
        "addressLine2": address.get("line2", ""),
        "addressLine3": address.get("city", ""),
        "addressLine4": address.get("state", ""),
        "postalCode": address.get("postcode", ""),
    }
    return {name: text for name, text in lines.items() if text.strip()}


def to_postal_address(customer: Customer, default_country: str) -> dict[str, str]:
    """Return the body of a postal address, which needs a first line and a country."""
    country = to_three_letters(customer.address.get("country", ""))
    return {
        "addressLine1": NO_ADDRESS,
        **address_lines(customer.address),
        "countryIsoCode": country or default_country,
    }


def to_contact(customer: Customer, address_id: int) -> dict[str, Any]:
    """Return the body of a new contact; what is empty is left out, an e-mail is never made up."""
    first, last = names_of(customer)
    email, company, phone = customer.email.strip(), customer.company.strip(), customer.phone.strip()
    communication = {
        **({"emails": {"PRI": {"email": email}}} if email else {}),
        **({"telephones": {"PRI": phone}} if phone else {}),
    }
    names = {"firstName": first, "lastName": last}
    return {
        **{name: text for name, text in names.items() if text},
        "postAddressIds": dict.fromkeys(("DEF", "BIL", "DEL"), address_id),
        **({"communication": communication} if communication else {}),
        **({"organisation": {"name": company}} if company else {}),
    }


def plain_text(text: str) -> str:
    """Return a text as it is compared: without case, and with single spaces."""
    return " ".join(text.split()).casefold()


def plain_phone(number: str) -> str:
    """Return a number as it is compared: its digits, without the zeros before a country code."""
    return re.sub(r"\D", "", number).removeprefix("00")
