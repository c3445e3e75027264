"""Moves an order to another status of the merchant's own list."""

from dataclasses import dataclass, field
from typing import Any

from chalicelib.connectors.brightpearl.client import Api
from chalicelib.connectors.brightpearl.lookup import fetch_order
from chalicelib.connectors.brightpearl.models import OrderModel
from chalicelib.connectors.brightpearl.sales_orders import number_of
from chalicelib.domain.reasons import Reason, SyncFailure

#: How Brightpearl says no to a status, as opposed to that it cannot be asked.
_REFUSED = frozenset({Reason.REJECTED_BY_TARGET, Reason.CONFLICT, Reason.MISSING_AT_TARGET})


@dataclass
class OrderStatuses:
    """Changes statuses; their names are read when one has to be told."""

    api: Api
    _names: dict[str, str] = field(default_factory=dict)

    def move(self, order: OrderModel, status: str, *, note: str = "") -> OrderModel:
        """Give an order a status and return it as it is then; it may be invoiced or shipped.

        Raises:
            SyncFailure: Brightpearl refused; the sentence names both statuses.
        """
        body: dict[str, Any] = {"orderStatusId": number_of(status, "order status")}
        if note:
            body["orderNote"] = {"text": note, "isPublic": False}
        try:
            self.api.put(f"order-service/order/{order.id}/status", body)
        except SyncFailure as failure:
            if failure.reason not in _REFUSED:
                raise
            raise self._refused(order, status, failure) from failure
        return fetch_order(self.api, order.id)

    def _refused(self, order: OrderModel, status: str, failure: SyncFailure) -> SyncFailure:
        old = _named(order.status.id, order.status.name)
        return SyncFailure(
            Reason.WRONG_STATE,
            f"Brightpearl did not move order {order.id} from the status {old} to"
            f" {_named(status, self._name_of(status))}. {failure.detail} Move it there by hand, or"
            " choose another status in the mapping.",
            code=failure.code,
            error_code=failure.error_code,
            field="orderStatusId",
        )

    def _name_of(self, status: str) -> str:
        if not self._names:
            try:
                entries = self.api.get("order-service/order-status").as_list()
            except SyncFailure:
                return ""  # the refusal itself is what has to be told
            self._names = {
                str(entry.get("statusId")): str(entry.get("name") or "")
                for entry in entries
                if isinstance(entry, dict)
            }
        return self._names.get(status, "")


def _named(status: str, name: str) -> str:
    return f"{name} ({status})" if name else status
