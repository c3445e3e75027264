"""Contacts as Brightpearl gives them, as far as we use them."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from chalicelib.connectors.brightpearl.models import Id, Payload, Text

#: Which of a contact's addresses, e-mails and telephones is the first one.
DEFAULT_ADDRESS, PRIMARY = "DEF", "PRI"
#: Words in the merchant's own list of contact statuses that take a contact out of use.
_OUT_OF_USE = ("archived", "closed")


def _to_map(value: Any) -> Any:
    return {} if value is None or value == [] else value


class Email(Payload):
    """One e-mail address of a contact."""

    email: Text = ""


class Communication(Payload):
    """How a contact is reached, by kind: PRI, SEC, MOB …"""

    emails: Annotated[Mapping[str, Email], BeforeValidator(_to_map)] = {}
    telephones: Annotated[Mapping[str, Text], BeforeValidator(_to_map)] = {}


class Relationship(Payload):
    """A contact is exactly one of buyer, supplier and staff."""

    is_supplier: bool = Field(default=False, alias="isSupplier")
    is_staff: bool = Field(default=False, alias="isStaff")


class StatusName(Payload):
    """A status of the merchant's own list."""

    name: Text = Field(default="", alias="contactStatusName")


class ContactStatus(Payload):
    """Where a contact stands."""

    current: StatusName = StatusName()


class PostalAddress(Payload):
    """``contact-service/postal-address``: line 3 is the city, line 4 the county or state."""

    id: Text = Field(default="", alias="addressId")
    line1: Text = Field(default="", alias="addressLine1")
    line2: Text = Field(default="", alias="addressLine2")
    city: Text = Field(default="", alias="addressLine3")
    state: Text = Field(default="", alias="addressLine4")
    postcode: Text = Field(default="", alias="postalCode")
    country: Text = Field(default="", alias="countryIsoCode")


class ContactModel(Payload):
    """``contact-service/contact``; address ids by DEF, BIL and DEL."""

    id: Id = Field(alias="contactId")
    first_name: Text = Field(default="", alias="firstName")
    last_name: Text = Field(default="", alias="lastName")
    communication: Communication = Communication()
    address_ids: Annotated[Mapping[str, Text], BeforeValidator(_to_map)] = Field(
        default={}, alias="postAddressIds"
    )
    addresses: Annotated[Mapping[str, PostalAddress], BeforeValidator(_to_map)] = Field(
        default={}, alias="postalAddresses"
    )
    relationship: Relationship = Field(default=Relationship(), alias="relationshipToAccount")
    status: ContactStatus = Field(default=ContactStatus(), alias="contactStatus")

    @property
    def email(self) -> str:
        """The first e-mail address, empty if there is none."""
        return self.communication.emails.get(PRIMARY, Email()).email.strip()

    @property
    def phone(self) -> str:
        """The first telephone number, empty if there is none."""
        return self.communication.telephones.get(PRIMARY, "")

    @property
    def is_buyer(self) -> bool:
        """Whether it is neither a supplier nor staff."""
        return not (self.relationship.is_supplier or self.relationship.is_staff)

    @property
    def is_out_of_use(self) -> bool:
        """Whether its status says so."""
        return self.status.current.name.strip().lower() in _OUT_OF_USE

    @property
    def default_address(self) -> PostalAddress | None:
        """The address it stands under, if it was given with the contact."""
        return self.addresses.get(self.address_ids.get(DEFAULT_ADDRESS, ""))
