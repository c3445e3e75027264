"""contact-service: postal addresses, contacts, contact-search."""

from collections.abc import Callable, Mapping
from typing import Any

from local.platforms.brightpearl.api.patches import Setter, apply_patch
from local.platforms.brightpearl.api.routing import Call, Route, answer, written
from local.platforms.brightpearl.api.searches import Column, Search, handler_of
from local.platforms.brightpearl.faults import Checker, not_found
from local.platforms.brightpearl.state.contacts import ADDRESS_LINES, Contact
from local.platforms.brightpearl.world import World

NAME_LENGTH = 32
ADDRESS_KINDS = ("DEF", "BIL", "DEL")
EMAIL_PATH = "/communication/emails/PRI/email"
PHONE_PATH = "/communication/telephones/PRI"


def create_address(call: Call) -> dict[str, object]:
    """``POST postal-address``: line 1 and a country of three letters are required."""
    document = call.document()
    check = Checker("CONC")
    lines = {}
    for name in ADDRESS_LINES:
        text = check.text(document, name, limit=255, required=name == "addressLine1")
        if text is not None:
            lines[name] = text
    country = document.get("countryIsoCode")
    if not isinstance(country, str) or len(country) != 3:
        check.add("countryIsoCode must have three letters")
    check.finish()
    return answer(call.world.contacts.add_address(lines | {"countryIsoCode": str(country)}))


def read_addresses(call: Call) -> dict[str, object]:
    """``GET postal-address/{idset}``."""
    known = call.world.contacts.addresses
    found = call.ids().pick(known)
    if not found:
        raise not_found(f"Postal address {call.args[0]}")
    return answer([{"addressId": n, **known[n]} for n in found])


def create_contact(call: Call) -> dict[str, object]:
    """``POST contact``: another one each time, whatever the e-mail."""
    document, contacts = call.document(), call.world.contacts
    check = Checker("CONC")
    names = _names(document, check)
    given = check.mapping(document, "postAddressIds")
    addresses = {
        kind: check.known(given, kind, contacts.addresses, required=True) or 0
        for kind in ADDRESS_KINDS
    }
    email, phone = _communication(document, check)
    company = check.text(check.mapping(document, "organisation"), "name", limit=255)
    check.finish()
    contact = contacts.add(
        first_name=names[0],
        last_name=names[1],
        email=email,
        phone=phone,
        addresses=addresses,
        company=company or "",
    )
    return answer(contact.id)


def _names(document: Mapping[str, Any], check: Checker) -> tuple[str, str]:
    first = check.text(document, "firstName", limit=NAME_LENGTH)
    last = check.text(document, "lastName", limit=NAME_LENGTH)
    if first is None and last is None:
        check.add("firstName or lastName is required")
    return first or "", last or ""


def _communication(document: Mapping[str, Any], check: Checker) -> tuple[str, str]:
    communication = check.mapping(document, "communication")
    primary = check.mapping(check.mapping(communication, "emails"), "PRI")
    email = check.text(primary, "email", limit=255)
    if email is not None and "@" not in email:
        check.add("communication.emails.PRI.email is no e-mail address")
    phone = check.text(check.mapping(communication, "telephones"), "PRI", limit=64)
    return email or "", phone or ""


def read_contacts(call: Call) -> dict[str, object]:
    """``GET contact/{idset}``: 404 when none is known."""
    known = call.world.contacts.by_id
    found = call.ids().pick(known)
    if not found:
        raise not_found(f"Contact {call.args[0]}")
    documents = [_contact(call.world, known[number]) for number in found]
    pagination = {"page": 1, "pageSize": len(documents), "morePagesAvailable": False}
    return {"response": documents, "pagination": pagination, "sorting": []}


def _contact(world: World, contact: Contact) -> dict[str, object]:
    time, contacts = written(world), world.contacts
    telephones = {"PRI": contact.phone, "MOB": contact.mobile}
    return {
        "contactId": contact.id,
        "firstName": contact.first_name,
        "lastName": contact.last_name,
        "isPrimaryContact": True,
        "postAddressIds": contact.addresses,
        "postalAddresses": {
            str(number): {"addressId": number, **contacts.addresses[number]}
            for number in set(contact.addresses.values())
        },
        "communication": {
            "emails": {"PRI": {"email": contact.email}} if contact.email else {},
            "telephones": {kind: number for kind, number in telephones.items() if number},
        },
        "organisation": {"name": contact.company},
        "contactStatus": {"current": {"contactStatusName": contact.status}},
        "relationshipToAccount": {
            "isSupplier": contact.role == "supplier",
            "isStaff": contact.role == "staff",
        },
        "createdOn": time(contact.created_on),
        "updatedOn": time(contact.updated_on),
    }


