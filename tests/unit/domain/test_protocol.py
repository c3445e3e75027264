"""What follows from a row alone: delays of messages, the sweeper's moves, leases of an old boot."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.protocol import (
    DUE_AFTER_S,
    DUE_AT_MOST_S,
    end_lease_early,
    message_delay_s,
    sweep,
)
from chalicelib.domain.writes import OWED, Op, Term
from tests.builders import NOW, make_row


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


# --- messages -------------------------------------------------------------------------------------

DELAYS = {
    "at_once": ({}, 0),
    "planned_in_the_past": ({"next_attempt_at": after(-5)}, 0),
    "planned": ({"next_attempt_at": after(30)}, 30),
    "never_too_early": ({"next_attempt_at": after(30.2)}, 31),
    "longest_a_queue_accepts": ({"next_attempt_at": after(900)}, 900),
    "longer_is_the_sweepers": ({"next_attempt_at": after(900.5)}, None),
    "standing_lease": ({"lease_until": after(60)}, 60),
    "later_of_both": ({"next_attempt_at": after(30), "lease_until": after(60)}, 60),
}


@pytest.mark.parametrize(("changes", "delay_s"), DELAYS.values(), ids=DELAYS.keys())
def test_message_comes_when_the_row_can_be_claimed(
    changes: dict[str, Any], delay_s: int | None
) -> None:
    assert message_delay_s(make_row(requested=1, **changes), NOW) == delay_s


# --- sweeper --------------------------------------------------------------------------------------


def swept(**changes: Any) -> tuple[str, datetime, int | None]:
    row = make_row(requested=1, due_at=after(-1), **changes)
    (one,) = sweep(row, NOW).alternatives
    assert list(one.when) == [OWED, Term("due_at", Op.EQ, row.due_at)]
    return one.tag, one.changes["due_at"], one.changes.get("due_every_s")


@pytest.mark.parametrize("field", ["lease_until", "next_attempt_at"])
def test_sweeper_moves_the_due_time_to_what_the_row_waits_for(field: str) -> None:
    assert swept(**{field: after(40)}) == ("later", after(40), None)


def test_sweeper_waits_for_the_later_of_lease_and_plan() -> None:
    assert swept(lease_until=after(40), next_attempt_at=after(90))[1] == after(90)


def test_sweeper_sends_and_doubles_the_rows_own_interval() -> None:
    assert swept() == ("send", after(2 * DUE_AFTER_S), 2 * DUE_AFTER_S)
    assert swept(due_every_s=1200) == ("send", after(2400), 2400)
    assert swept(due_every_s=DUE_AT_MOST_S)[2] == DUE_AT_MOST_S


def test_sweeper_takes_no_notice_of_leases_and_plans_that_are_over() -> None:
    assert swept(lease_until=after(0), next_attempt_at=after(-9))[0] == "send"


# --- restart --------------------------------------------------------------------------------------


def test_lease_of_an_old_boot_ends_after_settling_and_never_later_than_before() -> None:
    row = make_row(requested=1, lease_id="old", lease_until=after(100))
    (one,) = end_lease_early(row, settle_s=60, now=NOW).alternatives
    assert one.changes == {"lease_until": after(60), "due_at": after(60)}
    assert Term("lease_until", Op.GT, after(60)) in one.when
    assert Term("lease_id", Op.EQ, "old") in one.when
    assert OWED in one.when
