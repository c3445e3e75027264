"""What Brightpearl offers, and where its records and pages are."""

import pytest

from chalicelib.connectors.brightpearl import OFFER
from chalicelib.connectors.brightpearl.choices import CHOICES
from chalicelib.connectors.brightpearl.client import DEFAULT_BASE_URL, base_url
from chalicelib.connectors.brightpearl.countries import to_three_letters, to_two_letters
from chalicelib.connectors.brightpearl.platform import SOURCES, TARGETS
from chalicelib.domain.platforms import Account
from chalicelib.domain.setup import Connection
from chalicelib.domain.statuses import Kind


def connection(**settings: str) -> Connection:
    return Connection(
        consumer="c", name="brightpearl", platform="brightpearl", settings=dict(settings)
    )


def test_every_credential_is_secret_and_every_setting_is_not() -> None:
    secret = {field.name for field in OFFER.fields if field.secret}
    assert secret == {
        "staff_token",
        "access_token",
        "refresh_token",
        "client_id",
        "client_secret",
        "dev_ref",
    }
    assert {field.name for field in OFFER.fields if field.required} == {"account", "app_ref"}


def test_ports_and_choices_are_named() -> None:
    assert set(OFFER.sources) == {Kind.PRODUCT, Kind.STOCK, Kind.SHIPMENT, Kind.ORDER}
    assert set(OFFER.targets) == {Kind.ORDER, Kind.CUSTOMER, Kind.REFUND}
    assert (OFFER.pace.calls, OFFER.pace.window_s) == (200, 60)


@pytest.mark.parametrize(
    ("headers", "left"),
    [
        ({"brightpearl-requests-remaining": "199"}, 199),
        ({"brightpearl-requests-remaining": "0"}, 0),
        ({"brightpearl-requests-remaining": "many"}, None),
        ({}, None),
    ],
)
def test_calls_left_are_read_from_the_answer(headers: dict[str, str], left: int | None) -> None:
    assert OFFER.calls_left(headers) == left


@pytest.mark.parametrize(
    ("settings", "kind", "url"),
    [
        ({"order_url": "https://x.example/o?id={id}"}, Kind.ORDER, "https://x.example/o?id=501"),
        ({"product_url": "https://x.example/{id}"}, Kind.STOCK, "https://x.example/501"),
        ({"order_url": "javascript:{id}"}, Kind.ORDER, None),
        ({"order_url": "https://x.example/"}, Kind.ORDER, None),
        ({}, Kind.ORDER, None),
        ({"order_url": "https://x.example/{id}"}, Kind.REFUND, None),
    ],
)
def test_record_has_a_page_where_the_connection_says_so(
    settings: dict[str, str], kind: Kind, url: str | None
) -> None:
    assert OFFER.record_url(connection(**settings), kind, "501") == url


@pytest.mark.parametrize(
    ("own", "domain", "url"),
    [
        ("", "", DEFAULT_BASE_URL),
        ("", "ws-eu1.brightpearl.com", "https://ws-eu1.brightpearl.com"),
        ("", "evil.example/../x", DEFAULT_BASE_URL),
        ("http://127.0.0.1:9/", "ws-eu1.brightpearl.com", "http://127.0.0.1:9"),
    ],
)
def test_address_is_set_or_comes_with_the_tokens(own: str, domain: str, url: str) -> None:
    known = Connection(consumer="c", name="b", platform="brightpearl", base_url=own)
    account = Account(connection=known, credentials={}, http=None)
    assert base_url(account, {"api_domain": domain}) == url


@pytest.mark.parametrize(
    ("code", "two", "three"),
    [
        ("GB", "GB", "GBR"),
        ("gbr", "GB", "GBR"),
        ("US", "US", "USA"),
        ("XX", "", ""),
        ("UK", "", ""),
        ("", "", ""),
    ],
)
def test_countries_have_two_and_three_letters(code: str, two: str, three: str) -> None:
    assert (to_two_letters(code), to_three_letters(code)) == (two, three)


def test_every_declared_port_and_choice_is_there_and_no_other() -> None:
    assert (set(OFFER.sources), set(OFFER.targets)) == (SOURCES.keys(), TARGETS.keys())
    assert set(OFFER.choices) == CHOICES.keys()
