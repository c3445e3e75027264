"""Page tokens of Square's lists: whole, and given up where they lead in a circle."""

import pytest

from chalicelib.connectors.square.walks import Step
from chalicelib.domain.reasons import SyncFailure

FIRST = Step(since="2026-03-02T09:00:00Z", until="2026-03-02T10:00:00Z")


def test_a_token_holds_the_whole_question() -> None:
    step = FIRST.after(["a", "b"], "NEXT")

    assert step is not None
    assert (step.since, step.until, step.cursor) == (FIRST.since, FIRST.until, "NEXT")
    assert Step.from_token(step.to_token()) == step


def test_a_list_ends_where_there_is_no_cursor() -> None:
    assert FIRST.after(["a"], "") is None


@pytest.mark.parametrize(
    ("ids", "cursors"),
    [([], ["SAME"] * 9), (["a"], ["SAME"] * 9), (["a"], [f"NEW {n}" for n in range(9)])],
    ids=["empty pages", "one page", "one page under new cursors"],
)
def test_pages_that_bring_nothing_new_are_given_up(ids: list[str], cursors: list[str]) -> None:
    with pytest.raises(SyncFailure) as failed:
        follow(ids, cursors)

    assert failed.value.error_code == "page_repeats"


def test_empty_pages_with_new_cursors_go_on() -> None:
    assert follow([], [f"NEW {n}" for n in range(9)]).cursor == "NEW 8"


def follow(ids: list[str], cursors: list[str]) -> Step:
    step = FIRST
    for cursor in cursors:
        following = step.after(ids, cursor)
        assert following is not None
        step = following
    return step


@pytest.mark.parametrize("token", ["", "!!", "bm9uc2Vuc2U=", "eyJhIjogMX0=", "ü"])
def test_a_token_of_others_starts_the_list_again(token: str) -> None:
    with pytest.raises(SyncFailure) as failed:
        Step.from_token(token)

    assert failed.value.error_code == "cursor_expired"
