"""Setting a merchant up through the API: consumers, connections, flows, mappings, keys."""

from typing import Any

from chalicelib.domain.causes import connection_cause, flow_cause, mapping_cause, setting_cause
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.setup import Role
from tests.app.asking import Api
from tests.app.toy_world import World
from tests.app.toys import ORDERS, PRODUCTS

ACME = "/v1/consumers/acme"
SHOP = f"{ACME}/connections/shop"
FLOW = f"{ACME}/flows/{PRODUCTS}"
CATEGORY = f"{ACME}/mappings/{PRODUCTS}/category"
ACCOUNT: dict[str, Any] = {
    "settings": {"account": "acme"},
    "credentials": {"access_token": "good-token"},
}


def test_a_consumer_is_added_found_renamed_and_deleted(api: Api) -> None:
    body = {"id": "corner-shirts", "name": "Corner Shirts", "time_zone": "Europe/London"}
    added = api.post("/v1/consumers", body)
    found = api.get("/v1/consumers", q="SHIRTS")
    renamed = api.patch("/v1/consumers/corner-shirts", {"name": "Shirts & Co"})
    deleted = api.delete("/v1/consumers/corner-shirts")

    assert added.status == 201
    assert found.ids == ["corner-shirts"]
    assert (renamed.json["name"], renamed.json["time_zone"]) == ("Shirts & Co", "Europe/London")
    assert (deleted.status, deleted.json["erased"]) == (200, True)
    assert api.delete("/v1/consumers/corner-shirts").status == 200
    assert api.post("/v1/consumers", body).code == "conflict"


def test_a_consumer_that_cannot_be_is_refused(api: Api) -> None:
    answered = api.post("/v1/consumers", {"id": "a b", "name": "", "time_zone": "Mars"})

    assert (answered.status, answered.fields) == (422, ["id", "name", "time_zone"])
    assert api.patch(ACME, {"time_zone": "Mars"}).fields == ["time_zone"]
    assert api.patch("/v1/consumers/nobody", {"name": "X"}).status == 404
    assert api.delete("/v1/consumers/nobody").status == 404


def test_consumers_are_paged_to_the_end_and_back(api: Api) -> None:
    for number in range(5):
        api.post("/v1/consumers", {"id": f"shop-{number}", "name": "Shop"})
    first = api.get("/v1/consumers", limit=3)
    second = api.get("/v1/consumers", limit=3, cursor=first.json["next"])
    third = api.get("/v1/consumers", limit=3, cursor=second.json["next"])
    back = api.get("/v1/consumers", limit=3, cursor=second.json["previous"])

    names = [*first.ids, *second.ids, *third.ids]
    assert names == ["acme", "bistro", *(f"shop-{number}" for number in range(5))]
    assert third.json["next"] is None
    assert back.ids == first.ids


def test_a_connection_goes_in_with_credentials_and_comes_out_without(api: Api) -> None:
    saved = api.put(SHOP, ACCOUNT)
    shown = api.get(SHOP)
    listed = api.get(f"{ACME}/connections")

    assert saved.status == 200
    assert saved.json == shown.json == listed.json["items"][0]
    assert (shown.json["health"], shown.json["credentials"]) == ("unchecked", ["access_token"])
    assert "good-token" not in str((saved.json, shown.json, listed.json))


def test_what_a_connection_lacks_is_named_at_once(api: Api) -> None:
    answered = api.put(SHOP, {"base_url": "gopher://x", "settings": {"hue": 1}})

    assert answered.status == 422
    assert answered.fields == [
        "base_url",
        "settings.hue",
        "settings.account",
        "credentials.access_token",
    ]


def test_a_setting_that_is_no_number_is_refused_before_it_is_stored(api: Api) -> None:
    answered = api.send("PUT", SHOP, b'{"settings": {"calls_per_minute": NaN}}')

    assert answered.status == 422
    assert "settings.calls_per_minute" in answered.fields[0]


def test_on_one_machine_a_connection_may_point_at_a_simulator(api: Api) -> None:
    answered = api.put(SHOP, {**ACCOUNT, "base_url": "http://127.0.0.1:9123"})

    assert answered.json["base_url"] == "http://127.0.0.1:9123"


def test_a_check_tells_health_account_and_problems(api: Api, world: World) -> None:
    api.put(SHOP, ACCOUNT)
    good = api.post(f"{SHOP}/check")
    world.platforms["shop"].knows = "another-token"
    bad = api.post(f"{SHOP}/check", {})

    assert (good.status, good.json["ok"], good.json["health"]) == (200, True, "healthy")
    assert good.json["account"] == "shop of the toys"
    assert (bad.status, bad.json["ok"], bad.json["health"]) == (200, False, "down")
    assert bad.json["problems"] == ["The token was refused. Connect again."]
    assert bad.json["detail"] == "The token was refused. Connect again."
    assert world.releases() == [connection_cause("shop")] * 2  # saved; checked and healthy


