"""The platforms there are, through the API."""

import pytest

from chalicelib.domain.setup import Role
from tests.app.asking import Api
from tests.app.toy_world import World

PLATFORMS = "/v1/platforms"


def test_a_platform_tells_its_form_and_what_its_account_needs(api: Api) -> None:
    shop, till = api.get(PLATFORMS).json["items"]

    assert (shop["name"], shop["label"]) == ("shop", "Shop")
    assert till["prerequisites"] == ["The plan must include the API."]
    assert [field["name"] for field in till["fields"]] == [
        "account",
        "calls_per_minute",
        "access_token",
        "signature_key",
    ]
    assert till["fields"][2] == {
        "name": "access_token",
        "label": "Token",
        "required": True,
        "secret": True,
        "default": None,
        "help": "",
        "by_sign_in": False,
    }
    assert till["redirect_address"] is None


@pytest.mark.parametrize("role", list(Role))
def test_platforms_are_the_same_for_every_key(api: Api, world: World, role: Role) -> None:
    own = api.using(world.key("acme", role)).get(PLATFORMS)

    assert (own.status, own.json) == (200, api.get(PLATFORMS).json)


def test_platforms_are_paged(api: Api) -> None:
    first = api.get(PLATFORMS, limit=1).json
    second = api.get(PLATFORMS, limit=1, cursor=first["next"]).json

    assert [one["name"] for one in first["items"] + second["items"]] == ["shop", "till"]
    assert second["next"] is None
    assert api.get(PLATFORMS, cursor="x").fields == ["cursor"]
