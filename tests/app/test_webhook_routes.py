"""Where vendors call: what is taken, what is refused, and that nothing is stored then."""

import pytest

from chalicelib.flows.setup.connections import webhook_address
from chalicelib.ops import metrics
from tests.app.asking import Answered, Api
from tests.app.toy_world import World
from tests.app.toys import ORDERS, PRODUCTS, STOCK


@pytest.fixture(autouse=True)
def connected(world: World, api: Api) -> None:
    """Products and orders of one merchant are switched on; stock is not."""
    world.connect("acme", "shop", "till")
    on = {"enabled": True, "settings": {"price_list": "7"}}
    assert api.put(f"/v1/consumers/acme/flows/{PRODUCTS}", on).json["ready"]
    assert api.put(f"/v1/consumers/acme/flows/{ORDERS}", {"enabled": True}).json["ready"]


def path_of(world: World, name: str = "shop") -> str:
    connection = world.services.registry.read_connection("acme", name)
    assert connection is not None
    return webhook_address(world.services, connection).removeprefix("https://hooks.example")


def deliver(api: Api, path: str, body: bytes, kind: str = "application/json") -> Answered:
    return api.using(None).send("POST", path, body, headers={"Content-Type": kind})


def rows(api: Api) -> list[str]:
    return [item["record"] for item in api.get("/v1/consumers/acme/logs").json["items"]]


def test_a_delivery_is_requested_before_the_answer(api: Api, world: World) -> None:
    answered = deliver(api, path_of(world), b"signed product 7")

    assert (answered.status, answered.json) == (200, {"requested": 1, "ignored": ""})
    assert rows(api) == ["7"]
    assert world.services.queue.count("records") == 1


def test_the_same_delivery_ten_times_is_one_row_and_one_message(api: Api, world: World) -> None:
    for _ in range(10):
        assert deliver(api, path_of(world), b"signed product 7").status == 200

    assert rows(api) == ["7"]
    assert world.services.queue.count("records") == 1


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "a/b", ""])
def test_the_content_type_of_a_delivery_does_not_matter(api: Api, world: World, kind: str) -> None:
    assert deliver(api, path_of(world), b"signed product 7", kind).json["requested"] == 1


def test_a_delivery_that_is_not_signed_is_refused_and_leaves_a_count_alone(
    api: Api, world: World
) -> None:
    answered = deliver(api, path_of(world), b"product 7")

    assert answered.status == 401
    assert rows(api) == []
    assert metrics.read("webhook_refused", platform="shop") == 1


@pytest.mark.parametrize("body", [b"", b"\xff\x00", b"{}"])
def test_a_body_that_means_nothing_is_refused(api: Api, world: World, body: bytes) -> None:
    assert deliver(api, path_of(world), body).status == 401
    assert rows(api) == []


def test_a_delivery_that_cannot_be_read_is_a_bad_request_and_counted(
    api: Api, world: World
) -> None:
    answered = deliver(api, path_of(world), b"signed product")

    assert answered.status == 400
    assert answered.json["error"]["message"] == "The delivery has not the words it should have."
    assert metrics.read("webhook_unreadable", platform="shop") == 1


def test_an_event_nobody_acts_on_is_taken_with_the_reason(api: Api, world: World) -> None:
    answered = deliver(api, path_of(world), b"signed loyalty 7")

    assert (answered.status, answered.json["requested"]) == (200, 0)
    assert answered.json["ignored"] == "Nothing is done about loyalty."


def test_a_delivery_of_another_platform_finds_no_address(api: Api, world: World) -> None:
    token = path_of(world).rpartition("/")[2]

    assert deliver(api, f"/webhooks/till/{token}", b"signed order 7").status == 404
    assert deliver(api, "/webhooks/shop/guessed", b"signed product 7").status == 404
    assert deliver(api, "/webhooks/fax/guessed", b"signed product 7").status == 404
    assert rows(api) == []


def test_a_delivery_of_five_megabytes_is_too_large(api: Api, world: World) -> None:
    answered = deliver(api, path_of(world), b"signed product " + b"7" * 5_000_000)

    assert (answered.status, answered.code) == (413, "too_large")
    assert rows(api) == []


def test_deliveries_to_a_deleted_consumer_find_no_address(api: Api, world: World) -> None:
    path = path_of(world)
    api.delete("/v1/consumers/acme")

    assert deliver(api, path, b"signed product 7").status == 404


def test_a_flow_that_is_off_makes_no_row(api: Api, world: World) -> None:
    api.put(f"/v1/consumers/acme/flows/{PRODUCTS}", {"enabled": False})

    assert deliver(api, path_of(world), b"signed product 7").json["requested"] == 0
    assert rows(api) == []
    assert api.get(f"/v1/consumers/acme/flows/{STOCK}").json["enabled"] is False


def test_a_parameter_that_a_vendor_adds_to_the_address_is_no_reason_to_refuse(
    api: Api, world: World
) -> None:
    assert deliver(api, f"{path_of(world)}?try=2", b"signed product 7").status == 200
