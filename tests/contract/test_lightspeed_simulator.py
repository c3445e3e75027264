"""Callers, versions, limits, faults and controls of the simulated Lightspeed, over HTTP."""

from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.contract.lightspeed_store import Json, Store, open_store


@pytest.fixture
def store() -> Iterator[Store]:
    with open_store() as made:
        yield made


# Connecting


def _connect(store: Store, **changes: str) -> httpx.Response:
    oauth = store.lightspeed.oauth
    query = {
        "response_type": "code",
        "client_id": oauth.client_id,
        "redirect_uri": oauth.redirect_uri,
        "state": "s 1",
        "scope": "outlets:read sales:read",
    }
    return store.http.get("/connect", params=query | changes)


def _callback(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 302
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    return {name: values[0] for name, values in query.items()}


def test_a_code_becomes_tokens_with_the_scopes_that_were_granted(store: Store) -> None:
    back = _callback(_connect(store, scope="outlets:read nonsense"))
    redirect = store.lightspeed.oauth.redirect_uri
    fields = {"grant_type": "authorization_code", "code": back["code"], "redirect_uri": redirect}

    answer = store.token_call(**fields)

    assert (back["domain_prefix"], back["state"]) == ("northwind", "s 1")
    tokens = answer.json()
    assert (tokens["expires_in"], tokens["scope"]) == (86_400, "outlets:read")
    assert tokens["domain_prefix"] == "northwind"
    assert store.status_with(tokens["access_token"]) == 200
    assert store.call("GET", "sales", token=tokens["access_token"]).status_code == 403
    assert store.token_call(**fields).json()["error"] == "invalid_grant"


def test_connecting_without_scopes_is_denied(store: Store) -> None:
    assert _callback(_connect(store, scope="")) == {"error": "access_denied", "state": "s 1"}

    store.lightspeed.scope_required = False
    assert "code" in _callback(_connect(store, scope=""))


@pytest.mark.parametrize(
    "change", [{"redirect_uri": "http://127.0.0.1/callback/"}, {"client_id": "other"}]
)
def test_only_the_registered_application_connects(store: Store, change: dict[str, str]) -> None:
    assert _connect(store, **change).status_code == 400


def test_a_code_ends(store: Store) -> None:
    code = _callback(_connect(store))["code"]
    redirect = store.lightspeed.oauth.redirect_uri
    store.clock.advance(store.lightspeed.code_life_s)

    answer = store.token_call(grant_type="authorization_code", code=code, redirect_uri=redirect)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"grant_type": "refresh_token", "refresh_token": "x"}, (400, "invalid_grant")),
        ({"grant_type": "password"}, (400, "unsupported_grant_type")),
        ({"client_secret": "wrong"}, (401, "invalid_client")),
    ],
)
def test_a_wrong_token_call_is_refused(
    store: Store, fields: dict[str, str], wanted: tuple[int, str]
) -> None:
    answer = store.token_call(**fields)
    assert (answer.status_code, answer.json()["error"]) == wanted


def test_the_token_endpoint_wants_a_form(store: Store) -> None:
    answer = store.http.post("/api/1.0/token", json={"grant_type": "refresh_token"})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


# Tokens that rotate


def test_a_refresh_ends_the_access_token_and_brings_a_new_pair(store: Store) -> None:
    first = store.lightspeed.grant()
    assert store.status_with(first["access_token"]) == 200

    second = store.refresh(first["refresh_token"]).json()

    assert second["refresh_token"] != first["refresh_token"]
    assert store.status_with(first["access_token"]) == 401
    assert store.status_with(second["access_token"]) == 200


def test_the_old_refresh_token_lives_until_what_replaced_it_is_used(store: Store) -> None:
    first = store.lightspeed.grant()
    lost = store.refresh(first["refresh_token"]).json()

    second = store.refresh(first["refresh_token"]).json()

    assert store.status_with(lost["access_token"]) == 401
    assert store.refresh(lost["refresh_token"]).status_code == 400
    assert store.status_with(second["access_token"]) == 200
    assert store.refresh(first["refresh_token"]).status_code == 400
    assert store.refresh(second["refresh_token"]).status_code == 200


