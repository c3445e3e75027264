"""Routes of the API's keys, for the operator's admins."""

from typing import TYPE_CHECKING, Any

from chalicelib.api.paging import page_json, read_paging
from chalicelib.api.routing import PAGING, Call, Routes
from chalicelib.api.service_answers import KeyAnswer, NewKeyAnswer
from chalicelib.api.setup_serializers import key_json
from chalicelib.domain.log import Page
from chalicelib.domain.setup import Role
from chalicelib.flows.keys import create_key, revoke_key

if TYPE_CHECKING:
    from chalicelib.api.bodies import NewKey

routes = Routes(__name__, "Keys")


@routes.add(
    "GET",
    "/v1/keys",
    role=Role.ADMIN,
    operator_only=True,
    query=PAGING,
    answer=Page[KeyAnswer],
)
def list_keys(call: Call) -> Any:
    """List the keys, newest first; none of them can be read again."""
    paging = read_paging(call.query)
    page = call.services.registry.list_keys(limit=paging.limit, cursor=paging.cursor)
    return page_json(page, key_json)


@routes.add(
    "POST",
    "/v1/keys",
    role=Role.ADMIN,
    operator_only=True,
    body="NewKey",
    status=201,
    answer=NewKeyAnswer,
)
def create(call: Call) -> Any:
    """Make a key; this answer is the only place where it can be read."""
    body: NewKey = call.body
    made, plain = create_key(
        call.services, consumer=body.consumer, role=body.role, name=body.name, by=call.by
    )
    return {**key_json(made), "key": plain}


@routes.add("DELETE", "/v1/keys/{id}", role=Role.ADMIN, operator_only=True, answer=KeyAnswer)
def revoke(call: Call) -> Any:
    """Make a key useless from now on."""
    return key_json(revoke_key(call.services, call.params["id"], by=call.by))
