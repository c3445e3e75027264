"""The middle of an attempt: load, gates, map, find, decide, write; for a batch of one flow's rows.

Every step takes the rows that are still under way and takes out those that ended, so one bad record
never stops its neighbours. Nothing is written to the log here.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, is_dataclass, replace
from datetime import datetime
from typing import Any

from chalicelib.domain.platforms import Done, Found, Pace, Wanted
from chalicelib.domain.reasons import Part, Reason, SyncFailure
from chalicelib.domain.rows import Row
from chalicelib.domain.statuses import Outcome
from chalicelib.flows import decide
from chalicelib.flows.agreed import Agreed
from chalicelib.flows.decide import Ending, Terms
from chalicelib.flows.declare import Flow, Planning, Showing
from chalicelib.flows.door import rate_cause_of
from chalicelib.flows.services import Opened


@dataclass
class Job:
    """One claimed row on its way through an attempt."""

    row: Row
    record: Any = None
    desired: Any = None
    sent_hash: str = ""
    found: Found | None = None
    done: Done | None = None
    parts: tuple[Part, ...] = ()
    note: str = ""  #: added to what is said of a success
    waits: bool = False  #: left alone for now, with its goods taken
    facts: dict[str, Any] = field(default_factory=dict)
    ending: Ending | None = None
    started_at: datetime | None = None

    def amend(self, facts: Mapping[str, Any]) -> None:
        """Add to what the closing write sets, for what was learned while closing."""
        if self.ending is None:
            return
        write = self.ending.write
        alternatives = tuple(replace(a, changes={**a.changes, **facts}) for a in write.alternatives)
        self.ending = replace(self.ending, write=replace(write, alternatives=alternatives))

    @property
    def id(self) -> str:
        """The record's id at the source."""
        return self.row.name.record


@dataclass(frozen=True, kw_only=True)
class Work:
    """What a batch of rows of one flow is worked with."""

    flow: Flow
    source: Opened
    target: Opened
    planning: Planning
    pace: Pace
    now: Callable[[], datetime]
    roll: Callable[[], float]
    #: ids at the target → records that are linked to them
    owners_of: Callable[[Sequence[str]], Mapping[str, str]] = lambda ids: {}

    def terms(self, job: Job) -> Terms:
        """What decides how this job ends, with what it learned."""
        return Terms(
            policy=self.flow.retry,
            pace=self.pace,
            now=self.now(),
            jitter=self.roll(),
            facts=job.facts,
        )

    def fail(self, job: Job, failure: SyncFailure, at: Opened | None = None) -> None:
        """End a job with a failure met ``at`` a platform (the target unless said otherwise)."""
        cause = failure.cause
        if failure.reason is Reason.THROTTLED and cause is None:
            # Of this very row: many may fail with one failure, and lie spread over the shards.
            slow = (at or self.target).connection.name
            cause = rate_cause_of(self.flow, job.row.name, slow)
        job.parts = failure.parts or job.parts
        self.show(job)
        job.ending = decide.end_with_failure(job.row, failure, self.terms(job), cause=cause)

    def show(self, job: Job, *, synced: bool = False) -> None:
        """Fill the row's columns with what is known by now."""
        if job.record is None:
            return
        target_id = job.done.target_id if job.done else job.row.target_id
        showing = Showing(
            record=job.record,
            desired=job.desired,
            target_id=target_id,
            parts=job.parts,
            synced=synced,
        )
        columns = dict(self.flow.columns(showing))
        # A record of which only the id is left keeps what was known of it.
        if columns and columns != dict(job.row.columns):
            job.facts["columns"] = columns


def still_open(jobs: Sequence[Job]) -> list[Job]:
    """Jobs that have not ended."""
    return [job for job in jobs if job.ending is None]


