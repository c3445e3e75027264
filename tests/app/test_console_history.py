"""The page of the history: who changed what, from which value to which."""

from typing import Any

import pytest

from chalicelib.console.pages.history import changes_of
from chalicelib.domain.ports import Change
from chalicelib.domain.setup import Consumer, HistoryEntry, Role
from tests.app.asking import Api
from tests.app.browsing import HOSTILE, Browser, signed_in
from tests.app.toy_world import World
from tests.app.toys import ORDERS, PRODUCTS

ACME = "/v1/consumers/acme"
CONSOLE = "/console/consumers/acme"
HISTORY = f"{CONSOLE}/history"
KEYS = "/console/keys"


def write_line(world: World, **fields: Any) -> None:
    """Write one line of the history, a second after the one before."""
    world.advance(seconds=1)
    given = {"consumer": "acme", "who": "Kim", "what": "flow changed", "subject": PRODUCTS}
    line = HistoryEntry(**{"at": world.time, **given, **fields})
    world.services.registry.save(Change(history=[line]))


def test_a_changed_setting_says_who_when_and_both_values(
    api: Api, browser: Browser, world: World
) -> None:
    flow = f"{ACME}/flows/{PRODUCTS}"
    theirs = world.key("acme", Role.ADMIN)
    api.put(flow, {"settings": {"tolerance": "0.01"}})
    world.advance(hours=3)
    api.using(theirs).put(flow, {"enabled": True, "settings": {"tolerance": "0.05"}})

    seen = browser.get(HISTORY)

    assert seen.status == 200
    assert "Flow changed Products to the till" in seen.text
    assert "enabled: was no → yes" in seen.text
    assert "tolerance: was 0.01 → 0.05" in seen.text
    assert "admin of acme just now" in seen.text
    assert "tolerance: 0.01 admin of the operator 3 hours ago" in seen.text
    assert seen.html.count('<span class="old">0.01</span>') == 1
    assert seen.link("Products to the till") == f"{CONSOLE}/flows/{PRODUCTS}"


def test_what_was_done_is_linked_to_what_it_was_done_to(
    api: Api, browser: Browser, world: World
) -> None:
    world.connect("acme", "shop", "till")
    world.switch_on("acme", ORDERS)
    row = world.failed("acme", PRODUCTS, "P/1")
    api.put(f"{ACME}/mappings/{PRODUCTS}/category", {"entries": {"1": "C9"}})
    api.post(f"{ACME}/logs/{row.name.id}/resync")
    run = api.post(f"{ACME}/flows/{ORDERS}/executions", {"ids": ["1"]}).json["id"]
    bulk = api.post(f"{ACME}/resyncs", {"filter": {}}).json["id"]
    api.post(f"{ACME}/resyncs/{bulk}/cancel")
    world.key("acme", Role.VIEWER)

    seen = browser.get(HISTORY)

    assert seen.link("Products to the till: category") == f"{CONSOLE}/mappings/{PRODUCTS}/category"
    assert "“1”: C9" in seen.text
    assert seen.link("P/1 (Products to the till)").startswith(f"{CONSOLE}/logs/{PRODUCTS}.P")
    assert f"{CONSOLE}/executions/{run}" in seen.html
    assert seen.link("a re-sync") == f"{CONSOLE}/resyncs/{bulk}"
    assert seen.link("Till") == f"{CONSOLE}/connections/till"
    assert seen.link("acme") == f"{CONSOLE}/settings"
    assert any(text.startswith("key ") for text, address in seen.links if address == KEYS)


def test_times_and_runs_are_told_as_people_read_them(
    api: Api, browser: Browser, world: World
) -> None:
    world.connect("acme", "shop", "till")
    world.switch_on("acme", ORDERS)
    api.post(f"{ACME}/flows/{ORDERS}/executions", {"from": "2026-11-01T10:00:00Z"})
    api.post(f"{ACME}/resyncs", {"filter": {}})
    write_line(world, what="re-sync", subject=f"{ORDERS}, {PRODUCTS}", new={})
    write_line(world, new={"settings": {"start_date": "2026-99-01T00:00:00Z"}})

    seen = browser.get(HISTORY)

    assert "from: Sun 1 Nov 2026, 10:00:00 GMT" in seen.text
    assert "ids: 0" not in seen.text
    assert "Re-sync all flows" in seen.text
    assert "Re-sync Orders to the shop, Products to the till" in seen.text
    assert "start date: 2026-99-01T00:00:00Z" in seen.text


def test_keys_are_not_linked_for_those_who_cannot_open_them(world: World) -> None:
    seen = signed_in(world, "acme", Role.ADMIN).get(HISTORY)

    assert "Key made" in seen.text
    assert "/console/keys" not in seen.html


