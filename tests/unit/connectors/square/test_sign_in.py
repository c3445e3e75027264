"""Where Square asks a seller."""

from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.connectors.square.application import SCOPES
from chalicelib.connectors.square.sign_in import SIGN_IN
from chalicelib.domain.setup import Connection
from chalicelib.domain.sign_in import Asking


def address(base_url: str = "", **credentials: str) -> str:
    return SIGN_IN.address(
        Asking(
            connection=Connection(
                consumer="acme", name="square", platform="square", base_url=base_url
            ),
            credentials={"client_id": "sq0idp-1", **credentials},
            redirect_uri="https://hooks.example/api/connect/square/callback",
            state="s/+&=",
            challenge="c-h",
        )
    )


@pytest.mark.parametrize(
    ("base_url", "page"),
    [
        ("", "https://connect.squareup.com/oauth2/authorize"),
        (
            "https://connect.squareupsandbox.com/",
            "https://connect.squareupsandbox.com/oauth2/authorize",
        ),
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000/oauth2/authorize"),
    ],
)
def test_the_page_is_at_the_connections_address(base_url: str, page: str) -> None:
    assert address(base_url).partition("?")[0] == page


def test_the_seller_is_asked_for_all_permissions_and_sent_back() -> None:
    assert parse_qs(urlsplit(address(client_secret="x")).query) == {
        "client_id": ["sq0idp-1"],
        "scope": [" ".join(SCOPES)],
        "state": ["s/+&="],
        "redirect_uri": ["https://hooks.example/api/connect/square/callback"],
    }


def test_without_a_secret_the_proof_is_announced() -> None:
    query = parse_qs(urlsplit(address()).query)

    assert (query["code_challenge"], query["code_challenge_method"]) == (["c-h"], ["S256"])
