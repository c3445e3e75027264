"""An order's status as a target: it follows the ERP's, and never makes a refund by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chalicelib.connectors.woocommerce.batches import write_batches
from chalicelib.connectors.woocommerce.client import Json, WooClient
from chalicelib.connectors.woocommerce.orders import TRASH, read_orders
from chalicelib.domain.platforms import Done, Found, Wanted
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import StatusChange
from chalicelib.domain.statuses import Outcome

_SHOWN = "id,status,date_modified_gmt"
REFUNDED = "refunded"


@dataclass(frozen=True, kw_only=True)
class OrderStatusTarget:
    """The shop's orders as the place where statuses go."""

    client: WooClient

    def find_many(
        self, wanted: Sequence[Wanted[StatusChange]]
    ) -> Mapping[str, Found | SyncFailure]:
        """Read the statuses of orders, a hundred a call."""
        rows = read_orders(self.client, [one.desired.order_id for one in wanted], fields=_SHOWN)
        return {one.record: _found(one.desired, rows.get(one.desired.order_id)) for one in wanted}

    def write_many(
        self, writes: Sequence[tuple[Wanted[StatusChange], Found | None]]
    ) -> Mapping[str, Done | SyncFailure]:
        """Set statuses, a hundred a call; an order that has its status already is left alone."""
        results: dict[str, Done | SyncFailure] = {
            wanted.record: _gone() for wanted, found in writes if found is None
        }
        rest = [(wanted, found) for wanted, found in writes if found is not None]
        changed = [(wanted, found) for wanted, found in rest if not found.equal]
        entries = [
            ("update", {"id": int(found.target_id), "status": slug_of(wanted.desired.status)})
            for wanted, found in changed
        ]
        answers = write_batches(self.client, "orders", entries)
        for (wanted, _), answer in zip(changed, answers, strict=True):
            results[wanted.record] = self._result(wanted.desired, answer)
        same = {wanted.record: _unchanged(found) for wanted, found in rest if found.equal}
        return results | same

    def _result(self, change: StatusChange, answer: Json | SyncFailure) -> Done | SyncFailure:
        if isinstance(answer, SyncFailure):
            is_about_status = answer.reason is Reason.REJECTED_BY_TARGET
            return self._explained(change, answer) if is_about_status else answer
        status = str(answer.get("status") or "")
        is_right = status == slug_of(change.status)
        return Done(
            target_id=change.order_id,
            version=str(answer.get("date_modified_gmt") or ""),
            outcome=Outcome.UPDATED,
            verified=is_right,
            detail="" if is_right else f"The shop shows the status {status} after the change.",
            status=status,
        )

    def _explained(self, change: StatusChange, failure: SyncFailure) -> SyncFailure:
        """Name the statuses there are, if the one that was sent is none of them."""
        try:
            rows = self.client.read_page("orders/statuses").rows
        except SyncFailure:
            return failure
        known = [str(row.get("slug")) for row in rows]
        wanted = slug_of(change.status)
        if wanted in known:
            return failure
        return SyncFailure(
            Reason.REJECTED_BY_TARGET,
            f"The shop has no order status “{wanted}”: choose one of {', '.join(known)}.",
            code=failure.code,
            error_code="unknown_status",
            field="status",
        )


def slug_of(status: str) -> str:
    """Return a status as the API writes it, without the prefix of the database."""
    return status.strip().removeprefix("wc-")


def _found(change: StatusChange, row: Json | None) -> Found | SyncFailure:
    if row is None:
        return _gone()
    status = str(row.get("status") or "")
    wanted = slug_of(change.status)
    if status != wanted and wanted == REFUNDED:
        return SyncFailure(
            Reason.UNSUPPORTED,
            "The status “refunded” would make a refund of the whole order in the shop: refund the"
            " order there, or map to another status.",
            error_code="refunded_status",
            field="status",
        )
    if status == TRASH:
        return SyncFailure(
            Reason.WRONG_STATE,
            f"Order {change.order_id} lies in the shop's bin: restore it there, then re-sync.",
            error_code="in_bin",
            field="status",
        )
    return Found(
        target_id=change.order_id,
        version=str(row.get("date_modified_gmt") or ""),
        equal=status == wanted,
        status=status,
    )


def _unchanged(found: Found) -> Done:
    return Done(
        target_id=found.target_id,
        version=found.version,
        outcome=Outcome.UNCHANGED,
        verified=True,
        status=found.status,
    )


def _gone() -> SyncFailure:
    return SyncFailure(
        Reason.MISSING_AT_TARGET,
        "The order does not exist in the shop any more.",
        error_code="gone",
        field="order",
    )
