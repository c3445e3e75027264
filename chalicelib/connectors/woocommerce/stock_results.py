"""What number a count becomes in a shop, and what became of it; pure."""

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal, InvalidOperation
from typing import Any

from chalicelib.connectors.woocommerce.amounts import SHOP
from chalicelib.connectors.woocommerce.catalog import TRASH
from chalicelib.connectors.woocommerce.client import Json
from chalicelib.domain.platforms import Done, Found
from chalicelib.domain.reasons import Part, Reason, SyncFailure
from chalicelib.domain.records import Count
from chalicelib.domain.statuses import Outcome


@dataclass(frozen=True, kw_only=True)
class Level:
    """A count as it is sent: the shop takes the number for the one of this moment."""

    sent: int
    detail: str = ""  #: for people, where the number is not the source's

    @staticmethod
    def of(count: Count, *, sold: Decimal, held: Decimal) -> "Level":
        """Return the number to send.

        The source has 20, of which the shop sold 2 since the moment of counting that the source
        does not know of yet, and holds 1 for an order that waits for its money: 17.

        Args:
            sold: pieces the shop sold since; those the source knows of are off its number already.
            held: pieces of unpaid orders, which the source is not told of before they are paid.
        """
        wanted = count.quantities.get(SHOP, Decimal(0))
        unknown = max(sold - count.sold_since.get(SHOP, Decimal(0)), Decimal(0))
        left = max(wanted - unknown - held, Decimal(0))
        whole = left.to_integral_value(rounding=ROUND_FLOOR)
        notes = (
            (wanted < 0, "The source has less than nothing: 0 was sent."),
            (whole != left, f"A shop holds whole pieces: {whole} of {_plain(left)} was sent."),
            (bool(held), f"{_plain(held)} held for orders that are not paid yet."),
        )
        return Level(sent=int(whole), detail=" ".join(text for is_so, text in notes if is_so))


def quantity_of(row: Json) -> int | None:
    """Return the number a shop has; None where it does not count."""
    if row.get("manage_stock") is not True:
        return None
    try:
        return int(Decimal(str(row.get("stock_quantity") or 0)))
    except InvalidOperation:
        return None


def why_not(count: Count, row: Json | None) -> SyncFailure | None:
    """Say why a count cannot go there."""
    places = [place for place in count.quantities if place != SHOP]
    if places:
        return SyncFailure(
            Reason.MISSING_AT_TARGET,
            f"A shop has the one location “{SHOP}”, not {places[0]}: mend the location mapping.",
            error_code="no_such_location",
            field="location",
        )
    if row is None:
        return gone(count)
    if row.get("status") == TRASH:
        return _failure(
            Reason.MISSING_AT_TARGET,
            f"Product {count.variation_id} lies in the shop's bin: restore it, or re-sync the"
            " product.",
            "in_bin",
        )
    if row.get("manage_stock") == "parent":
        return _failure(
            Reason.WRONG_STATE,
            f"The shop counts variation {count.variation_id} together with its sisters at product"
            f" {row.get('parent_id')}: switch on “Manage stock?” at the variation.",
            "counted_at_parent",
        )
    if row.get("type") not in ("simple", "variation", None):
        return _failure(
            Reason.CONFLICT,
            f"Product {count.variation_id} of the shop is of the type {row.get('type')}, whose"
            " pieces are not counted: re-sync the product.",
            "other_kind",
        )
    return None


def gone(count: Count) -> SyncFailure:
    """Return the failure of a product that the shop does not have any more."""
    text = f"The shop has no product {count.variation_id}: re-sync the product, then its stock."
    return _failure(Reason.MISSING_AT_TARGET, text, "gone")


def unchanged(count: Count, level: Level) -> Done:
    """Return the end of a count that the shop shows already."""
    return Done(
        target_id=count.variation_id,
        outcome=Outcome.UNCHANGED,
        verified=True,
        detail=level.detail,
        parts=(_part(level, ok=True, detail=level.detail),),
    )


def done_of(
    count: Count, level: Level, found: Found | None, answer: Json | SyncFailure
) -> Done | SyncFailure:
    """Say what became of a count, by the shop's own answer to it."""
    if isinstance(answer, SyncFailure):
        return SyncFailure(
            answer.reason,
            answer.detail,
            cause=answer.cause,
            retry_after_s=answer.retry_after_s,
            code=answer.code,
            error_code=answer.error_code,
            field=answer.field,
            parts=(_part(level, ok=False, detail=answer.detail),),
        )
    shown = quantity_of(answer)
    is_right = shown == level.sent
    detail = level.detail if is_right else f"The shop shows {shown} after {level.sent} was sent."
    return Done(
        target_id=count.variation_id,
        outcome=Outcome.CREATED if found is None else Outcome.UPDATED,
        verified=is_right,
        detail=detail,
        parts=(_part(level, ok=is_right, detail=detail),),
    )


def _part(level: Level, *, ok: bool, detail: str) -> Part:
    return Part(name=SHOP, quantity=str(level.sent), ok=ok, detail=detail)


def _failure(reason: Reason, detail: str, error_code: str) -> SyncFailure:
    return SyncFailure(reason, detail, error_code=error_code, field="id")


def _plain(number: Any) -> str:
    shown = f"{number:f}"
    return (shown.rstrip("0").rstrip(".") or "0") if "." in shown else shown
