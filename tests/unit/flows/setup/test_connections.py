"""Connections as people save them."""

from collections.abc import Iterator

import pytest

from chalicelib.domain.causes import connection_cause
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.setup import Connection, Health
from chalicelib.flows.setup.account import Given
from chalicelib.flows.setup.connections import (
    delete_connection,
    read_connection,
    save_connection,
    webhook_address,
)
from chalicelib.flows.setup.credentials import open_credentials
from chalicelib.flows.setup.errors import InvalidError, UnknownError
from chalicelib.flows.setup.flows import save_flow
from chalicelib.flows.setup.platforms import check_connection, list_choices
from tests.app.toy_world import World, open_world
from tests.app.toys import ORDERS, PRODUCTS

GOOD = Given(settings={"account": "acme"}, credentials={"access_token": "good-token"})


@pytest.fixture
def world() -> Iterator[World]:
    with open_world() as opened:
        opened.add_consumer("acme")
        yield opened


def save(
    world: World, given: Given = GOOD, name: str = "shop", *, loopback: bool = True
) -> Connection:
    return save_connection(world.services, "acme", name, given, loopback=loopback, by="Ann")


def problems_of(
    world: World, given: Given, name: str = "shop", *, loopback: bool = True
) -> list[str]:
    with pytest.raises(InvalidError) as caught:
        save_connection(world.services, "acme", name, given, loopback=loopback, by="Ann")
    return [problem.field for problem in caught.value.problems]


def test_credentials_are_sealed_and_named_and_open_again(world: World) -> None:
    saved = save(world)

    assert b"good-token" not in saved.sealed_credentials
    assert saved.credential_names == ("access_token",)
    assert open_credentials(world.services, saved) == {"access_token": "good-token"}


def test_sealed_credentials_open_for_their_own_connection_only(world: World) -> None:
    sealed = save(world).sealed_credentials
    for consumer, name, platform in (
        ("acme", "shop-2", "shop"),
        ("acme", "shop", "till"),
        ("bistro", "shop", "shop"),
    ):
        other = Connection(
            consumer=consumer, name=name, platform=platform, sealed_credentials=sealed
        )
        with pytest.raises(ValueError, match="sealed"):
            open_credentials(world.services, other)


def test_everything_wrong_is_named_at_once(world: World) -> None:
    given = Given(
        base_url="http://inside.example",
        settings={"colour": "red", "access_token": "x"},
        credentials={"pin": "1234"},
    )

    assert problems_of(world, given) == [
        "base_url",
        "settings.colour",
        "settings.access_token",
        "credentials.pin",
        "settings.account",
    ]


def test_a_missing_credential_is_named(world: World) -> None:
    assert problems_of(world, Given(settings={"account": "acme"})) == ["credentials.access_token"]


def test_no_problem_repeats_a_secret(world: World) -> None:
    given = Given(base_url="https://ann:hunter2@x.example", credentials={"pin": "hunter2"})

    with pytest.raises(InvalidError) as caught:
        save(world, given)

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "http://shop.example",
        "ftp://shop.example",
        "https://",
        "https://shop.example?x=1",
        "https://ann:pw@shop.example",
        "https://shop.example:port",
        "https://shöp.example",
        "https://shop .example",
        "shop.example",
        "https://[::1",
    ],
)
def test_an_address_that_is_no_plain_https_is_refused(world: World, address: str) -> None:
    given = Given(base_url=address, settings=GOOD.settings, credentials=GOOD.credentials)

    assert problems_of(world, given) == ["base_url"]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("https://shop.example:25", "Port 25 is for something else than https"),
        ("https://shop.internal", "The host shop.internal is not a public address."),
        ("https://2130706433", "The host 2130706433 is not a public address."),
        ("https://10.1.2.3/shop", "The host 10.1.2.3 is not a public address."),
        ("https://localhost", "The host localhost is not a public address."),
    ],
    ids=["port", "inner_name", "number", "inner_address", "this_machine"],
)
def test_an_address_that_would_not_be_called_is_not_kept_and_says_why(
    world: World, address: str, said: str
) -> None:
    given = Given(base_url=address, settings=GOOD.settings, credentials=GOOD.credentials)
    with pytest.raises(InvalidError) as caught:
        save(world, given, loopback=False)

    [problem] = caught.value.problems
    assert problem.field == "base_url"
    assert said in problem.message


