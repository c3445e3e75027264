"""Customer → contact: a buyer as the target should hold it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Customer
from chalicelib.flows.declare import Planning, Showing
from chalicelib.flows.mappings.answers import setting


def contact_from_customer(customer: Customer, planning: Planning) -> Customer:
    """Plan the contact of a customer: what is known, with the merchant's country if none is.

    Raises:
        SyncFailure: nothing is known that could be written, or the country has no answer yet.
    """
    if not (customer.name or customer.email or customer.phone):
        detail = "The customer has no name, e-mail address or phone number: enter one of them."
        raise SyncFailure(Reason.UNSUPPORTED, detail, field="name")
    address = dict(customer.address)
    if not address.get("country"):
        address["country"] = setting(
            planning,
            "country",
            sentence="The customer has no country, and the setting “Country” is not set.",
        )
    return replace(customer, address=address, version=None, updated_at=None)


def why_no_contact(customer: Customer, planning: Planning) -> str | None:
    """Say why a customer is left alone: the source has it no more; the contact stays."""
    if customer.merged_into:
        return f"It was merged into customer {customer.merged_into}; its contact stays as it is."
    if customer.deleted:
        return "It was deleted where it came from; its contact stays as it is."
    return None


def changed_at(customer: Customer) -> datetime | None:
    """Return the time that is compared with the start date."""
    return customer.updated_at


def customer_columns(showing: Showing) -> Mapping[str, Any]:
    """Columns of a customer row; of a deleted customer nothing is known any more."""
    customer: Customer = showing.record
    if customer.deleted:
        return {}
    return {
        "name": customer.name[:200],
        "email": customer.email,
        "phone": customer.phone,
        "source": customer.source,
    }
