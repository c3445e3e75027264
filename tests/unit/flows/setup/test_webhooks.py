"""What a check finds out about our webhooks, and how long that is remembered."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.setup import Connection, Webhooks
from chalicelib.flows.setup.account import Given
from chalicelib.flows.setup.connections import save_connection
from chalicelib.flows.setup.platforms import check_connection
from tests.app.toy_world import World, open_world

GOOD = Given(settings={"account": "acme"}, credentials={"access_token": "good-token"})


@pytest.fixture
def world() -> Iterator[World]:
    with open_world() as opened:
        opened.add_consumer("acme")
        yield opened


def save(world: World, given: Given = GOOD) -> Connection:
    return save_connection(world.services, "acme", "shop", given, loopback=True, by="Ann")


def test_of_webhooks_nothing_is_known_before_a_check_and_after_a_save(world: World) -> None:
    unchecked = save(world)
    checked = check_connection(world.services, "acme", "shop").connection

    again = save(world, Given(settings={"account": "other"}))

    assert [one.webhooks for one in (unchecked, checked, again)] == [
        Webhooks.UNKNOWN,
        Webhooks.REGISTERED,
        Webhooks.UNKNOWN,
    ]
    assert checked.webhooks_at == world.time
    assert (again.webhooks_at, again.webhooks_problem) == (None, "")


def test_webhooks_that_a_platform_refuses_are_missing_until_it_takes_them(world: World) -> None:
    save(world)
    shop = world.platforms["shop"]
    shop.webhooks_fail = SyncFailure(Reason.AUTH_REJECTED, "No such scope.")
    refused = check_connection(world.services, "acme", "shop").connection
    shop.webhooks_fail = None

    taken = check_connection(world.services, "acme", "shop").connection

    assert refused.webhooks is Webhooks.MISSING
    assert refused.webhooks_problem == "Webhooks could not be registered: No such scope."
    assert (taken.webhooks, taken.webhooks_problem) == (Webhooks.REGISTERED, "")


def test_a_refused_connection_that_is_saved_forgets_its_webhooks_problem(world: World) -> None:
    save(world)
    world.platforms["shop"].webhooks_fail = SyncFailure(Reason.AUTH_REJECTED, "No such scope.")
    check_connection(world.services, "acme", "shop")

    assert save(world).webhooks_problem == ""


def test_without_a_public_address_webhooks_are_missing_and_the_reason_is_told(
    world: World,
) -> None:
    save(world)
    hidden = replace(world.services, public_url="")

    checked = check_connection(hidden, "acme", "shop")

    assert checked.ok
    assert checked.problems == ()
    assert checked.connection.webhooks is Webhooks.MISSING
    assert "no public address" in checked.connection.webhooks_problem
    assert world.platforms["shop"].registered == []


@pytest.mark.parametrize("what", ["away", "webhooks_fail"])
@pytest.mark.parametrize("reason", [Reason.RETRYING, Reason.THROTTLED, Reason.OUTCOME_UNKNOWN])
def test_a_platform_that_is_away_changes_nothing_of_what_is_known_of_webhooks(
    world: World, what: str, reason: Reason
) -> None:
    save(world)
    shop = world.platforms["shop"]
    setattr(shop, what, SyncFailure(reason, "The platform did not answer."))
    before = check_connection(world.services, "acme", "shop").connection
    setattr(shop, what, None)
    at = check_connection(world.services, "acme", "shop").connection.checked_at
    world.advance(hours=1)
    setattr(shop, what, SyncFailure(reason, "The platform did not answer."))

    after = check_connection(world.services, "acme", "shop").connection

    assert before.webhooks is Webhooks.UNKNOWN
    assert (after.webhooks, after.webhooks_at) == (Webhooks.REGISTERED, at)


def test_a_refused_token_tells_nothing_of_webhooks(world: World) -> None:
    save(world, Given(settings={"account": "acme"}, credentials={"access_token": "stale"}))

    checked = check_connection(world.services, "acme", "shop")

    assert checked.connection.webhooks is Webhooks.UNKNOWN


def test_a_long_sentence_about_webhooks_is_kept_short(world: World) -> None:
    save(world)
    world.platforms["shop"].webhooks_fail = SyncFailure(Reason.AUTH_REJECTED, "x" * 5000)

    checked = check_connection(world.services, "acme", "shop")

    assert len(checked.connection.webhooks_problem) == 500
