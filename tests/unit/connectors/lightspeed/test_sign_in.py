"""Where Lightspeed asks a retailer."""

from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.connectors.lightspeed.application import SCOPES
from chalicelib.connectors.lightspeed.sign_in import SIGN_IN
from chalicelib.domain.setup import Connection
from chalicelib.domain.sign_in import Asking


def address(base_url: str = "") -> str:
    return SIGN_IN.address(
        Asking(
            connection=Connection(
                consumer="acme", name="lightspeed", platform="lightspeed", base_url=base_url
            ),
            credentials={"client_id": "ours", "client_secret": "never in an address"},
            redirect_uri="https://hooks.example/connect/lightspeed/callback",
            state="s/+&=",
            challenge="c",
        )
    )


@pytest.mark.parametrize(
    ("base_url", "page"),
    [
        ("", "https://secure.retail.lightspeed.app/connect"),
        (
            "https://northwind.retail.lightspeed.app",
            "https://secure.retail.lightspeed.app/connect",
        ),
        ("http://127.0.0.1:9000/", "http://127.0.0.1:9000/connect"),
    ],
)
def test_every_shop_is_asked_at_one_page(base_url: str, page: str) -> None:
    assert address(base_url).partition("?")[0] == page


def test_scopes_are_always_asked_for() -> None:
    assert parse_qs(urlsplit(address()).query) == {
        "response_type": ["code"],
        "client_id": ["ours"],
        "redirect_uri": ["https://hooks.example/connect/lightspeed/callback"],
        "state": ["s/+&="],
        "scope": [" ".join(SCOPES)],
    }
