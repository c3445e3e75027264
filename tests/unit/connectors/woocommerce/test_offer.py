"""What WooCommerce offers, and where a shop and its pages are."""

from dataclasses import replace

import pytest

from chalicelib.connectors.woocommerce import OFFER
from chalicelib.connectors.woocommerce.address import same_shop, shop_address
from chalicelib.domain.platforms import Account
from chalicelib.domain.setup import Connection
from chalicelib.domain.statuses import Kind

CONNECTION = Connection(
    consumer="c", name="woocommerce", platform="woocommerce", base_url="https://shop.example/eu"
)


def can(open_port: object) -> bool:
    try:
        open_port()
    except LookupError:
        return False
    return True


def test_every_declared_port_opens_and_no_other() -> None:
    platform = OFFER.open(Account(connection=CONNECTION, credentials={}, http=None))
    for kind in Kind:
        assert can(lambda kind=kind: platform.source(kind)) is (kind in OFFER.sources)
        assert can(lambda kind=kind: platform.target(kind, {})) is (kind in OFFER.targets)
    assert platform.refresh_tokens() == {}


def test_the_key_and_the_secrets_are_never_shown() -> None:
    secret = {one.name for one in OFFER.fields if one.secret}
    assert secret == {"consumer_key", "consumer_secret", "webhook_secret"}


@pytest.mark.parametrize(
    ("typed", "shop"),
    [
        ("https://shop.example", "https://shop.example"),
        (" https://shop.example/ ", "https://shop.example"),
        ("https://shop.example/eu/", "https://shop.example/eu"),
        ("https://shop.example/wp-json", "https://shop.example"),
        ("https://shop.example/eu/wp-json/wc/v3/", "https://shop.example/eu"),
        ("https://shop.example/wp-jsonish", "https://shop.example/wp-jsonish"),
        ("", ""),
    ],
)
def test_a_shop_is_where_its_api_is_below(typed: str, shop: str) -> None:
    assert shop_address(typed) == shop


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://shop.example/", "https://shop.example", True),
        ("http://www.shop.example/", "https://shop.example", True),
        ("https://SHOP.example/EU/", "https://shop.example/eu/wp-json", True),
        ("https://shop.example/eu", "https://shop.example", False),
        ("https://staging.shop.example", "https://shop.example", False),
        ("http://127.0.0.1:1", "http://127.0.0.1:2", False),
        ("http://[", "https://shop.example", False),
    ],
)
def test_two_addresses_are_one_shop_by_host_and_folder(one: str, other: str, same: bool) -> None:
    assert same_shop(one, other) is same


@pytest.mark.parametrize(
    ("base_url", "kind", "record", "url"),
    [
        (
            "https://shop.example/eu/",
            Kind.ORDER,
            "42",
            "https://shop.example/eu/wp-admin/post.php?post=42&action=edit",
        ),
        ("http://127.0.0.1:9", Kind.ORDER, "42", None),
        ("https://shop.example", Kind.REFUND, "42", None),
        ("https://shop.example", Kind.ORDER, "42&x", None),
        ("", Kind.ORDER, "42", None),
    ],
)
def test_people_are_led_to_an_order_in_the_dashboard(
    base_url: str, kind: Kind, record: str, url: str | None
) -> None:
    assert OFFER.record_url(replace(CONNECTION, base_url=base_url), kind, record) == url
