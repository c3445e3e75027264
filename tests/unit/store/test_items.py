"""Rows as items: index keys follow from the changes alone."""

from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.protocol import claim, park, request, sweep
from chalicelib.domain.reasons import Reason
from chalicelib.domain.rows import Row
from chalicelib.domain.statuses import Status
from chalicelib.domain.writes import MISSING, Alternative, RowWrite
from chalicelib.store.items import ATTRIBUTES, to_row, to_write
from chalicelib.store.table import Effect
from tests.builders import NOW, make_name, make_request, make_row

INDEXES = {"lp", "ls", "wp", "ws"}


def effects(write: RowWrite) -> dict[str, Effect]:
    """Effect of the first alternative of each tag."""
    made: dict[str, Effect] = {}
    for choice in to_write(write).choices:
        made.setdefault(choice.tag, choice.make())
    return made


def indexes(effect: Effect) -> dict[str, Any]:
    return {name: value for name, value in effect.set.items() if name in INDEXES}


def test_every_field_of_a_row_has_an_attribute_of_its_own() -> None:
    names = {one.name for one in fields(Row)} - {"name"}

    assert ATTRIBUTES.keys() == names
    assert len(set(ATTRIBUTES.values())) == len(names)
    assert not set(ATTRIBUTES.values()) & (INDEXES | {"pk", "sk", "ttl"})


def test_a_new_row_is_listed_as_pending_and_due() -> None:
    effect = effects(request(make_request("7"), NOW))["send"]

    keys = indexes(effect)
    assert keys["lp"] == "corner-shirts|brightpearl-products-to-square|P|0"
    assert keys["ls"] == "2026-11-22T09:00:00.000000Z|7"
    assert keys["wp"].startswith("D|")
    assert keys["ws"] == effect.set["du"] == "2026-11-22T09:05:00.000000Z"


def test_a_claim_names_the_shelf_it_is_on_and_moves_no_sort_key() -> None:
    write = claim(make_name(), lease_id="L", deadline=NOW, settle_s=60, now=NOW)

    assert indexes(effects(write)["claimed"]).keys() == {"lp"}


def test_a_sweep_moves_the_due_time_alone() -> None:
    write = sweep(make_row(due_at=NOW), NOW + timedelta(seconds=1))

    assert indexes(effects(write)["send"]).keys() == {"wp", "ws"}


def test_a_parked_row_waits_under_its_cause() -> None:
    write = park(make_name("7"), cause="rate:square:2:0", reason=Reason.THROTTLED, now=NOW)

    effect = effects(write)["parked"]

    assert effect.set["wp"] == "corner-shirts|C|rate:square:2:0"
    assert effect.set["ws"].startswith("2026-11-22T09:00:00.000000Z|7|")
    assert effect.copy == {"h": "q"}


def test_a_row_that_waits_for_nothing_leaves_the_index() -> None:
    changes = {"status": Status.SYNCED, "due_at": None, "cause": None}
    write = RowWrite(
        name=make_name(), alternatives=[Alternative(tag="t", when=(), changes=changes)]
    )

    effect = effects(write)["t"]

    assert {"wp", "ws"} <= set(effect.remove)


def test_a_write_that_may_make_a_row_names_its_kind() -> None:
    made = Alternative(tag="t", when=(MISSING,), changes={"requested": 0})

    with pytest.raises(ValueError, match="names no kind"):
        effects(RowWrite(name=make_name(), alternatives=[made]))


def test_a_row_that_is_absent_is_made_only_where_the_write_says_so() -> None:
    only = Alternative(tag="t", when=(), changes={"detail": "x"})

    (choice,) = to_write(RowWrite(name=make_name(), alternatives=[only])).choices

    assert [term.field for term in choice.when] == ["pk"]


def test_a_typical_row_takes_less_than_a_kilobyte() -> None:
    columns = {"name": "Linen shirt, long sleeves", "sku": "SHIRT-LINEN-L", "source": "Brightpearl"}
    new = effects(request(make_request("100700", columns=columns, source_version=7), NOW))["send"]
    claimed = effects(
        claim(make_name("100700"), lease_id="L" * 26, deadline=NOW, settle_s=60, now=NOW)
    )
    item = {**new.set, **claimed["claimed"].set, "xh": "h" * 64, "ti": "T" * 24, "tv": "1" * 16}

    assert len(repr(item)) < 1000


def test_an_item_is_read_without_what_it_does_not_hold() -> None:
    row = to_row({"pk": "R|c|f|r", "sk": "~", "k": "order", "s": "Synced", "q": 1, "h": 1})

    assert (row.reason, row.columns, row.listed_at) == (None, {}, None)
    assert row.name == make_name("r", consumer="c", flow="f")
