"""The route of counts: how many rows stand where, now."""

from typing import Any

from chalicelib.api.report_answers import CountsAnswer, NowAnswer
from chalicelib.api.routing import Call, Routes
from chalicelib.domain.log import Counts
from chalicelib.domain.statuses import Kind
from chalicelib.flows.declare import base_name

routes = Routes(__name__, "Log")


@routes.add("GET", "/v1/consumers/{consumer}/counts", answer=CountsAnswer)
def count_rows(call: Call) -> Any:
    """Count the rows of each flow by status, as they stand now.

    ``kinds`` are those of the flows that were set up, or have rows. Two requests to the stores,
    whatever the size of the log.
    """
    services, consumer = call.services, call.consumer.id
    counts = services.log.count_now(consumer)
    used = {base_name(one.flow) for one in services.registry.list_flows(consumer)}
    kinds = {flow.kind for name, flow in services.flows.items() if name in used}
    kinds |= {one.kind for one in counts if one.count}
    return CountsAnswer(
        kinds=[kind.value for kind in Kind if kind in kinds],
        items=[_count_json(one) for one in counts],
    )


def _count_json(count: Counts) -> NowAnswer:
    return {
        "flow": count.flow,
        "kind": count.kind.value,
        "status": count.status.value,
        "count": count.count,
        "not_applicable": count.not_applicable,
    }
