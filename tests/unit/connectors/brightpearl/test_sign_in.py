"""Where Brightpearl asks the owner of an account."""

from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.connectors.brightpearl.sign_in import SIGN_IN
from chalicelib.domain.setup import Connection
from chalicelib.domain.sign_in import Asking


def address(base_url: str = "", account: str = "acme", **credentials: str) -> str:
    connection = Connection(
        consumer="acme",
        name="brightpearl",
        platform="brightpearl",
        base_url=base_url,
        settings={"account": account, "app_ref": "synclog"},
    )
    return SIGN_IN.address(
        Asking(
            connection=connection,
            credentials=credentials,
            redirect_uri="https://hooks.example/connect/brightpearl/callback",
            state="s/+&=",
            challenge="c",
        )
    )


@pytest.mark.parametrize(
    ("base_url", "page"),
    [
        ("", "https://oauth.brightpearl.com/authorize/acme"),
        ("https://use1.brightpearlconnect.com", "https://oauth.brightpearl.com/authorize/acme"),
        ("https://ws-eu1.brightpearl.com", "https://oauth.brightpearl.com/authorize/acme"),
        ("http://127.0.0.1:9000/", "http://127.0.0.1:9000/authorize/acme"),
    ],
)
def test_the_page_is_not_at_the_hosts_of_the_api(base_url: str, page: str) -> None:
    assert address(base_url).partition("?")[0] == page


def test_an_account_code_cannot_lead_elsewhere() -> None:
    assert urlsplit(address(account="../x?y#z")).path == "/authorize/..%2Fx%3Fy%23z"


@pytest.mark.parametrize(("client_id", "sent"), [("", "synclog"), ("another", "another")])
def test_the_app_is_named_by_its_reference_unless_it_has_another_id(
    client_id: str, sent: str
) -> None:
    assert parse_qs(urlsplit(address(client_id=client_id)).query) == {
        "response_type": ["code"],
        "client_id": [sent],
        "redirect_uri": ["https://hooks.example/connect/brightpearl/callback"],
        "state": ["s/+&="],
    }
