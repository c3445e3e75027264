"""Who may do what: keys, roles, walls between tenants."""

import pytest

from chalicelib.api.root import all_routes
from chalicelib.api.routing import Route
from chalicelib.domain.setup import Role
from chalicelib.flows.keys import hash_of, revoke_key
from tests.app.asking import Api
from tests.app.toy_world import World
from tests.app.toys import PRODUCTS

GUARDED = [route for route in all_routes() if route.role is not None]
OF_A_CONSUMER = [route for route in GUARDED if "{consumer}" in route.path]
IDS = [f"{route.method} {route.path}" for route in GUARDED]
IDS_OF_A_CONSUMER = [f"{route.method} {route.path}" for route in OF_A_CONSUMER]


def address(route: Route, consumer: str, row: str = f"{PRODUCTS}.1") -> str:
    parts = {
        "consumer": consumer,
        "name": "category" if "mappings" in route.path else "shop",
        "flow": PRODUCTS,
        "what": "categories",
        "row": row,
        "id": "no-such-id",
    }
    return route.path.format(**parts)


def ask(api: Api, route: Route, consumer: str):  # type: ignore[no-untyped-def]  # Answered
    body = {} if route.method in ("POST", "PUT", "PATCH") else None
    return api.send(route.method, address(route, consumer), body)


@pytest.mark.parametrize("route", GUARDED, ids=IDS)
@pytest.mark.parametrize("key", [None, "", "sk_wrong", "two words"])
def test_a_request_without_a_known_key_is_refused(
    api: Api, world: World, route: Route, key: str | None
) -> None:
    answered = ask(api.using(key), route, "acme")

    assert (answered.status, answered.code) == (401, "unauthorized")
    assert answered.headers["WWW-Authenticate"] == "Bearer"


def test_another_scheme_than_bearer_is_refused(api: Api, world: World) -> None:
    headers = {"Authorization": f"Basic {world.key()}"}

    assert api.send("GET", "/v1/consumers", headers=headers).status == 401


def test_a_revoked_key_is_refused_at_once(api: Api, world: World) -> None:
    key = world.key("acme", Role.VIEWER)
    before = api.using(key).get("/v1/consumers/acme").status
    found = world.services.registry.find_key(hash_of(key))
    assert found is not None
    revoke_key(world.services, found.id, by="the test")

    assert before == 200
    assert api.using(key).get("/v1/consumers/acme").status == 401


@pytest.mark.parametrize("route", OF_A_CONSUMER, ids=IDS_OF_A_CONSUMER)
@pytest.mark.parametrize("role", list(Role))
def test_a_key_of_one_consumer_meets_a_wall_at_another(
    api: Api, world: World, route: Route, role: Role
) -> None:
    world.connect("bistro", "shop", "till")
    world.synced("bistro", PRODUCTS, "1")
    stranger = api.using(world.key("acme", role))
    history = world.history("bistro")

    theirs = ask(stranger, route, "bistro")
    nobodys = ask(stranger, route, "no-such-consumer")

    assert theirs.status == (403 if route.operator_only else 404)
    assert theirs == nobodys  # nothing tells that there is such a consumer
    assert world.history("bistro") == history


def test_a_row_of_another_consumer_is_not_found_under_the_own_one(api: Api, world: World) -> None:
    row = world.synced("bistro", PRODUCTS, "1")
    own = api.using(world.key("acme", Role.ADMIN))

    assert own.get(f"/v1/consumers/acme/logs/{row.name.id}").status == 404
    assert own.post(f"/v1/consumers/acme/logs/{row.name.id}/resync").status == 404


@pytest.mark.parametrize("route", GUARDED, ids=IDS)
@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_a_role_that_is_too_small_is_refused(
    api: Api, world: World, route: Route, role: Role
) -> None:
    assert route.role is not None
    answered = ask(api.using(world.key(None, role)), route, "acme")

    assert (answered.status == 403) is not role.allows(route.role)
    if answered.status == 403:
        assert f"role {route.role}" in answered.json["error"]["message"]


@pytest.mark.parametrize(
    "route",
    [route for route in GUARDED if route.operator_only],
    ids=[f"{route.method} {route.path}" for route in GUARDED if route.operator_only],
)
def test_what_concerns_all_consumers_needs_a_key_of_the_operator(
    api: Api, world: World, route: Route
) -> None:
    answered = ask(api.using(world.key("acme", Role.ADMIN)), route, "acme")

    assert (answered.status, answered.code) == (403, "forbidden")


def test_a_consumers_key_sees_its_own_consumer_alone(api: Api, world: World) -> None:
    own = api.using(world.key("acme", Role.VIEWER))

    assert own.get("/v1/consumers").ids == ["acme"]
    assert own.get("/v1/consumers", q="bistro").ids == ["acme"]
    assert own.get("/v1/consumers/acme").json["name"] == "Acme"


def test_health_and_the_document_need_no_key(api: Api, world: World) -> None:
    stranger = api.using(None)

    assert stranger.get("/v1/health").json["status"] == "ok"
    assert stranger.get("/v1/openapi.json").json["openapi"].startswith("3.")


def test_a_viewer_does_not_see_the_secret_webhook_address(api: Api, world: World) -> None:
    world.connect("acme", "shop")
    path = "/v1/consumers/acme/connections/shop"

    seen = api.get(path).json["webhook_address"]

    assert seen.startswith("https://hooks.example/webhooks/shop/")
    assert api.using(world.key("acme", Role.VIEWER)).get(path).json["webhook_address"] == ""


def test_a_deleted_consumer_is_not_found_by_any_key(api: Api, world: World) -> None:
    own = world.key("bistro", Role.ADMIN)
    assert api.delete("/v1/consumers/bistro").status == 200

    assert api.get("/v1/consumers/bistro").status == 404
    assert api.get("/v1/consumers/bistro/logs").status == 404
    assert api.using(own).get("/v1/consumers/bistro").status == 401
    assert api.get("/v1/consumers").ids == ["acme"]
