"""The history through the API: who changed what, when, from which value to which."""

from chalicelib.domain.setup import Role
from tests.app.asking import Api
from tests.app.toy_world import World
from tests.app.toys import PRODUCTS

ACME = "/v1/consumers/acme"
HISTORY = f"{ACME}/history"


def test_a_changed_setting_says_who_when_and_both_values(api: Api, world: World) -> None:
    flow = f"{ACME}/flows/{PRODUCTS}"
    theirs = world.key("acme", Role.ADMIN)
    api.put(flow, {"settings": {"tolerance": "0.01"}})
    world.advance(days=3)
    api.using(theirs).put(flow, {"settings": {"tolerance": "0.05"}})

    newest, before, *_ = api.get(HISTORY).json["items"]

    assert (newest["who"], newest["what"]) == ("admin of acme", "flow changed")
    assert (newest["subject"], newest["at"]) == (PRODUCTS, "2026-11-05T09:30:00.000Z")
    assert newest["old"]["settings"]["tolerance"] == "0.01"
    assert newest["new"]["settings"]["tolerance"] == "0.05"
    assert (before["who"], before["at"]) == ("admin of the operator", "2026-11-02T09:30:00.000Z")


def test_mappings_and_resyncs_are_in_it_newest_first(api: Api, world: World) -> None:
    world.connect("acme", "shop", "till")
    row = world.failed("acme", PRODUCTS, "P1")
    world.advance(seconds=1)
    api.put(f"{ACME}/mappings/{PRODUCTS}/category", {"entries": {"1": "C9"}})
    world.advance(seconds=1)
    api.post(f"{ACME}/logs/{row.name.id}/resync")

    resync, mapping, *_ = api.get(HISTORY).json["items"]

    assert (resync["what"], resync["subject"]) == ("re-sync", row.name.id)
    assert (resync["old"], resync["new"]) == (None, None)
    assert (mapping["what"], mapping["subject"]) == ("mapping saved", f"{PRODUCTS} category")
    assert mapping["new"]["entries"] == {"1": "C9"}


def test_of_a_credential_only_its_name_is_in_it(api: Api, world: World) -> None:
    admin = api.using(world.key("acme", Role.ADMIN))
    world.advance(seconds=1)
    body = {
        "platform": "shop",
        "settings": {"account": "acme"},
        "credentials": {"access_token": "top-secret-token"},
    }
    assert admin.put(f"{ACME}/connections/shop", body).status == 200

    answered = api.get(HISTORY).json

    assert answered["items"][0]["new"]["credentials_given"] == ["access_token"]
    assert "top-secret-token" not in str(answered)


def test_it_is_paged_and_holds_no_other_consumers_lines(api: Api, world: World) -> None:
    for number in range(5):
        world.advance(seconds=1)
        api.patch(ACME, {"name": f"Acme {number}"})
        api.patch("/v1/consumers/bistro", {"name": f"Bistro {number}"})
    seen, cursor = [], None
    while True:
        page = api.get(HISTORY, limit=2, cursor=cursor).json
        seen += page["items"]
        cursor = page["next"]
        if cursor is None:
            break

    names = [line["new"]["name"] for line in seen[:-1]]
    assert names == [f"Acme {number}" for number in (4, 3, 2, 1, 0)]
    assert {line["subject"] for line in seen} == {"acme"}


def test_a_viewer_may_read_it(api: Api, world: World) -> None:
    assert api.using(world.key("acme", Role.VIEWER)).get(HISTORY).status == 200
