"""Contacts and postal addresses; e-mail addresses are not unique."""

import itertools
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from local.platforms.sender import Clock

ADDRESS_LINES = ("addressLine1", "addressLine2", "addressLine3", "addressLine4", "postalCode")


@dataclass(kw_only=True)
class Contact:
    """One contact; ``addresses`` are address ids by DEF, BIL and DEL."""

    id: int
    first_name: str
    last_name: str
    email: str
    phone: str
    addresses: dict[str, int]
    created_on: datetime
    updated_on: datetime
    company: str = ""
    mobile: str = ""
    role: str = "customer"  #: customer, supplier or staff: a contact is exactly one of them
    status: str = ""  #: the merchant's own word, such as Archived


@dataclass(kw_only=True)
class Contacts:
    """Contacts by id and by lower-case e-mail."""

    clock: Clock
    by_id: dict[int, Contact] = field(default_factory=dict)
    addresses: dict[int, dict[str, str]] = field(default_factory=dict)
    by_email: dict[str, list[Contact]] = field(default_factory=lambda: defaultdict(list))
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(201))
    _address_ids: Iterator[int] = field(default_factory=lambda: itertools.count(11))

    def add(
        self,
        *,
        first_name: str,
        last_name: str,
        email: str = "",
        phone: str = "",
        addresses: dict[str, int] | None = None,
        company: str = "",
    ) -> Contact:
        """Add a contact; with the same e-mail as another it is one more."""
        now = self.clock()
        contact = Contact(
            id=next(self._ids),
            first_name=first_name,
            last_name=last_name,
            email=email,
            phone=phone,
            addresses=addresses or {},
            created_on=now,
            updated_on=now,
            company=company,
        )
        self.by_id[contact.id] = contact
        self.by_email[email.lower()].append(contact)
        return contact

    def add_address(self, lines: dict[str, str]) -> int:
        """Add a postal address and return its id."""
        number = next(self._address_ids)
        self.addresses[number] = lines
        return number

    def containing(self, email: str) -> list[Contact]:
        """Return the contacts whose e-mail contains a text, as the vendor's search does."""
        text = email.lower()
        return [c for known, found in self.by_email.items() if text in known for c in found]

    def remove(self, contact: Contact) -> None:
        """Forget a contact, as when people merge it into another."""
        del self.by_id[contact.id]
        self.by_email[contact.email.lower()].remove(contact)

    def change_email(self, contact: Contact, email: str) -> None:
        """Give a contact another e-mail."""
        self.by_email[contact.email.lower()].remove(contact)
        contact.email = email
        self.by_email[email.lower()].append(contact)
