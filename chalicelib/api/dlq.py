"""Routes of the dead letters, for the operator."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from chalicelib.api.paging import page_json, read_paging
from chalicelib.api.routing import PAGING, Call, Routes
from chalicelib.api.serializers import letter_json, time_or_none
from chalicelib.api.service_answers import LettersAnswer, PruneAnswer, RedriveAnswer
from chalicelib.domain.setup import Role
from chalicelib.flows import redrive as redrives
from chalicelib.flows.setup.consumers import read_consumer
from chalicelib.flows.setup.saving import note

if TYPE_CHECKING:
    from chalicelib.api.bodies import RedriveBody

routes = Routes(__name__, "Dead letters")

ANSWER_WITHIN_S = 20  #: API Gateway ends a request after 29 s


@routes.add(
    "GET",
    "/v1/dlq",
    role=Role.OPERATOR,
    operator_only=True,
    query=("consumer", *PAGING),
    answer=LettersAnswer,
)
def list_dead(call: Call) -> Any:
    """List the rows whose names lie in the dead-letter queues, and count the queues.

    The list comes from the rows: taking messages out to look at them would hide them from others.
    ``oldest_at`` is when the row failed that stands Failed for longest, for the whole list and not
    its page; null where none does, and over all of more than 50 consumers. It costs one read of
    groups a consumer and up to 10 lists of rows.
    """
    paging = read_paging(call.query)
    consumer = call.query.get("consumer", [None])[-1]
    page = redrives.list_dead(call.services, consumer, paging.limit, paging.cursor)
    queue = call.services.queue
    counts = {name: queue.count(f"{name}-dlq") for name in ("records", "stock")}
    oldest_at = redrives.read_oldest_dead(call.services, consumer)
    told = {"counts": counts, "oldest_at": time_or_none(oldest_at)}
    return {**page_json(page, letter_json), **told}


@routes.add(
    "POST",
    "/v1/dlq/redrive",
    role=Role.OPERATOR,
    operator_only=True,
    body="RedriveBody",
    answer=RedriveAnswer,
)
def redrive(call: Call) -> Any:
    """Try dead letters again, at a bounded rate.

    A letter whose row no longer fails is dropped. Letters that would take longer than one answer
    may stay in the queue: call again for them.
    """
    body: RedriveBody = call.body
    if body.consumer is not None:
        read_consumer(call.services, body.consumer)
    done = redrives.redrive(
        call.services,
        most=body.max,
        per_second=body.per_second,
        consumer=body.consumer,
        until=call.services.now() + timedelta(seconds=ANSWER_WITHIN_S),
    )
    told = {"received": done.received, "requested": done.requested, "dropped": done.dropped}
    whose = body.consumer or ""
    note(call.services, whose, by=call.by, what="redrive", subject="dlq", new=told)
    return told


@routes.add(
    "POST",
    "/v1/dlq/prune",
    role=Role.OPERATOR,
    operator_only=True,
    body="Nothing",
    answer=PruneAnswer,
)
def prune(call: Call) -> Any:
    """Delete dead letters whose rows no longer fail, and try nothing again.

    It happens by itself once an hour. Looks at up to 1,000 letters of each queue; those that stay
    are out of sight for a minute.
    """
    told = {"deleted": redrives.prune(call.services)}
    note(call.services, "", by=call.by, what="prune", subject="dlq", new=told)
    return told
