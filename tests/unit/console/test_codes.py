"""HTTP statuses in words."""

import pytest

from chalicelib.console.parts.charts import LEFT_ALONE
from chalicelib.console.parts.codes import code_text, meaning_of


@pytest.mark.parametrize(
    ("state", "code", "said"),
    [
        ("synced", 200, "200 OK"),
        ("failed", 409, "409 Conflict"),
        ("failed", 599, "599"),
        ("failed", None, "no answer"),
        ("pending", None, "no answer yet"),
        ("synced", None, "no answer needed"),
        (LEFT_ALONE, None, "no answer needed"),
    ],
)
def test_code_is_said_with_its_phrase(state: str, code: int | None, said: str) -> None:
    assert code_text(state, code) == said


@pytest.mark.parametrize(
    ("state", "code", "said"),
    [
        ("synced", 200, "Verified at the target."),
        ("synced", 409, "It was there already, and is equal."),
        ("synced", None, "Verified at the target."),
        ("synced", 503, "The last call did not get through; there was nothing more to send."),
        ("failed", 409, "The target has one already."),
        ("failed", 503, "The target had trouble of its own."),
        ("failed", 418, "See the reason in the list."),
        ("failed", None, "See the reason in the list."),
        ("pending", 429, "The target allowed no more calls."),
        ("pending", None, "Waiting."),
        ("processing", 200, "On the way."),
        (LEFT_ALONE, None, "A rule leaves them alone: nothing was to do."),
    ],
)
def test_state_and_code_together_have_a_meaning(state: str, code: int | None, said: str) -> None:
    assert meaning_of(state, code) == said
