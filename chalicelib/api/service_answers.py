"""Shapes of answers about the service: dead letters, keys, health, errors."""

from typing import Any

from typing_extensions import TypedDict  # pydantic takes typing's own only from Python 3.12 on


class LetterAnswer(TypedDict):
    """A row whose name lies in a dead-letter queue."""

    consumer: str
    flow: str
    row: str
    reason: str | None
    sentence: str | None
    failed_at: str | None


class LetterCounts(TypedDict):
    """About how many messages lie in each dead-letter queue."""

    records: int
    stock: int


class LettersAnswer(TypedDict):
    """A page of dead letters, with the counts of both queues.

    ``oldest_at`` is when the oldest of the list failed; null: none did, or it is not known.
    """

    items: list[LetterAnswer]
    next: str | None
    previous: str | None
    counts: LetterCounts
    oldest_at: str | None


class RedriveAnswer(TypedDict):
    """What a redrive did: ``dropped`` letters had rows that no longer fail."""

    received: int
    requested: int
    dropped: int


class PruneAnswer(TypedDict):
    """How many letters were deleted because their rows no longer fail."""

    deleted: int


class KeyAnswer(TypedDict):
    """A key of the API, without the key."""

    id: str
    consumer: str | None
    role: str
    name: str
    created_at: str
    revoked_at: str | None


class NewKeyAnswer(KeyAnswer):
    """A key that was just made; nobody can read it again."""

    key: str


class HealthAnswer(TypedDict):
    """Whether the service answers, and its time."""

    status: str
    time: str


class ErrorBody(TypedDict):
    """``code`` is a word for programs, ``message`` a sentence for people."""

    code: str
    message: str
    details: Any


class ErrorAnswer(TypedDict):
    """Every answer that says no."""

    error: ErrorBody
