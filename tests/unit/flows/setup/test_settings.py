"""Settings of the declared flows as people give them."""

import pytest

from chalicelib.flows.catalog import FLOWS
from chalicelib.flows.setup.settings import read_settings


@pytest.mark.parametrize("contact", ["abc", "20 1", "-5", "1.5"])
def test_a_walk_in_customer_that_can_be_no_contact_is_refused_by_name(contact: str) -> None:
    values, problems = read_settings(
        FLOWS["square-orders-to-brightpearl"], {"walk_in_customer": contact}, time_zone="UTC"
    )
    assert values == {}
    (problem,) = problems
    assert problem.field == "settings.walk_in_customer"
    assert "contact id" in problem.message


@pytest.mark.parametrize("contact", ["201", 201])
def test_a_walk_in_customer_is_a_contact_id(contact: object) -> None:
    values, problems = read_settings(
        FLOWS["square-orders-to-brightpearl"], {"walk_in_customer": contact}, time_zone="UTC"
    )
    assert (values, problems) == ({"walk_in_customer": "201"}, [])
