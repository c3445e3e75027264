"""The row of the sync log: its name, its fields, and what can be read off it."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chalicelib.domain.reasons import Reason
from chalicelib.domain.statuses import Kind, Outcome, Status

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")


@dataclass(frozen=True, kw_only=True, order=True)
class RowName:
    """Names one row: consumer, flow, record at the source and, for pipelines, the step."""

    consumer: str
    flow: str
    record: str
    step: str | None = None

    @property
    def id(self) -> str:
        """The id within its consumer, safe in a URL: ``square-orders-to-brightpearl.SALE42``."""
        parts = [self.flow, self.record] + ([self.step] if self.step else [])
        return ".".join(_escape(part) for part in parts)

    @property
    def lane(self) -> str:
        """The flow, or flow/step: one tab of the log."""
        return f"{self.flow}/{self.step}" if self.step else self.flow

    @staticmethod
    def from_id(consumer: str, row_id: str) -> "RowName":
        """Read a row's id.

        Raises:
            ValueError: the text is no row id.
        """
        parts = [_unescape(part) for part in row_id.split(".")]
        if len(parts) not in (2, 3) or not all(parts):
            raise ValueError(f"{row_id!r} is no row id; one looks like flow.record")
        step = parts[2] if len(parts) == 3 else None
        return RowName(consumer=consumer, flow=parts[0], record=parts[1], step=step)


def _escape(text: str) -> str:
    def bytes_of(match: re.Match[str]) -> str:
        return "".join(f"~{byte:02X}" for byte in match.group().encode())

    return _UNSAFE.sub(bytes_of, text)


def _unescape(text: str) -> str:
    raw = re.sub(rb"~([0-9A-F]{2})", lambda m: bytes([int(m.group(1), 16)]), text.encode())
    try:
        plain = raw.decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"{text!r} is no part of a row id") from error
    if _escape(plain) != text:
        raise ValueError(f"{text!r} is no part of a row id")
    return plain


@dataclass(frozen=True, kw_only=True)
class Row:
    """One item of the log; the row is the truth, queues only carry its name.

    Times are aware UTC. ``requested > handled`` means *owed*: somebody has to work on it.
    """

    name: RowName
    kind: Kind
    status: Status = Status.PENDING
    reason: Reason | None = Reason.QUEUED
    detail: str | None = None  #: one sentence about this very row; bounded to 300 characters
    code: int | None = None  #: last HTTP status of the target
    outcome: Outcome | None = None
    cause: str | None = None  #: what a held row waits for
    fingerprint: str | None = None  #: group of rows that failed alike; only while Failed
    columns: Mapping[str, Any] = field(default_factory=dict)  #: JSON values, by kind

    requested: int = 0
    handled: int = 0
    lease_id: str | None = None
    lease_until: datetime | None = None
    next_attempt_at: datetime | None = None
    due_at: datetime | None = None  #: exists exactly while owed
    due_every_s: int | None = None  #: the sweeper's own interval for this row, 5 min to 6 h
    tries: int = 0  #: failed attempts of this episode
    starts: int = 0  #: claims not yet completed
    attempts: int = 0  #: all claims ever; what people see
    unclear: bool = False  #: the fate of a write is unknown
    awaited: bool = False  #: another row is held until this one is synced
    forced: bool = False  #: a person asked: look at the target whatever the hash says
    awaiting_since: datetime | None = None  #: when the target took what it does not show yet

    source_version: int | None = None  #: highest version known, milliseconds of the source's clock
    sent_version: int | None = None  #: version last written
    sent_hash: str | None = None  #: hash of what was last written
    record_hash: str | None = None  #: hash of the canonical record kept beside the row
    has_units: bool = False  #: goods of this order are noted as sold and not taken by the ERP
    target_id: str | None = None
    target_version: str | None = None
    agreed: str | None = None  #: statuses of both sides when they were last in step
    generation: int = 0  #: rises when the target confirmed that the record is gone

    requested_by: str | None = None  #: webhook, poll, person, redrive, release …
    execution: str | None = None  #: the run that requested it last
    correlation: str | None = None  #: id of the request that the coming or last attempt is for
    received_at: datetime | None = None
    requested_at: datetime | None = None
    synced_at: datetime | None = None  #: last time something was written and verified
    updated_at: datetime | None = None
    failed_at: datetime | None = None
    listed_at: datetime | None = None
    platform_updated_at: datetime | None = None

    @property
    def is_owed(self) -> bool:
        """Whether somebody still has to work on it."""
        return self.requested > self.handled

    def is_leased(self, now: datetime) -> bool:
        """Whether a worker has it at ``now``."""
        return self.lease_until is not None and self.lease_until > now

    @property
    def letter(self) -> str:
        """The shelf of the list index: Synced, Pending (also while leased), Waiting, Failed."""
        return letter_of(self.status, self.reason)


def letter_of(status: Status, reason: Reason | None) -> str:
    """Return the shelf of the list index for a status and reason.

    A leased row stays on the shelf P, so that a claim moves no index key.
    """
    if status is Status.PROCESSING:
        return "P" if reason is Reason.SENDING else "W"
    return status.value[0]


def fingerprint_of(flow: str, parts: tuple[str, str, str]) -> str:
    """Return the group of a failure: short, stable, the same for all rows that failed alike."""
    return hashlib.sha256("\n".join((flow, *parts)).encode()).hexdigest()[:16]
