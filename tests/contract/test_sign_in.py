"""Signing in at a platform's own page: the way there, back with a code, and its exchange."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.sign_in import SignedIn
from tests.contract.sign_in_places import (
    BACK,
    PLACES,
    STATE,
    VERIFIER,
    Place,
    brightpearl,
    lightspeed,
    query_of,
    square,
)


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    with PLACES[request.param]() as opened:
        yield opened


@pytest.fixture
def at_square() -> Iterator[Place]:
    with square() as opened:
        yield opened


@pytest.fixture
def at_lightspeed() -> Iterator[Place]:
    with lightspeed() as opened:
        yield opened


@pytest.fixture
def at_brightpearl() -> Iterator[Place]:
    with brightpearl() as opened:
        yield opened


def refused(
    place: Place, query: dict[str, str], *, verifier: str = VERIFIER, redirect_uri: str = BACK
) -> SyncFailure:
    """Exchange what is no good and return the failure; its sentence says what to do."""
    with pytest.raises(SyncFailure) as caught:
        place.exchange(query, verifier=verifier, redirect_uri=redirect_uri)
    assert caught.value.detail.endswith(".")
    return caught.value


def life_of(place: Place, signed: SignedIn) -> timedelta:
    assert signed.expires_at is not None
    return signed.expires_at - place.account.http.now()


# every platform


def test_who_agrees_comes_back_with_a_code_that_becomes_tokens_that_work(place: Place) -> None:
    back = place.go()
    signed = place.exchange(back)

    assert back["state"] == STATE
    assert place.works(signed.credentials["access_token"])
    assert signed.credentials["refresh_token"]
    assert signed.expires_at is not None
    assert signed.expires_at > place.account.http.now()
    assert signed.credentials["expires_at"]


def test_with_what_is_kept_the_platform_is_healthy_and_its_tokens_are_renewed(
    place: Place,
) -> None:
    signed = place.exchange(place.go())

    check = place.after(signed).check()
    renewed = place.after(signed).refresh_tokens()

    assert (check.ok, list(check.problems)) == (True, [])
    assert place.works(renewed["access_token"])
    assert renewed["access_token"] != signed.credentials["access_token"]


def test_who_declines_comes_back_without_a_code(place: Place) -> None:
    place.oauth.consents = False

    back = place.go()

    assert (back["error"], back["state"]) == ("access_denied", STATE)
    assert "code" not in back


def test_a_code_is_good_once(place: Place) -> None:
    back = place.go()
    place.exchange(back)

    failure = refused(place, back)

    assert failure.reason is Reason.CONNECTION_DOWN
    assert "sign in again" in failure.detail.lower()


def test_a_wrong_code_is_refused_in_words(place: Place) -> None:
    failure = refused(place, {**place.go(), "code": "made-up"})

    assert "the code was used or is over" in failure.detail
    assert "made-up" not in failure.detail


def test_both_steps_name_the_same_redirect_address(place: Place) -> None:
    failure = refused(place, place.go(), redirect_uri=f"{BACK}/")

    assert failure.reason is Reason.CONNECTION_DOWN


def test_a_wrong_secret_is_refused_in_words(place: Place) -> None:
    failure = refused(place.with_(client_secret="wrong"), place.go())

    assert "secret" in failure.detail
    assert "wrong." not in failure.detail.replace("is wrong.", "")


def test_a_platform_that_is_away_is_asked_again_later(place: Place) -> None:
    back = place.go()
    place.simulator.fail_next(503)

    assert refused(place, back).reason in (Reason.RETRYING, Reason.OUTCOME_UNKNOWN)


def test_no_call_is_recorded_with_a_secret_in_it(place: Place) -> None:
    back = place.go()
    signed = place.exchange(back)

    [told] = place.exchanges
    secrets = [back["code"], VERIFIER, place.account.credentials["client_secret"]]
    secrets += [signed.credentials["access_token"], signed.credentials["refresh_token"]]
    for secret in secrets:
        assert secret not in f"{told}"


def test_what_has_to_be_filled_in_first_is_known_without_asking(place: Place) -> None:
    known = {**place.account.connection.settings, **place.account.credentials}

    assert place.sign_in.missing(known) == []
    assert place.sign_in.is_awaited(known)
    assert not place.sign_in.is_awaited({**known, "access_token": "there"})
    assert place.sign_in.missing({}) == list(place.sign_in.needs)


# Square


def test_an_application_without_a_secret_proves_itself(at_square: Place) -> None:
    place = at_square.with_(client_secret="")

    signed = place.exchange(place.go())

    assert query_of(place.address())["code_challenge_method"] == "S256"
    assert place.works(signed.credentials["access_token"])
    [told] = place.exchanges
    assert VERIFIER not in f"{told}"


def test_another_proof_is_refused(at_square: Place) -> None:
    place = at_square.with_(client_secret="")

    assert refused(place, place.go(), verifier="w" * 43).reason is Reason.CONNECTION_DOWN


def test_an_application_with_a_secret_needs_no_proof(at_square: Place) -> None:
    assert "code_challenge" not in query_of(at_square.address())


def test_square_is_asked_for_all_permissions_at_its_usual_address(at_square: Place) -> None:
    query = query_of(at_square.address())

    assert {"ORDERS_READ", "ITEMS_WRITE"} <= set(query["scope"].split())
    assert query["redirect_uri"] == BACK


def test_the_seller_is_kept(at_square: Place) -> None:
    signed = at_square.exchange(at_square.go())

    assert signed.credentials["merchant_id"] == at_square.oauth.world.merchant_id


@pytest.mark.parametrize("typed", [True, False], ids=["typed", "kept"])
def test_another_seller_is_refused(at_square: Place, typed: bool) -> None:
    known = {"merchant_id": "MLOTHER"}
    place = at_square.with_(known) if typed else at_square.with_(**known)

    failure = refused(place, place.go())

    assert failure.reason is Reason.CONFLICT
    assert "second Square account" in failure.detail


def test_the_same_seller_signs_in_again(at_square: Place) -> None:
    place = at_square.with_({"merchant_id": at_square.oauth.world.merchant_id})

    assert place.works(place.exchange(place.go()).credentials["access_token"])


# Lightspeed


def test_the_shop_is_kept(at_lightspeed: Place) -> None:
    signed = at_lightspeed.exchange(at_lightspeed.go())

    assert signed.settings == {"domain_prefix": "northwind"}
    assert "sales:read" in signed.credentials["scope"].split()
    assert life_of(at_lightspeed, signed) == timedelta(days=1)


def test_the_shop_that_is_known_is_signed_in_to_again(at_lightspeed: Place) -> None:
    place = at_lightspeed.with_({"domain_prefix": "Northwind"})

    assert place.exchange(place.go()).settings == {"domain_prefix": "northwind"}


def test_another_shop_is_refused_before_anything_is_sent(at_lightspeed: Place) -> None:
    place = at_lightspeed.with_({"domain_prefix": "southwind"})

    failure = refused(place, place.go())

    assert "northwind" in failure.detail
    assert place.exchanges == []


@pytest.mark.parametrize("prefix", ["", "evil.example/", "evil.example#", "a@b", "-a", "a" * 64])
def test_a_shop_that_is_none_gets_no_secret(at_lightspeed: Place, prefix: str) -> None:
    refused(at_lightspeed, {**at_lightspeed.go(), "domain_prefix": prefix})

    assert at_lightspeed.exchanges == []


def test_lightspeed_is_asked_for_scopes(at_lightspeed: Place) -> None:
    assert "sales:read" in query_of(at_lightspeed.address())["scope"].split()


# Brightpearl


def test_host_and_installation_are_kept(at_brightpearl: Place) -> None:
    signed = at_brightpearl.exchange(at_brightpearl.go())

    assert signed.credentials["installation_instance_id"].isdigit()
    assert signed.credentials["api_domain"] in at_brightpearl.simulator.base_url
    assert life_of(at_brightpearl, signed) == timedelta(days=7)


@pytest.mark.parametrize("spelling", ["/token/{account}", "/{account}/oauth/token", "/oauth/token"])
def test_every_spelling_of_the_token_address_works(at_brightpearl: Place, spelling: str) -> None:
    place = at_brightpearl.with_({"token_url": at_brightpearl.simulator.base_url + spelling})

    assert place.works(place.exchange(place.go()).credentials["access_token"])