def test_a_refresh_token_can_die_at_its_first_use(store: Store) -> None:
    store.lightspeed.refresh_kills_at_once = True
    first = store.lightspeed.grant()

    assert store.refresh(first["refresh_token"]).status_code == 200
    assert store.refresh(first["refresh_token"]).status_code == 400


def test_an_access_token_ends_after_a_day_and_a_personal_one_never(store: Store) -> None:
    token = store.lightspeed.grant()["access_token"]
    store.clock.advance(86_399)
    assert store.status_with(token) == 200

    store.clock.advance(1)

    assert store.status_with(token) == 401
    assert store.status_with(store.token) == 200


def test_a_retailer_who_disconnects_ends_the_applications_tokens(store: Store) -> None:
    tokens = store.lightspeed.grant()
    store.http.post("/_sim/disconnect", json={})

    assert store.status_with(tokens["access_token"]) == 401
    assert store.refresh(tokens["refresh_token"]).status_code == 400
    assert store.status_with(store.token) == 200


def test_the_token_endpoint_has_a_small_limit_of_its_own(store: Store) -> None:
    store.lightspeed.token_calls = 1
    first, second = store.refresh("x"), store.refresh("x")

    assert (first.status_code, second.status_code) == (400, 429)
    assert second.headers["X-RateLimit-Remaining"] == "0"
    reset = datetime.fromtimestamp(int(second.headers["X-RateLimit-Reset"]), tz=UTC)
    assert (reset - store.clock()).total_seconds() == 60
    store.clock.advance(60)
    assert store.refresh("x").status_code == 400


# Access and versions


def test_a_call_without_a_known_token_is_refused(store: Store) -> None:
    answer = store.call("GET", "outlets", token="nobody")
    assert (answer.status_code, answer.json()["error"]) == (401, "Unauthorized")


def test_a_missing_scope_is_forbidden_for_its_call_only(store: Store) -> None:
    token = store.lightspeed.add_token("customers:read sales:write")

    assert store.call("GET", "customers", token=token).status_code == 200
    assert store.call("GET", "sales", token=token).status_code == 403
    assert store.call("GET", "search?type=products", token=token).status_code == 403
    assert store.call("POST", "sales/1/actions/return", token=token).status_code == 403


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/2026-07/outlets", 200),
        ("/api/2026-01/outlets", 200),
        ("/api/2025-01/outlets", 200),
        ("/api/2026-08/outlets", 404),
        ("/api/2027-01/outlets", 404),
        ("/api/2.0/outlets", 404),
        ("/api/2026-07/nothing", 404),
        ("/api/2026-07/outlets/", 404),
        ("/outlets", 404),
    ],
)
def test_an_old_version_is_served_and_an_unknown_one_is_not(
    store: Store, path: str, status: int
) -> None:
    headers = {"Authorization": f"Bearer {store.token}"}
    assert store.http.get(path, headers=headers).status_code == status


def test_another_method_of_a_known_path_is_refused(store: Store) -> None:
    assert store.call("PATCH", "outlets").status_code == 405


def test_a_missing_user_agent_can_be_refused(store: Store) -> None:
    store.lightspeed.user_agent_required = True

    for name in ("", "python-httpx/0.28"):
        headers = {"User-Agent": name, "Authorization": f"Bearer {store.token}"}
        assert store.http.get("/api/2026-07/outlets", headers=headers).status_code == 400
    assert store.call("GET", "outlets").status_code == 200


@pytest.mark.parametrize("content", [b"{", b"[]", b"7"])
def test_a_body_that_is_no_json_object_is_refused(store: Store, content: bytes) -> None:
    headers = {"Authorization": f"Bearer {store.token}"}
    answer = store.http.post("/api/2026-07/inventory", content=content, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "Bad Request")


