"""One id leads from what was told of a record to its row and its attempts."""

from collections.abc import Iterator

import pytest

from chalicelib.domain.protocol import Request
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.rows import Row
from chalicelib.domain.statuses import Kind
from chalicelib.flows.door import request_many
from chalicelib.flows.polls import run_poll
from chalicelib.flows.releases import run_releases
from chalicelib.flows.setup.platforms import check_connection
from tests.toy import CONSUMER
from tests.toy_platforms import PRODUCTS, STOCK
from tests.unit.flows.scenes import Scene, open_scene


@pytest.fixture
def scene() -> Iterator[Scene]:
    with open_scene() as scene:
        yield scene


def ask(scene: Scene, correlation: str, **more: object) -> Row:
    """Request a record while a request is being answered."""
    scene.toy.shop.edit("1")
    scene.toy.answering = correlation
    scene.ask("1", **more)  # type: ignore[arg-type]
    scene.toy.answering = None
    return scene.row()


def attempted(scene: Scene) -> list[str | None]:
    """Ids of the attempts at the product, in their order."""
    lines = [facts for event, facts in scene.toy.noted if event == "sync.attempted"]
    return [line["correlation"] for line in lines if line["flow"] == PRODUCTS]


def test_a_row_has_the_id_of_the_request_that_made_it_owed(scene: Scene) -> None:
    assert ask(scene, "webhook-1").correlation == "webhook-1"


def test_an_attempt_is_told_with_the_id_of_its_request(scene: Scene) -> None:
    ask(scene, "webhook-1")
    scene.toy.work()
    ask(scene, "webhook-2")
    scene.toy.work()

    assert attempted(scene) == ["webhook-1", "webhook-2"]


def test_who_joins_a_waiting_attempt_leaves_it_its_id(scene: Scene) -> None:
    ask(scene, "webhook-1")
    ask(scene, "webhook-2")
    ask(scene, "webhook-3", source_version=9)

    assert scene.row().correlation == "webhook-1"


def test_who_comes_during_an_attempt_names_the_one_after_it(scene: Scene) -> None:
    ask(scene, "webhook-1")
    scene.shelf.during = lambda: ask(scene, "webhook-2")
    scene.attempt("1")
    scene.shelf.during = lambda: None
    scene.toy.work()

    assert attempted(scene) == ["webhook-1", "webhook-2"]


def test_a_person_who_cuts_a_backoff_short_gives_the_attempt_their_id(scene: Scene) -> None:
    ask(scene, "webhook-1")
    scene.shelf.fails["1"] = SyncFailure(Reason.RETRYING, "Later.", retry_after_s=600)
    scene.toy.work()
    ask(scene, "person-1", by="person")
    scene.toy.work()

    assert attempted(scene)[-1] == "person-1"


def test_what_follows_a_record_has_its_id(scene: Scene) -> None:
    ask(scene, "webhook-1")
    scene.toy.work()

    assert scene.row(flow=STOCK).correlation == "webhook-1"


def test_a_released_row_has_the_id_of_its_release(scene: Scene) -> None:
    scene.toy.shop.edit("1", category="hats")
    scene.ask("1")
    scene.toy.work()
    scene.toy.map_category("hats", "Hats")
    run_releases(scene.toy.services)

    [line] = [facts for event, facts in scene.toy.noted if event == "release.run"]
    assert scene.row().correlation == line["correlation"]
    assert (line["cause"], line["requested"], line["run"]) == (
        f"mapping:{PRODUCTS}:category:hats",
        1,
        1,
    )


def test_a_row_that_a_poll_found_has_the_id_of_its_run(scene: Scene) -> None:
    scene.toy.shop.edit("1")
    run_poll(scene.toy.services, CONSUMER, PRODUCTS, until=scene.toy.soon(600))

    [line] = [facts for event, facts in scene.toy.noted if event == "poll.finished"]
    assert scene.row().correlation == scene.row().execution == line["correlation"]


def calls(scene: Scene) -> list[tuple[str, ...]]:
    """Ids of the requests that each call was made for, the newest first."""
    found = scene.toy.services.log.list_exchanges(CONSUMER, limit=50).items
    return [tuple(call.correlations) for call in found]


def test_a_call_made_for_many_rows_has_the_ids_of_all(scene: Scene) -> None:
    ask(scene, "webhook-1")
    scene.toy.shop.edit("2")
    scene.toy.answering = "webhook-2"
    scene.ask("2")
    scene.attempt("1", "2")

    assert set(calls(scene)) == {("webhook-1", "webhook-2")}


def test_a_call_keeps_no_more_than_ten_ids(scene: Scene) -> None:
    for number in range(12):
        scene.toy.shop.edit(f"{number}")
        scene.toy.answering = f"webhook-{number}"
        scene.ask(f"{number}")
    scene.attempt(*(f"{number}" for number in range(12)))

    assert {len(ids) for ids in calls(scene)} == {10}


def test_calls_of_a_check_have_the_id_of_the_request_for_it(scene: Scene) -> None:
    scene.toy.answering = "person-1"
    check_connection(scene.toy.services, CONSUMER, "till")

    assert set(calls(scene)) == {("person-1",)}


def test_a_request_without_any_id_leaves_the_row_its_own(scene: Scene) -> None:
    ask(scene, "webhook-1")
    scene.toy.work()
    request_many(
        scene.toy.services,
        [Request(name=scene.toy.name("1"), kind=Kind.PRODUCT, by="release")],
    )

    assert scene.row().correlation == "webhook-1"
