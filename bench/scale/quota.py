"""What a vendor's quota lets through: changes a second of one account, by the size of a batch."""

from typing import Any

from bench.merchant import ORDERS, PRODUCTS, STOCK
from bench.scale.load import BUSY_HOUR, CONSUMERS, vendor_calls, wait_s
from bench.scale.published import ACCOUNT_CONCURRENCY
from bench.sheet import Sheet
from chalicelib.connectors.catalog import OFFERS
from chalicelib.domain.platforms import Offer
from chalicelib.flows.catalog import FLOWS

#: Rows of a batch: alone, as records come, as stock comes.
BATCHES = {PRODUCTS: (1, 10), STOCK: (1, 10, 100), ORDERS: (1, 10)}

#: Platforms whose connectors are to come: calls, of how many seconds, and whose.
TO_COME = (
    ("Lightspeed X-Series", 350, 300, "one register: 300 a register and 50 more; per retailer"),
    ("Xero", 60, 60, "per tenant, and 5,000 a day (1,000 on the free tier)"),
    ("DealPOS", 50, 180, "per user; an order is five steps"),
    ("WooCommerce", None, 60, "none of its own; hosts have theirs: one or two calls at once"),
    ("Shopify", None, 60, "a bucket of cost points, told in each answer"),
    ("Shopee, Lazada, TikTok Shop", None, 60, "not published, or a number a day"),
)


def calls_a_minute(offer: Offer) -> float:
    """Return what we let one account make."""
    return offer.pace.calls * 60 / offer.pace.window_s


def rows_a_second(flow: str, batch: int) -> tuple[float, str]:
    """Return the rows a second one account carries in such batches, and what stops it."""
    sides = zip((FLOWS[flow].source, FLOWS[flow].target), vendor_calls(flow, batch), strict=True)
    limits = [
        (calls_a_minute(OFFERS[name]) / calls * batch / 60, f"{OFFERS[name].label}'s quota")
        for name, calls in sides
    ]
    if FLOWS[flow].kind in OFFERS[FLOWS[flow].target].one_writer:
        limits.append((batch / wait_s(flow, batch), "one writer at a time"))
    return min(limits)


def measure_quota() -> list[Sheet]:
    """Return what one account carries, and what is known of the platforms to come."""
    return [_of_flows(), _of_platforms(), _concurrency()]


def _of_flows() -> Sheet:
    rows: list[dict[str, Any]] = []
    for flow, batches in BATCHES.items():
        for batch in batches:
            source, target = vendor_calls(flow, batch)
            rate, stops = rows_a_second(flow, batch)
            rows.append(
                {
                    "flow": flow,
                    "rows a batch": batch,
                    "calls at source": source,
                    "at target": target,
                    "rows/s": rate,
                    "rows/min": rate * 60,
                    "stopped by": stops,
                    "1000/s coalesce to": f"1 in {1000 / rate:.0f}",
                }
            )
    return Sheet(
        title="What one account carries: different rows a second, one flow alone",
        columns=tuple(rows[0]),
        rows=rows,
        notes=("Brightpearl: 200 calls a minute; Square publishes none, we keep to 600.",),
    )


def _of_platforms() -> Sheet:
    rows: list[dict[str, Any]] = [
        {
            "platform": offer.label,
            "calls/min": calls_a_minute(offer),
            "whose": "an account's, for all our flows",
        }
        for offer in OFFERS.values()
    ]
    rows += [
        {"platform": name, "calls/min": calls * 60 / window_s if calls else None, "whose": whose}
        for name, calls, window_s, whose in TO_COME
    ]
    return Sheet(title="Quotas of platforms", columns=tuple(rows[0]), rows=rows)


def _concurrency() -> Sheet:
    """Functions at the same time, with every merchant in its busy hour and as they are set now."""
    webhooks = sum(BUSY_HOUR.values()) * CONSUMERS / 3600
    rows: list[dict[str, Any]] = [
        {"function": "sync_records", "at most at once": 10, "why": "maximum concurrency"},
        {"function": "sync_stock", "at most at once": 10, "why": "maximum concurrency"},
        {
            "function": "api_handler",
            "at most at once": round((webhooks + 1000) * WEBHOOK_S),
            "why": f"{webhooks:.0f} webhooks a second and 1,000 of the noisy one,"
            f" {WEBHOOK_S * 1000:.0f} ms each",
        },
        {
            "function": "dispatch_due, poll_sources, sweep_overdue",
            "at most at once": 6,
            "why": "two of each while one is late",
        },
        {
            "function": "follow_changes",
            "at most at once": 24,
            "why": "one a partition of the table",
        },
    ]
    total = sum(row["at most at once"] for row in rows)
    rows.append(
        {
            "function": "all",
            "at most at once": total,
            "why": f"an account has {ACCOUNT_CONCURRENCY} until more is asked for",
        }
    )
    return Sheet(title="Lambda functions at once", columns=tuple(rows[0]), rows=rows)


#: A warm webhook: two requests, its own CPU, Lambda's overhead.
WEBHOOK_S = 0.03