def test_a_connection_tells_whether_webhooks_come(api: Api, world: World) -> None:
    shop = world.platforms["shop"]
    before = api.put(SHOP, ACCOUNT).json
    shop.webhooks_fail = SyncFailure(Reason.AUTH_REJECTED, "No such scope.")
    refused = api.post(f"{SHOP}/check").json
    shop.knows = "another-token"
    down = api.post(f"{SHOP}/check").json
    shop.webhooks_fail, shop.knows = None, "good-token"
    api.post(f"{SHOP}/check")

    answers = (before, refused, down, api.get(SHOP).json)
    missing = ("missing", "Webhooks could not be registered: No such scope.")
    told = [(one["webhooks"], one["webhooks_detail"]) for one in answers]
    assert told == [("unknown", ""), missing, missing, ("registered", "")]


def test_a_platform_that_repeats_our_address_makes_no_secret_known(api: Api, world: World) -> None:
    address = api.put(SHOP, ACCOUNT).json["webhook_address"]
    refusal = SyncFailure(Reason.REJECTED_BY_TARGET, f"{address} is no good address.")
    world.platforms["shop"].webhooks_fail = refusal
    checked = api.post(f"{SHOP}/check").json
    assert "is no good address." in checked["webhooks_detail"]
    told = [checked["detail"], checked["webhooks_detail"], *checked["problems"]]
    assert [one for one in told if address.rpartition("/")[2] in one] == []


def test_a_connection_that_is_not_there_is_not_found(api: Api) -> None:
    assert api.get(SHOP).status == 404
    assert api.post(f"{SHOP}/check").status == 404
    assert api.delete(SHOP).status == 404


def test_a_deleted_connection_is_gone(api: Api) -> None:
    api.put(SHOP, ACCOUNT)

    assert api.delete(SHOP).status == 204
    assert api.get(SHOP).status == 404
    assert api.get(f"{ACME}/connections").json["items"] == []


def test_a_flow_tells_what_it_lacks_until_it_is_ready(api: Api, world: World) -> None:
    alone = api.get(FLOW).json
    world.connect("acme", "shop", "till")
    connected = api.put(FLOW, {"enabled": True}).json
    complete = api.put(FLOW, {"settings": {"price_list": "7"}}).json

    assert [lack["name"] for lack in alone["missing"]] == ["shop", "till", "price_list"]
    assert "Connect Shop" in alone["missing"][0]["sentence"]
    assert (connected["enabled"], connected["ready"]) == (True, False)
    assert "Price list" in connected["missing"][0]["sentence"]
    assert (complete["ready"], complete["missing"]) == (True, [])
    assert complete["settings"] == {"price_list": "7"}


def test_a_flows_form_says_how_each_setting_is_filled_in(api: Api) -> None:
    fields = {field["name"]: field for field in api.get(FLOW).json["fields"]}

    assert fields["price_list"]["pick"] == {"connection": "shop", "choices": "price_lists"}
    assert fields["price_list"]["required"]
    assert fields["archived"]["options"] == ["hide", "keep"]
    assert (fields["live"]["type"], fields["live"]["default"]) == ("yes_no", "yes")


def test_a_flow_page_releases_what_its_changes_free(api: Api, world: World) -> None:
    api.put(FLOW, {"enabled": True, "settings": {"price_list": "7"}})

    assert world.releases() == sorted([flow_cause(PRODUCTS), setting_cause(PRODUCTS, "price_list")])


def test_wrong_settings_are_all_named(api: Api) -> None:
    answered = api.put(FLOW, {"settings": {"tolerance": "much", "hue": 1}})

    assert (answered.status, answered.fields) == (422, ["settings.tolerance", "settings.hue"])


def test_flows_are_listed_with_counts_and_unknown_ones_not_found(api: Api, world: World) -> None:
    world.failed("acme", PRODUCTS, "1")
    listed = api.get(f"{ACME}/flows")

    assert listed.json["items"][0]["name"] == PRODUCTS
    assert listed.json["items"][0]["counts"] == [
        {"status": "Failed", "count": 1, "not_applicable": 0}
    ]
    assert api.get(f"{ACME}/flows/no-such").status == 404
    assert api.put(f"{ACME}/flows/no-such", {"enabled": True}).status == 404
    assert api.get(f"{ACME}/flows/{ORDERS}@till-2").status == 404


def test_a_flow_tells_when_it_polls_next_and_since_when_something_waits(
    api: Api, world: World
) -> None:
    world.connect("acme", "shop", "till")
    idle = api.get(FLOW).json
    api.put(FLOW, {"enabled": True, "settings": {"price_list": "7"}})
    world.advance(minutes=5)
    world.request("acme", PRODUCTS, "1")

    shown, [listed, *_] = api.get(FLOW).json, api.get(f"{ACME}/flows").json["items"]

    assert (idle["next_poll_at"], idle["oldest_waiting_at"]) == (None, None)
    assert (idle["polled_every_s"], shown["polled_every_s"]) == (300, 300)
    assert shown["next_poll_at"] == "2026-11-02T09:30:00.000Z"
    assert shown["oldest_waiting_at"] == "2026-11-02T09:35:00.000Z"
    assert listed == shown


