"""The catalogue of the simulated Square: limits, versions, batches, locks, late objects."""

import threading
from collections.abc import Iterator

import pytest

from tests.contract.square_shop import Json, Shop, code, item, open_shop


@pytest.fixture
def shop() -> Iterator[Shop]:
    with open_shop() as made:
        yield made


def test_the_same_key_with_another_body_is_refused(shop: Shop) -> None:
    shop.upsert([item("A")], key="once")

    refused = shop.upsert([item("B")], key="once")

    assert code(refused) == (400, "IDEMPOTENCY_KEY_REUSED")


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"name": "n" * 513}, "VALUE_TOO_LONG"),
        ({"name": ""}, "MISSING_REQUIRED_PARAMETER"),
        ({"description_html": "d" * 65_536}, "VALUE_TOO_LONG"),
        ({"variations": 0}, "INVALID_VALUE"),
        ({"variations": 251}, "ARRAY_LENGTH_TOO_LONG"),
        ({"categories": [{"id": "NOBODY"}]}, "INVALID_VALUE"),
        ({"categories": [{}]}, "INVALID_VALUE"),
    ],
    ids=["long-name", "no-name", "long-text", "childless", "too-many", "no-category", "no-id"],
)
def test_an_item_beyond_the_limits_is_refused(shop: Shop, changes: Json, wanted: str) -> None:
    assert code(shop.upsert([item("A", **changes)])) == (400, wanted)


def test_an_item_at_the_limits_is_accepted(shop: Shop) -> None:
    answer = shop.upsert([item("A", name="n" * 512, variations=250)])

    assert answer.status_code == 200
    assert len(answer.json()["id_mappings"]) == 251


def test_more_than_a_thousand_objects_do_not_fit_a_batch(shop: Shop) -> None:
    objects = [
        {"type": "CATEGORY", "id": f"#{n}", "category_data": {"name": f"{n}"}} for n in range(1001)
    ]

    assert code(shop.upsert(objects)) == (400, "ARRAY_LENGTH_TOO_LONG")
    assert "errors" not in shop.upsert(objects[:1000], objects[1000:]).json()


def test_a_variation_name_ends_at_255(shop: Shop) -> None:
    one = item("A")
    one["item_data"]["variations"][0]["item_variation_data"]["name"] = "n" * 256

    assert code(shop.upsert([one])) == (400, "VALUE_TOO_LONG")


def test_one_bad_object_refuses_its_batch_and_no_other(shop: Shop) -> None:
    shop.square.reject_names("forbidden")

    answer = shop.upsert([item("A"), item("B", name="forbidden")], [item("C")])

    body = answer.json()
    assert answer.status_code == 200
    assert [one["code"] for one in body["errors"]] == ["INVALID_VALUE"]
    assert [one["client_object_id"] for one in body["id_mappings"]] == ["#C", "#C-0"]


def test_an_unknown_id_refuses_the_whole_batch(shop: Shop) -> None:
    stale = item("A") | {"id": "GONE", "version": 1}

    assert code(shop.upsert([stale, item("B")])) == (400, "INVALID_VALUE")
    assert [one.type for one in shop.square.catalog.views()] == ["CATEGORY"]


def test_what_an_update_leaves_out_is_gone(shop: Shop) -> None:
    made = shop.upsert([item("A", variations=2, abbreviation="AB")]).json()["objects"][0]
    kept = made["item_data"]["variations"][0]
    data = {"name": "Shirt", "variations": [kept]}
    shop.clock.advance(1)

    shop.upsert([{**made, "item_data": data}])

    read = shop.http.get(f"/v2/catalog/object/{made['id']}").json()["object"]
    assert "abbreviation" not in read["item_data"]
    assert [one["id"] for one in read["item_data"]["variations"]] == [kept["id"]]
    assert read["version"] > made["version"]


@pytest.mark.parametrize("version", [None, 1], ids=["absent", "old"])
def test_a_variation_with_the_wrong_version_is_refused(shop: Shop, version: int | None) -> None:
    made = shop.upsert([item("A")]).json()["objects"][0]
    made["item_data"]["variations"][0]["version"] = version

    answer = shop.upsert([made])

    assert code(answer) == (400, "VERSION_MISMATCH")
    assert answer.json()["errors"][0]["field"] == "version"


def test_a_write_during_another_write_is_refused(shop: Shop) -> None:
    shop.square.hold_catalog()
    assert code(shop.upsert([item("A")])) == (429, "RATE_LIMITED")

    shop.square.hold_catalog(False)
    assert shop.upsert([item("A")]).status_code == 200