@pytest.mark.parametrize("address", ["https://shop.example:8443/wp", "https://93.184.216.34"])
def test_an_address_that_may_be_called_is_kept(world: World, address: str) -> None:
    given = Given(base_url=address, settings=GOOD.settings, credentials=GOOD.credentials)

    assert save(world, given, loopback=False).base_url == address


def test_loopback_is_an_address_on_one_machine_only(world: World) -> None:
    given = Given(
        base_url="http://127.0.0.1:9000/", settings=GOOD.settings, credentials=GOOD.credentials
    )

    assert save(world, given).base_url == "http://127.0.0.1:9000"
    assert problems_of(world, given, loopback=False) == ["base_url"]


def test_an_unknown_platform_is_refused_with_the_known_ones(world: World) -> None:
    with pytest.raises(InvalidError, match="shop, till"):
        save(world, Given(platform="fax"), name="fax")


def test_the_name_of_a_second_account_begins_with_the_platform(world: World) -> None:
    second = Given(platform="shop", settings=GOOD.settings, credentials=GOOD.credentials)

    assert save(world, second, name="shop-2").platform == "shop"
    assert problems_of(world, second, name="outlet") == ["name"]


def test_a_connection_stays_with_its_platform(world: World) -> None:
    save(world)

    assert problems_of(world, Given(platform="till")) == ["platform"]


def test_absent_credentials_are_kept_and_null_removes_one(world: World) -> None:
    save(world)
    save(world, Given(credentials={"signature_key": "s"}))
    both = save(world, Given(settings={"calls_per_minute": 10}))
    without = save(world, Given(credentials={"signature_key": None}))

    assert both.credential_names == ("access_token", "signature_key")
    assert both.settings == {"account": "acme", "calls_per_minute": 10}
    assert without.credential_names == ("access_token",)


def test_the_webhook_address_is_made_once(world: World) -> None:
    first = webhook_address(world.services, save(world))
    again = webhook_address(world.services, save(world, Given(settings={"account": "new"})))

    assert first == again
    assert first.startswith("https://hooks.example/webhooks/shop/")
    assert len(first.rpartition("/")[2]) >= 40


def test_saving_makes_the_health_unchecked_and_releases_what_was_held(world: World) -> None:
    save(world)
    released = world.releases()
    check_connection(world.services, "acme", "shop")

    assert save(world).health is Health.UNCHECKED
    assert released == [connection_cause("shop")]
    assert world.releases() == [connection_cause("shop")] * 3


def test_the_history_says_who_saved_and_never_a_secret(world: World) -> None:
    save(world)

    [line] = [
        line
        for line in world.services.registry.list_history("acme", limit=10).items
        if line.subject == "shop"
    ]
    assert (line.who, line.what) == ("Ann", "connection made")
    assert line.new["credentials_given"] == ["access_token"]
    assert "good-token" not in repr(line)


def test_the_last_missing_connection_makes_a_flow_ready_and_starts_its_poll(world: World) -> None:
    acme = world.services.registry.read_consumer("acme")
    assert acme is not None
    save(world)
    save_flow(world.services, acme, ORDERS, enabled=True, settings={}, by="Ann")
    before = world.services.registry.read_flow("acme", ORDERS)

    save(world, name="till")

    after = world.services.registry.read_flow("acme", ORDERS)
    poll = world.services.registry.read_poll("acme", ORDERS)
    assert before is not None
    assert before.completed_at is None
    assert after is not None
    assert after.completed_at == world.time
    assert poll is not None
    assert poll.next_at == world.time


def test_a_flow_that_is_off_is_completed_and_starts_no_poll(world: World) -> None:
    acme = world.services.registry.read_consumer("acme")
    assert acme is not None
    save_flow(world.services, acme, ORDERS, enabled=False, settings={}, by="Ann")
    save(world)
    save(world, name="till")

    setup = world.services.registry.read_flow("acme", ORDERS)

    assert setup is not None
    assert setup.completed_at is not None
    assert world.services.registry.read_poll("acme", ORDERS) is None


