"""What becomes of a count: verified, short by sales, cut, refused."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from chalicelib.connectors.square.stock_results import Change, Fate, explained, plain, result_of
from chalicelib.domain.platforms import Done, Found
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Count
from chalicelib.domain.statuses import Outcome

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def change(quantity: int = 20, location: str = "L1", *, is_cut: bool = False) -> Change:
    return Change(
        record="1001",
        place=("VAR1", location),
        quantity=Decimal(quantity),
        is_cut=is_cut,
        counted_at=NOW,
    )


@pytest.mark.parametrize(
    ("held", "sold", "verified"),
    [
        (20, 0, True),
        (17, 3, True),
        (18, 3, True),  # sold, and one of it before the count
        (16, 3, False),
        (17, 0, False),
        (21, 5, False),
        (None, 0, False),
    ],
)
def test_less_than_counted_is_right_only_as_far_as_it_was_sold(
    held: int | None, sold: int, verified: bool
) -> None:
    fate = Fate(change=change(), held=None if held is None else Decimal(held), sold=Decimal(sold))

    assert fate.is_verified is verified
    assert bool(fate.detail) is not verified


COUNT = Count(product_id="1001", variation_id="VAR1", quantities={}, counted_at=NOW)


def test_a_record_is_done_when_all_its_places_are() -> None:
    done = result_of(
        COUNT,
        Found(target_id="VAR1", equal=False),
        [Fate(change=change(), held=Decimal(20)), Fate(change=change(5, "L2"), held=Decimal(5))],
    )

    assert isinstance(done, Done)
    assert (done.outcome, done.verified, done.detail) == (Outcome.UPDATED, True, "")
    assert [part.name for part in done.parts] == ["L1", "L2"]


def test_a_place_shows_what_is_to_be_there_and_not_what_was_sent() -> None:
    sent = Change(
        record="1001",
        place=("VAR1", "L1"),
        quantity=Decimal(20),
        is_cut=False,
        counted_at=NOW,
        sold_since=Decimal(3),
    )

    assert Fate(change=sent, held=Decimal(17), sold=Decimal(3)).part.quantity == "17"


def test_a_failure_that_comes_back_goes_before_one_that_stays() -> None:
    failures = [
        SyncFailure(Reason.REJECTED_BY_TARGET, "Refused.", code=400),
        SyncFailure(Reason.THROTTLED, "Too many calls.", code=429, retry_after_s=3),
    ]
    fates = [Fate(change=change(), failure=failure) for failure in failures]

    told = result_of(COUNT, None, [*fates, Fate(change=change(5, "L3"), held=Decimal(5))])

    assert isinstance(told, SyncFailure)
    assert (told.reason, told.retry_after_s) == (Reason.THROTTLED, 3)
    assert told.detail == "2 of 3 locations: Too many calls."
    assert [part.ok for part in told.parts] == [False, False, True]


def test_a_number_below_zero_is_told() -> None:
    done = result_of(COUNT, None, [Fate(change=change(0, is_cut=True), held=Decimal(0))])

    assert isinstance(done, Done)
    assert done.verified
    assert done.detail == "L1: The source has less than nothing: 0 was sent."


@pytest.mark.parametrize(
    ("field", "detail", "reason"),
    [
        ("changes[3].physical_count.catalog_object_id", "Unknown.", Reason.MISSING_AT_TARGET),
        ("", "No object VAR1.", Reason.MISSING_AT_TARGET),
        ("changes[3].physical_count.occurred_at", "In the future.", Reason.RETRYING),
        ("location_id", "Not allowed.", Reason.REJECTED_BY_TARGET),
    ],
)
def test_a_refused_count_says_what_is_wrong(field: str, detail: str, reason: Reason) -> None:
    refused = SyncFailure(Reason.REJECTED_BY_TARGET, detail, code=400, field=field)

    assert explained(refused, change()).reason is reason


@pytest.mark.parametrize(
    ("number", "text"), [("20", "20"), ("2.50", "2.5"), ("1E+2", "100"), ("0.00", "0")]
)
def test_quantities_are_written_without_exponent(number: str, text: str) -> None:
    assert plain(Decimal(number)) == text
