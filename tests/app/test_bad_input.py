"""What cannot be used is refused in one shape, with the field and without a trace."""

import json

import pytest

from app import app
from chalicelib.domain.platforms import Choice
from tests.app.asking import Api
from tests.app.toy_world import World
from tests.app.toys import PRODUCTS

LOGS = "/v1/consumers/acme/logs"
FLOW = f"/v1/consumers/acme/flows/{PRODUCTS}"


@pytest.mark.parametrize(
    "body",
    [b"{", b'{"enabled": tru}', b"\xff\xfe", b"enabled=true", b"[" * 2000],
    ids=["half", "misspelt", "no_utf_8", "a_form", "deep"],
)
def test_a_body_that_is_no_json_is_a_bad_request(api: Api, body: bytes) -> None:
    answered = api.send("PUT", FLOW, body)

    assert (answered.status, answered.code) == (400, "bad_request")


@pytest.mark.parametrize("body", [b"[]", b"1", b"null", b'"text"'])
def test_a_body_that_is_no_object_is_named(api: Api, body: bytes) -> None:
    answered = api.send("PUT", FLOW, body)

    assert (answered.status, answered.fields) == (422, ["body"])


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"1e999"])
def test_a_number_that_is_none_is_named(api: Api, number: bytes) -> None:
    answered = api.send("PUT", FLOW, b'{"settings": {"tolerance": ' + number + b"}}")

    assert answered.status == 422
    assert {field[:18] for field in answered.fields} == {"settings.tolerance"}


def test_another_content_type_is_a_bad_request(api: Api) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    answered = api.send("PUT", FLOW, b'{"enabled": true}', headers=headers)

    assert (answered.status, answered.code) == (400, "unsupported_media_type")


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "APPLICATION/JSON", ""])
def test_json_by_any_of_its_names_is_read(api: Api, kind: str) -> None:
    answered = api.send("PUT", FLOW, b'{"enabled": true}', headers={"Content-Type": kind})

    assert answered.status == 200


def test_a_body_that_is_too_large_is_refused(api: Api) -> None:
    fits = json.dumps({"settings": {"note": "x" * 900}}).encode()
    large = json.dumps({"settings": {"note": "x" * 3000}}).encode()

    assert api.send("PUT", FLOW, fits).status == 200
    answered = api.send("PUT", FLOW, large)

    assert (answered.status, answered.code) == (413, "too_large")
    assert "2048" in answered.json["error"]["message"]


def test_unknown_and_misfitting_fields_are_all_named(api: Api) -> None:
    answered = api.put(FLOW, {"enabled": "yes", "setings": {}, "settings": {"note": ["x"]}})

    assert answered.status == 422
    assert {field.split(".")[0] for field in answered.fields} == {"enabled", "setings", "settings"}


def test_a_missing_field_is_named(api: Api) -> None:
    answered = api.post("/v1/consumers", {"id": "cafe"})

    assert (answered.status, answered.fields) == (422, ["name"])


def test_no_answer_repeats_a_secret_that_was_given(api: Api) -> None:
    body = {"credentials": {"access_token": ["hunter2"]}, "hunter2": 1}
    answered = api.put("/v1/consumers/acme/connections/shop", body)

    assert answered.status == 422
    assert "hunter2" not in json.dumps(answered.json["error"]["details"][0])


@pytest.mark.parametrize("limit", ["0", "201", "-1", "ten", "1.5", "", "9" * 5000, "٣"])
@pytest.mark.parametrize(
    "path", [LOGS, "/v1/consumers", "/v1/keys", "/v1/dlq", "/v1/consumers/acme/groups"]
)
def test_a_limit_out_of_range_is_named(api: Api, path: str, limit: str) -> None:
    answered = api.get(path, limit=limit)

    assert (answered.status, answered.fields) == (422, ["limit"])


@pytest.mark.parametrize("cursor", ["x", "AAAA", "e30", "%", "ü", "Z3JvdXBzOi01"])
@pytest.mark.parametrize(
    "path",
    [
        LOGS,
        "/v1/consumers",
        "/v1/keys",
        "/v1/dlq",
        "/v1/consumers/acme/groups",
        "/v1/consumers/acme/executions",
        "/v1/consumers/acme/resyncs",
        "/v1/consumers/acme/flows",
    ],
)
def test_a_cursor_of_no_page_is_named(api: Api, path: str, cursor: str) -> None:
    answered = api.get(path, cursor=cursor)

    assert (answered.status, answered.fields) == (422, ["cursor"])


