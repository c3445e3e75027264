"""Recorded exchanges hold no secret and nothing of a person, and no more than fits."""

import json
from typing import Any

import pytest

from chalicelib.connectors.redaction import BODY_AT_MOST, redact_body, redact_headers, redact_url

HIDDEN = "[hidden]"


def redacted(value: Any) -> Any:
    return json.loads(redact_body(json.dumps(value).encode()))


@pytest.mark.parametrize(
    "name",
    [
        "access_token",
        "client_secret",
        "code_verifier",
        "Password",
        "signature_key",
        "api_key",
        "consumer_key",
        "card_brand",
        "pan",
        "fingerprint",
        "email",
        "e-mail",
        "phone_number",
        "address_line_1",
        "postcode",
        "postalCode",
        "given_name",
        "familyName",
        "full_name",
        "birthday",
        "company_name",
        "note",
        "customer_note",
        "locality",
    ],
)
def test_a_secret_or_personal_field_is_hidden_by_its_name(name: str) -> None:
    assert redacted({name: "Ann", "sku": "A-1"}) == {name: HIDDEN, "sku": "A-1"}


def test_a_code_is_hidden_where_a_token_is_had_for_it_and_nowhere_else() -> None:
    exchange = {"grant_type": "authorization_code", "code": "sq0cgp"}
    assert redacted(exchange) == {"grant_type": "authorization_code", "code": HIDDEN}
    assert redacted({"taxCode": {"code": "T20"}}) == {"taxCode": {"code": "T20"}}
    assert redact_body(b"grant_type=authorization_code&code=sq0cgp").endswith(f"code={HIDDEN}")


@pytest.mark.parametrize("name", ["sku", "name", "reason_code", "company", "quantity", "notes"])
def test_a_harmless_field_stays(name: str) -> None:
    assert redacted({name: "Linen shirt"}) == {name: "Linen shirt"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("write to ann@example.com soon", "write to [hidden] soon"),
        ("Invalid token: abc.def", "Invalid token: [hidden]"),
        ("TOKEN=abc is over", "TOKEN=[hidden] is over"),
        ("to\u212aen: abc", "to\u212aen: [hidden]"),  # a sign that is a k to who ignores case
        (
            "http://us.example/webhooks/shop-2/s3cret-x refused",
            "http://us.example/webhooks/shop-2/[hidden] refused",
        ),
        ("no such product", "no such product"),
    ],
    ids=["e-mail", "refused token", "capitals", "odd letter", "webhook address", "harmless"],
)
def test_secrets_inside_a_text_are_hidden(text: str, shown: str) -> None:
    assert redacted({"detail": text}) == {"detail": shown}


def test_what_stands_under_a_personal_name_is_hidden_whatever_its_own_name() -> None:
    found = redacted({"telephones": {"PRI": "+44117", "all": ["+44118"]}, "lines": [{"PRI": "1"}]})
    assert found == {"telephones": {"PRI": HIDDEN, "all": [HIDDEN]}, "lines": [{"PRI": "1"}]}


def test_an_address_of_an_order_is_hidden_as_a_whole_and_its_shipping_lines_are_not() -> None:
    found = redacted({"billing": {"city": "Leeds"}, "shipping_lines": [{"method_title": "Flat"}]})
    assert found == {"billing": {"city": HIDDEN}, "shipping_lines": [{"method_title": "Flat"}]}


def test_a_secret_number_is_hidden_and_an_absent_one_stays_absent() -> None:
    assert redacted({"card": 4242, "token": None, "amount": 4242}) == {
        "card": HIDDEN,
        "token": None,
        "amount": 4242,
    }


def test_credentials_in_headers_are_hidden_and_counts_of_calls_are_not() -> None:
    headers = {
        "Authorization": "Bearer x",
        "brightpearl-staff-token": "x",
        "Set-Cookie": "x",
        "brightpearl-requests-remaining": "199",
        "brightpearl-next-throttle-period": "811",
    }
    assert redact_headers(headers) == {
        "authorization": HIDDEN,
        "brightpearl-staff-token": HIDDEN,
        "set-cookie": HIDDEN,
        "brightpearl-requests-remaining": "199",
        "brightpearl-next-throttle-period": "811",
    }


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (
            "https://me:pw@shop.example/x?api_key=k&page=2",
            f"https://shop.example/x?api_key={HIDDEN}&page=2",
        ),
        ("/x?access_token=k", f"/x?access_token={HIDDEN}"),
        ("https://[::", HIDDEN),
    ],
    ids=["whole", "path", "unreadable"],
)
def test_an_address_that_a_redirect_names_loses_its_secrets(address: str, shown: str) -> None:
    assert redact_headers({"Location": address, "X-Page": "2"}) == {
        "location": shown,
        "x-page": "2",
    }


def test_an_address_loses_its_user_secrets_and_e_mail_addresses() -> None:
    url = "https://me:pw@api.example.com/contact?email=ann@example.com&q=bob@example.com&page=2"
    shown = "https://api.example.com/contact?email=[hidden]&q=[hidden]&page=2"
    assert redact_url(url) == shown


def test_a_form_is_hidden_by_its_names_too() -> None:
    assert redact_body(b"grant_type=refresh&refresh_token=abc") == (
        "grant_type=refresh&refresh_token=[hidden]"
    )


def test_a_long_body_is_cut_after_it_was_redacted() -> None:
    body = redact_body(json.dumps({"email": "a@b.example", "text": "x" * 20_000}).encode())
    assert len(body) == BODY_AT_MOST + 1
    assert body.startswith('{"email": "[hidden]", "text": "xxx')


def test_our_own_webhook_address_is_hidden_wherever_it_stands() -> None:
    address = "https://us.example/webhooks/till/s3cret"
    told = [
        redact_url(f"{address}?x=1"),
        redact_url(f"https://till.example/hooks?url={address}"),
        redact_body(json.dumps({"notification_url": address}).encode()),
        redact_body(f"cannot reach {address}".encode()),
        redact_body(f"url={address}&topic=order".encode()),
    ]
    assert [one for one in told if "s3cret" in one or HIDDEN not in one] == []


@pytest.mark.parametrize("body", [b'{"name": "\\ud83d"}', b'{"\\uDC55": 1}', b'{"a": "\\ud83d'])
def test_half_a_character_is_kept_as_one_that_can_be_stored(body: bytes) -> None:
    assert redact_body(body).encode()


def test_a_body_that_nests_without_end_is_not_read() -> None:
    assert redact_body(b"[" * 5000 + b"]" * 5000) == "[a body that nests too deep to be read]"
    assert redact_body(b"[" * 900 + b"]" * 900)
