"""Mappings: answers laid over, rows released, values that wait."""

from collections.abc import Iterator, Mapping

import pytest

from chalicelib.domain.causes import mapping_cause
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.rows import Row
from chalicelib.domain.setup import MappingTable
from chalicelib.flows.setup.errors import InvalidError, UnknownError
from chalicelib.flows.setup.mappings import (
    Answers,
    describe_mapping,
    describe_mappings,
    save_mapping,
)
from tests.app.toy_world import World, open_world
from tests.app.toys import PRODUCTS


@pytest.fixture
def world() -> Iterator[World]:
    with open_world() as opened:
        opened.add_consumer("acme")
        yield opened


def cause(value: str) -> str:
    return mapping_cause(PRODUCTS, "category", value)


def hold(world: World, record: str, value: str) -> Row:
    return world.held("acme", PRODUCTS, record, cause(value), Reason.NEEDS_MAPPING)


def save(
    world: World,
    entries: Mapping[str, str | None] | None = None,
    *,
    records: Mapping[str, str | None] | None = None,
    **default: str | None,
) -> MappingTable:
    answers = Answers(
        entries=entries or {},
        records=records or {},
        default=default.get("default"),
        sets_default="default" in default,
    )
    return save_mapping(world.services, "acme", PRODUCTS, "category", answers, by="Ann")


def test_entries_are_laid_over_those_there_are_and_null_removes_one(world: World) -> None:
    save(world, {"1": "C9", "2": "C8"})

    table = save(world, {"2": None, "3": "C7"})

    assert table.entries == {"1": "C9", "3": "C7"}


def test_exactly_the_values_that_have_an_answer_now_are_released(world: World) -> None:
    for value in ("1", "2", "A:B|c"):
        hold(world, f"P{value}", value)
    save(world, {"1": "C9", "A:B|c": "C8"})

    assert world.releases() == sorted([cause("1"), cause("A:B|c")])


def test_the_same_answer_again_releases_nothing_and_another_one_does(world: World) -> None:
    save(world, {"1": "C9"})
    save(world, {"1": "C9"})
    once = world.releases()
    save(world, {"1": "C8"})

    assert once == [cause("1")]
    assert world.releases() == [cause("1"), cause("1")]


def test_the_empty_value_can_be_answered_too(world: World) -> None:
    hold(world, "P1", "")
    save(world, {"": "C9"})

    assert world.releases() == [cause("")]


def test_a_new_default_releases_every_value_that_waits(world: World) -> None:
    hold(world, "P1", "1")
    hold(world, "P2", "2")
    world.held("acme", PRODUCTS, "P3", mapping_cause(PRODUCTS, "tax", "1"), Reason.NEEDS_MAPPING)

    table = save(world, default="C9")

    assert table.default == "C9"
    assert world.releases() == [cause("1"), cause("2")]


def test_very_many_answers_are_saved_at_once_and_release_each_its_rows(world: World) -> None:
    entries = {f"{number:0100}": "C" * 300 for number in range(600)}
    world.advance(minutes=1)

    table = save(world, entries)

    newest = world.services.registry.list_history("acme", limit=1).items[0]
    assert len(table.entries) == 600
    assert world.releases() == sorted(cause(value) for value in entries)
    assert (len(newest.new["entries"]), newest.new["more"]) == (50, 550)


def test_a_default_is_kept_unless_it_is_meant(world: World) -> None:
    save(world, default="C9")

    kept = save(world, {"1": "C8"})
    removed = save(world, default=None)

    assert kept.default == "C9"
    assert removed.default is None


def test_an_answer_for_one_record_requests_its_row_and_no_other(world: World) -> None:
    one, other = hold(world, "P1", ""), hold(world, "P2", "")

    save(world, records={"P1": "C9", "P3": "C9"})

    rows = world.services.log.read_rows([one.name, other.name])
    assert [row.is_owed for row in rows if row] == [True, False]
    assert len(world.services.log.read_rows([one.name])) == 1
    assert world.releases() == []
    assert describe(world).table.records == {"P1": "C9", "P3": "C9"}


def describe(world: World):  # type: ignore[no-untyped-def]  # the view's type says nothing here
    return describe_mapping(world.services, "acme", PRODUCTS, "category")


def test_values_that_wait_come_with_their_rows_and_a_suggestion_by_name(world: World) -> None:
    world.connect("acme", "shop", "till")
    hold(world, "P1", "1")
    hold(world, "P2", "1")
    hold(world, "P3", "2")

    shirts, hats = describe(world).unmapped

    assert (shirts.value, shirts.name, shirts.waiting.count) == ("1", "Shirts", 2)
    assert shirts.suggestion.id == "C9"
    assert (hats.value, hats.name, hats.suggestion) == ("2", "Hats", None)


def test_a_mapping_by_name_takes_no_value_for_an_id(world: World) -> None:
    world.connect("acme", "shop", "till")
    for record, value in (("P1", "2"), ("P2", "Shirts")):
        cause = mapping_cause(PRODUCTS, "brand", value)
        world.held("acme", PRODUCTS, record, cause, Reason.NEEDS_MAPPING)

    found = describe_mapping(world.services, "acme", PRODUCTS, "brand").unmapped

    suggestions = {one.name: one.suggestion.id if one.suggestion else None for one in found}
    assert suggestions == {"2": None, "Shirts": "C9"}


def test_a_mapping_names_the_platform_whose_choices_cannot_be_read(world: World) -> None:
    world.connect("acme", "shop")
    world.platforms["shop"].away = SyncFailure(Reason.RETRYING, "No answer.")

    view = describe(world)

    assert view.problems == ["shop: No answer.", "till: The account is not connected yet."]


def test_the_list_of_mappings_asks_no_platform(world: World) -> None:
    world.connect("acme", "shop", "till")
    hold(world, "P1", "1")

    categories, brands = describe_mappings(world.services, "acme")

    assert [one.value for one in categories.unmapped] == ["1"]
    assert brands.unmapped == []
    assert world.platforms["shop"].calls == 0


def test_values_that_do_not_fit_are_all_named(world: World) -> None:
    with pytest.raises(InvalidError) as caught:
        save(world, {"1": "", "x" * 301: "C9"}, records={"": "C9"}, default="")

    fields = [problem.field for problem in caught.value.problems]
    assert fields == ["entries.1", f"entries.{'x' * 40}", "records.", "default"]


def test_a_mapping_that_would_not_fit_into_one_item_is_refused(world: World) -> None:
    entries = {f"{number:0300}": "C" * 300 for number in range(600)}

    with pytest.raises(InvalidError, match="300000"):
        save(world, entries)


def test_an_unknown_mapping_is_refused_with_the_known_ones(world: World) -> None:
    answers = Answers(entries={"1": "2"})

    with pytest.raises(UnknownError, match="category"):
        save_mapping(world.services, "acme", PRODUCTS, "colour", answers, by="Ann")


def test_the_history_holds_the_entries_that_were_touched(world: World) -> None:
    save(world, {"1": "C9", "2": "C8"})
    world.advance(minutes=1)
    save(world, {"1": "C7"})

    newest = world.services.registry.list_history("acme", limit=1).items[0]

    assert (newest.who, newest.what, newest.subject) == (
        "Ann",
        "mapping saved",
        f"{PRODUCTS} category",
    )
    assert newest.old["entries"] == {"1": "C9"}
    assert newest.new["entries"] == {"1": "C7"}
