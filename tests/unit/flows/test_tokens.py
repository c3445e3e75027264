"""Tokens are exchanged under one lease and never lock us out."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from chalicelib.domain.causes import connection_cause
from chalicelib.domain.ports import Change
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.setup import Connection, Health
from chalicelib.flows import tokens
from chalicelib.flows.releases import AGAIN_AFTER_S, run_releases
from chalicelib.flows.setup.account import Given
from chalicelib.flows.setup.connections import save_connection
from chalicelib.flows.setup.credentials import open_credentials
from tests.toy import CONSUMER, Toy, open_toy
from tests.toy_platforms import START

LATER = START + timedelta(seconds=1000)


@pytest.fixture
def toy() -> Iterator[Toy]:
    with open_toy() as toy:
        toy.set_up()
        given = Given(credentials={"refresh_token": "refresh-1"})
        save_connection(toy.services, CONSUMER, "shop", given, loopback=True, by="test")
        known = replace(toy.connection(), tokens_refreshed_at=START, tokens_expire_at=LATER)
        toy.services.registry.save(Change(puts=[replace(known, checked_at=START)]))
        yield toy


def credentials(toy: Toy) -> dict[str, str]:
    return open_credentials(toy.services, toy.connection())


def tend(toy: Toy) -> bool:
    return tokens.tend(toy.services, toy.connection())


# --- when -----------------------------------------------------------------------------------------


def with_tokens(began: datetime | None, ends: datetime | None, **changes: object) -> Connection:
    known = {
        "consumer": "c",
        "name": "shop",
        "platform": "shop",
        "credential_names": ("access_token", "refresh_token"),
        "tokens_refreshed_at": began,
        "tokens_expire_at": ends,
        **changes,
    }
    return Connection(**known)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("connection", "after_s", "expected"),
    [
        pytest.param(with_tokens(START, LATER), 799, False, id="younger than four fifths"),
        pytest.param(with_tokens(START, LATER), 800, True, id="four fifths of its life"),
        pytest.param(with_tokens(None, None), 0, True, id="life unknown"),
        pytest.param(with_tokens(START, None), 9999, False, id="tells no life"),
        pytest.param(
            with_tokens(START, LATER, credential_names=("access_token",)),
            900,
            False,
            id="no refresh token",
        ),
        pytest.param(with_tokens(START, LATER, health=Health.DOWN), 900, False, id="down"),
        pytest.param(with_tokens(LATER, START), 3599, False, id="refused after its end"),
        pytest.param(with_tokens(START, START), 3600, True, id="refused an hour ago"),
    ],
)
def test_token_is_due_at_four_fifths_of_its_life(
    connection: Connection, after_s: int, expected: bool
) -> None:
    assert tokens.is_due(connection, START + timedelta(seconds=after_s)) is expected


# --- exchanging -----------------------------------------------------------------------------------


def test_new_pair_is_stored_before_it_is_used_and_the_old_one_kept_until_it_worked(
    toy: Toy,
) -> None:
    assert tend(toy) is False
    toy.pass_s(800)
    assert tend(toy) is True
    held = credentials(toy)
    assert (held["access_token"], held["refresh_token"]) == ("access-2", "refresh-2")
    assert "refresh-1" in held["previous"]
    assert toy.connection().tokens_expire_at == toy.at + timedelta(seconds=1000)
    toy.pass_s(1)
    assert tend(toy) is True  # tries the new one
    assert "previous" not in credentials(toy)
    assert tend(toy) is False


def test_names_of_credentials_do_not_tell_of_the_reserve(toy: Toy) -> None:
    toy.pass_s(800)
    tend(toy)
    assert "previous" not in toy.connection().credential_names


def test_new_pair_that_does_not_work_keeps_the_old_one(toy: Toy) -> None:
    toy.pass_s(800)
    tend(toy)
    toy.tokens.good = "somebody else's"
    toy.pass_s(1)
    tend(toy)
    assert "refresh-1" in credentials(toy)["previous"]


def test_lost_answer_of_an_exchange_does_not_lock_us_out(toy: Toy) -> None:
    toy.pass_s(800)
    toy.tokens.loses_answer = True
    with pytest.raises(SyncFailure):
        tend(toy)
    assert tend(toy) is True
    assert credentials(toy)["access_token"] == toy.tokens.good


def test_refused_new_pair_falls_back_to_the_one_before(toy: Toy) -> None:
    toy.pass_s(800)
    tend(toy)
    toy.tokens.refresh = {"refresh-1"}  # the platform forgot the new pair
    refused = tokens.usable(credentials(toy))
    toy.tokens.good = "access-1"
    assert tokens.renew(toy.services, toy.connection(), refused) is not None
    assert credentials(toy)["access_token"] == toy.tokens.good


def test_pair_before_is_not_used_after_a_person_gave_other_credentials(toy: Toy) -> None:
    toy.pass_s(800)
    tend(toy)
    given = Given(credentials={"access_token": "mine", "refresh_token": "mine-too"})
    save_connection(toy.services, CONSUMER, "shop", given, loopback=True, by="test")
    toy.tokens.refresh = {"refresh-1"}
    assert tokens.renew(toy.services, toy.connection(), {"access_token": "mine"}) is None


def test_refused_exchange_is_told_to_people_and_not_repeated_each_minute(toy: Toy) -> None:
    toy.tokens.refresh = set()
    toy.pass_s(800)
    with pytest.raises(SyncFailure):
        tend(toy)
    assert "could not be renewed" in toy.connection().health_detail
    toy.pass_s(60)
    tend(toy)
    opened = toy.opened
    toy.pass_s(60)
    assert tend(toy) is False
    assert toy.opened == opened
    assert toy.connection().health is not Health.DOWN  # the token still works until it ends


def test_platform_that_is_away_is_asked_again(toy: Toy) -> None:
    toy.pass_s(800)
    toy.tokens.faults = [SyncFailure(Reason.RETRYING, "503")]
    with pytest.raises(SyncFailure):
        tend(toy)
    assert tend(toy) is True
    assert toy.connection().health_detail == ""


def test_exchange_is_made_by_one_alone(toy: Toy) -> None:
    toy.pass_s(800)
    met: list[Reason] = []

    def another() -> None:
        toy.during_refresh = lambda: None
        try:
            tend(toy)
        except SyncFailure as failure:
            met.append(failure.reason)

    toy.during_refresh = another
    tend(toy)
    assert met == [Reason.RETRYING]
    assert toy.tokens.made == 2


def test_credentials_given_during_an_exchange_stand(toy: Toy) -> None:
    def reconnect() -> None:
        given = Given(credentials={"access_token": "mine"})
        save_connection(toy.services, CONSUMER, "shop", given, loopback=True, by="test")

    toy.pass_s(800)
    toy.during_refresh = reconnect
    with pytest.raises(SyncFailure):
        tend(toy)
    assert credentials(toy)["access_token"] == "mine"


# --- after a refusal ------------------------------------------------------------------------------


def test_refused_token_is_renewed_once_and_its_rows_are_released(toy: Toy) -> None:
    run_releases(toy.services)
    toy.pass_s(AGAIN_AFTER_S)
    run_releases(toy.services)  # those of the set-up
    fresh = tokens.renew(toy.services, toy.connection(), credentials(toy))
    assert fresh is not None
    assert fresh["access_token"] == "access-2"
    assert "previous" not in fresh
    due = toy.services.registry.list_releases(due_before=toy.soon(), limit=50)
    assert connection_cause("shop") in {release.cause for release in due}


def test_second_one_refused_gets_what_the_first_one_saved(toy: Toy) -> None:
    stale, refused = toy.connection(), credentials(toy)
    first = tokens.renew(toy.services, stale, refused)
    second = tokens.renew(toy.services, stale, refused)
    assert first == second
    assert toy.tokens.made == 2


def test_refusal_during_an_exchange_is_told_to_try_again_soon(toy: Toy) -> None:
    refused = credentials(toy)
    toy.services.log.take_lease(f"tokens/{CONSUMER}/shop", "another", until=toy.soon(), now=toy.at)
    with pytest.raises(SyncFailure) as met:
        tokens.renew(toy.services, toy.connection(), refused)
    assert (met.value.reason, met.value.retry_after_s) == (Reason.RETRYING, 5)


def test_without_a_refresh_token_there_is_nothing_to_go_on_with(toy: Toy) -> None:
    known = open_credentials(toy.services, toy.connection("till"))
    assert tokens.renew(toy.services, toy.connection("till"), known) is None


def test_refresh_token_that_is_refused_too_leaves_nothing_to_go_on_with(toy: Toy) -> None:
    toy.tokens.refresh = set()
    assert tokens.renew(toy.services, toy.connection(), credentials(toy)) is None


def test_connection_that_was_removed_has_nothing_to_go_on_with(toy: Toy) -> None:
    stale, refused = toy.connection(), credentials(toy)
    toy.services.registry.save(Change(deletes=[stale]))
    assert tokens.renew(toy.services, stale, refused) is None
