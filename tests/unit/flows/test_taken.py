"""Two records that find one thing at the target by the same key: only one of them may have it."""

from collections.abc import Iterator

import pytest

from chalicelib.domain.reasons import Reason
from chalicelib.domain.statuses import Outcome, Status
from tests.unit.flows.scenes import Scene, open_scene


@pytest.fixture
def scene() -> Iterator[Scene]:
    with open_scene() as scene:
        scene.shelf.items["T9"] = ("made by hand", "old")
        yield scene


def test_what_a_record_has_is_no_other_records(scene: Scene) -> None:
    scene.shelf.alike |= {"1": "T9"}
    scene.sync("1")
    scene.shelf.alike |= {"2": "T9"}

    scene.sync("2")

    row = scene.row("2")
    assert (row.status, row.reason) == (Status.FAILED, Reason.CONFLICT)
    assert "belongs to product 1 already" in (row.detail or "")


def test_of_a_batch_that_finds_one_thing_the_first_record_has_it(scene: Scene) -> None:
    scene.shelf.alike |= {"1": "T9", "2": "T9", "3": "T9"}
    scene.add("1", "2", "3", "4")

    scene.attempt("1", "2", "3", "4")

    first, *others = [scene.row(one) for one in ("1", "2", "3")]
    assert (first.target_id, first.outcome) == ("T9", Outcome.ADOPTED)
    assert [(one.status, one.reason) for one in others] == [(Status.FAILED, Reason.CONFLICT)] * 2
    assert scene.row("4").status is Status.SYNCED
    assert scene.shelf.writes == 2


def test_owner_in_the_same_batch_does_not_hide_who_else_found_its_thing(scene: Scene) -> None:
    scene.shelf.alike |= {"2": "T9"}
    scene.sync("2")
    scene.shelf.alike |= {"1": "T9", "3": "T9"}
    scene.add("1", "2", "3")

    scene.attempt("1", "2", "3")

    assert [scene.row(one).reason for one in ("1", "3")] == [Reason.CONFLICT] * 2
    assert scene.row("2").status is Status.SYNCED
