"""The invariants of a row's life over thousands of random runs of the engine, and its teeth."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.writes import Alternative, RowWrite, Term
from tests.model.fuzz import play
from tests.model.run import Run, ViolationError, story_of

CHUNKS = 20
SEEDS_OF_A_CHUNK = 100
SEEDS_OF_A_MUTATION = 400


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_invariants_hold_whatever_goes_wrong(chunk: int) -> None:
    first = 1_000_000 + chunk * SEEDS_OF_A_CHUNK
    for seed in range(first, first + SEEDS_OF_A_CHUNK):
        story = play(seed)
        assert story is None, story


def _change(write: RowWrite, change: Callable[[Alternative], Alternative]) -> RowWrite:
    return replace(write, alternatives=tuple(change(one) for one in write.alternatives))


def _without(terms: Sequence[Term], field: str) -> tuple[Term, ...]:
    return tuple(term for term in terms if term.field != field)


def claim_over_a_live_lease(write: RowWrite) -> RowWrite:
    """A claim that takes rows which another worker has."""

    def change(one: Alternative) -> Alternative:
        if one.tag != "claimed":
            return one
        return replace(one, when=_without(one.when, "lease_until"))

    return _change(write, change)


def claim_before_its_time(write: RowWrite) -> RowWrite:
    """A claim that does not wait for the planned attempt."""

    def change(one: Alternative) -> Alternative:
        if one.tag != "claimed":
            return one
        return replace(one, when=_without(one.when, "next_attempt_at"))

    return _change(write, change)


def free_the_lease_of_an_unknown_write(write: RowWrite) -> RowWrite:
    """After a write without an answer, the row may be written again at once."""

    def change(one: Alternative) -> Alternative:
        if not one.changes.get("unclear"):
            return one
        freed: dict[str, Any] = {"lease_id": None, "lease_until": None, "next_attempt_at": None}
        return replace(one, changes={**one.changes, **freed})

    return _change(write, change)


def close_over_a_new_request(write: RowWrite) -> RowWrite:
    """A final outcome that ignores what was requested meanwhile."""

    def change(one: Alternative) -> Alternative:
        if one.tag != "done" or "handled" not in one.changes:
            return one
        handled = {"handled": 10**6, "requested": 10**6}
        return replace(
            one, when=_without(one.when, "requested"), changes={**one.changes, **handled}
        )

    return _change(write, change)


def owe_without_a_due_time(write: RowWrite) -> RowWrite:
    """A request that relies on its message alone."""

    def change(one: Alternative) -> Alternative:
        if one.tag != "send":
            return one
        changes = {key: value for key, value in one.changes.items() if key != "due_at"}
        return replace(one, changes=changes)

    return _change(write, change)


def complete_after_the_lease(write: RowWrite) -> RowWrite:
    """An outcome that is written although somebody else has the row by now."""

    def change(one: Alternative) -> Alternative:
        when = _without(_without(one.when, "lease_id"), "lease_until")
        return one if one.tag == "claimed" else replace(one, when=when)

    return _change(write, change)


@pytest.mark.parametrize(
    "mutation",
    [
        claim_over_a_live_lease,
        claim_before_its_time,
        free_the_lease_of_an_unknown_write,
        close_over_a_new_request,
        owe_without_a_due_time,
        complete_after_the_lease,
    ],
    ids=lambda mutation: mutation.__name__,
)
def test_a_rule_turned_round_is_found(mutation: Callable[[RowWrite], RowWrite]) -> None:
    for seed in range(SEEDS_OF_A_MUTATION):
        run = Run(seed, mutation=mutation)
        try:
            run.play()
        except ViolationError:
            return
        finally:
            run.close()
    pytest.fail(f"no run of {SEEDS_OF_A_MUTATION} noticed: {mutation.__doc__}")


def test_a_failing_seed_tells_its_story_and_can_be_replayed() -> None:
    def fail(seed: int) -> tuple[str, str]:
        run = Run(seed, mutation=owe_without_a_due_time)
        try:
            run.play()
        except ViolationError as error:
            return str(error), story_of(seed, error, run)
        finally:
            run.close()
        return "", ""

    said, story = fail(1)
    assert said
    assert fail(1) == (said, story)
    assert "seed 1" in story
    assert "--seed 1" in story
