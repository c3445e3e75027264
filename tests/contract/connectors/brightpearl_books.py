"""Brightpearl under contract: contacts of customers, and credits of refunds."""

from dataclasses import replace
from typing import Any

from chalicelib.domain.platforms import Wanted
from chalicelib.domain.records import Customer, SalesCredit
from chalicelib.domain.statuses import Kind
from tests.contract.brightpearl_connection import ANN, gbp
from tests.contract.brightpearl_refunds import (
    contact,
    count_contacts,
    count_credits,
    given_back,
    refund_of,
    wanted_credit,
)
from tests.contract.connectors.suite import Running, TargetCase

UNKNOWN = "987654"


def customer(at: Running, number: int) -> Wanted[Customer]:
    """Want the contact of a customer with an e-mail address of their own, and no other address.

    What people wrote stays at the moment of adoption, and the source wins from then on; the case
    holds nothing that differs from what they wrote.
    """
    made = replace(ANN, id=f"C-{number}", email=f"ann{number}@example.com", address={})
    return Wanted(record=made.id, desired=made, target_id=None, key=f"key-{number}")


def of_no_address(at: Running, number: int) -> Wanted[Customer]:
    """Want a contact whose e-mail address is none."""
    one = customer(at, number)
    return replace(one, desired=replace(one.desired, email="ann at example"))


def shown_contact(at: Running, number: str) -> Any:
    """Return what Brightpearl shows of a contact, without its times."""
    shown = contact(at.shop, number)
    return {name: value for name, value in shown.items() if not name.endswith("On")}


def typed_in(at: Running, one: Wanted[Customer]) -> str:
    """Add a contact of the same e-mail address by hand, without a telephone number."""
    return str(at.shop.simulator.add_contact("Ann", "Example", email=one.desired.email))


def delete_contact(at: Running, number: str) -> None:
    """Delete a contact."""
    held = at.shop.simulator.world.contacts
    held.remove(held.by_id[int(number)])


def refund(at: Running, number: int) -> Wanted[SalesCredit]:
    """Want the credit of an order that is given back whole."""
    sold = at.shop.order(source_id=f"ORDER-{number}", reference=f"R-{number}")
    made = refund_of(
        at.shop,
        source_id=f"REFUND-{number}",
        order_id=at.shop.create(sold).target_id,
        payments=(given_back(key=f"BACK-{number}"),),
    )
    at.account.http.trace.take()
    return wanted_credit(made, key=f"key-{number}")


def given_back_in_part(at: Running, desired: SalesCredit) -> SalesCredit:
    """Want less given back."""
    line = replace(desired.lines[0], net=gbp("9.00"), tax=gbp("1.80"))
    return replace(desired, lines=(line,), total=gbp("10.80"))


def of_unknown_product(at: Running, number: int) -> Wanted[SalesCredit]:
    """Want to credit what Brightpearl does not have."""
    one = refund(at, number)
    line = replace(one.desired.lines[0], product_id=UNKNOWN)
    return replace(one, desired=replace(one.desired, lines=(line,)))


def shown_credit(at: Running, number: str) -> Any:
    """Return what Brightpearl shows of a credit, without its times."""
    shown = at.shop.there(number)
    rows = [(one["externalRef"], one["rowValue"]) for one in shown["orderRows"].values()]
    payments = [one["amountPaid"] for one in at.shop.payments(number)]
    return shown["totalValue"]["total"], rows, payments


def delete_credit(at: Running, number: str) -> None:
    """Delete a credit."""
    held = at.shop.simulator.world.orders
    credit = held.by_id.pop(int(number))
    held.by_external_ref[credit.external_ref].remove(credit)


BOOKS = (
    TargetCase(
        kind=Kind.CUSTOMER,
        wanted=customer,
        changed=lambda at, desired: replace(desired, family_name="Married"),
        refused=of_no_address,
        held=shown_contact,
        count=lambda at: count_contacts(at.shop),
        write_path="contact-service/contact",
        unknown=UNKNOWN,
        by_people=typed_in,
        delete=delete_contact,
    ),
    TargetCase(
        kind=Kind.REFUND,
        wanted=refund,
        changed=given_back_in_part,
        refused=of_unknown_product,
        held=shown_credit,
        count=lambda at: count_credits(at.shop),
        write_path="order-service/sales-credit",
        unknown=UNKNOWN,
        delete=delete_credit,
    ),
)
