"""The simulated Brightpearl lets in whom the vendor lets in: id sets, tokens, OAuth, quota."""

from collections.abc import Iterator

import httpx
import pytest

from local.platforms.brightpearl.auth import sign_token
from local.platforms.brightpearl.idsets import format_id_set, parse_id_set
from tests.contract.brightpearl_account import Account

PRODUCTS = "product-service/product"


@pytest.fixture
def account() -> Iterator[Account]:
    with Account() as account:
        yield account


# id sets


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        pytest.param("8", [8], id="one"),
        pytest.param("5,1,9", [5, 1, 9], id="list in its order"),
        pytest.param("1-10", list(range(1, 11)), id="range"),
        pytest.param("1-10,12", [*range(1, 11), 12], id="mixture"),
        pytest.param("5.1.9", [5, 1, 9], id="unordered list"),
        pytest.param("3,1-4,3", [3, 1, 2, 4], id="repetitions once"),
    ],
)
def test_id_set_names_its_ids(text: str, ids: list[int]) -> None:
    assert list(parse_id_set(text)) == ids


@pytest.mark.parametrize("text", ["", ",", "0", "-1", "4-2", "1-", "x", "1,,2", "1 2", "٣"])
def test_malformed_id_set_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not an id|does not ascend"):
        parse_id_set(text)


def test_written_id_set_uses_ranges() -> None:
    assert format_id_set([202, 3, 1, 2, 5, 4, 99, 99]) == "1-5,99,202"


# access


def test_calls_without_a_token_get_a_text_in_response(account: Account) -> None:
    answer = httpx.get(f"{account.simulator.base_url}/public-api/acme/{PRODUCTS}/1")
    assert answer.status_code == 401
    assert answer.json()["response"].startswith("Not authenticated")


@pytest.mark.parametrize("missing", ["brightpearl-app-ref", "brightpearl-staff-token"])
def test_staff_token_needs_both_headers(account: Account, missing: str) -> None:
    del account.client.headers[missing]
    assert account.call("GET", f"{PRODUCTS}/1").status_code == 401


def test_token_of_one_account_does_not_open_another(account: Account) -> None:
    assert account.client.get("/public-api/other/product-service/brand").status_code == 401


def test_signed_token_of_the_vendors_own_example_is_accepted(account: Account) -> None:
    unsigned = "MlcTe8zimMPgYf/batW+ckJEAj467bbapA0cQBx6WwM="
    secret = "irhkVURWuLDYZwziDKhCsSGYrczWtfL7Pz5oX2GRDXo="
    signed = "llWnSJurpSUUTLNOtVd8Ik/ox6+4OVY/TdLSvE1+VWg="
    assert sign_token(unsigned, secret) == signed
    account.simulator.access.add_public_app("their-app", unsigned, secret)
    url = f"{account.simulator.base_url}/public-api/acme/product-service/brand"
    statuses = [
        httpx.get(
            url, headers={"brightpearl-app-ref": "their-app", "brightpearl-account-token": token}
        ).status_code
        for token in (signed, unsigned, signed[:-2] + "A=")
    ]
    assert statuses == [200, 401, 401]


def test_missing_permission_is_403_for_that_resource_only(account: Account) -> None:
    account.simulator.access.forbidden.add(("POST", "order-service/"))
    assert account.call("POST", "order-service/sales-order", {}).status_code == 403
    assert account.get("order-service/order/1") == []


def _token_call(account: Account, **fields: str) -> httpx.Response:
    return httpx.post(f"{account.simulator.base_url}/token/acme", data=fields)


