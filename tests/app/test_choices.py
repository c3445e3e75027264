"""What a platform has to choose from, for the settings of flows."""

from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.setup import Role
from tests.app.asking import Api
from tests.app.toy_world import World

CHOICES = "/v1/consumers/acme/connections/shop/choices"


def test_choices_of_a_connection_are_listed_for_viewers_too(api: Api, world: World) -> None:
    world.connect("acme", "shop")

    answered = api.using(world.key("acme", Role.VIEWER)).get(f"{CHOICES}/price_lists")

    assert answered.json == {"items": [{"id": "7", "name": "Retail"}], "problem": ""}


def test_a_platform_that_does_not_answer_is_said_beside_an_empty_list(
    api: Api, world: World
) -> None:
    world.connect("acme", "shop")
    world.platforms["shop"].away = SyncFailure(Reason.RETRYING, "No answer.")

    answered = api.get(f"{CHOICES}/price_lists")

    assert (answered.status, answered.json) == (200, {"items": [], "problem": "No answer."})


def test_choices_that_no_platform_has_are_not_found(api: Api, world: World) -> None:
    nowhere = api.get(f"{CHOICES}/price_lists")
    world.connect("acme", "shop")
    unknown = api.get(f"{CHOICES}/colours")

    assert (nowhere.status, unknown.status) == (404, 404)
    assert "Known are: categories, price_lists." in unknown.json["error"]["message"]
    assert world.platforms["shop"].calls == 0
