"""Which contact a buyer is: by e-mail, which is not unique at Brightpearl, by one written rule.

Of several contacts with one e-mail the one in use goes before one that is archived or closed, a
buyer before a supplier or staff, and then the lowest id: orders and customers meet the same one.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from chalicelib.connectors.brightpearl.batches import fail_the_rest, fetch_by_ids
from chalicelib.connectors.brightpearl.client import Api
from chalicelib.connectors.brightpearl.contact_models import ContactModel, PostalAddress
from chalicelib.connectors.brightpearl.idsets import Chunk, is_id, split_into_chunks
from chalicelib.connectors.brightpearl.models import format_time, read_as
from chalicelib.connectors.brightpearl.search import search_all
from chalicelib.domain.reasons import SyncFailure

#: How long ago a contact without e-mail may have been created by a write that got no answer.
LOST_FOR = timedelta(days=1)
_SEARCH = "contact-service/contact-search"


def find_by_email(api: Api, email: str) -> list[str]:
    """Return the ids of all contacts whose first e-mail address is this one."""
    columns = ("contactId", "primaryEmail")
    rows = search_all(api, _SEARCH, {"primaryEmail": email}, columns=columns)
    return [
        str(row["contactId"])
        for row in rows
        if str(row.get("primaryEmail") or "").strip().lower() == email.lower()
        and is_id(str(row.get("contactId")))
    ]


def find_by_name(api: Api, first: str, last: str, *, now: datetime) -> list[str]:
    """Return the ids of contacts of this name, without e-mail, created within the last day."""
    period = f"{format_time(now - LOST_FOR)}/"
    names = {"firstName": first, "lastName": last}
    filters = {name: text for name, text in names.items() if text}
    columns = ("contactId", "primaryEmail", *names, "createdOn")
    rows = search_all(api, _SEARCH, {**filters, "createdOn": period}, columns=columns)
    return [
        str(row["contactId"])
        for row in rows
        if not row.get("primaryEmail")
        and all(str(row.get(name) or "") == text for name, text in names.items())
        and is_id(str(row.get("contactId")))
    ]


def fetch_contacts(api: Api, ids: Iterable[str]) -> dict[str, ContactModel | SyncFailure]:
    """Read contacts in as few calls as possible; unknown ids are absent."""
    return fetch_by_ids(ids, lambda chunk: _fetch(api, chunk))


def _fetch(api: Api, chunk: Chunk) -> dict[str, ContactModel | SyncFailure]:
    reply = api.get(f"contact-service/contact/{chunk.text}")
    found: dict[str, ContactModel | SyncFailure] = dict(fail_the_rest(reply, chunk, "contacts"))
    for entry in reply.as_list():
        contact_id = str(entry.get("contactId")) if isinstance(entry, dict) else ""
        try:
            found[contact_id] = read_as(ContactModel, entry, f"contact {contact_id}")
        except SyncFailure as failure:
            found[contact_id] = failure
    return found


def fetch_addresses(api: Api, contacts: Sequence[ContactModel]) -> dict[str, PostalAddress]:
    """Return default addresses by contact id; those not given with the contact are read at once."""
    known = {c.id: c.default_address for c in contacts if c.default_address is not None}
    rest = {c.id: c.address_ids.get("DEF", "") for c in contacts if c.id not in known}
    by_id = {
        address.id: address
        for chunk in split_into_chunks(rest.values())
        for entry in api.get(f"contact-service/postal-address/{chunk.text}").as_list()
        for address in (read_as(PostalAddress, entry, "a postal address"),)
    }
    return known | {id_: by_id[there] for id_, there in rest.items() if there in by_id}


def choose(contacts: Iterable[ContactModel]) -> ContactModel | None:
    """Return the contact that stands for the buyer, by the rule of this module."""
    ranked = sorted(contacts, key=lambda c: (c.is_out_of_use, not c.is_buyer, int(c.id)))
    return ranked[0] if ranked else None


def contact_with_email(api: Api, email: str) -> str:
    """Return the id of the contact with an e-mail address, empty if there is none.

    Several of them are read, to choose by the rule of this module.
    """
    ids = find_by_email(api, email)
    if len(ids) < 2:
        return ids[0] if ids else ""
    chosen = choose(readable(fetch_contacts(api, ids).values()))
    return chosen.id if chosen is not None else min(ids, key=int)


def readable(contacts: Iterable[ContactModel | SyncFailure]) -> list[ContactModel]:
    """Return the contacts; one that could not be read fails the choice among them.

    Raises:
        SyncFailure: of that contact.
    """
    found = []
    for contact in contacts:
        if isinstance(contact, SyncFailure):
            raise contact
        found.append(contact)
    return found
