"""What every target promises of what it finds and writes."""

from dataclasses import replace
from typing import Any

from chalicelib.domain.platforms import Done, Found, Wanted
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.statuses import Outcome
from tests.contract.connectors.entries import every_target
from tests.contract.connectors.suite import Running, TargetCase, find, linked, sync, write

SETTLE_S = 120  #: by then searches show what was written


def synced(running: Running, case: TargetCase, number: int = 1) -> tuple[Wanted[Any], Done]:
    """Sync something new; returns what was wanted, linked now, and what became of it."""
    wanted = case.wanted(running, number)
    done = sync(running.target(case.kind), wanted)[wanted.record]
    assert isinstance(done, Done), repr(done)
    running.clock.advance(SETTLE_S)
    return linked(wanted, done), done


def found(running: Running, case: TargetCase, wanted: Wanted[Any]) -> Found:
    """Find one thing, which must be there."""
    answer = find(running.target(case.kind), wanted).get(wanted.record)
    assert isinstance(answer, Found), repr(answer)
    return answer


@every_target()
def test_nothing_wanted_is_nothing_done_without_a_call(running: Running, case: TargetCase) -> None:
    assert dict(running.target(case.kind).find_many([])) == {}
    assert dict(running.target(case.kind).write_many([])) == {}
    assert not running.account.http.trace.exchanges


@every_target()
def test_what_was_never_written_is_not_found(running: Running, case: TargetCase) -> None:
    wanted = [case.wanted(running, number) for number in (1, 2)]

    answers = find(running.target(case.kind), *wanted)

    if case.starts_there:
        assert not [one for one in answers.values() if one.equal]
    else:
        assert answers == {}


@every_target(lambda case: not case.starts_there)
def test_what_is_missing_is_created_and_verified(running: Running, case: TargetCase) -> None:
    wanted = case.wanted(running, 1)

    done = sync(running.target(case.kind), wanted)[wanted.record]

    assert isinstance(done, Done)
    assert (done.outcome, done.verified, done.awaiting) == (Outcome.CREATED, True, False)
    assert done.target_id


@every_target()
def test_what_was_written_is_found_equal_by_its_link(running: Running, case: TargetCase) -> None:
    wanted, done = synced(running, case)

    there = found(running, case, wanted)

    assert (there.target_id, there.equal, there.live) == (done.target_id, True, True)
    assert there.ours
    assert there.parent_id == done.parent_id


@every_target()
def test_what_was_written_is_found_equal_without_its_link(
    running: Running, case: TargetCase
) -> None:
    wanted, done = synced(running, case)

    there = found(running, case, replace(wanted, target_id=None, parent_id=None))

    assert (there.target_id, there.equal, there.live) == (done.target_id, True, True)


@every_target()
def test_writing_the_same_again_changes_nothing(running: Running, case: TargetCase) -> None:
    wanted, done = synced(running, case)
    before = case.held(running, done.target_id), case.count(running)

    again = write(running.target(case.kind), (wanted, found(running, case, wanted)))

    assert isinstance(again[wanted.record], Done), repr(again)
    assert again[wanted.record].target_id == done.target_id
    assert (case.held(running, done.target_id), case.count(running)) == before


@every_target()
def test_a_whole_sync_of_the_same_makes_no_write(running: Running, case: TargetCase) -> None:
    wanted, _ = synced(running, case)
    running.account.http.trace.take()

    answer = sync(running.target(case.kind), wanted)[wanted.record]

    assert isinstance(answer, Found)
    made = [one for one in running.account.http.trace.take() if one.method != "GET"]
    assert not [one for one in made if case.write_path in one.url]


@every_target()
def test_what_is_wanted_otherwise_is_updated_in_its_place(
    running: Running, case: TargetCase
) -> None:
    wanted, done = synced(running, case)
    before = case.held(running, done.target_id)
    other = replace(wanted, desired=case.changed(running, wanted.desired))
    assert not found(running, case, other).equal

    answer = sync(running.target(case.kind), other)[other.record]

    assert isinstance(answer, Done), repr(answer)
    assert (answer.target_id, answer.outcome) == (done.target_id, Outcome.UPDATED)
    assert answer.verified
    assert case.held(running, done.target_id) != before
    assert found(running, case, other).equal


