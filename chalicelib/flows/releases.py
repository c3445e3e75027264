"""Releases: a cause went away, so exactly the rows under it are requested again.

Each release runs twice. A worker that read the old state may be about to hold its row just as the
cause goes; the second run, after any such worker has ended, frees what the first could not see.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from chalicelib.domain.protocol import Request
from chalicelib.domain.rows import RowName
from chalicelib.domain.setup import Release
from chalicelib.flows.declare import base_name
from chalicelib.flows.door import request_many
from chalicelib.flows.services import Services

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
    due: Sequence[Release]
    put: Callable[[Release], None]
    delete: Callable[[Release], None]


def run_releases(services: Services, limit: int = 1000) -> Released:
    """Run the due releases of both stores until about ``limit`` rows were looked at.

    A release whose rows are more than that keeps its place and goes on next time.
    """
    left = limit
    rows = 0
    more = False
    for outbox in _outboxes(services):
        for release in outbox.due:
            if left <= 0:
                more = True
                break
            looked_at, freed, ended = _run(services, outbox, release, left)
            left -= max(looked_at, 1)
            rows += freed
            more = more or not ended
    return Released(rows=rows, more=more)


def _outboxes(services: Services) -> list[_Outbox]:
    now = services.now() + timedelta(milliseconds=1)  # one that is due now is due
    log, registry = services.log, services.registry
    return [
        _Outbox(
            due=log.list_releases(due_before=now, limit=TOGETHER),
            put=lambda release: log.put_releases([release]),
            delete=log.delete_release,
        ),
        _Outbox(
            due=registry.list_releases(due_before=now, limit=TOGETHER),
            put=registry.put_release,
            delete=registry.delete_release,
        ),
    ]


def _run(
    services: Services, outbox: _Outbox, release: Release, limit: int
) -> tuple[int, int, bool]:
    """Run one release; returns how many rows it looked at, how many it freed, and if it is over."""
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
            return looked_at, freed, True
        release = replace(release, cursor=page.next)
        outbox.put(release)
    _tell(services, release, looked_at, freed)
    return looked_at, freed, False


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
