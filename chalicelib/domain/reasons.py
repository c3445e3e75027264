"""Why a row is not Synced: the closed set of reasons, and what follows from each.

A failure carries its recovery: ``RULES`` is the only place that says what happens next.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from chalicelib.domain.statuses import Status


class Recovery(StrEnum):
    """What brings a row with this reason forward."""

    RETRY = "retry"  #: time; the engine tries again by itself
    WAIT = "wait"  #: its cause goes away; a release then requests the row
    REPAIR = "repair"  #: a person mends the record, then re-syncs
    CONFIGURE = "configure"  #: a person mends credentials or settings, then re-syncs
    NONE = "none"  #: nothing to do; it is on its way


class Reason(StrEnum):
    """A member of the closed set of reasons; each belongs to exactly one status."""

    QUEUED = "queued"
    RETRYING = "retrying"
    THROTTLED = "throttled"
    NEEDS_MAPPING = "needs_mapping"
    NEEDS_SETTINGS = "needs_settings"
    NEEDS_RECORD = "needs_record"
    CONNECTION_DOWN = "connection_down"
    FLOW_OFF = "flow_off"
    DAY_OPEN = "day_open"
    HELD_FOR_REVIEW = "held_for_review"
    SENDING = "sending"
    AWAITING_TARGET = "awaiting_target"
    OUTCOME_UNKNOWN = "outcome_unknown"
    AUTH_REJECTED = "auth_rejected"
    REJECTED_BY_TARGET = "rejected_by_target"
    MISSING_AT_SOURCE = "missing_at_source"
    MISSING_AT_TARGET = "missing_at_target"
    CONFLICT = "conflict"
    WRONG_STATE = "wrong_state"
    AMOUNTS_DIFFER = "amounts_differ"
    GAVE_UP = "gave_up"
    CRASHED = "crashed"
    UNSUPPORTED = "unsupported"

    @property
    def rule(self) -> "Rule":
        """Status, sentence, remedy and recovery of this reason."""
        return RULES[self]

    def sentence_with(self, detail: str | None) -> str:
        """Say it to people: in general, then the row's own words.

        Where those name exactly what is missing, they stand alone.
        """
        if detail and self in (Reason.NEEDS_MAPPING, Reason.NEEDS_SETTINGS, Reason.NEEDS_RECORD):
            return detail
        return " ".join(part for part in (self.rule.sentence, detail) if part)

    @property
    def is_hold(self) -> bool:
        """Whether a row with this reason waits under a cause."""
        return self.rule.status is Status.PENDING and self.rule.recovery is Recovery.WAIT

    @property
    def is_parking(self) -> bool:
        """Whether the hold only interrupts the episode: tries and backoff go on afterwards."""
        return self in (Reason.THROTTLED, Reason.FLOW_OFF, Reason.CONNECTION_DOWN)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What one reason means to people and to the engine."""

    status: Status
    sentence: str  #: for the list, before the row's own detail
    remedy: str  #: what a person does about it
    recovery: Recovery
    alarms: bool = False  #: whether somebody should be told without looking


_PENDING, _PROCESSING, _FAILED = Status.PENDING, Status.PROCESSING, Status.FAILED

