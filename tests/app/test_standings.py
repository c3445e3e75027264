"""The operator's first page: how each consumer stands."""

import pytest

from chalicelib.domain.setup import Role
from tests.app.asking import Api
from tests.app.toy_world import World
from tests.app.toys import ORDERS, PRODUCTS

STANDINGS = "/v1/standings"


def names(api: Api, **query: object) -> list[str]:
    return [one["consumer"]["id"] for one in api.get(STANDINGS, **query).json["items"]]


def test_a_standing_tells_what_needs_somebody(api: Api, world: World) -> None:
    world.connect("acme", "shop", "till")
    world.switch_on("acme", ORDERS)
    world.switch_on("acme", PRODUCTS)
    world.platforms["till"].knows = "another-token"
    api.post("/v1/consumers/acme/connections/till/check")
    api.post("/v1/consumers/acme/connections/shop/check")
    world.advance(hours=25)
    world.failed("acme", PRODUCTS, "1")
    world.request("acme", PRODUCTS, "2")

    acme, bistro = api.get(STANDINGS).json["items"]

    assert acme == {
        "consumer": api.get("/v1/consumers/acme").json,
        "connections": {"healthy": 1, "down": 1, "unchecked": 0},
        "down": ["till"],
        "failed": 1,
        "pending": 1,
        "oldest_waiting_at": "2026-11-03T10:30:00.000Z",
        "flows_on": 2,
        "not_ready": [PRODUCTS],
        "silent": [ORDERS],
    }
    assert (bistro["consumer"]["id"], bistro["flows_on"]) == ("bistro", 0)
    assert bistro["oldest_waiting_at"] is None


def test_standings_are_searched_and_paged_both_ways(api: Api, world: World) -> None:
    for number in range(30):
        world.add_consumer(f"shop-{number:02d}")
    first = api.get(STANDINGS, q="SHOP")
    second = api.get(STANDINGS, q="SHOP", cursor=first.json["next"])

    assert names(api, q=" bis ") == ["bistro"]
    assert names(api, q="nobody") == []
    assert (len(first.json["items"]), len(second.json["items"])) == (20, 10)
    assert names(api, q="SHOP", cursor=second.json["previous"]) == [
        one["consumer"]["id"] for one in first.json["items"]
    ]
    assert len(names(api, limit=50)) == 32


def test_a_page_never_has_more_than_fifty(api: Api, world: World) -> None:
    for number in range(60):
        world.add_consumer(f"shop-{number:02d}")
    page = api.get(STANDINGS, q="shop", limit=200).json
    assert (len(page["items"]), page["next"] is None) == (50, False)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("query", [{}, {"q": "bistro"}, {"limit": 1}])
def test_a_consumers_own_key_sees_its_own_standing_alone(
    api: Api, world: World, role: Role, query: dict[str, object]
) -> None:
    answered = api.using(world.key("acme", role)).get(STANDINGS, **query).json

    assert [one["consumer"]["id"] for one in answered["items"]] == ["acme"]
    assert (answered["next"], answered["previous"]) == (None, None)


@pytest.mark.parametrize("limit", ["0", "201", "-1", "ten", "", "٣", "9" * 5000])
def test_a_limit_out_of_range_is_named_with_the_range(api: Api, limit: str) -> None:
    answered = api.get(STANDINGS, limit=limit)

    assert (answered.status, answered.fields) == (422, ["limit"])
    [detail] = answered.json["error"]["details"]
    assert "1 to 200" in detail["message"]


@pytest.mark.parametrize("cursor", ["x", "AAAA", "e30", "%", "ü"])
def test_a_cursor_of_no_page_is_named(api: Api, cursor: str) -> None:
    assert api.get(STANDINGS, cursor=cursor).fields == ["cursor"]


def test_an_unknown_parameter_is_named(api: Api) -> None:
    assert api.get(STANDINGS, status="Failed").fields == ["status"]
