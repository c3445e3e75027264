"""The connection check: is the account there, and may we make the calls the flows need."""

from collections.abc import Callable

from chalicelib.connectors.brightpearl.client import Api
from chalicelib.connectors.brightpearl.search import search
from chalicelib.domain.platforms import Check
from chalicelib.domain.reasons import Reason, SyncFailure

_READS: dict[str, Callable[[Api], object]] = {
    "products": lambda api: search(api, "product-service/product-search", {"productId": "1"}),
    "price lists": lambda api: api.get("product-service/price-list"),
    "warehouses": lambda api: api.get("warehouse-service/warehouse"),
    "orders": lambda api: search(api, "order-service/order-search", {"orderId": "1"}),
    "order statuses": lambda api: api.get("order-service/order-status"),
    "goods-out notes": lambda api: search(
        api, "warehouse-service/goods-note/goods-out-search", {"goodsOutNoteId": "1"}
    ),
    "contacts": lambda api: search(api, "contact-service/contact-search", {"contactId": "1"}),
    "payments": lambda api: search(
        api, "accounting-service/customer-payment-search", {"paymentId": "1"}
    ),
    "webhooks": lambda api: api.get("integration-service/webhook"),
}


def check(api: Api) -> Check:
    """Read one thing of each kind; nine calls. Whether we may write shows only when we do.

    A missing permission is a problem and leaves the connection up: what needs no such permission
    goes on.

    Raises:
        SyncFailure: Brightpearl is throttling or not to be reached, which says nothing about the
            account.
    """
    problems = missing_settings(api)
    if problems:
        return Check(ok=False, problems=problems)
    for name, read in _READS.items():
        try:
            read(api)
        except SyncFailure as failure:
            if failure.reason in (Reason.THROTTLED, Reason.RETRYING):
                raise
            if failure.reason is Reason.CONNECTION_DOWN:
                return Check(ok=False, problems=[failure.detail])
            problems.append(f"Reading {name}: {failure.detail}")
    return Check(ok=len(problems) < len(_READS), account=api.setting("account"), problems=problems)


def missing_settings(api: Api) -> list[str]:
    """Name everything that has to be filled in before a call can be made."""
    problems = [
        f"The setting {label} is missing: fill it in."
        for name, label in (("account", "Account code"), ("app_ref", "App reference"))
        if not api.setting(name)
    ]
    if not (api.credentials.get("staff_token") or api.credentials.get("access_token")):
        problems.append(
            "There is no token: enter a staff token of a private app, or connect with OAuth."
        )
    return problems
