"""What joining a shop takes: its account, answers to mappings, settings of its flows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from local.demo.vendors import Vendors

NOWHERE = "-"  #: a warehouse whose stock is not for that shop
UNMAPPED = "Candles"  #: the category nobody mapped
SOLD_SINCE_DAYS = 7
#: Simulators show at once what they got, so nothing has to wait a vendor's minute.
QUICK = {"settle_s": 2, "timeout_s": 5}
PACE = {**QUICK, "awaiting_every_s": 2, "awaiting_limit_s": 30}


@dataclass(frozen=True, kw_only=True)
class Joining:
    """One account and the flows that come with it; mappings are by flow and name."""

    account: Mapping[str, Any]
    mappings: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    defaults: Mapping[tuple[str, str], str] = field(default_factory=dict)
    settings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def start() -> str:
    """Return the start date of the merchant's flows."""
    return (datetime.now(UTC) - timedelta(days=SOLD_SINCE_DAYS)).isoformat(timespec="seconds")


def mapped_categories(ids: Mapping[str, Any]) -> dict[str, str]:
    """Return all categories but the one that nobody mapped."""
    return {name: str(id_) for name, id_ in ids.items() if name != UNMAPPED}


def order_settings(vendors: Vendors) -> dict[str, str]:
    """Return the settings that the flows of orders share."""
    statuses = vendors.erp.statuses
    return {
        "start_date": start(),
        "order_status": str(statuses["New order"]),
        "cancelled_status": str(statuses["Cancelled"]),
        "walk_in_customer": str(vendors.erp.walk_in),
        "price_list": str(vendors.erp.price_list),
        "take_stock": "reserved",
    }


def refund_settings() -> dict[str, str]:
    """Return the settings that the flows of refunds share."""
    return {"start_date": start()}


def customer_settings() -> dict[str, str]:
    """Return the settings that the flows of customers share."""
    return {"start_date": start(), "country": "GBR"}