def _installed(account: Account) -> tuple[dict[str, str], str]:
    """Install an app through the browser's way; return the tokens and the instance id."""
    account.simulator.register_app("synclog", "synclog-dev", secret="s3+/=")
    asked = {"response_type": "code", "client_id": "synclog", "state": "x y"}
    page = httpx.get(
        f"{account.simulator.base_url}/authorize/acme",
        params=asked | {"redirect_uri": "http://127.0.0.1/back"},
    )
    back = httpx.URL(page.headers["location"])
    assert back.params["state"] == "x y"
    answer = _token_call(
        account,
        grant_type="authorization_code",
        code=back.params["code"],
        client_id="synclog",
        client_secret="s3+/=",
        redirect_uri="http://127.0.0.1/back",
    )
    assert answer.status_code == 200, answer.text
    return answer.json(), answer.json()["installation_instance_id"]


def _oauth_call(account: Account, token: str) -> httpx.Response:
    headers = {
        "Authorization": f"Bearer {token}",
        "brightpearl-app-ref": "synclog",
        "brightpearl-dev-ref": "synclog-dev",
    }
    url = f"{account.simulator.base_url}/public-api/acme/product-service/brand"
    return httpx.get(url, headers=headers)


def test_oauth_answers_carry_the_instance_id(account: Account) -> None:
    tokens, instance_id = _installed(account)
    answer = _oauth_call(account, tokens["access_token"])
    assert answer.status_code == 200
    assert answer.headers["Brightpearl-Installed-Integration-Instance-Id"] == instance_id


def test_oauth_token_ends_and_the_refreshed_pair_replaces_it(account: Account) -> None:
    tokens, _ = _installed(account)
    account.clock.advance(float(tokens["expires_in"]))
    expired = _oauth_call(account, tokens["access_token"])
    assert (expired.status_code, expired.json()) == (
        401,
        {"response": "Authorization token expired"},
    )
    fields = {"grant_type": "refresh_token", "client_id": "synclog", "client_secret": "s3+/="}
    refreshed = _token_call(account, refresh_token=tokens["refresh_token"], **fields).json()
    assert "installation_instance_id" not in refreshed
    assert _oauth_call(account, refreshed["access_token"]).status_code == 200
    again = _token_call(account, refresh_token=tokens["refresh_token"], **fields)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


def test_oauth_refuses_a_wrong_secret_and_a_code_used_twice(account: Account) -> None:
    app = account.simulator.register_app("synclog", "synclog-dev", secret="s3+/=")
    code = account.simulator.access.issue_code(app, "http://127.0.0.1/back")
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "client_id": "synclog",
        "redirect_uri": "http://127.0.0.1/back",
    }
    assert _token_call(account, client_secret="no", **fields).json()["error"] == "invalid_client"
    assert _token_call(account, client_secret="s3+/=", **fields).status_code == 200
    twice = _token_call(account, client_secret="s3+/=", **fields)
    assert twice.json()["error"] == "invalid_grant"


def test_unknown_bearer_token_is_invalid(account: Account) -> None:
    answer = _oauth_call(account, "made-up")
    assert answer.status_code == 401
    assert answer.json()["response"].startswith("Invalid instance token")


# quota


def test_calls_over_the_quota_get_503_until_the_window_moves(account: Account) -> None:
    account.simulator.throttle.limit = 2
    first = account.call("GET", f"{PRODUCTS}/1")
    assert first.headers["brightpearl-requests-remaining"] == "1"
    assert first.headers["brightpearl-next-throttle-period"] == "60000"
    account.clock.advance(20)
    account.call("GET", f"{PRODUCTS}/1")
    refused = account.call("GET", f"{PRODUCTS}/1")
    assert refused.status_code == 503
    assert refused.json()["response"].startswith("You have sent too many requests")
    assert refused.headers["brightpearl-next-throttle-period"] == "40000"
    account.clock.advance(40)
    assert account.call("GET", f"{PRODUCTS}/1").status_code == 200


def test_unauthorised_calls_use_up_quota(account: Account) -> None:
    account.simulator.throttle.limit = 1
    httpx.get(f"{account.simulator.base_url}/public-api/acme/{PRODUCTS}/1")
    assert account.call("GET", f"{PRODUCTS}/1").status_code == 503