@every_target(lambda case: case.by_people is not None)
def test_what_people_made_before_us_is_found_as_theirs_and_adopted(
    running: Running, case: TargetCase
) -> None:
    wanted = case.wanted(running, 1)
    assert case.by_people is not None
    theirs = case.by_people(running, wanted)
    running.clock.advance(SETTLE_S)
    count = case.count(running)

    there = found(running, case, wanted)
    done = sync(running.target(case.kind), wanted)[wanted.record]

    assert (there.target_id, there.ours) == (theirs, False)
    assert isinstance(done, Done), repr(done)
    assert (done.target_id, done.outcome, done.verified) == (theirs, Outcome.ADOPTED, True)
    running.clock.advance(SETTLE_S)
    again = found(running, case, linked(wanted, done))
    assert (again.target_id, again.ours, again.equal) == (theirs, True, True)
    assert case.count(running) == count


@every_target()
def test_a_write_whose_answer_was_lost_is_found_and_not_doubled(
    running: Running, case: TargetCase
) -> None:
    wanted = case.wanted(running, 1)
    there = find(running.target(case.kind), wanted).get(wanted.record)
    running.simulator.fail_next(mode="drop_after", path=case.write_path)
    lost = write(running.target(case.kind), (wanted, there))[wanted.record]
    assert isinstance(lost, SyncFailure)
    assert lost.reason is Reason.OUTCOME_UNKNOWN
    running.clock.advance(SETTLE_S)
    count = case.count(running)

    unclear = replace(wanted, unclear=True)
    arrived = found(running, case, unclear)
    answer = sync(running.target(case.kind), unclear)[wanted.record]

    assert isinstance(answer, Done | Found), repr(answer)
    assert answer.target_id == arrived.target_id
    assert case.count(running) == count
    assert found(running, case, linked(wanted, answer)).equal


@every_target()
def test_a_write_that_never_arrived_is_made_once(running: Running, case: TargetCase) -> None:
    wanted = case.wanted(running, 1)
    there = find(running.target(case.kind), wanted).get(wanted.record)
    before = case.count(running)
    running.simulator.fail_next(mode="drop_before", path=case.write_path)
    lost = write(running.target(case.kind), (wanted, there))[wanted.record]
    assert isinstance(lost, SyncFailure)
    assert lost.reason is Reason.OUTCOME_UNKNOWN
    assert case.count(running) == before
    running.clock.advance(SETTLE_S)

    done = sync(running.target(case.kind), replace(wanted, unclear=True))[wanted.record]

    assert isinstance(done, Done), repr(done)
    assert done.verified
    assert found(running, case, linked(wanted, done)).equal


@every_target()
def test_many_are_written_together_and_answered_each(running: Running, case: TargetCase) -> None:
    wanted = [case.wanted(running, number) for number in range(1, 6)]

    answers = sync(running.target(case.kind), *wanted)

    assert set(answers) == {one.record for one in wanted}
    assert all(isinstance(one, Done) and one.verified for one in answers.values())
    assert len({one.target_id for one in answers.values()}) == len(wanted)


@every_target()
def test_one_that_is_refused_fails_alone_and_says_what_to_mend(
    running: Running, case: TargetCase
) -> None:
    good = [case.wanted(running, number) for number in (1, 2, 3)]
    bad = case.refused(running, 4)

    answers = sync(running.target(case.kind), good[0], bad, *good[1:])

    failure = answers[bad.record]
    assert isinstance(failure, SyncFailure)
    assert failure.field
    assert failure.detail[0].isupper()
    assert failure.detail.endswith(".")
    assert all(isinstance(answers[one.record], Done) for one in good), answers
    assert all(answers[one.record].verified for one in good)


@every_target(lambda case: case.delete is not None)
def test_what_people_deleted_is_not_found_any_more(running: Running, case: TargetCase) -> None:
    wanted, done = synced(running, case)
    assert case.delete is not None
    case.delete(running, done.target_id)
    running.clock.advance(SETTLE_S)

    assert find(running.target(case.kind), wanted) == {}


@every_target(lambda case: case.unknown != "")
def test_a_link_that_leads_nowhere_is_not_found_and_made_anew(
    running: Running, case: TargetCase
) -> None:
    wanted = replace(case.wanted(running, 1), target_id=case.unknown)
    assert find(running.target(case.kind), wanted) == {}

    done = sync(running.target(case.kind), wanted)[wanted.record]

    assert isinstance(done, Done), repr(done)
    assert (done.outcome, done.verified) == (Outcome.CREATED, True)
    assert done.target_id != case.unknown


@every_target()
def test_neighbours_are_found_when_one_of_them_is_not_there(
    running: Running, case: TargetCase
) -> None:
    first, _ = synced(running, case, 1)
    second, _ = synced(running, case, 2)
    third = case.refused(running, 3)

    answers = find(running.target(case.kind), first, third, second)

    assert set(answers) - {third.record} == {first.record, second.record}
    assert all(answers[one.record].equal for one in (first, second))
