"""Links of records that the target took first and showed later."""

from collections.abc import Iterator

import pytest

from chalicelib.domain.reasons import Reason
from chalicelib.domain.statuses import Outcome, Status
from tests.toy import CONSUMER
from tests.toy_platforms import STOCK
from tests.unit.flows.scenes import Scene, open_scene

LIMIT_S = 601  #: the toy platforms show what they took within ten minutes, or never


@pytest.fixture
def scene() -> Iterator[Scene]:
    with open_scene() as scene:
        yield scene


def linked_to(scene: Scene, record: str = "1") -> str | None:
    found = scene.toy.services.log.read_links(CONSUMER, "shop", "till", "product", [record])
    return found[record].other_id if record in found else None


def show_late(scene: Scene, after_s: float) -> None:
    """The target takes record 1, hides it for a while, and is looked at again after it."""
    scene.shelf.awaits.add("1")
    scene.add("1")
    scene.attempt("1")
    assert scene.row("1").reason is Reason.AWAITING_TARGET
    assert linked_to(scene) is None
    scene.toy.pass_s(after_s)


def test_record_that_is_shown_late_is_linked_then(scene: Scene) -> None:
    show_late(scene, after_s=60)
    scene.shelf.awaits.clear()
    scene.attempt("1")
    assert (scene.row("1").status, scene.row("1").outcome) == (Status.SYNCED, Outcome.CREATED)
    assert linked_to(scene) == "T1"


def test_stock_follows_a_product_that_is_shown_late(scene: Scene) -> None:
    show_late(scene, after_s=60)
    scene.ask("1", flow=STOCK)
    scene.attempt("1", flow=STOCK)
    assert scene.row("1", STOCK).reason is Reason.NEEDS_RECORD
    scene.shelf.awaits.clear()
    scene.attempt("1")
    scene.toy.work()
    assert scene.row("1", STOCK).status is Status.SYNCED


def test_record_that_was_given_up_and_is_asked_for_again_is_linked(scene: Scene) -> None:
    show_late(scene, after_s=LIMIT_S)
    scene.shelf.mangles.add("1")
    scene.shelf.items.clear()
    scene.attempt("1")
    assert scene.row("1").reason is Reason.GAVE_UP
    scene.shelf.mangles.clear()
    scene.shelf.awaits.clear()
    scene.shelf.items["T1"] = ("1", scene.shelf.wanted[-1].desired)
    scene.ask("1", by="person")
    scene.attempt("1")
    assert scene.row("1").status is Status.SYNCED
    assert linked_to(scene) == "T1"
