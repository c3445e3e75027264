"""What Square offers to the engine and to the forms."""

from dataclasses import replace

import pytest

from chalicelib.connectors.square import OFFER
from chalicelib.domain.platforms import Account
from chalicelib.domain.setup import Connection
from chalicelib.domain.statuses import Kind

CONNECTION = Connection(consumer="corner-shirts", name="square", platform="square")
PLATFORM = OFFER.open(Account(connection=CONNECTION, credentials={}, http=None))


def test_every_declared_port_opens_and_no_other() -> None:
    for kind in Kind:
        assert can(lambda kind=kind: PLATFORM.source(kind)) is (kind in OFFER.sources)
        assert can(lambda kind=kind: PLATFORM.target(kind, {})) is (kind in OFFER.targets)


def can(open_port: object) -> bool:
    try:
        open_port()
    except LookupError:
        return False
    return True


def test_secrets_are_fields_that_are_never_shown() -> None:
    secret = {one.name for one in OFFER.fields if one.secret}

    assert secret >= {"access_token", "refresh_token", "client_secret", "signature_key"}
    assert [one.name for one in OFFER.fields if one.required] == ["access_token"]


@pytest.mark.parametrize(
    ("base_url", "kind", "url"),
    [
        ("", Kind.ORDER, "https://app.squareup.com/dashboard/orders/overview/SALE42"),
        (
            "https://connect.squareupsandbox.com/",
            Kind.ORDER,
            "https://app.squareupsandbox.com/dashboard/orders/overview/SALE42",
        ),
        (
            "",
            Kind.CUSTOMER,
            "https://app.squareup.com/dashboard/customers/directory/customer/SALE42",
        ),
        ("", Kind.REFUND, None),
        ("http://127.0.0.1:9999", Kind.ORDER, None),
        ("", Kind.PRODUCT, None),
    ],
)
def test_people_are_led_to_a_record_where_it_has_a_page(
    base_url: str, kind: Kind, url: str | None
) -> None:
    connection = replace(CONNECTION, base_url=base_url)

    assert OFFER.record_url(connection, kind, "SALE42") == url