def test_a_cursor_of_another_question_is_named(api: Api, world: World) -> None:
    for number in range(3):
        world.synced("acme", PRODUCTS, f"{number}")
    cursor = api.get(LOGS, limit=1).json["next"]

    assert api.get(LOGS, limit=1, cursor=cursor).status == 200
    assert api.get(LOGS, limit=1, cursor=cursor, status="Failed").fields == ["cursor"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kind", "inventory"),
        ("kind", ""),
        ("flow", "no-such-flow"),
        ("status", "failed?"),
        ("reason", "because"),
        ("code", "40"),
        ("code", "four"),
        ("code", "0400"),
        ("code", "0100" + "9" * 5000),
        ("outcome", "done"),
        ("from", "yesterday"),
        ("to", "2026-13-01"),
        ("q", "ab"),
        ("q", "x" * 201),
        ("group", ""),
        ("cause", ""),
        ("execution", ""),
    ],
)
def test_a_filter_that_does_not_fit_is_named(api: Api, name: str, value: str) -> None:
    answered = api.get(LOGS, **{name: value})

    assert (answered.status, answered.fields) == (422, [name])


def test_all_filters_that_do_not_fit_are_named_together(api: Api) -> None:
    answered = api.get(LOGS, kind="x", status="y", code="z", from_="w", q="v")

    assert answered.fields == ["kind", "status", "code", "from", "q"]


def test_the_word_inventory_is_answered_with_the_kinds_there_are(api: Api) -> None:
    [detail] = api.get(LOGS, kind="inventory").json["error"]["details"]

    assert "stock" in detail["message"]
    assert "order" in detail["message"]


def test_a_filter_nobody_knows_is_refused_and_not_passed_over(api: Api) -> None:
    answered = api.get(LOGS, statuss="Failed")

    assert (answered.status, answered.fields) == (422, ["statuss"])


@pytest.mark.parametrize("name", ["group", "cause", "execution", "from", "to", "q"])
def test_a_filter_that_takes_one_value_refuses_two(api: Api, name: str) -> None:
    value = "2026-11-01" if name in ("from", "to") else "abcd"

    assert api.get(LOGS, **{name: [value, value]}).fields == [name]


@pytest.mark.parametrize("row", ["x", "a.b.c.d", "a.", ".b", "a.b~", "a.~zz", "a.ü", "a.~FF"])
def test_a_malformed_row_id_is_named(api: Api, row: str) -> None:
    for answered in (api.get(f"{LOGS}/{row}"), api.post(f"{LOGS}/{row}/resync")):
        assert (answered.status, answered.fields) == (422, ["row"])


def test_an_unknown_row_is_not_found(api: Api) -> None:
    assert api.get(f"{LOGS}/{PRODUCTS}.no-such").status == 404
    assert api.post(f"{LOGS}/{PRODUCTS}.no-such/resync").status == 404


def test_a_method_an_address_does_not_take_is_told_in_our_shape(api: Api) -> None:
    answered = api.send("DELETE", LOGS)

    assert (answered.status, answered.code) == (405, "method_not_allowed")
    assert answered.headers["Allow"] == "GET"


def test_a_defect_is_noted_under_an_id_and_shows_nothing(
    api: Api, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.connect("acme", "shop", "till")
    # A platform that breaks its promise: what it returns is no choice.
    world.platforms["shop"].choices["categories"] = [Choice(id="1", name=None)]  # type: ignore[arg-type]
    world.held_by_category("acme", "P1", "1")

    answered = api.get(f"/v1/consumers/acme/mappings/{PRODUCTS}/category")

    noted = "".join(capsys.readouterr())
    assert (answered.status, answered.code) == (500, "internal")
    assert answered.json["error"]["details"]["id"] in noted
    assert "Traceback" in noted
    assert "Traceback" not in json.dumps(answered.json)
    assert "None" not in answered.json["error"]["message"]


def test_the_app_logs_through_our_own_logger_alone() -> None:
    assert app.log.name == "synclog"
    assert len(app.log.handlers) <= 1
