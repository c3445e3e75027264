"""Statuses that people change on either side: each change follows on the other.

Who changed it is told by what both sides said when they were last in step. A change at the source
moves the target; a change at the target alone goes back to the source; of two the source's counts.
A status without a counterpart changes nothing, and the row says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from chalicelib.domain.platforms import Done, Found, Wanted
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.statuses import Outcome
from chalicelib.flows import work as working
from chalicelib.flows.agreed import Agreed
from chalicelib.flows.declare import BothWays
from chalicelib.flows.work import Job, Work, still_open


def choose_direction(work: Work, jobs: Sequence[Job]) -> None:
    """Let the target's status alone where the source's has not changed since both agreed."""
    ways = work.flow.both_ways
    if ways is None:
        return
    for job in still_open(jobs):
        agreed = Agreed.from_text(job.row.agreed)
        if agreed is None or agreed.source == ways.status(job.record):
            job.desired = replace(job.desired, moves_to="")


def note_creation(work: Work, jobs: Sequence[Job]) -> None:
    """Note what both sides will say of records that are made now, whether an answer comes or not.

    People may move on what we made before we see that we made it.
    """
    ways = work.flow.both_ways
    if ways is None:
        return
    for job in still_open(jobs):
        if job.found is None:
            made = Agreed(source=ways.status(job.record), target=job.desired.status)
            job.facts["agreed"] = made.to_text()


def carry_back(work: Work, jobs: Sequence[Job]) -> None:
    """Give the source the statuses that changed at the target alone; those rows end with it."""
    ways = work.flow.both_ways
    if ways is None:
        return
    moved = {job.id: back for job in still_open(jobs) if (back := _back(work, ways, job))}
    for job in still_open(jobs):
        _note_lone_status(work, ways, job)
    if not moved:
        return
    wanted = {id_: _wanted(ways, id_, status) for id_, status in moved.items()}
    for job, answer in _write(work, jobs, wanted):
        if isinstance(answer, SyncFailure):
            work.fail(job, answer, work.source)
        elif job.found is not None:
            _end(work, job, job.found, moved[job.id], answer)


def _back(work: Work, ways: BothWays, job: Job) -> str | None:
    """Return the status that the source should get, or None if it keeps its own."""
    agreed, found, now = Agreed.from_text(job.row.agreed), job.found, ways.status(job.record)
    if agreed is None or found is None or not found.status or agreed.source != now:
        return None
    if found.status == agreed.target:
        return None
    status = ways.back(found.status, work.planning)
    return status if status != now else None


def _note_lone_status(work: Work, ways: BothWays, job: Job) -> None:
    """Say of a status that it has no counterpart, as long as the two sides stand apart by it."""
    now, there = ways.status(job.record), job.found.status if job.found else ""
    forward = ways.forward(now, work.planning)
    source, target = work.source.offer.label, work.target.offer.label
    if forward is None and getattr(job.desired, "cancelled", False):
        return  # it was cancelled there by its state
    if forward is None:
        job.note = f"The status “{now}” has no counterpart at {target} and changed nothing there."
    elif job.desired.moves_to:
        return  # the target gets another status now
    elif there not in ("", forward) and ways.back(there, work.planning) is None:
        job.note = f"Status {there} of {target} has no counterpart at {source}: nothing changed."


def _wanted(ways: BothWays, record: str, status: str) -> Wanted[object]:
    desired = ways.change(record, status)
    return Wanted(record=record, desired=desired, target_id=record, key=f"{record} {status}"[:45])


def _write(
    work: Work, jobs: Sequence[Job], wanted: Mapping[str, Wanted[object]]
) -> list[tuple[Job, Done | SyncFailure]]:
    """Write the statuses that the source does not have yet."""
    concerned = [job for job in still_open(jobs) if job.id in wanted]
    source = work.source.platform.target(work.flow.kind, work.planning.settings)
    there = working.ask(
        work, concerned, lambda _: source.find_many(list(wanted.values())), work.source
    )
    answers: dict[str, Done | SyncFailure] = {
        id_: _done_of(found) for id_, found in there.items() if _needs_no_write(found)
    }
    open_ = [one for one in still_open(concerned) if one.id not in answers]
    writes = [(wanted[one.id], there.get(one.id)) for one in open_]
    answers |= working.ask(work, open_, lambda _: source.write_many(writes), work.source)
    lost = SyncFailure(
        Reason.OUTCOME_UNKNOWN, f"{work.source.offer.label} did not say what became of the status."
    )
    return [(job, answers.get(job.id, lost)) for job in still_open(concerned)]


def _needs_no_write(found: Found | SyncFailure) -> bool:
    return isinstance(found, SyncFailure) or found.equal


def _done_of(found: Found | SyncFailure) -> Done | SyncFailure:
    if isinstance(found, SyncFailure):
        return found
    return Done(target_id=found.target_id, outcome=Outcome.UNCHANGED, verified=True)


def _end(work: Work, job: Job, found: Found, status: str, answer: Done) -> None:
    """Close a row whose status went back; the rest follows when the source tells of its change."""
    source, target = work.source.offer.label, work.target.offer.label
    detail = f"The status was changed at {target}: at {source} it is “{status}” now."
    done = Done(
        target_id=found.target_id,
        version=found.version,
        outcome=Outcome.UPDATED,
        verified=answer.verified,
        code=answer.code,
        detail=detail if answer.verified else answer.detail,
        taken=found.taken,
        status=found.status,
    )
    working.close(work, job, done, source_status=status)