@pytest.mark.parametrize(
    "subject", ["dlq", "all flows", f"{PRODUCTS}, {ORDERS}", "no-such-flow.1", "a.b.c.d", ""]
)
def test_a_subject_without_a_page_stays_text(browser: Browser, world: World, subject: str) -> None:
    write_line(world, what="redrive", subject=subject, new={"received": 2})

    seen = browser.get(HISTORY)

    assert seen.status == 200
    assert f"Redrive {subject}" in seen.text
    assert "received: 2" in seen.text
    assert [text for text, address in seen.links if "/logs/" in address] == []


def test_of_many_changes_a_few_are_shown_and_the_rest_on_a_page_of_its_own(
    browser: Browser, world: World
) -> None:
    new = {"entries": {f"S{number}": f"T{number}" for number in range(20)}}
    write_line(world, what="mapping saved", subject=f"{PRODUCTS} category", old={}, new=new)
    write_line(world, what="flow changed", new={"enabled": True})

    seen = browser.get(HISTORY)
    whole = browser.get(seen.link("Show 12 more"))

    assert "“S7”: T7" in seen.text
    assert "“S8”: T8" not in seen.text
    assert "“S19”: T19" in whole.text
    assert "Flow changed" not in whole.text
    assert browser.get(whole.link("Show the whole history")).text == seen.text
    assert "This line is not found here" in browser.get(f"{HISTORY}?at=never").text


def test_a_page_of_its_own_has_an_end_too(browser: Browser, world: World) -> None:
    new = {"entries": {f"{number}{HOSTILE * 3}": "é" * 200 for number in range(500)}}
    write_line(world, what="mapping saved", subject=f"{PRODUCTS} category", old=None, new=new)

    whole = browser.get(browser.get(HISTORY).link("Show 492 more"))

    assert whole.text.count(": é") > 50
    assert f"and {500 - whole.text.count(': é')} more" in whole.text
    assert len(whole.html.encode()) < 50_000


def test_it_is_paged_both_ways_and_holds_no_other_consumers_lines(
    browser: Browser, world: World
) -> None:
    for number in range(30):
        write_line(world, new={"tolerance": f"0.{number:02}"})
    write_line(world, consumer="bistro", new={"tolerance": "9.99"})

    first = browser.get(HISTORY)
    second = browser.get(first.link("Older"))

    assert "0.29" in first.text
    assert "0.09" not in first.text
    assert "0.09" in second.text
    assert "9.99" not in first.text + second.text
    assert browser.get(second.link("Newest")).text == first.text
    assert browser.get(f"{HISTORY}?cursor=x").status == 422


def test_a_full_page_of_long_and_hostile_lines_stays_small(browser: Browser, world: World) -> None:
    words = HOSTILE * 10
    for _ in range(30):
        old, new = ({f"{number}{words}": f"{side}{words}" for number in range(9)} for side in "ab")
        write_line(world, who=words, what=words, subject=words, old=old, new=new)

    seen = browser.get(HISTORY)

    assert HOSTILE not in seen.html
    assert HOSTILE in seen.text
    assert len(seen.html.encode()) < 50_000


def test_without_lines_it_says_what_will_come(browser: Browser, world: World) -> None:
    silent = Consumer(id="silent", name="Silent", created_at=world.time)
    world.services.registry.save(Change(puts=[silent]))

    assert "Nothing was changed yet" in browser.get("/console/consumers/silent/history").text


def test_another_consumers_key_does_not_find_it(world: World) -> None:
    assert signed_in(world, "bistro", Role.ADMIN).get(HISTORY).status == 404
    assert signed_in(world, "acme", Role.VIEWER).get(HISTORY).status == 200


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        (None, None, []),
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1, "b": None}, {"a": 2, "b": ""}, [("a", "1", "2")]),
        ({"settings": {"start_date": "x"}}, {}, [("start date", "x", None)]),
        (None, {"entries": {"": "C1"}}, [("without a value", None, "C1")]),
        (None, {"entries": {"a_b": "C2"}}, [("“a_b”", None, "C2")]),
        (None, {"records": {"P_1": "C1"}}, [("record P_1", None, "C1")]),
        (None, {"credentials_given": ["b", "c"]}, [("credentials given", None, "b, c")]),
        (
            {"default": "1"},
            {"entries": {"default": "2"}},
            [("default", "1", None), ("“default”", None, "2")],
        ),
        ("before", "after", [("", "before", "after")]),
        (True, False, [("", "yes", "no")]),
        (None, {"a": {"b": {"c": {"d": {"e": 1}}}}}, [("a b c d", None, "{'e': 1}")]),
    ],
    ids=str,
)
def test_changes_are_told_field_by_field(old: Any, new: Any, changes: list[Any]) -> None:
    told = [(one["field"], one["old"], one["new"]) for one in changes_of(old, new)]

    assert told == changes