def hash_of(value: Any) -> str:
    """Return a short stable hash of a plan or record, whatever the order of its mappings."""
    plain = asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
    text = json.dumps(plain, sort_keys=True, default=str, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def load(work: Work, jobs: Sequence[Job]) -> None:
    """Read the records as they are at the source now, and stop those that cannot go on."""
    source = work.source.platform.source(work.flow.kind)
    records = ask(work, jobs, source.fetch_many, work.source)
    for job in still_open(jobs):
        record = records.get(job.id)
        if isinstance(record, SyncFailure):
            work.fail(job, record, work.source)
        elif record is None:
            detail = f"{work.source.offer.label} does not know {work.flow.kind.value} {job.id}."
            work.fail(job, SyncFailure(Reason.MISSING_AT_SOURCE, detail))
        else:
            job.record = record
            _note_version(work, job)


def _note_version(work: Work, job: Job) -> None:
    version = getattr(job.record, "version", None)
    if decide.is_stale(job.row, version):
        job.ending = decide.end_stale(job.row, work.terms(job))
        return
    # source_version is raised by requests alone: one may have come since this row was claimed.
    updated_at = getattr(job.record, "updated_at", None)
    if updated_at is not None:
        job.facts["platform_updated_at"] = updated_at


def ask(
    work: Work,
    jobs: Sequence[Job],
    call: Callable[[Sequence[str]], Mapping[Any, Any]],
    at: Opened,
) -> Mapping[Any, Any]:
    """Make one call for all open jobs; if it fails as a whole, each of them fails with it."""
    waiting = still_open(jobs)
    if not waiting:
        return {}
    try:
        return call([job.id for job in waiting])
    except SyncFailure as failure:
        for job in waiting:
            work.fail(job, failure, at)
        return {}


def plan(work: Work, jobs: Sequence[Job], planning_of: Callable[[Job], Planning]) -> None:
    """Turn each record into what the target should hold; written rules may leave it alone."""
    for job in still_open(jobs):
        try:
            planning = planning_of(job)
            _refuse_withdrawn(work, job)
            early = _before_start(work.flow, job, planning)
            why = early or _skipped(work.flow, job, planning)
            if why:
                job.waits = early is None and work.flow.waits(job.record)
                work.show(job)
                job.ending = decide.end_not_applicable(job.row, why, work.terms(job))
                continue
            job.desired = work.flow.plan(job.record, planning)
            job.sent_hash = hash_of(work.flow.identity(job.desired))
        except SyncFailure as failure:
            work.fail(job, failure)


def _refuse_withdrawn(work: Work, job: Job) -> None:
    """Let nobody overlook what stays at the target of a record that is void at its source."""
    target_id = job.row.target_id
    if target_id is None or not work.flow.withdrawn(job.record):
        return
    source, target = work.source.offer.label, work.target.offer.label
    detail = (
        f"It was taken back at {source} after {target_id} was made for it at {target}: "
        f"cancel {target_id} there."
    )
    raise SyncFailure(Reason.CONFLICT, detail, error_code="withdrawn")


def _skipped(flow: Flow, job: Job, planning: Planning) -> str | None:
    """Say why a record is left alone; where the status goes both ways, no longer once it is there:
    what would not have been carried over is a change of its status then.
    """
    if flow.both_ways is not None and job.row.target_id is not None:
        return None
    return flow.skips(job.record, planning)


def _before_start(flow: Flow, job: Job, planning: Planning) -> str | None:
    start = planning.settings.get("start_date")
    at = flow.starts_at(job.record) if flow.starts_at else None
    if not start or at is None or at >= datetime.fromisoformat(start):
        return None
    return f"It is from before the start date {start}."


def find(work: Work, jobs: Sequence[Job], wanted_of: Callable[[Job], Wanted[Any]]) -> None:
    """Look up what the target holds, except where the hash alone shows that it is in step.

    Where the target changes by itself it never does: people move its status, its own sales its
    stock.
    """
    stands_still = work.flow.both_ways is None and work.flow.sold_by is None
    for job in still_open(jobs):
        if stands_still and decide.is_unchanged(job.row, job.sent_hash):
            work.show(job, synced=True)
            job.ending = decide.end_unchanged(job.row, work.terms(job))
    wanted = {job.id: wanted_of(job) for job in still_open(jobs)}
    target = work.target.platform.target(work.flow.kind, work.planning.settings)
    found = ask(work, jobs, lambda ids: target.find_many([wanted[id_] for id_ in ids]), work.target)
    for job in still_open(jobs):
        answer = found.get(job.id)
        if isinstance(answer, SyncFailure):
            work.fail(job, answer)
        else:
            job.found = answer
    _refuse_taken(work, jobs)


def judge(work: Work, jobs: Sequence[Job]) -> None:
    """End what needs no write: the target holds it, or does not show yet what it took."""
    for job in still_open(jobs):
        _judge_found(work, job)


def _refuse_taken(work: Work, jobs: Sequence[Job]) -> None:
    """What was found by its key may belong to another record: two of them with one SKU, say.

    What belongs to nobody yet becomes that of the first who found it.
    """
    finders: dict[str, list[Job]] = defaultdict(list)
    for job in still_open(jobs):
        if job.found is not None and not job.found.ours:
            finders[job.found.target_id].append(job)
    if not finders or not (work.flow.links_records and work.flow.one_to_one):
        return
    owners = work.owners_of(sorted(finders))
    for target_id, found_by in finders.items():
        record = owners.get(target_id, found_by[0].id)
        kind = work.flow.kind.value
        detail = f"{target_id} at {work.target.offer.label} belongs to {kind} {record} already."
        for job in found_by:
            if job.id != record:
                work.fail(job, SyncFailure(Reason.CONFLICT, detail, error_code="taken"))


def _judge_found(work: Work, job: Job) -> None:
    row, found = job.row, job.found
    if found is not None and found.equal:
        close(work, job, decide.done_of_found(row, found))
    elif row.awaiting_since is not None and _still_awaits(job):
        detail = "Accepted, not shown there yet."
        work.fail(job, SyncFailure(Reason.AWAITING_TARGET, detail))
    elif found is None and row.target_id is not None:
        # The target confirmed that it is gone: a new generation may be created. Its id goes too,
        # or the next attempt would take the new one for gone again.
        job.row = replace(row, target_id=None, generation=row.generation + 1)
        job.facts |= {"generation": job.row.generation, "target_id": None}


def _still_awaits(job: Job) -> bool:
    """Whether to go on waiting: what it does not show at all may still come, whoever asks."""
    is_what_was_sent = job.sent_hash == job.row.sent_hash
    return job.found is None or (is_what_was_sent and not job.row.forced)


def write(work: Work, jobs: Sequence[Job], wanted_of: Callable[[Job], Wanted[Any]]) -> None:
    """Make the target hold what is desired, for all open jobs in the target's own batches."""
    waiting = {job.id: job for job in still_open(jobs)}
    target = work.target.platform.target(work.flow.kind, work.planning.settings)
    answers = ask(
        work,
        jobs,
        lambda ids: target.write_many([(wanted_of(waiting[i]), waiting[i].found) for i in ids]),
        work.target,
    )
    for job in still_open(jobs):
        answer = answers.get(job.id)
        if isinstance(answer, SyncFailure):
            work.fail(job, answer)
        elif answer is None:
            detail = f"{work.target.offer.label} did not say what became of the record."
            work.fail(job, SyncFailure(Reason.OUTCOME_UNKNOWN, detail))
        else:
            close(work, job, answer)


def close(work: Work, job: Job, done: Done, *, source_status: str | None = None) -> None:
    """End a job by what the target holds now.

    Args:
        source_status: the status that the source was given just now, where its record is older.
    """
    done = replace(done, detail=" ".join(filter(None, (done.detail, job.note))))
    job.done = done
    job.parts = tuple(done.parts) or job.parts
    work.show(job, synced=done.verified and not done.awaiting)
    if done.outcome is Outcome.NOT_APPLICABLE:
        job.ending = decide.end_not_applicable(job.row, done.detail, work.terms(job))
        return
    sent: dict[str, Any] = {"sent_hash": job.sent_hash}
    version = getattr(job.record, "version", None)
    if version is not None:
        sent["sent_version"] = version
    if work.flow.both_ways is not None and done.status:
        source = source_status or work.flow.both_ways.status(job.record)
        sent["agreed"] = Agreed(source=source, target=done.status).to_text()
    job.ending = decide.end_with_done(job.row, done, sent, work.terms(job))
