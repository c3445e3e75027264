"""What tests of Square's refunds look at: one refund read, its parts, the list of changes."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from chalicelib.domain.money import Money
from chalicelib.domain.platforms import Changed
from chalicelib.domain.records import Order, OrderLine, Refund
from tests.contract.square_connection import Connected

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def gbp(amount: str) -> Money:
    return Money(Decimal(amount), "GBP")


def fetched(at: Connected, refund_id: str) -> Refund:
    refund = at.refunds().fetch_many([refund_id])[refund_id]
    assert isinstance(refund, Refund)
    assert total_of_parts(refund) == refund.total
    return refund


def total_of_parts(refund: Refund) -> Money:
    parts = sum((line.net + line.tax for line in refund.lines), Money.zero(refund.total.currency))
    return parts + refund.tip + refund.rounding


def paid(record: Refund | Order) -> list[tuple[str, str]]:
    return [(one.method, one.amount.to_text()) for one in record.payments]


def apart(at: Connected, ids: list[str]) -> list[str]:
    """Let refunds of one return be made a second apart, in the order given."""
    for number, one in enumerate(reversed(ids)):
        at.square.refunds.refunds[one].created_at -= timedelta(seconds=number)
    return ids


def shown(lines: Sequence[OrderLine]) -> list[tuple[str | None, str, str, str]]:
    return [
        (one.item_id, f"{one.quantity.normalize():f}", one.net.to_text(), one.tax.to_text())
        for one in lines
    ]


def walk(at: Connected, since: datetime = LONG_AGO, until: datetime | None = None) -> list[Changed]:
    """Read all pages of changes, each from a connector of its own, as polls do."""
    changes: list[Changed] = []
    page = None
    for _ in range(50):
        answer = at.refunds().list_changes(since=since, until=until, page=page)
        changes += answer.changes
        page = answer.page
        if page is None:
            return changes
    raise AssertionError("the list does not end")
