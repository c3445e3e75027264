"""What every source promises of its list of changes."""

from collections import Counter
from datetime import timedelta

import pytest

from chalicelib.domain.platforms import ChangePage
from chalicelib.domain.reasons import SyncFailure
from tests.contract.connectors.entries import every_source
from tests.contract.connectors.suite import (
    Running,
    SourceCase,
    changes_of,
    is_gone,
    read_changes,
    read_pages,
)

HOUR_S = 3600
#: A little more than a page; where a page is too big for a test, a few.
MORE_THAN_A_PAGE = 3
A_FEW = 7


def make_many(running: Running, case: SourceCase, *, apart_s: float = 0) -> list[str]:
    """Make more records than a page holds; returns their ids in order of making."""
    made = []
    for number in range(case.page + MORE_THAN_A_PAGE if case.page else A_FEW):
        made.append(case.make(running, number))
        running.clock.advance(apart_s)
    return made


def counts_of(pages: list[ChangePage]) -> Counter[str]:
    return Counter(change.record for change in changes_of(pages))


@every_source()
def test_a_list_without_changes_is_empty_and_ends(running: Running, case: SourceCase) -> None:
    case.make(running, 1)
    running.clock.advance(HOUR_S)

    pages = read_pages(running, case.kind, since=running.clock())

    assert changes_of(pages) == []
    assert len(pages) == 1


@every_source()
def test_all_changes_are_listed_to_the_end_by_one_worker_after_another(
    running: Running, case: SourceCase
) -> None:
    since = running.clock()
    made = make_many(running, case, apart_s=0.5)

    pages = read_pages(running, case.kind, since=since)

    counts = counts_of(pages)
    assert set(counts) == set(made)
    assert {change.kind for change in changes_of(pages)} == {case.kind}
    assert len(pages) > 1 or not case.page
    if not case.pages_overlap:
        assert set(counts.values()) == {1}


@every_source()
def test_none_is_missed_when_more_than_a_page_changed_in_one_moment(
    running: Running, case: SourceCase
) -> None:
    since = running.clock()
    made = make_many(running, case)

    counts = counts_of(read_pages(running, case.kind, since=since))

    assert set(counts) == set(made)
    if not case.pages_overlap:
        assert set(counts.values()) == {1}


@every_source(lambda case: case.page > 0 and case.listed_again)
def test_a_record_that_changes_while_the_list_is_read_hides_none_of_the_others(
    running: Running, case: SourceCase
) -> None:
    since = running.clock()
    made = make_many(running, case, apart_s=0.5)
    first = running.source(case.kind).list_changes(since=since, until=None, page=None)
    running.clock.advance(HOUR_S)
    case.change(running, made[0])  # it was on the first page, and is the last change now

    rest = read_pages(running, case.kind, since=since, page=first.page)

    assert set(counts_of([first, *rest])) == set(made)


@every_source()
def test_a_page_names_a_record_once_and_begins_with_the_oldest_change(
    running: Running, case: SourceCase
) -> None:
    since = running.clock()
    make_many(running, case, apart_s=2)

    for page in read_pages(running, case.kind, since=since):
        dated = [one.updated_at for one in page.changes if one.updated_at]
        counted = [one.version for one in page.changes if one.version is not None]
        assert len({one.record for one in page.changes}) == len(page.changes)
        assert dated == sorted(dated)
        assert counted == sorted(counted)


@every_source()
def test_pages_come_in_order_of_change(running: Running, case: SourceCase) -> None:
    since = running.clock()
    make_many(running, case, apart_s=2)

    pages = read_pages(running, case.kind, since=since)

    ends = [page.changes[-1].updated_at for page in pages if page.changes]
    known = [one for one in ends if one is not None]
    assert known == sorted(known)


@every_source()
def test_a_list_begins_with_the_moment_it_is_asked_from(running: Running, case: SourceCase) -> None:
    made = []
    moments = []
    for number in range(3):
        moments.append(running.clock())
        made.append(case.make(running, number))
        running.clock.advance(HOUR_S)

    assert [one.record for one in read_changes(running, case.kind, since=moments[1])] == made[1:]


@every_source()
def test_a_start_far_in_the_past_lists_everything(running: Running, case: SourceCase) -> None:
    made = [case.make(running, number) for number in range(3)]

    for years in (1, 20, 100):
        since = running.clock() - timedelta(days=365 * years)
        assert {one.record for one in read_changes(running, case.kind, since=since)} == set(made)


@every_source(lambda case: case.listed_again)
def test_a_change_is_listed_with_a_higher_version(running: Running, case: SourceCase) -> None:
    since = running.clock()
    made = case.make(running, 1)
    (first,) = read_changes(running, case.kind, since=since)
    running.clock.advance(HOUR_S)
    since = running.clock()
    case.change(running, made)

    (again,) = read_changes(running, case.kind, since=since)

    assert again.record == made
    assert first.version is not None
    assert again.version is not None
    assert again.version > first.version
    assert again.columns.keys() >= first.columns.keys()


@every_source()
def test_a_listed_version_is_never_beyond_the_record_that_is_read(
    running: Running, case: SourceCase
) -> None:
    since = running.clock()
    made = case.make(running, 1)
    for _ in range(2):
        (change,) = read_changes(running, case.kind, since=since)
        record = running.source(case.kind).fetch_many([made]).get(made)
        version = getattr(record, "version", None)
        assert change.version is None or version is None or change.version <= version
        assert version is None or isinstance(version, int)
        running.clock.advance(HOUR_S)
        case.change(running, made)


@every_source(lambda case: case.delete is not None)
def test_a_deleted_record_is_listed_as_a_change_or_not_at_all(
    running: Running, case: SourceCase
) -> None:
    gone = case.make(running, 1)
    running.clock.advance(HOUR_S)
    since = running.clock()
    assert case.delete is not None
    case.delete(running, gone)

    listed = [one.record for one in read_changes(running, case.kind, since=since)]

    assert listed in ([gone], [])
    assert is_gone(running.source(case.kind).fetch_many([gone]).get(gone))


@every_source()
@pytest.mark.parametrize("token", ["x", "e30=", "|||", "ü", "x" * 5000], ids=lambda t: t[:4])
def test_a_page_that_is_not_known_any_more_starts_the_list_again(
    running: Running, case: SourceCase, token: str
) -> None:
    case.make(running, 1)

    with pytest.raises(SyncFailure) as failed:
        running.source(case.kind).list_changes(since=running.clock(), until=None, page=token)

    assert failed.value.error_code == "cursor_expired"


@every_source()
def test_the_next_poll_goes_on_where_the_last_one_ended(running: Running, case: SourceCase) -> None:
    since = running.clock()
    old = [case.make(running, number) for number in range(5)]
    last = read_pages(running, case.kind, since=since)[-1]
    running.clock.advance(HOUR_S)
    since = running.clock()
    new = case.make(running, 5)

    following = read_pages(running, case.kind, since=since, page=last.resume)

    listed = [one.record for one in changes_of(following)]
    assert new in listed
    assert len(set(listed) & set(old)) <= 1  # where the numbers of changes begin may be told twice


@every_source()
def test_a_poll_that_follows_without_a_change_brings_nothing(
    running: Running, case: SourceCase
) -> None:
    since = running.clock()
    case.make(running, 1)
    last = read_pages(running, case.kind, since=since)[-1]
    running.clock.advance(HOUR_S)

    following = read_pages(running, case.kind, since=running.clock(), page=last.resume)

    assert len(changes_of(following)) <= (1 if last.resume else 0)
    assert bool(following[-1].resume) == bool(last.resume)
