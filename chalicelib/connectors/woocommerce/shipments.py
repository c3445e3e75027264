"""Shipments as a target: an order shows its tracking number, and its status once all has left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chalicelib.connectors.woocommerce.batches import Entry, write_batches
from chalicelib.connectors.woocommerce.client import Json, WooClient
from chalicelib.connectors.woocommerce.listings import meta_of
from chalicelib.connectors.woocommerce.order_status import REFUNDED, slug_of
from chalicelib.connectors.woocommerce.orders import TRASH, read_orders
from chalicelib.connectors.woocommerce.shipping_ways import Ways
from chalicelib.domain.platforms import Done, Found, Wanted
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Fulfilment
from chalicelib.domain.statuses import Outcome

_SHOWN = "id,status,meta_data,line_items,date_modified_gmt"
_META = "_synclog_shipment_"
#: Statuses of orders from which nothing can be sent any more.
_DEAD = (TRASH, "cancelled", "failed")
_FOR_ALL = (Reason.THROTTLED, Reason.CONNECTION_DOWN, Reason.AUTH_REJECTED)

Write = tuple[Wanted[Fulfilment], Found | None]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """An order, and what it shows of a shipment."""

    order: Json
    is_shown: bool
    mark: str  #: what we noted of the shipment: "number|status"; empty: nothing yet

    @property
    def number_before(self) -> str:
        """The tracking number we showed before."""
        return self.mark.partition("|")[0]

    @property
    def status_before(self) -> str:
        """The status we gave the order for this shipment."""
        return self.mark.partition("|")[2]


@dataclass(frozen=True, kw_only=True)
class ShipmentTarget:
    """The shop's orders as the place where shipments go."""

    client: WooClient
    ways: Ways
    wish: str = ""  #: the way the flow is set to; empty: what the shop can do best

    def find_many(self, wanted: Sequence[Wanted[Fulfilment]]) -> Mapping[str, Found | SyncFailure]:
        """Read the orders, a hundred a call, and what each shows of its shipment.

        What is found is the order; it is equal once it shows the shipment.
        """
        ids = [one.desired.order_id for one in wanted]
        orders = read_orders(self.client, ids, fields=_SHOWN)
        found: dict[str, Found | SyncFailure] = {}
        for one in wanted:
            try:
                found[one.record] = self._find(one, orders.get(one.desired.order_id))
            except SyncFailure as failure:
                if failure.reason in _FOR_ALL:
                    raise
                found[one.record] = failure
        return found

    def write_many(self, writes: Sequence[Write]) -> Mapping[str, Done | SyncFailure]:
        """Show each shipment, then note it on its order, with the status where all has left."""
        results: dict[str, Done | SyncFailure] = {}
        shown: list[tuple[Write, Standing]] = []
        stopped: SyncFailure | None = None
        for write, standing in self._standings(writes, results):
            try:
                if stopped is not None:
                    raise stopped
                self._show(write[0].desired, standing)
                shown.append((write, standing))
            except SyncFailure as failure:
                stopped = failure if failure.reason in _FOR_ALL else None
                results[write[0].record] = failure
        entries = [_entry(wanted.desired, standing) for (wanted, _), standing in shown]
        answers = write_batches(self.client, "orders", entries)
        for ((wanted, _), standing), answer in zip(shown, answers, strict=True):
            results[wanted.record] = _result(wanted.desired, standing, answer)
        return results

    def _find(self, wanted: Wanted[Fulfilment], order: Json | None) -> Found:
        desired = wanted.desired
        status = _living_status(desired, order)
        if order is None:
            raise _gone()
        way = self.ways.choose(self.wish, desired.order_id, desired)
        standing = Standing(
            order=order,
            is_shown=way.is_shown(desired.order_id, desired),
            mark=str(meta_of(order, _META + desired.shipment_id) or ""),
        )
        return Found(
            target_id=_target_id(desired),
            version=str(order.get("date_modified_gmt") or ""),
            equal=standing.is_shown and standing.mark == _mark(desired),
            status=status,
            state=standing,
        )

    def _standings(
        self, writes: Sequence[Write], results: dict[str, Done | SyncFailure]
    ) -> list[tuple[Write, Standing]]:
        """Return the standing of each write; those that were not found new are read again."""
        absent = [wanted for wanted, found in writes if found is None or found.state is None]
        again = self._find_standings(absent)
        made: list[tuple[Write, Standing]] = []
        for wanted, found in writes:
            state = again.get(wanted.record) if found is None else found.state
            if isinstance(state, Standing):
                made.append(((wanted, found), state))
            else:
                results[wanted.record] = state if isinstance(state, SyncFailure) else _gone()
        return made

    def _find_standings(
        self, wanted: Sequence[Wanted[Fulfilment]]
    ) -> dict[str, Standing | SyncFailure]:
        if not wanted:
            return {}
        orders = read_orders(self.client, [one.desired.order_id for one in wanted], fields=_SHOWN)
        found: dict[str, Standing | SyncFailure] = {}
        for one in wanted:
            try:
                found[one.record] = self._find(one, orders.get(one.desired.order_id)).state
            except SyncFailure as failure:
                found[one.record] = failure
        return found

    def _show(self, desired: Fulfilment, standing: Standing) -> None:
        if standing.is_shown:
            return
        way = self.ways.choose(self.wish, desired.order_id, desired)
        way.show(standing.order, desired, before=standing.number_before)


