"""The envelope of a queue message: a row's name and nothing else, with a version.

Messages stay small and free of personal data, because the row is the truth and is read again by
whoever takes the message.
"""

import json
from typing import Any

from chalicelib.domain.ports import QueueMessage
from chalicelib.domain.rows import RowName

VERSION = 1


def to_text(message: QueueMessage) -> str:
    """Return the body of a message: ``{"v":1,"consumer":…,"flow":…,"record":…}``.

    ``step`` and ``handled`` are there only where they say something; the delay is the queue's.
    """
    name = message.name
    envelope: dict[str, Any] = {
        "v": VERSION,
        "consumer": name.consumer,
        "flow": name.flow,
        "record": name.record,
        "step": name.step,
        "handled": message.handled,
    }
    known = {key: value for key, value in envelope.items() if value is not None}
    return json.dumps(known, separators=(",", ":"))


def from_text(text: str, *, receipt: str = "", receives: int = 0) -> QueueMessage:
    """Read the body of a message.

    Raises:
        ValueError: it is none of ours; the text says what is wrong and never repeats the body.
    """
    envelope = _read(text)
    name = RowName(
        consumer=_text(envelope, "consumer"),
        flow=_text(envelope, "flow"),
        record=_text(envelope, "record"),
        step=_text(envelope, "step") if envelope.get("step") is not None else None,
    )
    handled = envelope.get("handled")
    if handled is not None and (not isinstance(handled, int) or isinstance(handled, bool)):
        raise ValueError("The message's handled is no number.")
    return QueueMessage(name=name, handled=handled, receipt=receipt, receives=receives)


def _read(text: str) -> dict[str, Any]:
    try:
        envelope = json.loads(text)
    except ValueError as error:
        raise ValueError("The message is not JSON.") from error
    if not isinstance(envelope, dict):
        raise ValueError("The message is no object.")
    if envelope.get("v") != VERSION:
        raise ValueError(f"The message is not of version {VERSION}.")
    return envelope


def _text(envelope: dict[str, Any], name: str) -> str:
    value = envelope.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"The message names no {name}.")
    return value