RULES: Mapping[Reason, Rule] = {
    Reason.QUEUED: Rule(
        status=_PENDING,
        sentence="Waiting for a worker.",
        remedy="Nothing to do: it is next in line.",
        recovery=Recovery.NONE,
    ),
    Reason.RETRYING: Rule(
        status=_PENDING,
        sentence="The last attempt did not get through; the next one is planned.",
        remedy="Wait for the next attempt, or re-sync now.",
        recovery=Recovery.RETRY,
    ),
    Reason.THROTTLED: Rule(
        status=_PENDING,
        sentence="The platform allows no more calls at the moment.",
        remedy="Nothing to do: it goes on by itself as calls become free.",
        recovery=Recovery.WAIT,
    ),
    Reason.NEEDS_MAPPING: Rule(
        status=_PENDING,
        sentence="A value has no counterpart at the target yet.",
        remedy="Open the mapping, choose the counterpart and save: the row goes on by itself.",
        recovery=Recovery.WAIT,
    ),
    Reason.NEEDS_SETTINGS: Rule(
        status=_PENDING,
        sentence="A setting of the flow is missing.",
        remedy="Fill in the setting and save: the row goes on by itself.",
        recovery=Recovery.WAIT,
    ),
    Reason.NEEDS_RECORD: Rule(
        status=_PENDING,
        sentence="Another record has to be synced first.",
        remedy="Look at that record's row; when it is synced this one follows by itself.",
        recovery=Recovery.WAIT,
    ),
    Reason.CONNECTION_DOWN: Rule(
        status=_PENDING,
        sentence="The account's connection was refused.",
        remedy="Reconnect the account, or check the connection: held rows go on by themselves.",
        recovery=Recovery.WAIT,
        alarms=True,
    ),
    Reason.FLOW_OFF: Rule(
        status=_PENDING,
        sentence="The flow is switched off.",
        remedy="Switch the flow on: the row goes on by itself.",
        recovery=Recovery.WAIT,
    ),
    Reason.DAY_OPEN: Rule(
        status=_PENDING,
        sentence="The business day is still open at the till.",
        remedy="Close the day at the till: the row goes on by itself.",
        recovery=Recovery.WAIT,
    ),
    Reason.HELD_FOR_REVIEW: Rule(
        status=_PENDING,
        sentence="A person asked to see this one before it is sent.",
        remedy="Look at the record and approve it.",
        recovery=Recovery.WAIT,
    ),
    Reason.SENDING: Rule(
        status=_PROCESSING,
        sentence="A worker is sending it.",
        remedy="Nothing to do: it is on its way.",
        recovery=Recovery.NONE,
    ),
    Reason.AWAITING_TARGET: Rule(
        status=_PROCESSING,
        sentence="The target took it and does not show it yet.",
        remedy="Nothing to do: it is looked at again until it is live.",
        recovery=Recovery.NONE,
    ),
    Reason.OUTCOME_UNKNOWN: Rule(
        status=_PROCESSING,
        sentence="The target did not answer a write; whether it arrived is being found out.",
        remedy="Nothing to do: it is looked up before anything is written again.",
        recovery=Recovery.NONE,
    ),
    Reason.AUTH_REJECTED: Rule(
        status=_FAILED,
        sentence="The account may not do this.",
        remedy="Give the account the missing permission, then re-sync.",
        recovery=Recovery.CONFIGURE,
        alarms=True,
    ),
    Reason.REJECTED_BY_TARGET: Rule(
        status=_FAILED,
        sentence="The target refused the record.",
        remedy="Mend what the sentence names at the source, then re-sync.",
        recovery=Recovery.REPAIR,
    ),
    Reason.MISSING_AT_SOURCE: Rule(
        status=_FAILED,
        sentence="The record does not exist at the source.",
        remedy="If it was deleted, nothing; else restore it at the source, then re-sync.",
        recovery=Recovery.REPAIR,
    ),
    Reason.MISSING_AT_TARGET: Rule(
        status=_FAILED,
        sentence="Something the record needs does not exist at the target.",
        remedy="Restore what the sentence names at the target, then re-sync.",
        recovery=Recovery.REPAIR,
    ),
    Reason.CONFLICT: Rule(
        status=_FAILED,
        sentence="What the target holds contradicts the source.",
        remedy="Compare both sides, correct one by hand, then re-sync.",
        recovery=Recovery.REPAIR,
    ),
    Reason.WRONG_STATE: Rule(
        status=_FAILED,
        sentence="The target's record is in a state that does not allow this.",
        remedy="Bring it into the state the sentence names, then re-sync.",
        recovery=Recovery.REPAIR,
    ),
    Reason.AMOUNTS_DIFFER: Rule(
        status=_FAILED,
        sentence="The lines do not add up to the total.",
        remedy="Correct the amounts at the source, then re-sync.",
        recovery=Recovery.REPAIR,
    ),
    Reason.GAVE_UP: Rule(
        status=_FAILED,
        sentence="All attempts are used up.",
        remedy="See what the last attempt met, then re-sync.",
        recovery=Recovery.REPAIR,
        alarms=True,
    ),
    Reason.CRASHED: Rule(
        status=_FAILED,
        sentence="Synclog stopped several times while working on this row.",
        remedy="Report it with the row's id; re-sync once it is mended.",
        recovery=Recovery.NONE,
        alarms=True,
    ),
    Reason.UNSUPPORTED: Rule(
        status=_FAILED,
        sentence="Synclog cannot sync a record like this.",
        remedy="Change what the sentence names at the source, then re-sync.",
        recovery=Recovery.REPAIR,
    ),
}


@dataclass(frozen=True, kw_only=True)
class Part:
    """One location of a stock row: what was to be there, and whether it is."""

    name: str
    quantity: str
    ok: bool
    detail: str = ""


class SyncFailure(Exception):
    """Why a record did not get to Synced: the only failure the engine understands.

    Args:
        reason: decides what happens next, by ``RULES``.
        detail: one sentence for an operator; no payload, token or personal data.
        cause: the key of what a held row waits for (``domain.causes``).
        retry_after_s: the vendor's own wish, in seconds.
        code: HTTP status of the target's last answer.
        error_code: the platform's own word for the error; part of the fingerprint.
        field: the field the platform named; part of the fingerprint.
        parts: locations of a stock row, where some arrived and some did not.
    """

    def __init__(
        self,
        reason: Reason,
        detail: str,
        *,
        cause: str | None = None,
        retry_after_s: float | None = None,
        code: int | None = None,
        error_code: str | None = None,
        field: str | None = None,
        parts: tuple[Part, ...] = (),
    ) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.cause = cause
        self.retry_after_s = retry_after_s
        self.code = code
        self.error_code = error_code
        self.field = field
        self.parts = parts

    @property
    def fingerprint_parts(self) -> tuple[str, str, str]:
        """Reason, platform error code and field: what rows that failed alike have in common."""
        return (self.reason.value, self.error_code or "", self.field or "")
