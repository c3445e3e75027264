"""Our webhooks at Lightspeed: one of each type we need, switched on, and single."""

from collections.abc import Sequence

from chalicelib.connectors.lightspeed.client import LightspeedClient
from chalicelib.connectors.lightspeed.models import WebhookModel, parse
from chalicelib.connectors.lightspeed.webhooks import EVENT_TYPES
from chalicelib.domain.reasons import Reason, SyncFailure

NEEDS = "webhooks"
PATH = "webhooks"


def ensure_webhooks(client: LightspeedClient, address: str) -> None:
    """Leave exactly one active webhook of each type to ``address``; those of others stay."""
    ours = _ours(client, address)
    for kind in EVENT_TYPES:
        _ensure(client, address, kind, [one for one in ours if one.type == kind])


def _ensure(
    client: LightspeedClient, address: str, kind: str, there: Sequence[WebhookModel]
) -> None:
    kept = next((one for one in there if one.active), there[0] if there else None)
    for double in there:
        if kept is not None and double.id != kept.id:
            _remove(client, double)
    if kept is None:
        _create(client, address, kind)
    elif not kept.active:
        _switch_on(client, kept)


def _create(client: LightspeedClient, address: str, kind: str) -> None:
    """Register an address; one that exists after all is switched on."""
    body = {"type": kind, "url": address, "active": True}
    try:
        client.write("POST", PATH, NEEDS, body)
    except SyncFailure as failure:
        if failure.reason is not Reason.CONFLICT:
            raise
        for one in _ours(client, address):
            if one.type == kind and not one.active:
                _switch_on(client, one)


def _switch_on(client: LightspeedClient, one: WebhookModel) -> None:
    body = {"type": one.type, "url": one.url, "active": True}
    client.write("PUT", f"{PATH}/{one.id}", NEEDS, body)


def _remove(client: LightspeedClient, one: WebhookModel) -> None:
    """Delete a double; one that is gone already is as good."""
    try:
        client.write("DELETE", f"{PATH}/{one.id}", NEEDS)
    except SyncFailure as failure:
        if failure.reason is not Reason.MISSING_AT_TARGET:
            raise


def _ours(client: LightspeedClient, address: str) -> list[WebhookModel]:
    rows = client.read_data(PATH, NEEDS)
    found = [parse(WebhookModel, row, "webhook") for row in rows]
    return [one for one in found if one.url == address]