def test_of_two_writes_at_once_only_one_is_done(shop: Shop) -> None:
    shop.square.catalog_write_s = 0.3
    started = threading.Barrier(2)
    statuses: list[int] = []

    def write(sku: str) -> None:
        started.wait()
        statuses.append(shop.upsert([item(sku)]).status_code)

    threads = [threading.Thread(target=write, args=(sku,)) for sku in "AB"]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert sorted(statuses) == [200, 429]


@pytest.mark.parametrize("live_after_s", [40.0, None], ids=["late", "never"])
def test_an_accepted_item_may_not_be_live_yet(shop: Shop, live_after_s: float | None) -> None:
    shop.square.catalog_live_after_s = live_after_s
    item_id = shop.upsert([item("A")]).json()["objects"][0]["id"]

    def seen() -> tuple[int, int]:
        search = shop.post("catalog/search", {"object_types": ["ITEM"]}).json()
        read = shop.post("catalog/batch-retrieve", {"object_ids": [item_id]}).json()
        return len(search.get("objects", [])), len(read.get("objects", []))

    assert seen() == (0, 0)
    shop.clock.advance(40)
    assert seen() == ((0, 0) if live_after_s is None else (1, 1))


def test_an_update_that_is_not_live_leaves_the_old_object_to_be_read(shop: Shop) -> None:
    made = shop.upsert([item("A")]).json()["objects"][0]
    shop.square.catalog_live_after_s = 40.0
    made["item_data"]["name"] = "Silk"
    shop.upsert([made])

    def name() -> str:
        read = shop.http.get(f"/v2/catalog/object/{made['id']}").json()
        return str(read["object"]["item_data"]["name"])

    assert name() == "Shirt"
    shop.clock.advance(40)
    assert name() == "Silk"


def test_a_dropped_write_answers_with_ids_that_nobody_knows(shop: Shop) -> None:
    shop.square.drop_catalog_writes = True

    made = shop.upsert([item("A")])

    assert made.status_code == 200
    item_id = made.json()["id_mappings"][0]["object_id"]
    assert shop.http.get(f"/v2/catalog/object/{item_id}").status_code == 404


def test_the_search_index_lags_behind_the_catalogue(shop: Shop) -> None:
    shop.square.search_lag_s = 30.0
    variation = shop.make("A")
    query = {"set_query": {"attribute_name": "sku", "attribute_values": ["A-0"]}}
    body = {"object_types": ["ITEM_VARIATION"], "query": query}

    assert shop.http.get(f"/v2/catalog/object/{variation}").status_code == 200
    assert "objects" not in shop.post("catalog/search", body).json()
    shop.clock.advance(30)
    assert len(shop.post("catalog/search", body).json()["objects"]) == 1


def test_a_search_for_more_than_250_skus_is_refused(shop: Shop) -> None:
    query = {"set_query": {"attribute_name": "sku", "attribute_values": ["x"] * 251}}

    assert code(shop.post("catalog/search", {"query": query})) == (400, "ARRAY_LENGTH_TOO_LONG")


def test_a_search_by_time_excludes_the_moment_itself(shop: Shop) -> None:
    shop.make("A")
    first = shop.post("catalog/search", {"object_types": ["ITEM"]}).json()["latest_time"]

    body = {"object_types": ["ITEM"], "begin_time": first}
    assert "objects" not in shop.post("catalog/search", body).json()
    shop.clock.advance(1)
    shop.make("B")
    assert len(shop.post("catalog/search", body).json()["objects"]) == 1


def test_a_cursor_serves_its_own_query_for_its_own_time(shop: Shop) -> None:
    shop.upsert([item("A"), item("B")])
    body = {"object_types": ["ITEM"], "limit": 1}
    cursor = shop.post("catalog/search", body).json()["cursor"]

    other = {"object_types": ["CATEGORY"], "limit": 1, "cursor": cursor}
    assert code(shop.post("catalog/search", other)) == (400, "INVALID_CURSOR")
    assert code(shop.post("catalog/search", body | {"cursor": "?"})) == (400, "INVALID_CURSOR")
    last = shop.post("catalog/search", body | {"cursor": cursor}).json()
    assert len(last["objects"]) == 1
    assert "cursor" not in last

    shop.square.cursor_life_s = 300.0
    shop.clock.advance(301)
    assert code(shop.post("catalog/search", body | {"cursor": cursor})) == (400, "INVALID_CURSOR")


def test_a_page_can_repeat_on_demand(shop: Shop) -> None:
    shop.upsert([item("A"), item("B"), item("C")])
    shop.square.repeat_pages = 1
    body = {"object_types": ["ITEM"], "limit": 2}

    first = shop.post("catalog/search", body).json()
    second = shop.post("catalog/search", body | {"cursor": first["cursor"]}).json()
    third = shop.post("catalog/search", body | {"cursor": second["cursor"]}).json()

    assert first["objects"] == second["objects"]
    assert len(third["objects"]) == 1
