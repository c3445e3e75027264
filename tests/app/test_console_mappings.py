"""The pages of mappings: what rows wait for, and giving answers."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import pytest

from chalicelib.domain.causes import mapping_cause
from chalicelib.domain.platforms import Choice
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.setup import MappingTable, Role
from chalicelib.flows.setup.mappings import Answers, save_mapping
from tests.app.browsing import HOSTILE, Browser, Seen, signed_in
from tests.app.toy_world import World
from tests.app.toys import PRODUCTS

AT = "/console/consumers/acme"
LIST = f"{AT}/mappings"
PAGE = f"{LIST}/{PRODUCTS}/category"
BRANDS = f"{LIST}/{PRODUCTS}/brand"
ANSWER, CHANGE = "Save these answers", "Save changes"
DEFAULT, ONE, NEW = "Save the default", "Save this answer", "Save this value"
ODD = 'a "b" & <c>\nd  %41\u202e'


def table_of(world: World, name: str = "category") -> MappingTable:
    found = world.services.registry.read_mapping("acme", PRODUCTS, name)
    return found or MappingTable(consumer="acme", flow=PRODUCTS, name=name)


def answer(
    world: World, entries: Mapping[str, str | None], name: str = "category", **more: Any
) -> None:
    given = Answers(entries=entries, **more)
    save_mapping(world.services, "acme", PRODUCTS, name, given, by="the test")


def waiting_part(seen: Seen) -> str:
    return seen.html.partition('id="waiting"')[2].partition("</section>")[0]


def values_part(seen: Seen) -> str:
    return seen.html.partition('id="values"')[2].partition("</section>")[0]


@pytest.fixture
def connected(world: World) -> World:
    """A merchant with both accounts; the till has several categories."""
    world.connect("acme", "shop", "till")
    world.platforms["till"].choices["categories"] = [
        Choice(id="C9", name="  shirts"),
        Choice(id="C1", name="Caps"),
    ]
    return world


def test_mappings_are_listed_by_flow_and_those_rows_wait_for_come_first(
    browser: Browser, connected: World
) -> None:
    connected.held_by_category("acme", "P1", "1")
    connected.held_by_category("acme", "P2", "1")
    connected.held_by_category("acme", "P3", "2")
    answer(connected, {"7": "C1"}, name="brand", default="C9", sets_default=True)
    seen = browser.get(LIST)

    assert "2 values without an answer" in seen.text
    assert seen.text.index("3 rows waiting") < seen.text.index("Shop category")
    assert seen.link("Answer") == f"{PAGE}#waiting"
    assert seen.link("Brands") == BRANDS
    assert "Shop brand Till brand 1 Set" in seen.text


def test_where_nothing_waits_the_list_says_so(browser: Browser) -> None:
    assert "No row waits for a mapping." in browser.get(LIST).text


def test_a_value_that_rows_wait_for_is_shown_with_its_rows_and_a_suggestion(
    browser: Browser, connected: World
) -> None:
    connected.held_by_category("acme", "P1", "1")
    connected.held_by_category("acme", "P2", "2")
    connected.held_by_category("acme", "P3", "2")
    seen = browser.get(PAGE)
    part = waiting_part(seen)

    assert part.index("Hats") < part.index("Shirts")  # more rows wait for it
    assert "cause=mapping%3A" in part
    assert "2 rows" in part
    assert part.count("Suggested") == 1
    form = seen.form(ANSWER)
    assert [form.fields[name] for name in ("to-1", "to-2")] == [[""], ["C9"]]
    assert "Hats" not in values_part(seen)


def test_saving_answers_releases_exactly_their_rows_and_says_how_many(
    browser: Browser, connected: World
) -> None:
    for record in ("P1", "P2"):
        connected.held_by_category("acme", record, "1")
    connected.held_by_category("acme", "P3", "2")
    form = browser.get(PAGE).form(ANSWER)
    saved = browser.submit(form)

    assert saved.location == PAGE
    assert "Saved. 2 rows go on by themselves." in browser.follow(saved).text
    assert table_of(connected).entries == {"1": "C9"}
    released = [cause for cause in connected.releases() if cause.startswith("mapping:")]
    assert released == [mapping_cause(PRODUCTS, "category", "1")]


def test_the_value_of_a_link_is_marked_and_comes_first(browser: Browser, connected: World) -> None:
    connected.held_by_category("acme", "P1", "1")
    for record in ("P2", "P3"):
        connected.held_by_category("acme", record, "2")
    part = waiting_part(browser.get(f"{PAGE}?value=1"))

    assert part.index("Shirts") < part.index("Hats")
    assert part.count('aria-current="true"') == 1
    assert part.partition('aria-current="true"')[2].index("Shirts") < 60


def test_a_link_to_a_value_that_was_answered_says_its_answer(
    browser: Browser, connected: World
) -> None:
    connected.held_by_category("acme", "P1", "1")
    answer(connected, {"1": "C1"})

    assert "“Shirts” has an answer: Caps." in browser.get(f"{PAGE}?value=1").text
    assert "No row waits for “Hats” now." in browser.get(f"{PAGE}?value=2").text


def test_answers_are_changed_removed_and_left_alone(browser: Browser, connected: World) -> None:
    answer(connected, {"1": "C9", "2": "C9", "old": "gone"})
    seen = browser.get(PAGE)
    form = seen.form(CHANGE)
    names = [name for name in form.fields if name.startswith("value-")]
    assert [form.fields[name][0] for name in names] == ['""', '"2"', '"old"', '"1"']
    assert "gone (not there any more)" in seen.text
    answer(connected, {"old": "C1"})  # by somebody else, meanwhile
    browser.submit(form, **{"to-2": "C1"})
    assert table_of(connected).entries == {"1": "C9", "2": "C1", "old": "C1"}

    browser.submit(browser.get(PAGE).form(CHANGE), remove="2")
    assert table_of(connected).entries == {"1": "C9", "old": "C1"}


def test_the_source_values_without_an_answer_are_offered_before_the_others(
    browser: Browser, connected: World
) -> None:
    answer(connected, {"1": "C9"})
    seen = browser.get(PAGE)
    part = values_part(seen)

    assert part.index("Hats") < part.index("(none)") < part.index("Shirts")
    open_ones = values_part(browser.get(f"{PAGE}?show=open"))
    assert ("Hats" in open_ones, "Shirts" in open_ones) == (True, False)
    answered = values_part(browser.get(f"{PAGE}?show=answered"))
    assert ("Hats" in answered, "Shirts" in answered) == (False, True)


def test_no_value_at_all_can_have_an_answer(browser: Browser, connected: World) -> None:
    seen = browser.get(f"{PAGE}?show=open&find=none")
    browser.submit(seen.form(CHANGE), **{"to-1": "C1"})

    assert table_of(connected).entries == {"": "C1"}


def test_nothing_changed_is_nothing_saved(browser: Browser, connected: World) -> None:
    answer(connected, {"1": "C9"})
    lines = len(connected.history("acme"))
    saved = browser.submit(browser.get(PAGE).form(CHANGE))

    assert "Nothing was changed." in browser.follow(saved).text
    assert len(connected.history("acme")) == lines


def test_odd_source_values_survive_the_form(browser: Browser, connected: World) -> None:
    connected.held_by_category("acme", "P1", ODD)
    browser.submit(browser.get(PAGE).form(ANSWER), **{"to-1": "C1"})

    assert table_of(connected).entries == {ODD: "C1"}


def test_a_default_is_saved_and_taken_away(browser: Browser, connected: World) -> None:
    connected.held_by_category("acme", "P1", "1")
    saved = browser.submit(browser.get(PAGE).form(DEFAULT), to="C1")
    assert table_of(connected).default == "C1"
    assert "Saved. 1 row goes on by itself." in browser.follow(saved).text
    assert "Default: Caps" in browser.get(PAGE).text

    browser.submit(browser.get(PAGE).form(DEFAULT), to="")
    assert table_of(connected).default is None


def test_one_product_gets_its_own_answer_and_loses_it(browser: Browser, connected: World) -> None:
    row = connected.held_by_category("acme", "P1", "")
    seen = browser.get(f"{PAGE}?record=P1")
    assert "Give one product its own answer" in seen.text
    assert seen.form(ONE).fields["record"] == ["P1"]
    assert 'aria-current="true"' in waiting_part(seen)  # the link came from a row without a value
    saved = browser.submit(seen.form(ONE), to="C1")

    assert table_of(connected).records == {"P1": "C1"}
    [asked] = connected.services.log.read_rows([row.name])
    assert asked is not None
    assert asked.reason is Reason.QUEUED
    page = browser.follow(saved)
    assert "P1 → Caps" in page.text
    browser.submit(
        next(form for form in page.forms if form.action == f"{PAGE}/records"), remove="P1"
    )
    assert table_of(connected).records == {}


@pytest.mark.parametrize("given", [{"record": "", "to": "C1"}, {"record": "P1", "to": ""}])
def test_a_record_without_an_answer_is_refused_beside_the_field(
    browser: Browser, connected: World, given: dict[str, str]
) -> None:
    seen = browser.submit(browser.get(PAGE).form(ONE), **given)

    assert seen.status == 422
    assert "Give both: the record and its answer." in seen.text
    assert seen.form(ONE).fields["record"] == [given["record"]]
    assert seen.form(ONE).fields["to"] == [given["to"]]


def test_a_value_that_no_platform_lists_can_be_typed(browser: Browser, connected: World) -> None:
    browser.submit(browser.get(PAGE).form(NEW), new="77", **{"to-new": "C1"})

    assert table_of(connected).entries == {"77": "C1"}


def test_values_that_cannot_be_used_are_said_and_kept(browser: Browser, connected: World) -> None:
    connected.held_by_category("acme", "P1", "1")
    long = "x" * 301
    seen = browser.submit(browser.get(PAGE).form(ANSWER), **{"to-1": long})

    assert seen.status == 422
    assert "Give a target value of 1 to 300 characters" in waiting_part(seen)
    assert seen.form(ANSWER).fields["to-1"] == [long]
    assert table_of(connected).entries == {}
    added = browser.submit(browser.get(PAGE).form(NEW), new=long, **{"to-new": "C1"})
    assert added.status == 422
    assert "Give a source value of at most 300 characters." in added.text
    assert added.form(NEW).fields["new"] == [long]


@pytest.mark.parametrize("value", ["", "no json", "7", "[1]"])
def test_a_form_that_no_page_of_ours_sent_is_refused(
    browser: Browser, connected: World, value: str
) -> None:
    word = browser.get(PAGE).form(DEFAULT).fields["word"][0]
    body = urlencode({"word": word, "to-1": "C1", "value-1": value})

    assert browser.post(PAGE, body).status == 400
    assert table_of(connected).entries == {}


def test_without_an_answer_of_the_platforms_ids_are_typed(
    browser: Browser, connected: World
) -> None:
    connected.held_by_category("acme", "P1", "1")
    connected.platforms["till"].away = SyncFailure(Reason.RETRYING, "No answer.")
    seen = browser.get(PAGE)
    assert seen.status == 200
    assert "till: No answer." in seen.text
    assert "<select" not in waiting_part(seen)
    browser.submit(seen.form(ANSWER), **{"to-1": "C1"})

    assert table_of(connected).entries == {"1": "C1"}


@pytest.fixture
def crowded(connected: World) -> World:
    """Five hundred choices on both sides, two hundred answers, and thirty values waiting."""
    for platform in ("shop", "till"):
        connected.platforms[platform].choices["categories"] = [
            Choice(id=f"{platform[0]}{number:023}", name=f"Category of {platform} {number}")
            for number in range(500)
        ]
    answer(connected, {f"s{number:023}": f"t{number:023}" for number in range(200)})
    for number in range(300, 330):
        connected.held_by_category("acme", f"P{number}", f"s{number:023}")
    return connected


def test_pages_of_many_values_stay_small(browser: Browser, crowded: World) -> None:
    first, last = browser.get(PAGE), browser.get(f"{PAGE}?page=19")

    assert len(first.html.encode()) < 50_000
    assert "15 more values follow when these are answered." in first.text
    assert "Page 1 of 19" in first.text
    assert ("Page 19 of 19" in last.text, "Next" in last.text) == (True, False)
    assert "Page 19 of 19" in browser.get(f"{PAGE}?page=99").text
    assert "Page 1 of 19" in browser.get(f"{PAGE}?page=-3").text


def test_names_of_the_longest_kind_keep_a_page_small(browser: Browser, world: World) -> None:
    world.connect("acme", "shop", "till")
    for platform in ("shop", "till"):
        world.platforms[platform].choices["categories"] = [
            Choice(id=f"{number}", name=f"{number} " + "🧦قمصان" * 80) for number in range(500)
        ]
    answer(world, {f"{number}": f"{number}" for number in range(100)})
    for number in range(300, 330):
        world.held_by_category("acme", f"P{number}", f"{number}")

    assert len(browser.get(PAGE).html.encode()) < 50_000


def test_among_many_choices_people_type_a_name(browser: Browser, crowded: World) -> None:
    seen = browser.get(f"{PAGE}?find=shop+49&show=open")
    assert "<select" not in values_part(seen)
    form = seen.form(CHANGE)
    assert form.fields["by"] == ["name"]
    wrong = browser.submit(form, **{"to-1": "Category of till 4999"})
    assert wrong.status == 422
    assert "There is no “Category of till 4999” to choose." in values_part(wrong)
    assert "“Category of till 499”" in values_part(wrong)
    assert wrong.form(CHANGE).fields["to-1"] == ["Category of till 4999"]

    saved = browser.submit(wrong.form(CHANGE), **{"to-1": " category of TILL 499"})
    value = wrong.form(CHANGE).fields["value-1"][0].strip('"')
    assert table_of(crowded).entries[value] == f"t{499:023}"
    assert saved.location == f"{PAGE}?find=shop+49&show=open"


def test_names_typed_while_the_platform_is_away_are_not_taken_for_ids(
    browser: Browser, crowded: World
) -> None:
    form = browser.get(PAGE).form(ANSWER)
    crowded.platforms["till"].away = SyncFailure(Reason.RETRYING, "No answer.")
    seen = browser.submit(form, **{"to-1": "Category of till 1"})

    assert seen.status == 422
    assert "Names cannot be looked up now: till: No answer." in seen.text
    assert len(table_of(crowded).entries) == 200


def test_mappings_by_name_send_names(browser: Browser, connected: World) -> None:
    connected.platforms["shop"].choices["categories"] = [Choice(id="1", name=" Shirts ")]
    seen = browser.get(f"{BRANDS}?find=shirts")
    browser.submit(seen.form(CHANGE), **{"to-1": "C1"})

    assert table_of(connected, "brand").entries == {" Shirts ": "C1"}


def test_viewers_see_a_plain_table_and_save_nothing(world: World, connected: World) -> None:
    connected.held_by_category("acme", "P1", "2")
    answer(connected, {"1": "C9"}, records={"P9": "C1"})
    viewer = signed_in(world, "acme", Role.VIEWER)
    seen = viewer.get(f"{PAGE}?record=P1")
    word = viewer.get(PAGE).form("Sign out").fields["word"][0]
    body = urlencode({"word": word, "to-1": "C1", "value-1": '"1"', "to": "C1", "record": "P1"})

    assert [form.action for form in seen.forms if form.method == "post"] == ["/console/sign-out"]
    assert values_part(seen).index("Shirts") < values_part(seen).index(">shirts</td>")
    assert "Hats" in waiting_part(seen)
    posted = [viewer.post(one, body) for one in (PAGE, f"{PAGE}/default", f"{PAGE}/records")]
    assert [one.status for one in posted] == [403, 403, 403]
    assert viewer.post(PAGE, f"word={word}").status == 403
    assert table_of(world).entries == {"1": "C9"}


def test_mappings_of_another_consumer_are_not_found(world: World, connected: World) -> None:
    stranger = signed_in(world, "bistro", Role.ADMIN)
    word = stranger.get("/console/consumers/bistro/mappings").form("Sign out").fields["word"][0]
    body = urlencode({"word": word, "to-1": "C1", "value-1": '"1"', "to": "C1", "record": "P1"})

    assert [stranger.get(one).status for one in (LIST, PAGE)] == [404, 404]
    posted = [stranger.post(one, body) for one in (PAGE, f"{PAGE}/default", f"{PAGE}/records")]
    assert [one.status for one in posted] == [404, 404, 404]
    assert table_of(world) == MappingTable(consumer="acme", flow=PRODUCTS, name="category")


def test_mappings_that_are_not_declared_are_not_found(browser: Browser) -> None:
    assert browser.get(f"{LIST}/{PRODUCTS}/colour").status == 404
    assert browser.get(f"{LIST}/no-such-flow/category").status == 404


def test_hostile_names_are_shown_as_text(browser: Browser, connected: World) -> None:
    connected.platforms["till"].choices["categories"] = [Choice(id="C1", name=HOSTILE)]
    connected.held_by_category("acme", "P1", HOSTILE)
    answer(connected, {f'">{HOSTILE}': "C1"}, records={HOSTILE: "C1"})
    seen = browser.get(f"{PAGE}?value={HOSTILE}&record={HOSTILE}&find=")

    assert seen.html.count("&lt;script&gt;alert(1)") > 5
    assert HOSTILE not in seen.html


def test_a_page_asks_each_platform_once(browser: Browser, connected: World) -> None:
    browser.get(PAGE)

    assert [connected.platforms[name].calls for name in ("shop", "till")] == [1, 1]
