"""What became of a count, outlet by outlet; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from chalicelib.domain.platforms import Done, Found
from chalicelib.domain.reasons import Part, Reason, SyncFailure
from chalicelib.domain.records import Count
from chalicelib.domain.statuses import Outcome

#: Reasons to come back: they go before a refusal, which will still be there then.
_COMES_BACK = (
    Reason.OUTCOME_UNKNOWN,
    Reason.CONNECTION_DOWN,
    Reason.THROTTLED,
    Reason.RETRYING,
)


@dataclass(frozen=True, kw_only=True)
class Change:
    """One number at one outlet."""

    record: str
    place: tuple[str, str]  #: product, outlet
    quantity: Decimal  #: what is to be there now
    wanted: Decimal  #: what the count says, before sales since it
    is_cut: bool  #: the source's number was below zero, which a shelf cannot hold


@dataclass(frozen=True, kw_only=True)
class Fate:
    """What Lightspeed shows after a count, or why it was not taken."""

    change: Change
    held: Decimal | None = None  #: None: it was taken, and nothing is shown
    sold: Decimal = Decimal(0)  #: sold meanwhile, where less is shown than was sent
    failure: SyncFailure | None = None

    @property
    def is_short(self) -> bool:
        """Whether less is there than was sent: perhaps it was sold meanwhile."""
        return self.failure is None and self.held is not None and self.held < self.change.quantity

    @property
    def is_verified(self) -> bool:
        """Whether Lightspeed holds what was sent, less at most what was sold meanwhile."""
        if self.failure is not None or self.held is None:
            return False
        return 0 <= self.change.quantity - self.held <= self.sold

    @property
    def detail(self) -> str:
        """What people should know of this place; empty if all is well."""
        if self.failure is not None:
            return self.failure.detail
        if self.held is None:
            return "Lightspeed took the count and does not show it."
        if not self.is_verified:
            sent = plain(self.change.quantity)
            return f"Lightspeed shows {plain(self.held)} after {sent} was sent."
        return "The source has less than nothing: 0 was sent." if self.change.is_cut else ""

    @property
    def part(self) -> Part:
        """This place as a part of its row."""
        return Part(
            name=self.change.place[1],
            quantity=plain(self.change.wanted),
            ok=self.is_verified,
            detail=self.detail,
        )


def result_of(count: Count, found: Found | None, fates: Sequence[Fate]) -> Done | SyncFailure:
    """Put the fates of a record's outlets together: it failed if one of them did."""
    failures = [fate.failure for fate in fates if fate.failure is not None]
    failures.sort(key=lambda failure: failure.reason not in _COMES_BACK)
    parts = tuple(fate.part for fate in fates)
    if failures:
        return _with_parts(failures[0], parts, of=len(fates), failed=len(failures))
    notes = [f"{fate.part.name}: {fate.detail}" for fate in fates if fate.detail]
    return Done(
        target_id=count.variation_id,
        outcome=Outcome.CREATED if found is None else Outcome.UPDATED,
        verified=all(fate.is_verified for fate in fates),
        detail=" ".join(notes),
        parts=parts,
    )


def explained(failure: SyncFailure, change: Change) -> SyncFailure:
    """Say of a refused count what is missing."""
    if failure.reason is not Reason.MISSING_AT_TARGET:
        return failure
    return SyncFailure(
        Reason.MISSING_AT_TARGET,
        f"Lightspeed has no product {change.place[0]}: re-sync the product, then its stock.",
        code=failure.code,
        error_code=failure.error_code,
        field="product",
    )


def unknown_outlet(outlet: str) -> SyncFailure:
    """Return the failure of a place that the store does not have."""
    return SyncFailure(
        Reason.MISSING_AT_TARGET,
        f"Lightspeed has no outlet {outlet}: choose another in the location mapping.",
        error_code="unknown_outlet",
        field="location",
    )


def plain(number: Decimal) -> str:
    """Return a quantity without exponent and trailing zeros: ``20``, ``0.5``."""
    shown = f"{number:f}"
    return (shown.rstrip("0").rstrip(".") or "0") if "." in shown else shown


def _with_parts(
    failure: SyncFailure, parts: tuple[Part, ...], *, of: int, failed: int
) -> SyncFailure:
    told = failure.detail if of == failed else f"{failed} of {of} outlets: {failure.detail}"
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