def patch_contact(call: Call) -> dict[str, object]:
    """``PATCH contact/{id}``: ``add`` is taken here, and ``replace`` only of what is there."""
    contact = _known_contact(call)
    check = Checker("CONC")
    operations = []
    for operation in call.items():
        path = operation.get("path")
        if operation.get("op") == "replace" and not _value_at(contact, path):
            check.add(f"path {path!r} has nothing to replace")
        added = operation.get("op") == "add"
        operations.append({**operation, "op": "replace"} if added else operation)
    apply_patch(operations, _setters(call.world, contact), check)
    contact.updated_on = call.world.clock()
    return answer(_contact(call.world, contact))


def _known_contact(call: Call) -> Contact:
    contact = call.world.contacts.by_id.get(call.id())
    if contact is None:
        raise not_found(f"Contact {call.args[0]}")
    return contact


def _value_at(contact: Contact, path: object) -> str:
    """Return what a path names; first and last name are always there, even when empty."""
    return {EMAIL_PATH: contact.email, PHONE_PATH: contact.phone}.get(str(path), "-")


def put_addresses(call: Call) -> dict[str, object]:
    """``PUT contact/{id}/postal-address``: all or none; an address belongs to one contact."""
    contact, contacts = _known_contact(call), call.world.contacts
    check = Checker("CONC")
    changes: dict[str, int] = {}
    for item in call.items():
        number = check.known(item, "postalAddressId", contacts.addresses, required=True)
        if any(number in c.addresses.values() for c in contacts.by_id.values() if c != contact):
            check.add(f"Postal address {number} belongs to another contact")
        if item.get("type") in ADDRESS_KINDS and number is not None:
            changes[str(item["type"])] = number
        elif item.get("type") is not None:
            check.add(f"type must be one of {', '.join(ADDRESS_KINDS)}")
    check.finish()
    contact.addresses.update(changes)
    contact.updated_on = call.world.clock()
    return {}


def _setters(world: World, contact: Contact) -> dict[str, Setter]:
    def email_setter(value: Any, check: Checker) -> Callable[[], None]:
        email = check.text({"email": value}, "email", limit=255) or ""
        return lambda: world.contacts.change_email(contact, email)

    return {
        "/firstName": _text_setter(contact, "first_name", NAME_LENGTH),
        "/lastName": _text_setter(contact, "last_name", NAME_LENGTH),
        EMAIL_PATH: email_setter,
        PHONE_PATH: _text_setter(contact, "phone", 64),
    }


def _text_setter(contact: Contact, field: str, limit: int) -> Setter:
    def setter(value: Any, check: Checker) -> Callable[[], None]:
        text = check.text({field: value}, field, limit=limit) or ""
        return lambda: setattr(contact, field, text)

    return setter


CONTACT_SEARCH = Search[Contact](
    columns=(
        Column(name="contactId", kind="IDSET", value=lambda w, c: c.id),
        Column(
            name="primaryEmail",
            kind="SEARCH_STRING",
            value=lambda w, c: c.email,
            find=lambda w, text: w.contacts.containing(text),
        ),
        Column(name="secondaryEmail", kind="STRING", value=lambda w, c: ""),
        Column(name="tertiaryEmail", kind="STRING", value=lambda w, c: ""),
        Column(name="firstName", kind="SEARCH_STRING", value=lambda w, c: c.first_name),
        Column(name="lastName", kind="SEARCH_STRING", value=lambda w, c: c.last_name),
        Column(name="isSupplier", kind="BOOLEAN", value=lambda w, c: c.role == "supplier"),
        Column(name="isCustomer", kind="BOOLEAN", value=lambda w, c: c.role == "customer"),
        Column(name="isStaff", kind="BOOLEAN", value=lambda w, c: c.role == "staff"),
        Column(name="companyName", kind="SEARCH_STRING", value=lambda w, c: c.company),
        Column(name="createdOn", kind="PERIOD", value=lambda w, c: c.created_on),
        Column(name="updatedOn", kind="PERIOD", value=lambda w, c: c.updated_on),
        Column(name="pri", kind="STRING", value=lambda w, c: c.phone),
        Column(name="exactCompanyName", kind="STRING", value=lambda w, c: c.company, shown=False),
    ),
    rows=lambda world: world.contacts.by_id.values(),
    created=lambda contact: contact.created_on,
    updated=lambda contact: contact.updated_on,
)

_S = "contact-service"
ROUTES = (
    Route("POST", f"{_S}/postal-address", create_address),
    Route("GET", f"{_S}/postal-address/{{}}", read_addresses),
    Route("POST", f"{_S}/contact", create_contact),
    Route("GET", f"{_S}/contact/{{}}", read_contacts),
    Route("PATCH", f"{_S}/contact/{{}}", patch_contact),
    Route("PUT", f"{_S}/contact/{{}}/postal-address", put_addresses),
    Route("GET", f"{_S}/contact-search", handler_of(CONTACT_SEARCH)),
)
