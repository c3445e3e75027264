"""Routes of consumers."""

from typing import TYPE_CHECKING, Any

from chalicelib.api.paging import page_json, read_paging
from chalicelib.api.routing import PAGING, Call, Routes, answer
from chalicelib.api.serializers import time_or_none
from chalicelib.api.setup_answers import ConsumerAnswer, DeletedAnswer
from chalicelib.api.setup_serializers import consumer_json
from chalicelib.domain.log import Page
from chalicelib.domain.setup import Role
from chalicelib.flows.setup.consumers import (
    add_consumer,
    change_consumer,
    delete_consumer,
    read_consumer,
)

if TYPE_CHECKING:
    from chalicelib.api.bodies import ConsumerChange, NewConsumer

routes = Routes(__name__, "Consumers")


@routes.add("GET", "/v1/consumers", query=("q", *PAGING), answer=Page[ConsumerAnswer])
def list_consumers(call: Call) -> Any:
    """List the consumers.

    ``q`` finds a part of an id or a name. A consumer's own key sees that consumer alone.
    """
    paging = read_paging(call.query)
    if call.principal.consumer is not None:
        own = read_consumer(call.services, call.principal.consumer)
        return page_json(Page(items=[own]), consumer_json)
    text = call.query.get("q", [""])[-1].strip() or None
    page = call.services.registry.list_consumers(
        text=text, limit=paging.limit, cursor=paging.cursor
    )
    kept = [one for one in page.items if one.deleted_at is None]
    return page_json(Page(items=kept, next=page.next, previous=page.previous), consumer_json)


@routes.add(
    "POST",
    "/v1/consumers",
    role=Role.ADMIN,
    operator_only=True,
    body="NewConsumer",
    status=201,
    answer=ConsumerAnswer,
)
def add(call: Call) -> Any:
    """Add a consumer."""
    body: NewConsumer = call.body
    made = add_consumer(
        call.services, id=body.id, name=body.name, time_zone=body.time_zone, by=call.by
    )
    return consumer_json(made)


@routes.add("GET", "/v1/consumers/{consumer}", answer=ConsumerAnswer)
def show(call: Call) -> Any:
    """Show a consumer."""
    return consumer_json(call.consumer)


@routes.add(
    "PATCH",
    "/v1/consumers/{consumer}",
    role=Role.ADMIN,
    body="ConsumerChange",
    answer=ConsumerAnswer,
)
def change(call: Call) -> Any:
    """Rename a consumer, or move it to another time zone."""
    body: ConsumerChange = call.body
    changed = change_consumer(
        call.services, call.consumer.id, name=body.name, time_zone=body.time_zone, by=call.by
    )
    return consumer_json(changed)


@routes.add(
    "DELETE",
    "/v1/consumers/{consumer}",
    role=Role.ADMIN,
    operator_only=True,
    answer=DeletedAnswer,
)
def delete(call: Call) -> Any:
    """Delete a consumer with its credentials, set-up, keys and log.

    From now on nothing of it is worked. A large log is erased in parts: while ``erased`` is false
    the answer is 202, and deleting again goes on.
    """
    left, erased = delete_consumer(call.services, call.params["consumer"], by=call.by)
    body = {"id": left.id, "deleted_at": time_or_none(left.deleted_at), "erased": erased}
    return answer(200 if erased else 202, body)
