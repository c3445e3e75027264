"""What became of a count, location by location; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from chalicelib.domain.platforms import Done, Found
from chalicelib.domain.reasons import Part, Reason, SyncFailure
from chalicelib.domain.records import Count
from chalicelib.domain.statuses import Outcome

CLOCKS_DIFFER_S = 2  #: a count that seems to lie in the future is sent again after this
#: Reasons to come back: they go before a refusal, which will still be there then.
_COMES_BACK = (
    Reason.OUTCOME_UNKNOWN,
    Reason.CONNECTION_DOWN,
    Reason.THROTTLED,
    Reason.RETRYING,
)


@dataclass(frozen=True, kw_only=True)
class Change:
    """One count of one place."""

    record: str
    place: tuple[str, str]  #: variation, location
    quantity: Decimal  #: what is sent: as it was at ``counted_at``
    is_cut: bool  #: the source's number was below zero, which a shelf cannot hold
    counted_at: datetime
    sold_since: Decimal = Decimal(0)  #: of it, what was sold after ``counted_at``


@dataclass(frozen=True, kw_only=True)
class Fate:
    """What Square shows after a count, or why it was not taken."""

    change: Change
    held: Decimal | None = None  #: None: it was taken, and nothing is shown
    sold: Decimal = Decimal(0)  #: sold since the count, where less is shown than was counted
    failure: SyncFailure | None = None

    @property
    def is_short(self) -> bool:
        """Whether less is there than was counted: perhaps it was sold since."""
        return self.failure is None and self.held is not None and self.held < self.change.quantity

    @property
    def is_verified(self) -> bool:
        """Whether Square holds the count, less at most what was sold after the moment of counting.

        The count's time is older than the call, so a sale in between rightly lowers the number.
        """
        if self.failure is not None or self.held is None:
            return False
        return 0 <= self.change.quantity - self.held <= self.sold

    @property
    def detail(self) -> str:
        """What people should know of this place; empty if all is well."""
        if self.failure is not None:
            return self.failure.detail
        if self.held is None:
            return "Square took the count and does not show it yet."
        if not self.is_verified:
            return f"Square shows {plain(self.held)} after {plain(self.change.quantity)} was sent."
        return "The source has less than nothing: 0 was sent." if self.change.is_cut else ""

    @property
    def part(self) -> Part:
        """This place as a part of its row."""
        return Part(
            name=self.change.place[1],
            quantity=plain(self.change.quantity - self.change.sold_since),
            ok=self.is_verified,
            detail=self.detail,
        )


def result_of(count: Count, found: Found | None, fates: Sequence[Fate]) -> Done | SyncFailure:
    """Put the fates of a record's places together: it failed if one of them did."""
    failed = sorted(
        (fate for fate in fates if fate.failure is not None),
        key=lambda fate: fate.failure is None or fate.failure.reason not in _COMES_BACK,
    )
    parts = tuple(fate.part for fate in fates)
    if failed and failed[0].failure is not None:
        return _with_parts(failed[0].failure, parts, of=len(fates), failed=len(failed))
    notes = [f"{fate.part.name}: {fate.detail}" for fate in fates if fate.detail]
    return Done(
        target_id=count.variation_id,
        outcome=Outcome.CREATED if found is None else Outcome.UPDATED,
        verified=all(fate.is_verified for fate in fates),
        detail=" ".join(notes),
        parts=parts,
    )


def explained(failure: SyncFailure, change: Change) -> SyncFailure:
    """Say of a refused count what is missing or wrong, and where."""
    variation, location = change.place
    field = (failure.field or "").rpartition(".")[2]
    if failure.reason is not Reason.REJECTED_BY_TARGET:
        return failure
    if field == "catalog_object_id" or variation in failure.detail:
        text = f"Square has no variation {variation}: re-sync the product, then its stock."
        return _as(failure, Reason.MISSING_AT_TARGET, text, field="catalog_object_id")
    if field == "occurred_at":
        text = "Square's clock is behind ours, so the count seemed to lie in the future."
        return _as(failure, Reason.RETRYING, text, field="occurred_at")
    text = f"Square refused the count at location {location}: {failure.detail}"
    return _as(failure, Reason.REJECTED_BY_TARGET, text, field=field or None)


def plain(number: Decimal) -> str:
    """Return a quantity without exponent and trailing zeros: ``20``, ``0.5``."""
    shown = f"{number:f}"
    return (shown.rstrip("0").rstrip(".") or "0") if "." in shown else shown


def _as(failure: SyncFailure, reason: Reason, detail: str, *, field: str | None) -> SyncFailure:
    return SyncFailure(
        reason,
        detail,
        code=failure.code,
        error_code=failure.error_code,
        field=field,
        retry_after_s=CLOCKS_DIFFER_S if reason is Reason.RETRYING else None,
    )


def _with_parts(
    failure: SyncFailure, parts: tuple[Part, ...], *, of: int, failed: int
) -> SyncFailure:
    told = failure.detail if of == failed else f"{failed} of {of} locations: {failure.detail}"
    return SyncFailure(
        failure.reason,
        told,
        cause=failure.cause,
        retry_after_s=failure.retry_after_s,
        code=failure.code,
        error_code=failure.error_code,
        field=failure.field,
        parts=parts,
    )
