"""Records that are made of others follow them."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.statuses import Status
from chalicelib.flows.declare import Setting
from tests.toy_platforms import PRODUCTS
from tests.unit.flows.scenes import Scene, open_scene


@pytest.fixture
def scene() -> Iterator[Scene]:
    with open_scene() as scene:
        setting = Setting(name="bundles", label="Bundles", default="at_once")
        scene.declare(has_wholes=True, settings=(setting,))
        yield scene


def knows(
    scene: Scene, wholes: dict[str, list[str]], fails: SyncFailure | None = None
) -> list[Any]:
    """Let the source say what is made of what; returns what it is asked."""
    asked: list[Any] = []

    def list_wholes(parts: Sequence[str]) -> list[str]:
        asked.append(list(parts))
        if fails is not None:
            raise fails
        return [whole for part in parts for whole in wholes.get(part, [])]

    scene.reader.list_wholes = list_wholes  # type: ignore[attr-defined]  # Wholes
    return asked


def test_bundle_is_requested_after_its_part_moved(scene: Scene) -> None:
    knows(scene, {})
    scene.sync("set")
    asked = knows(scene, {"mug": ["set"]})
    before = scene.row("set").attempts
    scene.add("mug")
    scene.attempt("mug")
    assert asked == [["mug"]]
    assert (scene.row("set").is_owed, scene.row("set").requested_by) == (True, "flow")
    scene.toy.work()
    assert (scene.row("set").status, scene.row("set").attempts) == (Status.SYNCED, before + 1)


def test_part_that_did_not_move_asks_nobody(scene: Scene) -> None:
    knows(scene, {})
    scene.sync("set")
    scene.sync("mug")
    asked = knows(scene, {"mug": ["set"]})
    scene.ask("mug")
    scene.attempt("mug")
    assert asked == []
    assert not scene.row("set").is_owed


def test_bundle_that_nobody_syncs_gets_no_row(scene: Scene) -> None:
    knows(scene, {"mug": ["set"]})
    scene.sync("mug")
    assert scene.toy.find("set", PRODUCTS) is None


def test_source_that_does_not_answer_changes_nothing(scene: Scene) -> None:
    knows(scene, {}, fails=SyncFailure(Reason.THROTTLED, "Too many calls."))
    scene.sync("mug")
    assert scene.row("mug").status is Status.SYNCED


def test_merchant_may_leave_bundles_to_the_daily_sweep(scene: Scene) -> None:
    scene.declare(settings=(Setting(name="bundles", label="Bundles", default="daily"),))
    asked = knows(scene, {"mug": ["set"]})
    scene.sync("mug")
    assert asked == []
