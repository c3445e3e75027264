"""Target of customers: one contact for each, found by its link or its e-mail address.

A contact that was not linked before is adopted: only what is empty there is filled. Contacts have
no field for a reference of ours, so a create that got no answer is found again by e-mail, and
without one by the name and telephone number of a contact made within the last day.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from chalicelib.connectors.brightpearl.client import Api
from chalicelib.connectors.brightpearl.contact_lookup import (
    choose,
    fetch_addresses,
    fetch_contacts,
    find_by_email,
    find_by_name,
    readable,
)
from chalicelib.connectors.brightpearl.contact_models import ContactModel
from chalicelib.connectors.brightpearl.contact_state import (
    ContactState,
    check_email,
    contact_changes,
    names_of,
    plain_phone,
)
from chalicelib.connectors.brightpearl.contacts import Contacts
from chalicelib.connectors.brightpearl.lookup import one_by_one
from chalicelib.domain.platforms import Done, Found, Wanted
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Customer
from chalicelib.domain.statuses import Outcome

Write = tuple[Wanted[Customer], Found | None]


@dataclass
class Customers:
    """``Target[Customer]``; remembers the e-mails of contacts it made."""

    api: Api
    contacts: Contacts = field(init=False)
    _made: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.contacts = Contacts(self.api)

    def find_many(self, wanted: Sequence[Wanted[Customer]]) -> Mapping[str, Found | SyncFailure]:
        """What Brightpearl has: linked contacts in one call, others by a search each."""
        found = self._linked(wanted)
        missing = [one for one in wanted if one.record not in found]
        found.update(self._searched(missing))
        states = self._with_addresses(found)
        by_record = {one.record: one for one in wanted}
        return {record: _to_found(by_record[record], state) for record, state in states.items()}

    def _linked(self, wanted: Sequence[Wanted[Customer]]) -> dict[str, ContactModel | SyncFailure]:
        linked = {one.record: one.target_id for one in wanted if one.target_id}
        contacts = fetch_contacts(self.api, linked.values()) if linked else {}
        return {record: contacts[id_] for record, id_ in linked.items() if id_ in contacts}

    def _searched(
        self, wanted: Sequence[Wanted[Customer]]
    ) -> dict[str, ContactModel | SyncFailure]:
        ids = one_by_one(self.api, wanted, lambda one: self._candidates(one) or None)
        named = {id_ for found in ids.values() if isinstance(found, list) for id_ in found}
        contacts = fetch_contacts(self.api, named) if named else {}

        def chosen(one: Wanted[Customer]) -> ContactModel | None:
            answer = ids.get(one.record)
            if isinstance(answer, SyncFailure):
                raise answer
            return self._choose(
                one, readable(contacts[id_] for id_ in answer or () if id_ in contacts)
            )

        return one_by_one(self.api, wanted, chosen)

    def _candidates(self, wanted: Wanted[Customer]) -> list[str]:
        """Return ids of contacts that may be this customer.

        Without an e-mail only a create that got no answer is looked for: two people may share a
        name, and a contact that people made for one of them is not the other's.
        """
        customer = wanted.desired
        if customer.email.strip():
            return find_by_email(self.api, customer.email.strip())
        if not wanted.unclear:
            return []
        first, last = names_of(customer)
        return find_by_name(self.api, first, last, now=self.api.account.http.now())

    def _choose(
        self, wanted: Wanted[Customer], contacts: Sequence[ContactModel]
    ) -> ContactModel | None:
        customer = wanted.desired
        if customer.email.strip():
            return choose(contacts)
        phone = plain_phone(customer.phone)
        return choose(contact for contact in contacts if plain_phone(contact.phone) == phone)

    def _with_addresses(
        self, found: Mapping[str, ContactModel | SyncFailure]
    ) -> dict[str, ContactState | SyncFailure]:
        contacts = [one for one in found.values() if isinstance(one, ContactModel)]
        try:
            addresses = fetch_addresses(self.api, contacts)
        except SyncFailure as failure:
            return dict.fromkeys(found, failure)
        return {
            record: ContactState(contact=contact, address=addresses.get(contact.id))
            if isinstance(contact, ContactModel)
            else contact
            for record, contact in found.items()
        }

    def write_many(self, writes: Sequence[Write]) -> Mapping[str, Done | SyncFailure]:
        """Write each contact by itself, and read it back."""
        found = {wanted.record: there for wanted, there in writes}
        wanted = [one for one, _ in writes]
        return one_by_one(self.api, wanted, lambda one: self._write(one, found[one.record]))

    def _write(self, wanted: Wanted[Customer], found: Found | None) -> Done:
        check_email(wanted.desired)
        if found is None:
            return self._create(wanted)
        customer, state = wanted.desired, found.state
        adopting = wanted.target_id != found.target_id
        changes = contact_changes(customer, state, adopting=adopting)
        if changes.patch:
            self.api.patch(f"contact-service/contact/{found.target_id}", list(changes.patch))
        if changes.address:
            self._give_address(customer, state.contact)
        outcome = _outcome(wanted, adopting=adopting, wrote=bool(changes))
        return self._done(wanted, found.target_id, outcome, adopting=adopting)

    def _create(self, wanted: Wanted[Customer]) -> Done:
        email = wanted.desired.email.strip().lower()
        if email in self._made:
            raise SyncFailure(
                Reason.CONFLICT,
                f"Contact {self._made[email]} was just made for another customer with the same"
                " e-mail address: merge the two customers at the source.",
                error_code="taken",
                field="email",
            )
        contact_id = self.contacts.create(wanted.desired)
        if email:
            self._made[email] = contact_id
        return self._done(wanted, contact_id, Outcome.CREATED, adopting=False)

    def _give_address(self, customer: Customer, contact: ContactModel) -> None:
        """Replace the default address, and the others as far as they are the same one."""
        address_id = int(self.contacts.create_address(customer))
        old = contact.address_ids.get("DEF", "")
        kinds = [
            kind for kind in ("DEF", "BIL", "DEL") if contact.address_ids.get(kind, old) == old
        ]
        body = [{"postalAddressId": address_id, "type": kind} for kind in kinds]
        self.api.put(f"contact-service/contact/{contact.id}/postal-address", body)

    def _done(
        self, wanted: Wanted[Customer], contact_id: str, outcome: Outcome, *, adopting: bool
    ) -> Done:
        contact = fetch_contacts(self.api, [contact_id]).get(contact_id)
        if isinstance(contact, SyncFailure):
            raise contact
        if contact is None:
            raise SyncFailure(
                Reason.OUTCOME_UNKNOWN,
                f"Brightpearl does not show contact {contact_id} after writing it.",
                error_code="not_shown",
            )
        address = fetch_addresses(self.api, [contact]).get(contact.id)
        state = ContactState(contact=contact, address=address)
        left = contact_changes(wanted.desired, state, adopting=adopting)
        return Done(target_id=contact.id, outcome=outcome, verified=not left)


def _to_found(wanted: Wanted[Customer], state: ContactState | SyncFailure) -> Found | SyncFailure:
    """Say what was found for a customer; a contact out of use is refused, never doubled."""
    if isinstance(state, SyncFailure):
        return state
    contact = state.contact
    if contact.is_out_of_use:
        status = contact.status.current.name.strip()
        return SyncFailure(
            Reason.WRONG_STATE,
            f"Contact {contact.id} has the status {status} at Brightpearl: give it another status"
            " there, or merge it into the contact that took its place.",
            error_code="out_of_use",
        )
    ours = wanted.target_id == contact.id
    changes = contact_changes(wanted.desired, state, adopting=not ours)
    return Found(target_id=contact.id, equal=not changes, ours=ours, state=state)


def _outcome(wanted: Wanted[Customer], *, adopting: bool, wrote: bool) -> Outcome:
    """Name what happened; a contact found after a write without answer is one we made."""
    if adopting:
        return Outcome.CREATED if wanted.unclear else Outcome.ADOPTED
    return Outcome.UPDATED if wrote else Outcome.UNCHANGED
