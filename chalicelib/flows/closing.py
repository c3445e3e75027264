"""Closes the rows of an attempt, in the order that loses nothing when it stops half-way.

Links and snapshots first, then dead letters and releases, then the rows themselves, then the traces
and the messages that follow from them.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from chalicelib.domain.causes import record_cause
from chalicelib.domain.log import Attempt, Exchange, Link
from chalicelib.domain.ports import QueueMessage, Written
from chalicelib.domain.protocol import Request, await_row
from chalicelib.domain.reasons import Reason
from chalicelib.domain.rows import Row, RowName
from chalicelib.domain.setup import Release
from chalicelib.domain.statuses import Outcome, Status
from chalicelib.flows import rates
from chalicelib.flows.declare import Flow, base_name, on_same_account
from chalicelib.flows.door import request_many, send_rows
from chalicelib.flows.loading import Setup
from chalicelib.flows.recounts import recount_sold
from chalicelib.flows.services import Services
from chalicelib.flows.telling import first_correlations, tell_attempts
from chalicelib.flows.wholes import request_wholes
from chalicelib.flows.work import Job, hash_of

#: Outcomes that made the link of a record: rows that wait for it are released.
_LINKING = (Outcome.CREATED, Outcome.ADOPTED, Outcome.ALREADY_THERE)


@dataclass
class Batch:
    """The jobs of one attempt, and the calls it made."""

    setup: Setup
    jobs: Sequence[Job]
    exchanges: Sequence[Exchange] = ()
    wholes: Sequence[str] = ()  #: records that are made of these
    crash: str | None = None  #: name of the defect that stopped the work; rows keep their lease
    links: list[Link] = field(default_factory=list)


def parent_kind(flow: Flow) -> str:
    """Return the kind of link of the things that rows of a flow share."""
    return f"{flow.kind.value}-parent"


def complete(services: Services, batch: Batch) -> set[RowName]:
    """Close every job that has an ending; returns the names of rows whose lease was lost.

    A lost lease changes nothing: the message comes back, and somebody else has the row. One that is
    over already writes no link, unit or dead letter either.
    """
    now = services.now()
    closing = [job for job in batch.jobs if job.ending is not None]
    ended = [job for job in closing if job.row.is_leased(now)]
    late = {job.row.name for job in closing if not job.row.is_leased(now)}
    _put_links(services, batch, ended)
    _keep_records(services, batch, ended)
    _keep_units(services, batch, ended)
    _bury(services, batch, ended)
    _mark_awaited(services, batch, ended)
    _release_waiting(services, batch, ended)
    _note_throttling(services, batch, ended)
    written = services.log.write_rows([job.ending.write for job in ended if job.ending])
    lost = late | {j.row.name for j, done in zip(ended, written, strict=True) if done.tag is None}
    tell_attempts(services, batch.setup.flow.name, _put_traces(services, batch), lost)
    _send_again(services, written)
    _request_followers(services, batch, ended, written)
    request_wholes(services, batch.setup, batch.wholes, ended)
    recount_sold(services, batch.setup, ended, written)
    return lost


def _put_links(services: Services, batch: Batch, jobs: Sequence[Job]) -> None:
    setup = batch.setup
    if not setup.flow.links_records:
        return
    links = []
    for job in jobs:
        done = job.done
        if done is None or not done.target_id or done.awaiting:
            continue
        if not _has_link(job, done.target_id):
            links.append(_link(setup, setup.flow.kind.value, job.id, done.target_id))
        key = setup.flow.parent_key(job.desired)
        if key is not None and done.parent_id and done.outcome is not Outcome.UNCHANGED:
            links.append(_link(setup, parent_kind(setup.flow), key, done.parent_id))
    if links:
        services.log.put_links(list(dict.fromkeys(links)))


def _has_link(job: Job, target_id: str) -> bool:
    """Whether the link was written before: by an attempt that saw the record live at the target.

    A row learns its id at the target while it still waits to be shown there, and keeps it when it
    gives up; neither writes a link.
    """
    row = job.row
    was_live = row.awaiting_since is None and row.sent_hash is not None
    return row.target_id == target_id and was_live


def _link(setup: Setup, kind: str, source_id: str, target_id: str) -> Link:
    return Link(
        consumer=setup.consumer,
        kind=kind,
        platform=setup.source.name,
        id=source_id,
        other_platform=setup.target.name,
        other_id=target_id,
    )


def _keep_records(services: Services, batch: Batch, jobs: Sequence[Job]) -> None:
    """Keep the canonical record beside its row, if it changed."""
    if not batch.setup.flow.keeps_record:
        return
    changed = []
    for job in jobs:
        record_hash = hash_of(job.record) if job.record is not None else job.row.record_hash
        if record_hash != job.row.record_hash:
            changed.append((job.row.name, to_json(job.record)))
            job.amend({"record_hash": record_hash})
    if changed:
        services.log.put_snapshots(changed)


def to_json(value: Any) -> Any:
    """Return a canonical record as JSON values: decimals and times as text, money as both."""
    return _plain(asdict(value))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if value is None or isinstance(value, bool | int | str):
        return value
    return str(value)


def _keep_units(services: Services, batch: Batch, jobs: Sequence[Job]) -> None:
    """Note goods that were sold and that the ERP has not taken yet, so that no count puts them
    back.
    """
    flow, setup = batch.setup.flow, batch.setup
    if flow.units is None:
        return
    for job in jobs:
        if job.record is None or job.ending is None:
            continue
        taken = (job.done and job.done.taken) or (job.found and job.found.taken)
        settled = (job.ending.status is Status.SYNCED and not job.waits) or taken
        units = () if settled else flow.units(job.record)
        if units or job.row.has_units:
            services.log.put_units(setup.consumer, setup.source.name, job.id, units)
            job.amend({"has_units": bool(units)})


def _bury(services: Services, batch: Batch, jobs: Sequence[Job]) -> None:
    dead = [
        QueueMessage(name=job.row.name, handled=job.row.requested)
        for job in jobs
        if job.ending is not None and job.ending.dead
    ]
    if dead:
        services.queue.send_many(f"{batch.setup.flow.queue}-dlq", dead)
    for job in jobs:
        if job.ending is not None and job.ending.reason and job.ending.reason.rule.alarms:
            services.count("alarming_reason", reason=job.ending.reason.value)


def _mark_awaited(services: Services, batch: Batch, jobs: Sequence[Job]) -> None:
    """Tell the rows that others wait for, so that they release them when they complete."""
    waiting = [j for j in jobs if j.ending and j.ending.reason is Reason.NEEDS_RECORD]
    names = [name for job in waiting if (name := _awaited_by(batch.setup.flow, job)) is not None]
    if names:
        services.log.write_rows([await_row(name) for name in names])


def _awaited_by(flow: Flow, job: Job) -> RowName | None:
    """Return the row that a held one waits for."""
    row = job.row.name
    other, record = flow.follows, row.record
    if flow.belongs_to is not None and job.record is not None:
        other, record = flow.belongs_to.flow, flow.belongs_to.record(job.record, row.flow) or ""
    if other is None or not record:
        return None
    return RowName(consumer=row.consumer, flow=on_same_account(row.flow, other), record=record)


def _release_waiting(services: Services, batch: Batch, jobs: Sequence[Job]) -> None:
    """Write the releases of rows that wait for these; before the rows close, so none is forgotten.

    A release that runs before its row is closed finds the link already there.
    """
    now = services.now()
    followed = any(_comes_after(flow, batch.setup.flow) for flow in services.flows.values())
    releases = [
        Release(
            consumer=batch.setup.consumer,
            cause=record_cause(batch.setup.flow.kind.value, job.id),
            id=services.new_id(),
            due_at=now,
        )
        for job in jobs
        if job.ending is not None and job.ending.status is Status.SYNCED
        if job.row.awaited or (followed and _is_linked_now(job))
    ]
    if releases:
        services.log.put_releases(releases)


def _comes_after(flow: Flow, first: Flow) -> bool:
    belongs_to = flow.belongs_to.flow if flow.belongs_to else None
    return first.name in (flow.follows, belongs_to)


def _is_linked_now(job: Job) -> bool:
    """Whether the record has a link that nobody could see in step before.

    A record whose create was not verified is found, or updated, by its first success.
    """
    ending = job.ending
    if ending is None or ending.status is not Status.SYNCED:
        return False
    first = job.row.synced_at is None and ending.outcome is not Outcome.NOT_APPLICABLE
    return first or ending.outcome in _LINKING


def _note_throttling(services: Services, batch: Batch, jobs: Sequence[Job]) -> None:
    """A vendor refused for its own count: its rows wait under its rate cause from now on."""
    causes = {
        job.ending.cause
        for job in jobs
        if job.ending is not None and job.ending.reason is Reason.THROTTLED
    }
    for connection in (batch.setup.source, batch.setup.target):
        if any(cause and cause.startswith(f"rate:{connection.name}:") for cause in causes):
            rates.note_throttled(services, connection)


def _put_traces(services: Services, batch: Batch) -> list[Attempt]:
    now = services.now()
    attempts = [_attempt(batch, job, now) for job in batch.jobs if job.ending or batch.crash]
    if attempts or batch.exchanges:
        services.log.put_traces(attempts, [_correlated(batch, x) for x in batch.exchanges])
    return attempts


def _correlated(batch: Batch, exchange: Exchange) -> Exchange:
    """Note with a call which requests it was made for."""
    served = [job for job in batch.jobs if exchange.serves in (None, job.id)]
    return replace(exchange, correlations=first_correlations(j.row.correlation for j in served))


def _attempt(batch: Batch, job: Job, now: datetime) -> Attempt:
    row, ending = job.row, job.ending
    served = [x.id for x in batch.exchanges if x.serves in (None, job.id)]
    crash = f"Synclog stopped with a defect ({batch.crash})." if batch.crash else ""
    return Attempt(
        name=row.name,
        number=row.attempts,
        started_at=job.started_at or now,
        ended_at=now,
        status=ending.status if ending else Status.PROCESSING,
        reason=ending.reason.value if ending and ending.reason else None,
        outcome=ending.outcome.value if ending and ending.outcome else None,
        detail=ending.detail if ending else crash,
        code=ending.code if ending else None,
        exchanges=served,
        by=row.requested_by,
        execution=row.execution,
        correlation=row.correlation,
    )


def _send_again(services: Services, written: Sequence[Written]) -> None:
    """Send rows that are owed after their attempt: a retry at its time, a new request at once."""
    owed = [done.row for done in written if done.tag and done.row and done.row.is_owed]
    if owed:
        send_rows(services, owed)


def _request_followers(
    services: Services, batch: Batch, jobs: Sequence[Job], written: Sequence[Written]
) -> None:
    """A record that was linked just now brings those that follow it: a new product its stock."""
    setup = batch.setup
    linked = [
        job
        for job, done in zip(jobs, written, strict=True)
        if done.tag is not None and _is_linked_now(job)
    ]
    if not linked:
        return
    for follower in services.cache.list_flows(setup.consumer):
        flow = services.flows.get(base_name(follower.flow))
        same_account = follower.flow.partition("@")[2] == setup.name.partition("@")[2]
        if flow and flow.follows == setup.flow.name and follower.enabled and same_account:
            request_many(services, [_following(follower.flow, flow, job) for job in linked])


def _following(name: str, flow: Flow, job: Job) -> Request:
    row: Row = job.row
    known = {**row.columns, **job.facts.get("columns", {})}
    columns = {key: known[key] for key in ("name", "sku") if key in known}
    return Request(
        name=RowName(consumer=row.name.consumer, flow=name, record=job.id),
        kind=flow.kind,
        by="flow",
        columns=columns,
        execution=row.execution,
        correlation=row.correlation,
    )
