"""The account at Lightspeed: check, choices, tokens; against the simulator."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.connectors.lightspeed.application import SCOPES
from chalicelib.domain.causes import connection_cause
from chalicelib.domain.platforms import Choice
from chalicelib.domain.reasons import Reason, SyncFailure
from tests.contract.lightspeed_connection import Connected, application_of, connect


@pytest.fixture
def at() -> Iterator[Connected]:
    with connect() as connected:
        yield connected


def with_grant(at: Connected, **credentials: str) -> Connected:
    """Return the connection as an application's: a pair of tokens and what renews them."""
    return at.with_credentials(**{**application_of(at.store), **credentials})


def test_a_good_account_is_told_by_its_name(at: Connected) -> None:
    check = at.platform().check()

    assert (check.ok, check.account, list(check.problems)) == (True, "Northwind", [])


def test_missing_scopes_are_all_named_at_once(at: Connected) -> None:
    token = at.till.add_token("retailer:read outlets:read products:read taxes:read")

    check = at.with_credentials(access_token=token).platform().check()

    assert not check.ok
    for scope in ("registers:read", "customers:read", "sales:read", "webhooks"):
        assert scope in check.problems[0]
    assert "taxes:read" not in check.problems[0]


def test_scopes_that_came_with_the_token_are_not_tried_one_by_one(at: Connected) -> None:
    granted = [one for one in SCOPES if one != "products:write"]
    at.till.calls.clear()

    check = at.with_credentials(scope=" ".join(granted)).platform().check()

    assert not check.ok
    assert "products:write" in check.problems[0]
    assert at.calls() <= 4


def test_a_refused_token_is_a_problem_and_not_an_error(at: Connected) -> None:
    check = at.with_credentials(access_token="WRONG").platform().check()

    assert not check.ok
    assert "sign in again" in check.problems[0]


def test_a_check_that_is_not_answered_says_nothing(at: Connected) -> None:
    at.till.down()

    with pytest.raises(SyncFailure) as failed:
        at.platform().check()

    assert failed.value.reason is Reason.RETRYING


def test_a_store_without_an_outlet_is_of_no_use(at: Connected) -> None:
    for place in at.places:
        at.till.delete("outlets", place)

    check = at.platform().check()

    assert not check.ok
    assert "outlet" in check.problems[0]


@pytest.mark.parametrize(
    ("version", "says"),
    [
        ("2026-07", ""),
        ("2025-10", "ends on 2026-10-01"),
        ("2025-07", "ended on 2026-07-01"),
    ],
)
def test_a_version_that_ends_is_a_warning(at: Connected, version: str, says: str) -> None:
    check = at.with_settings(api_version=version).platform().check()

    assert check.ok
    assert says in " ".join(check.problems)
    assert bool(check.problems) is bool(says)


def test_a_version_that_is_no_date_is_a_problem(at: Connected) -> None:
    check = at.with_settings(api_version="2.0").platform().check()

    assert not check.ok
    assert "2026-07" in check.problems[0]


def test_a_connection_that_does_not_say_which_store_is_a_problem(at: Connected) -> None:
    for prefix in ("", "evil.example.com/", "a" * 80):
        connected = at.with_settings(domain_prefix=prefix)
        account = replace(
            connected.account,
            connection=replace(connected.account.connection, base_url=""),
            http=replace(connected.account.http, base_url=""),
        )
        check = replace(connected, account=account).platform().check()
        assert "domain prefix" in check.problems[0]


def test_people_pick_outlets_registers_and_the_last_categories(at: Connected) -> None:
    clothing = at.till.account.add_category("Clothing")
    shirts = at.till.account.add_category("Shirts", clothing)
    platform = at.platform()

    assert [one.name for one in platform.list_choices("locations")] == ["Leeds", "York"]
    assert [one.id for one in platform.list_choices("locations")] == at.places
    assert [one.name for one in platform.list_choices("registers")] == ["Leeds", "York"]
    assert platform.list_choices("categories") == [Choice(id=shirts, name="Clothing / Shirts")]


def test_taxes_and_ways_to_pay_are_picked_by_their_names(at: Connected) -> None:
    platform = at.platform()

    assert platform.list_choices("taxes") == [Choice(id="VAT", name="VAT")]
    ways = [one.id for one in platform.list_choices("payment_types")]
    assert ways == ["Cash", "Card", "EXCHANGE"]
    with pytest.raises(LookupError):
        platform.list_choices("moods")


def test_tokens_are_renewed_and_rotate(at: Connected) -> None:
    connected = with_grant(at)
    before = connected.account.credentials

    renewed = connected.platform().refresh_tokens()

    assert renewed["access_token"] != before["access_token"]
    assert renewed["refresh_token"] != before["refresh_token"]
    expected = at.store.clock() + timedelta(days=1)
    assert renewed["expires_at"] == expected.isoformat()
    assert set(SCOPES) <= set(renewed["scope"].split())
    assert connected.with_credentials(**renewed).platform().check().ok
    assert not connected.platform().check().ok


def test_a_refused_refresh_token_takes_the_connection_down(at: Connected) -> None:
    connected = with_grant(at, refresh_token="WRONG")

    with pytest.raises(SyncFailure) as failed:
        connected.platform().refresh_tokens()

    assert failed.value.reason is Reason.CONNECTION_DOWN
    assert failed.value.cause == connection_cause("lightspeed")
    assert "invalid_grant" in failed.value.detail


def test_a_token_that_nothing_can_renew_is_told(at: Connected) -> None:
    with pytest.raises(SyncFailure) as failed:
        at.platform().refresh_tokens()

    assert failed.value.reason is Reason.CONNECTION_DOWN
    assert "client_secret" in failed.value.detail


def test_a_busy_token_endpoint_is_tried_again(at: Connected) -> None:
    connected = with_grant(at)
    at.till.fail_next(503, path="/token")

    with pytest.raises(SyncFailure) as failed:
        connected.platform().refresh_tokens()

    assert failed.value.reason is Reason.RETRYING
