"""Names and ids of rows, and what can be read off a row."""

from datetime import timedelta

import pytest

from chalicelib.domain.reasons import RULES, Reason
from chalicelib.domain.rows import RowName, fingerprint_of, letter_of
from chalicelib.domain.statuses import Status
from tests.builders import NOW, make_row

ODD = ["1007", "A.B", "a/b", "Größe 42", "~41", "~", "x y+z%20", "SALE|42#?&", "日本", "-_-", "\n"]


@pytest.mark.parametrize("record", ODD)
@pytest.mark.parametrize("step", [None, "create_order", "a.b"])
def test_row_id_is_safe_in_a_url_and_reads_back(record: str, step: str | None) -> None:
    name = RowName(consumer="c", flow="a-b-to-c@shop-2", record=record, step=step)
    assert set(name.id) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~")
    assert RowName.from_id("c", name.id) == name


def test_no_two_names_share_an_id() -> None:
    names = [RowName(consumer="c", flow=f, record=r) for f in ODD for r in ODD]
    names += [RowName(consumer="c", flow=f, record="1", step=s) for f in ODD for s in ODD]
    assert len({name.id for name in names}) == len(names)


@pytest.mark.parametrize(
    "text", ["", "flow", "flow.", ".x", "a.b.c.d", "flow.~4", "flow.~zz", "flow.~FF", "flow.~41"]
)
def test_text_that_is_no_row_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no"):
        RowName.from_id("c", text)


def test_lane_is_the_flow_or_its_step() -> None:
    assert RowName(consumer="c", flow="f", record="1").lane == "f"
    assert RowName(consumer="c", flow="f", record="1", step="s").lane == "f/s"


def test_owed_means_requested_more_than_handled() -> None:
    assert make_row(requested=2, handled=1).is_owed
    assert not make_row(requested=2, handled=2).is_owed


def test_lease_ends_at_its_moment() -> None:
    row = make_row(lease_until=NOW)
    assert row.is_leased(NOW - timedelta(seconds=1))
    assert not row.is_leased(NOW)
    assert not make_row().is_leased(NOW)


@pytest.mark.parametrize("reason", Reason)
def test_claimed_row_stays_on_the_shelf_of_pending_ones(reason: Reason) -> None:
    shelves = {Status.PENDING: "P", Status.PROCESSING: "W", Status.FAILED: "F"}
    wanted = "P" if reason is Reason.SENDING else shelves[RULES[reason].status]
    assert letter_of(RULES[reason].status, reason) == wanted


def test_synced_rows_have_a_shelf_of_their_own() -> None:
    assert letter_of(Status.SYNCED, None) == "S"
    assert make_row(status=Status.SYNCED, reason=None).letter == "S"


def test_fingerprint_tells_flow_reason_code_and_field_apart() -> None:
    alike = fingerprint_of("f", ("conflict", "A", "sku"))
    others = [
        fingerprint_of("g", ("conflict", "A", "sku")),
        fingerprint_of("f", ("gave_up", "A", "sku")),
        fingerprint_of("f", ("conflict", "B", "sku")),
        fingerprint_of("f", ("conflict", "A", "name")),
    ]
    assert alike == fingerprint_of("f", ("conflict", "A", "sku"))
    assert len({alike, *others}) == 5
