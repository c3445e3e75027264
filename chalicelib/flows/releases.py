"""Releases: a cause went away, so exactly the rows under it are requested again.

Each release runs twice. A worker that read the old state may be about to hold its row just as the
cause goes; the second run, after any such worker has ended, frees what the first could not see.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.domain.protocol import Request
from chalicelib.domain.rows import RowName
from chalicelib.domain.setup import Release
from chalicelib.flows.declare import base_name
from chalicelib.flows.door import request_many
from chalicelib.flows.services import Services
from chalicelib.flows.turns import Line, do_each

#: A lease lasts at most 60 s of work and 60 s of settling; 60 s more are to spare.
AGAIN_AFTER_S = 180
TOGETHER = 100
RUNS = 2


@dataclass(frozen=True, kw_only=True)
class Released:
    """What one run of the outboxes did."""

    rows: int
    more: bool  #: something due is left


@dataclass(frozen=True, kw_only=True)
class _Outbox:
    read: Callable[[datetime, int], Sequence[Release]]  #: those due before a moment, oldest first
    put: Callable[[Release], None]
    delete: Callable[[Release], None]


def run_releases(
    services: Services, limit: int = 1000, *, deadline: datetime | None = None, threads: int = 1
) -> Released:
    """Run the due releases of both stores, each until about ``limit`` rows were looked at.

    One that has more rows keeps its place and goes on after the others: at once while ``deadline``
    leaves time for it, else next time. One that meets a defect stops no other.

    Args:
        deadline: None gives each release one turn.
        threads: how many run at a time.
    """
    ran: list[tuple[str, int, bool]] = []
    outboxes = _outboxes(services)

    def read(together: int) -> list[tuple[_Outbox, Release]]:
        before = services.now() + timedelta(milliseconds=1)  # one that is due now is due
        return [(one, due) for one in outboxes for due in one.read(before, together)]

    def work(due: tuple[_Outbox, Release]) -> None:
        ran.append((due[1].id, *_run(services, *due, limit)))

    line = Line(
        read=read,
        turn_of=lambda due: _turn_of(due[1], once=deadline is None),
        work=work,
        has_time=lambda: deadline is None or services.now() < deadline,
        together=TOGETHER,
    )
    do_each(services, line.take, threads=threads)
    over_by_id = {id_: over for id_, _, over in ran}
    more = line.is_cut or not all(over_by_id.values())
    return Released(rows=sum(freed for _, freed, _ in ran), more=more)


def _turn_of(release: Release, *, once: bool) -> tuple[object, ...]:
    # By its place a long one has turn after turn, so there must be a time when that ends.
    place = () if once else (release.runs, release.cursor)
    return release.consumer, release.id, *place


def _outboxes(services: Services) -> list[_Outbox]:
    """Return what people did first: it is little, and they wait for it."""
    log, registry = services.log, services.registry
    return [
        _Outbox(
            read=lambda before, limit: registry.list_releases(due_before=before, limit=limit),
            put=registry.put_release,
            delete=registry.delete_release,
        ),
        _Outbox(
            read=lambda before, limit: log.list_releases(due_before=before, limit=limit),
            put=lambda release: log.put_releases([release]),
            delete=log.delete_release,
        ),
    ]


def _run(services: Services, outbox: _Outbox, release: Release, limit: int) -> tuple[int, bool]:
    """Run one release; returns how many rows it freed, and whether this run of it is over."""
    looked_at = freed = 0
    while looked_at < limit:
        page = services.log.list_held(
            release.consumer, release.cause, limit=TOGETHER, cursor=release.cursor
        )
        freed += _request(services, page.items, release)
        looked_at += len(page.items)
        if page.next is None:
            _end(services, outbox, release)
            _tell(services, release, looked_at, freed)
            return freed, True
        release = replace(release, cursor=page.next)
        outbox.put(release)
    _tell(services, release, looked_at, freed)
    return freed, False


def _tell(services: Services, release: Release, looked_at: int, freed: int) -> None:
    """Count a run, and note one that found rows: most are written in case somebody waits."""
    services.count("releases_run")
    services.count("rows_released", freed)
    if looked_at:
        services.note(
            "release.run",
            consumer=release.consumer,
            cause=release.cause,
            correlation=release.id,
            run=release.runs + 1,
            looked_at=looked_at,
            requested=freed,
        )


def _end(services: Services, outbox: _Outbox, release: Release) -> None:
    if release.runs + 1 >= RUNS:
        outbox.delete(release)
        return
    again_at = services.now() + timedelta(seconds=AGAIN_AFTER_S)
    outbox.put(replace(release, runs=release.runs + 1, cursor=None, due_at=again_at))


def _request(services: Services, names: Sequence[RowName], release: Release) -> int:
    requests = [
        Request(
            name=name,
            kind=services.flows[base_name(name.flow)].kind,
            by="release",
            only_under_cause=release.cause,
            correlation=release.id,
        )
        for name in names
        if base_name(name.flow) in services.flows
    ]
    return sum(answer.tag == "send" for answer in request_many(services, requests))
