"""Credentials are sent to the address they were given for: whoever moves it gives them anew."""

from collections.abc import Iterator

import pytest

from chalicelib.connectors.brightpearl import OFFER as BRIGHTPEARL
from chalicelib.domain.setup import Connection
from chalicelib.flows.setup.account import Given, moved_field
from chalicelib.flows.setup.connections import save_connection
from chalicelib.flows.setup.credentials import open_credentials
from chalicelib.flows.setup.errors import InvalidError
from tests.app.toy_world import World, open_world

OLD, NEW = "https://shop.example/eu", "https://elsewhere.example"
SETTINGS = {"account": "acme"}
TOKEN = {"access_token": "good-token"}


@pytest.fixture
def world() -> Iterator[World]:
    with open_world() as opened:
        opened.add_consumer("acme")
        yield opened


def save(world: World, base_url: str | None, **credentials: str | None) -> Connection:
    given = Given(base_url=base_url, settings=SETTINGS, credentials=credentials)
    return save_connection(world.services, "acme", "shop", given, loopback=False, by="Ann")


def secrets(world: World) -> dict[str, str]:
    found = world.services.registry.read_connection("acme", "shop")
    assert found is not None
    return open_credentials(world.services, found)


@pytest.mark.parametrize(
    "address",
    [
        NEW,
        "https://shop.example.evil.example/eu",
        "https://shop.example:8443/eu",
        "https://www2.shop.example/eu",
    ],
)
@pytest.mark.parametrize("before", ["", OLD])
def test_a_token_follows_to_no_other_address(world: World, before: str, address: str) -> None:
    save(world, before, **TOKEN)

    with pytest.raises(InvalidError) as caught:
        save(world, address)

    assert [one.field for one in caught.value.problems] == ["base_url"]
    assert "again" in caught.value.problems[0].message
    found = world.services.registry.read_connection("acme", "shop")
    assert (found and found.base_url, secrets(world)) == (before, TOKEN)


def test_an_address_is_moved_with_credentials_of_its_own(world: World) -> None:
    save(world, OLD, **TOKEN)

    assert save(world, NEW, access_token="another").base_url == NEW
    assert secrets(world) == {"access_token": "another"}


@pytest.mark.parametrize("address", ["https://www.shop.example/us", "https://SHOP.example", ""])
def test_another_folder_and_the_platforms_own_address_are_no_move(
    world: World, address: str
) -> None:
    save(world, OLD, **TOKEN)

    assert save(world, address).base_url == address
    assert secrets(world) == TOKEN


def test_the_address_that_renews_tokens_is_one_too() -> None:
    before = Connection(
        consumer="c", name="brightpearl", platform="brightpearl", settings={"account": "acme"}
    )
    moved = Given(settings={"token_url": "https://elsewhere.example/token/{account}"})
    same = Given(settings={"account": "acme2", "token_url": None})
    assert moved_field(BRIGHTPEARL, before, moved) == "settings.token_url"
    assert moved_field(BRIGHTPEARL, before, same) == ""


def test_of_an_address_that_cannot_be_called_only_that_is_said(world: World) -> None:
    save(world, OLD, **TOKEN)

    with pytest.raises(InvalidError) as caught:
        save(world, "https://10.0.0.1")

    (problem,) = caught.value.problems
    assert "not a public address" in problem.message


@pytest.mark.parametrize("credentials", [{}, {"access_token": None}])
def test_a_move_is_no_way_to_lose_credentials(
    world: World, credentials: dict[str, str | None]
) -> None:
    save(world, OLD, **TOKEN)

    with pytest.raises(InvalidError):
        save(world, NEW, **credentials)

    assert secrets(world) == TOKEN
