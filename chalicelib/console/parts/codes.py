"""HTTP statuses in the words of people, and what they say about rows."""

from collections.abc import Mapping
from http import HTTPStatus

from chalicelib.console.parts.charts import LEFT_ALONE

_MEANINGS: Mapping[int, str] = {
    400: "The target refused what was sent.",
    401: "The account was not let in.",
    403: "The account may not do this.",
    404: "The target does not know it.",
    409: "The target has one already.",
    429: "The target allowed no more calls.",
}


#: What rows have that the target gave no answer to.
_WITHOUT: Mapping[str, str] = {
    "synced": "no answer needed",
    LEFT_ALONE: "no answer needed",
    "failed": "no answer",
}


def answer_text(code: int | None) -> str:
    """Return what a call was answered, as people know it: ``409 Conflict``."""
    if code is None:
        return "No answer"
    try:
        return f"{code} {HTTPStatus(code).phrase}"
    except ValueError:
        return str(code)


def code_text(state: str, code: int | None) -> str:
    """Return the code that rows of a state have; without one, whether it will come."""
    if code is None:
        return _WITHOUT.get(state, "no answer yet")
    return answer_text(code)


def meaning_of(state: str, code: int | None) -> str:
    """Return what a state and a code together say about the rows."""
    if state == LEFT_ALONE:
        return "A rule leaves them alone: nothing was to do."
    if state == "synced":
        return _meaning_of_synced(code)
    if code is not None and code >= 500:
        return "The target had trouble of its own."
    if code is not None and code in _MEANINGS:
        return _MEANINGS[code]
    waiting = "On the way." if state == "processing" else "Waiting."
    return "See the reason in the list." if state == "failed" else waiting


def _meaning_of_synced(code: int | None) -> str:
    if code == 409:
        return "It was there already, and is equal."
    if code is not None and code >= 400:
        return "The last call did not get through; there was nothing more to send."
    return "Verified at the target."
