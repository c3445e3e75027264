"""The route of the report: how the rows of each day stand, every number with its filter."""

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.api.filters import NO_CODE
from chalicelib.api.report_answers import BucketAnswer, FilterAnswer, OrdersAnswer, ReportAnswer
from chalicelib.api.routing import Call, Routes
from chalicelib.api.serializers import time_json
from chalicelib.domain.statuses import Kind, Outcome, Status
from chalicelib.flows.report import PERIODS, Bucket, Day, Orders, read_report
from chalicelib.flows.setup.errors import InvalidError, Problem

routes = Routes(__name__, "Report")

DONE = [outcome.value for outcome in Outcome if outcome is not Outcome.NOT_APPLICABLE]


@routes.add("GET", "/v1/consumers/{consumer}/report", query=("days", "kind"), answer=ReportAnswer)
def show(call: Call) -> Any:
    """Count the rows of the last 7, 14 or 30 days by kind, status and code.

    Days are the consumer's own, and a row counts on the day it is listed under. ``filter`` gives
    exactly the rows of a count. ``orders`` are distinct orders, whatever ``kind`` is asked for;
    rows of their steps are counted beside them and never added to them.
    """
    days, kinds = _read_days(call.query), _read_kinds(call.query)
    report = read_report(call.services, call.consumer, days=days)
    return {
        "time_zone": call.consumer.time_zone,
        "days": [day.date.isoformat() for day in report.days],
        "items": [_bucket_json(one) for one in report.buckets if not kinds or one.kind in kinds],
        "orders": [_orders_json(one) for one in report.orders],
    }


def _read_days(query: Mapping[str, Sequence[str]]) -> int:
    text = query.get("days", [str(PERIODS[0])])[-1]
    if text not in map(str, PERIODS):
        known = " or ".join(map(str, PERIODS))
        raise InvalidError([Problem(field="days", message=f"Give {known}.")])
    return int(text)


def _read_kinds(query: Mapping[str, Sequence[str]]) -> set[Kind]:
    given = query.get("kind", ())
    known = [kind.value for kind in Kind]
    if not set(given) <= set(known):
        message = f"Give one of: {', '.join(known)}."
        raise InvalidError([Problem(field="kind", message=message)])
    return {Kind(text) for text in given}


def _bucket_json(bucket: Bucket) -> BucketAnswer:
    return {
        "day": bucket.day.date.isoformat(),
        "kind": bucket.kind.value,
        "status": bucket.status.value,
        "code": bucket.code,
        "not_applicable": bucket.not_applicable,
        "count": bucket.count,
        "filter": _filter_of(bucket),
    }


def _filter_of(bucket: Bucket) -> FilterAnswer:
    found: FilterAnswer = {
        "kind": bucket.kind.value,
        "status": bucket.status.value,
        "code": NO_CODE if bucket.code is None else bucket.code,
        **_period_of(bucket.day),
    }
    if bucket.status is Status.SYNCED:
        left_alone = [Outcome.NOT_APPLICABLE.value]
        found["outcome"] = left_alone if bucket.not_applicable else DONE
    return found


def _orders_json(orders: Orders) -> OrdersAnswer:
    return {
        "day": orders.day.date.isoformat(),
        "channel": orders.channel,
        "count": orders.count,
        "filter": {
            "kind": Kind.ORDER.value,
            "flow": list(orders.flows),
            **_period_of(orders.day),
        },
    }


def _period_of(day: Day) -> dict[str, str]:
    return {"from": time_json(day.begins_at), "to": time_json(day.ends_at)}