def test_a_flow_of_a_second_account_is_reached_by_its_encoded_name(api: Api, world: World) -> None:
    world.connect("acme", "till-2", "shop")

    answered = api.put(f"{ACME}/flows/{ORDERS}%40till-2", {"enabled": True})

    assert answered.json["name"] == f"{ORDERS}@till-2"
    assert answered.json["source"] == "till-2"


def test_a_mapping_shows_what_waits_and_what_to_choose_from(api: Api, world: World) -> None:
    world.connect("acme", "shop", "till")
    world.held_by_category("acme", "P1", "1")

    shown = api.get(CATEGORY).json

    [waiting] = shown["unmapped"]
    assert (waiting["value"], waiting["name"], waiting["rows"]) == ("1", "Shirts", 1)
    assert (waiting["suggestion"], waiting["suggestion_name"]) == ("C9", "  shirts")
    assert shown["choices"]["source"][1] == {"id": "2", "name": "Hats"}
    assert shown["problems"] == []


def test_a_mapping_of_platforms_that_are_away_is_shown_without_choices(
    api: Api, world: World
) -> None:
    world.connect("acme", "shop", "till")
    world.platforms["till"].away = SyncFailure(Reason.RETRYING, "No answer.")

    answered = api.get(CATEGORY)

    assert (answered.status, answered.json["problems"]) == (200, ["till: No answer."])
    assert answered.json["choices"]["target"] == []


def test_saving_a_mapping_releases_exactly_what_it_answers(api: Api, world: World) -> None:
    world.held_by_category("acme", "P1", "1")
    world.held_by_category("acme", "P2", "2")

    saved = api.put(CATEGORY, {"entries": {"1": "C9"}})

    assert saved.json["entries"] == {"1": "C9"}
    assert world.releases() == [mapping_cause(PRODUCTS, "category", "1")]


def test_entries_are_merged_and_a_default_is_kept_unless_named(api: Api) -> None:
    api.put(CATEGORY, {"entries": {"1": "A", "2": "B"}, "default": "D"})
    merged = api.put(CATEGORY, {"entries": {"2": None, "": "C"}}).json
    cleared = api.put(CATEGORY, {"default": None}).json

    assert (merged["entries"], merged["default"]) == ({"1": "A", "": "C"}, "D")
    assert (cleared["entries"], cleared["default"]) == ({"1": "A", "": "C"}, None)


def test_mappings_are_listed_and_unknown_ones_not_found(api: Api) -> None:
    listed = api.get(f"{ACME}/mappings").json["items"]

    names = [(one["flow"], one["name"], one["source_by"]) for one in listed]
    assert names == [(PRODUCTS, "category", "id"), (PRODUCTS, "brand", "name")]
    assert api.get(f"{ACME}/mappings/{PRODUCTS}/hue").status == 404
    assert api.put(f"{ACME}/mappings/no-such/category", {"entries": {}}).status == 404
    assert api.put(CATEGORY, {"entries": {"1": ""}}).fields == ["entries.1"]


def test_a_key_is_shown_once_works_and_is_revoked(api: Api) -> None:
    made = api.post("/v1/keys", {"consumer": "acme", "role": "viewer", "name": "till"})
    listed = api.get("/v1/keys")
    path = f"/v1/keys/{made.json['id']}"

    assert made.status == 201
    assert api.using(made.json["key"]).get(ACME).status == 200
    assert made.json["key"] not in str(listed.json)
    assert made.json["id"] in listed.ids
    assert api.delete(path).json["revoked_at"] is not None
    assert api.using(made.json["key"]).get(ACME).status == 401


def test_a_key_that_cannot_be_made_is_refused(api: Api) -> None:
    body = {"role": "king", "name": "x"}

    assert api.post("/v1/keys", body).fields == ["role"]
    assert api.post("/v1/keys", {"role": "viewer", "name": ""}).fields == ["name"]
    assert api.post("/v1/keys", {"role": "viewer", "name": "x", "consumer": "nobody"}).fields == [
        "consumer"
    ]
    assert api.delete("/v1/keys/no-such").status == 404


def test_what_people_change_is_in_the_history_with_the_name_of_their_key(
    api: Api, world: World
) -> None:
    admin = api.using(world.key("acme", Role.ADMIN))
    admin.patch(ACME, {"name": "New"})
    admin.put(SHOP, ACCOUNT)
    admin.put(FLOW, {"enabled": True})
    admin.put(CATEGORY, {"entries": {"1": "A"}})
    admin.delete(SHOP)

    mine = {what for who, what, _ in world.history("acme") if who == "admin of acme"}
    assert mine == {
        "consumer changed",
        "connection made",
        "connection deleted",
        "flow changed",
        "mapping saved",
    }
