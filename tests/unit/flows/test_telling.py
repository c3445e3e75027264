"""Every attempt leaves one line and one count; so does what else an operator looks for."""

from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.domain.log import RunType, Trigger
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.flows import runs
from chalicelib.flows.intake import UnknownAddressError, receive
from chalicelib.flows.loading import read_setup
from chalicelib.flows.polls import run_poll
from chalicelib.flows.setup.account import Given
from chalicelib.flows.setup.connections import save_connection
from chalicelib.flows.setup.platforms import check_connection
from chalicelib.flows.sweeper import sweep
from tests.toy import CONSUMER, Toy
from tests.toy_platforms import PRODUCTS, refused
from tests.unit.flows.scenes import LEASE_S, Scene, open_scene


@pytest.fixture
def scene() -> Iterator[Scene]:
    with open_scene() as scene:
        yield scene


def lines(toy: Toy, event: str) -> list[dict[str, Any]]:
    return [facts for noted, facts in toy.noted if noted == event]


# --- attempts -------------------------------------------------------------------------------------


def test_an_attempt_leaves_one_line_with_the_fields_of_all(scene: Scene) -> None:
    scene.add("1")
    scene.attempt("1")

    [line] = lines(scene.toy, "sync.attempted")
    calls = len(
        scene.toy.services.log.list_attempts(scene.toy.name("1"), limit=1).items[0].exchanges
    )
    assert calls > 0
    assert {name: value for name, value in line.items() if value is not None} == {
        "consumer": CONSUMER,
        "flow": PRODUCTS,
        "row": f"{PRODUCTS}.1",
        "attempt": 1,
        "status": "Synced",
        "outcome": "created",
        "code": 200,
        "calls": calls,
        "duration_ms": 0,
        "by": "webhook",
    }


ENDS = {
    "failed": (SyncFailure(Reason.REJECTED_BY_TARGET, "No.", code=400), "rows_failed"),
    "retried": (SyncFailure(Reason.RETRYING, "Later.", code=503), "rows_retried"),
    "unknown": (SyncFailure(Reason.OUTCOME_UNKNOWN, "Silence."), "rows_retried"),
    "held": (SyncFailure(Reason.THROTTLED, "Slow.", code=429), "rows_held"),
}


@pytest.mark.parametrize(("failure", "counter"), ENDS.values(), ids=ENDS.keys())
def test_an_attempt_is_counted_by_its_flow_and_its_reason(
    scene: Scene, failure: SyncFailure, counter: str
) -> None:
    scene.shelf.fails["1"] = failure
    scene.add("1")
    scene.attempt("1")

    [line] = lines(scene.toy, "sync.attempted")
    assert (line["reason"], line["code"]) == (failure.reason.value, failure.code)
    assert (counter, PRODUCTS) in scene.toy.counted
    assert ("attempts", failure.reason.value) in scene.toy.counted


def test_an_attempt_that_a_defect_stopped_leaves_its_line_too(scene: Scene) -> None:
    scene.shelf.defects.add("1")
    scene.add("1")
    scene.attempt("1", crash=True)

    [line] = lines(scene.toy, "sync.attempted")
    assert (line["status"], line["reason"]) == ("Processing", "crashed")
    assert ("rows_crashed", PRODUCTS) in scene.toy.counted


def test_an_attempt_whose_lease_was_over_says_so(scene: Scene) -> None:
    scene.shelf.during = lambda: scene.toy.pass_s(LEASE_S + 1)
    scene.add("1")
    scene.attempt("1")

    [line] = lines(scene.toy, "sync.attempted")
    assert line["lease_lost"] is True
    assert ("rows_synced", PRODUCTS) not in scene.toy.counted


# --- deliveries -----------------------------------------------------------------------------------


def deliver(scene: Scene, token: str | None = None, **headers: str) -> None:
    services = scene.toy.services
    known = scene.toy.connection().webhook_token
    body = b'{"product": "1", "version": 5}'
    receive(services, "shop", known if token is None else token, headers, {}, body)


def test_a_delivery_names_the_rows_it_requested(scene: Scene) -> None:
    deliver(scene, **{"X-Toy-Signature": "signed"})

    [line] = lines(scene.toy, "webhook.accepted")
    assert (line["consumer"], line["platform"], line["connection"]) == (CONSUMER, "shop", "shop")
    assert (line["requested"], line["joined"], line["rows"]) == (1, 0, [f"{PRODUCTS}.1"])
    assert ("webhook_accepted", "shop") in scene.toy.counted