def test_a_connection_that_completes_one_flow_leaves_another_waiting(world: World) -> None:
    acme = world.services.registry.read_consumer("acme")
    assert acme is not None
    save_flow(world.services, acme, PRODUCTS, enabled=True, settings={}, by="Ann")
    save(world)
    save(world, name="till")

    setup = world.services.registry.read_flow("acme", PRODUCTS)

    assert setup is not None
    assert setup.completed_at is None  # the price list is still missing
    assert world.services.registry.read_poll("acme", PRODUCTS) is None


def test_a_deleted_connection_is_gone_with_its_credentials(world: World) -> None:
    save(world)

    delete_connection(world.services, "acme", "shop", by="Ann")

    with pytest.raises(UnknownError):
        read_connection(world.services, "acme", "shop")
    with pytest.raises(UnknownError):
        delete_connection(world.services, "acme", "shop", by="Ann")


def test_a_check_that_works_notes_health_registers_webhooks_and_releases(world: World) -> None:
    saved = save(world)
    shop = world.platforms["shop"]
    released = len(world.releases())

    checked = check_connection(world.services, "acme", "shop")

    assert checked.ok
    assert checked.account == "shop of the toys"
    assert checked.connection.health is Health.HEALTHY
    assert checked.connection.checked_at == world.time
    assert shop.registered == [webhook_address(world.services, saved)]
    assert open_credentials(world.services, checked.connection) == {
        "access_token": "good-token",
        "signature_key": "made-by-the-platform",
    }
    assert len(world.releases()) == released + 1


def test_a_refused_token_takes_the_connection_down_and_releases_nothing(world: World) -> None:
    save(world, Given(settings={"account": "acme"}, credentials={"access_token": "stale"}))
    released = world.releases()

    checked = check_connection(world.services, "acme", "shop")

    assert not checked.ok
    assert checked.connection.health is Health.DOWN
    assert "Connect again" in checked.connection.health_detail
    assert world.releases() == released


def test_a_platform_that_is_away_tells_nothing_about_the_account(world: World) -> None:
    save(world)
    check_connection(world.services, "acme", "shop")
    world.platforms["shop"].away = SyncFailure(Reason.RETRYING, "The platform did not answer.")

    checked = check_connection(world.services, "acme", "shop")

    assert not checked.ok
    assert checked.connection.health is Health.UNCHECKED
    assert checked.problems == ("The platform did not answer.",)


def test_a_connection_that_is_down_stays_down_while_the_platform_is_away(world: World) -> None:
    save(world, Given(settings={"account": "acme"}, credentials={"access_token": "stale"}))
    check_connection(world.services, "acme", "shop")
    world.platforms["shop"].away = SyncFailure(Reason.RETRYING, "The platform did not answer.")

    assert check_connection(world.services, "acme", "shop").connection.health is Health.DOWN


def test_webhooks_that_cannot_be_registered_are_told_and_stop_nothing(world: World) -> None:
    save(world)
    world.platforms["shop"].webhooks_fail = SyncFailure(Reason.AUTH_REJECTED, "No such scope.")

    checked = check_connection(world.services, "acme", "shop")

    assert checked.ok
    assert checked.connection.health is Health.HEALTHY
    assert checked.problems == ("Webhooks could not be registered: No such scope.",)


def test_the_calls_of_a_check_are_among_the_exchanges(world: World) -> None:
    save(world)

    check_connection(world.services, "acme", "shop")

    found = world.services.log.list_exchanges("acme", limit=10).items
    assert len(found) == world.platforms["shop"].calls == 2


def test_choices_of_a_platform_that_is_away_come_with_the_reason(world: World) -> None:
    saved = save(world)
    world.platforms["shop"].away = SyncFailure(Reason.RETRYING, "The platform did not answer.")

    assert list_choices(world.services, saved, "categories") == ((), "The platform did not answer.")
    assert list_choices(world.services, None, "categories")[1] == (
        "The account is not connected yet."
    )
