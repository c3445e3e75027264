"""What a shop's answers hold, whatever a plugin printed before it; pure."""

import json
from typing import Any

from chalicelib.connectors.http import Answer
from chalicelib.domain.reasons import SyncFailure


def json_in(answer: Answer) -> Any:
    """Return the JSON of an answer.

    PHP writes its notices into the body, before the JSON; they are passed over.

    Raises:
        SyncFailure: ``not_json``; there is none, only a page or half an answer.
    """
    try:
        return answer.json()
    except SyncFailure as failure:
        text = answer.body.decode("utf-8", "replace")
        for start in ("{", "["):
            found = _from(text, start)
            if found is not None:
                return found
        raise failure


def _from(text: str, start: str) -> Any:
    """Return the JSON that begins with the first line that begins with ``start``."""
    at = text.find(f"\n{start}") + 1
    if not at:
        return None
    try:
        return json.loads(text[at:])
    except (ValueError, RecursionError):
        return None