def _entry(desired: Fulfilment, standing: Standing) -> Entry:
    body: Json = {
        "id": int(desired.order_id),
        "meta_data": [{"key": _META + desired.shipment_id, "value": _mark(desired)}],
    }
    if _needs_status(desired, standing):
        body["status"] = _status_of(desired)
    return "update", body


def _result(
    desired: Fulfilment, standing: Standing, answer: Json | SyncFailure
) -> Done | SyncFailure:
    if isinstance(answer, SyncFailure):
        return answer
    status = str(answer.get("status") or "")
    is_moved = not _needs_status(desired, standing) or status == _status_of(desired)
    is_noted = meta_of(answer, _META + desired.shipment_id) == _mark(desired)
    is_right = is_moved and is_noted
    return Done(
        target_id=_target_id(desired),
        version=str(answer.get("date_modified_gmt") or ""),
        outcome=Outcome.UPDATED if standing.is_shown or standing.mark else Outcome.CREATED,
        verified=is_right,
        detail="" if is_right else f"The shop shows the status {status} after the shipment.",
        status=status,
    )


def _needs_status(desired: Fulfilment, standing: Standing) -> bool:
    """Whether the order has still to get its status; where people moved it on, it stays."""
    wanted = _status_of(desired)
    if not wanted or standing.status_before == wanted:
        return False
    return str(standing.order.get("status")) not in (wanted, REFUNDED)


def _status_of(desired: Fulfilment) -> str:
    return slug_of(desired.status) if desired.completes else ""


def _mark(desired: Fulfilment) -> str:
    return f"{desired.tracking}|{_status_of(desired)}"


def _target_id(desired: Fulfilment) -> str:
    return f"{desired.order_id}-{desired.shipment_id}"


def _living_status(desired: Fulfilment, order: Json | None) -> str:
    status = str((order or {}).get("status") or "")
    if status in _DEAD:
        raise SyncFailure(
            Reason.WRONG_STATE,
            f"Order {desired.order_id} of the shop is {status}, and its goods were sent: bring it"
            " back there, then re-sync, or cancel the shipment.",
            error_code="order_dead",
            field="status",
        )
    return status


def _gone() -> SyncFailure:
    return SyncFailure(
        Reason.MISSING_AT_TARGET,
        "The order does not exist in the shop any more.",
        error_code="gone",
        field="order",
    )