# Limits


def test_each_register_adds_to_the_calls_of_a_window(store: Store) -> None:
    answer = store.call("GET", "outlets")
    assert answer.headers["X-RateLimit-Limit"] == "650"
    assert answer.headers["X-RateLimit-Remaining"] == "649"


def test_a_used_up_window_names_the_date_of_its_end(store: Store) -> None:
    store.lightspeed.calls_per_window = 2
    other = store.lightspeed.grant()["access_token"]
    answers = [store.call("GET", "outlets") for _ in range(2)]
    store.clock.advance(100)

    refused = store.call("GET", "outlets")

    assert [one.status_code for one in answers] == [200, 200]
    assert refused.status_code == 429
    assert refused.json() == {"error": "Too Many Requests", "message": "Rate limiting enforced"}
    assert refused.headers["Retry-After"] == "Mon, 03 Aug 2026 09:05:00 GMT"
    ends_at = parsedate_to_datetime(refused.headers["Retry-After"])
    assert (ends_at - store.clock()).total_seconds() == 200
    assert store.status_with(other) == 200
    store.clock.advance(200)
    assert store.status_with(store.token) == 200


def test_retry_after_can_be_seconds(store: Store) -> None:
    store.lightspeed.retry_after_form = "seconds"
    store.http.post("/_sim/limit_calls", json={"calls": 0})

    assert store.call("GET", "outlets").headers["Retry-After"] == "300"


# Faults and controls


@pytest.mark.parametrize(
    ("mode", "done"), [("drop_before", False), ("drop_after", True), ("half_body", True)]
)
def test_a_connection_that_breaks_may_have_done_its_work(
    store: Store, mode: str, done: bool
) -> None:
    store.lightspeed.fail_next(mode=mode, path="/products", method="POST")

    with pytest.raises(httpx.RemoteProtocolError):
        store.product("MUG")

    assert (len(store.get("products", sku="MUG")["data"]) == 1) is done


def test_a_fault_answers_in_the_vendors_shape(store: Store) -> None:
    store.lightspeed.fail_next(503, retry_after="Mon, 03 Aug 2026 09:01:00 GMT")

    answer = store.call("GET", "outlets")

    assert (answer.status_code, answer.json()["error"]) == (503, "Service Unavailable")
    assert answer.headers["Retry-After"] == "Mon, 03 Aug 2026 09:01:00 GMT"
    assert store.status_with(store.token) == 200


def test_people_can_play_the_store_over_http(store: Store) -> None:
    def play(verb: str, **body: object) -> Json:
        answer = store.http.post(f"/_sim/{verb}", json=body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    made = play("add_product", name="Mug", sku="MUG", price_including_tax=12.5)["products"]
    play("set_stock", product=made[0], outlet=store.leeds, amount=5)
    sale = play("sell", register="Leeds", quantity_by_sku={"MUG": 2})["sale"]
    play("take_back", sale=sale, quantity_by_sku={"MUG": 1})
    play("change_sale", sale=sale, state="voided")
    play("add_customer", first_name="Ann")

    state = play("state")
    assert state["products"] == [
        {"id": made[0], "sku": "MUG", "stock": {store.leeds: "6", store.york: "0"}}
    ]
    assert (state["sales"], state["customers"]) == (2, 2)
    assert play("behave", short_pages=1)["short_pages"] == 1


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("sell", {"register": "Nowhere", "quantity_by_sku": {}}),
        ("sell", {"register": "Leeds", "quantity_by_sku": {"none": 1}}),
        ("behave", {"moods": 1}),
        ("delete", {"kind": "moons", "object_id": "1"}),
        ("set_stock", {"product": "none", "outlet": "none", "amount": 1}),
    ],
)
def test_a_wrong_control_says_what_is_wrong(store: Store, verb: str, body: Json) -> None:
    answer = store.http.post(f"/_sim/{verb}", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]