def test_a_delivery_that_joins_names_the_request_it_joined(scene: Scene) -> None:
    scene.toy.answering = "webhook-1"
    deliver(scene, **{"X-Toy-Signature": "signed"})
    scene.toy.answering = "webhook-2"
    deliver(scene, **{"X-Toy-Signature": "signed"})

    line = lines(scene.toy, "webhook.accepted")[-1]
    assert (line["joined"], line["joined_to"]) == (1, ["webhook-1"])


def test_a_delivery_without_signature_is_told_with_its_connection(scene: Scene) -> None:
    deliver(scene)

    [line] = lines(scene.toy, "webhook.refused")
    assert (line["consumer"], line["connection"], line["why"]) == (CONSUMER, "shop", "signature")


def test_a_delivery_to_nobody_is_told_without_what_was_guessed(scene: Scene) -> None:
    with pytest.raises(UnknownAddressError):
        receive(scene.toy.services, "made-up", "guessed", {}, {}, b"")

    [line] = lines(scene.toy, "webhook.refused")
    assert (line["platform"], line["status"]) == ("unknown", 404)
    assert "guessed" not in str(line)
    assert scene.toy.counted == [("webhook_refused", "unknown")]


# --- what runs by itself --------------------------------------------------------------------------


def test_a_poll_tells_what_it_found(scene: Scene) -> None:
    scene.toy.shop.edit("1")
    run_poll(scene.toy.services, CONSUMER, PRODUCTS, until=scene.toy.soon(600))

    [line] = lines(scene.toy, "poll.finished")
    assert (line["found"], line["requested"], line["problem"]) == (1, 1, None)
    assert ("polls_run", "") in scene.toy.counted
    assert ("polls_failed", "") not in scene.toy.counted


def test_a_poll_that_was_refused_tells_why(scene: Scene) -> None:
    scene.toy.shop.faults = [refused()]
    run_poll(scene.toy.services, CONSUMER, PRODUCTS, until=scene.toy.soon(600))

    [line] = lines(scene.toy, "poll.finished")
    assert "could not be asked" in line["problem"]
    assert ("polls_failed", "") in scene.toy.counted
    assert [down["connection"] for down in lines(scene.toy, "connection.down")] == ["shop"]


def test_a_run_is_told_when_it_begins_and_once_when_it_ends(scene: Scene) -> None:
    services = scene.toy.services
    run = runs.begin(
        services,
        consumer=CONSUMER,
        flow=PRODUCTS,
        type=RunType.IMPORT,
        trigger=Trigger.PERSON,
        by="a person",
    )
    runs.finish_collecting(services, run)
    runs.cancel(services, run)

    [began], [ended] = lines(scene.toy, "execution.started"), lines(scene.toy, "execution.ended")
    assert began["execution"] == ended["execution"] == ended["correlation"] == run.id
    assert (began["type"], ended["state"]) == ("import", "Success")


def test_a_sweep_tells_how_old_the_oldest_row_is(scene: Scene) -> None:
    scene.add("1")
    scene.drain()
    scene.toy.pass_s(700)
    sweep(scene.toy.services)

    [line] = lines(scene.toy, "sweep.sent")
    assert line == {"sent": 1, "moved": 0, "oldest_s": 700}


def test_a_sweep_that_finds_nothing_is_counted_and_leaves_no_line(scene: Scene) -> None:
    sweep(scene.toy.services)

    assert ("sweeps_run", "") in scene.toy.counted
    assert lines(scene.toy, "sweep.sent") == []


def test_a_connection_is_told_down_and_up_once(scene: Scene) -> None:
    services = scene.toy.services
    setup = read_setup(services, CONSUMER, PRODUCTS)
    setup.take_down(services, setup.target)
    setup.take_down(services, setup.target)
    check_connection(services, CONSUMER, "till")
    check_connection(services, CONSUMER, "till")

    assert [one["connection"] for one in lines(scene.toy, "connection.down")] == ["till"]
    assert [one["connection"] for one in lines(scene.toy, "connection.up")] == ["till"]
    assert ("connection_up", "till") in scene.toy.counted


def test_a_connection_that_was_saved_anew_is_told_up_once_it_is_checked(scene: Scene) -> None:
    services = scene.toy.services
    setup = read_setup(services, CONSUMER, PRODUCTS)
    setup.take_down(services, setup.target)
    given = Given(platform="till", credentials={"access_token": scene.toy.tokens.good})
    save_connection(services, CONSUMER, "till", given, loopback=True, by="test")
    assert lines(scene.toy, "connection.up") == []
    check_connection(services, CONSUMER, "till")

    assert [one["connection"] for one in lines(scene.toy, "connection.up")] == ["till"]
