"""Routes of connections."""

from typing import Any

from chalicelib import wiring
from chalicelib.api import errors
from chalicelib.api.paging import LIMIT_MOST, page_json, read_paging, slice_page
from chalicelib.api.routing import PAGING, Call, Routes
from chalicelib.api.setup_answers import CheckAnswer, ConnectionAnswer, OfferedAnswer
from chalicelib.api.setup_serializers import choice_json, connection_json
from chalicelib.domain.log import Page
from chalicelib.domain.setup import Connection, Role
from chalicelib.flows.setup.account import Given
from chalicelib.flows.setup.connections import (
    delete_connection,
    read_connection,
    save_connection,
)
from chalicelib.flows.setup.platforms import check_connection, list_choices

routes = Routes(__name__, "Connections")

ALL = "/v1/consumers/{consumer}/connections"
ONE = "/v1/consumers/{consumer}/connections/{name}"


@routes.add("GET", ALL, query=PAGING, answer=Page[ConnectionAnswer])
def list_connections(call: Call) -> Any:
    """List the connections of a consumer."""
    found = call.services.registry.list_connections(call.consumer.id)
    paging = read_paging(call.query, usual=LIMIT_MOST)
    page = slice_page(found, paging, question="connections")
    return page_json(page, lambda one: _json(call, one))


@routes.add("GET", ONE, answer=ConnectionAnswer)
def show(call: Call) -> Any:
    """Show a connection; of its credentials only the names that are set."""
    return _json(call, read_connection(call.services, call.consumer.id, call.params["name"]))


@routes.add("PUT", ONE, role=Role.ADMIN, body="ConnectionBody", answer=ConnectionAnswer)
def save(call: Call) -> Any:
    """Make or change a connection.

    What is absent stays as it is; null removes a setting or a credential. The connection counts as
    unchecked afterwards, and rows that were held under it are tried again.
    """
    given = Given(**call.body.model_dump())
    name, consumer = call.params["name"], call.consumer.id
    loopback = wiring.settings().allow_private_hosts
    saved = save_connection(call.services, consumer, name, given, loopback=loopback, by=call.by)
    return _json(call, saved)


@routes.add("DELETE", ONE, role=Role.ADMIN, status=204)
def delete(call: Call) -> Any:
    """Remove a connection with its credentials."""
    delete_connection(call.services, call.consumer.id, call.params["name"], by=call.by)


@routes.add("POST", f"{ONE}/check", role=Role.OPERATOR, body="Nothing", answer=CheckAnswer)
def check(call: Call) -> Any:
    """Ask the platform whether the connection works.

    Registers our webhooks there where they are missing. A connection that does not work is an
    answer like any other: ``ok`` is false and ``problems`` say why.
    """
    checked = check_connection(call.services, call.consumer.id, call.params["name"])
    told = {"ok": checked.ok, "account": checked.account, "problems": list(checked.problems)}
    return {**_json(call, checked.connection), **told}


@routes.add("GET", f"{ONE}/choices/{{what}}", answer=OfferedAnswer)
def show_choices(call: Call) -> Any:
    """List what the platform has to choose from, such as its price lists.

    The platform is asked now. Where it does not answer, ``problem`` says why.
    """
    connection = read_connection(call.services, call.consumer.id, call.params["name"])
    what, offer = call.params["what"], call.services.offers.get(connection.platform)
    words = offer.choices if offer else ()
    if what not in words:
        known = ", ".join(words) or "none"
        raise errors.not_found(f"This connection has no such choices. Known are: {known}.")
    found, problem = list_choices(call.services, connection, what)
    return {"items": [choice_json(one) for one in found], "problem": problem}


def _json(call: Call, connection: Connection) -> ConnectionAnswer:
    is_admin = call.principal.role.allows(Role.ADMIN)
    return connection_json(call.services, connection, with_address=is_admin)
