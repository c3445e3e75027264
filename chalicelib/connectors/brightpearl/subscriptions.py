"""Our webhook subscriptions at Brightpearl: three, none of them below another.

A subscription to ``product`` also gets ``product.modified.on-hand-modified``; a second one for that
event would deliver each stock change twice. ``goods-out-note`` brings the notes that are made,
changed, shipped and deleted. Of orders only the status is wanted: ``order.modified`` would come
with every step of our own writing. Nothing at Brightpearl prevents doubles, so they are looked for
and removed.
"""

from typing import Any

from chalicelib.connectors.brightpearl.client import Api
from chalicelib.connectors.brightpearl.contacts import id_of_created
from chalicelib.connectors.brightpearl.idsets import format_id_set
from chalicelib.connectors.brightpearl.models import WebhookModel, read_as
from chalicelib.connectors.brightpearl.webhooks import STATUS_EVENT

EVENTS = ("product", STATUS_EVENT, "goods-out-note")

_PATH = "integration-service/webhook"
_BODY = (
    '{"account":"${account-code}","type":"${resource-type}","ids":"${resource-id}",'
    '"event":"${full-event}","raisedOn":"${raised-on}"}'
)


def ensure_webhooks(api: Api, address: str) -> None:
    """Subscribe to what is missing, replace what is set differently, remove what is too much.

    Only subscriptions to this very address are touched. New ones are made before old ones go, so
    that no event falls between them.
    """
    found = [
        read_as(WebhookModel, entry, "a webhook subscription") for entry in api.get(_PATH).as_list()
    ]
    ours = [one for one in found if one.uri == address]
    kept = {}
    for event in EVENTS:
        right = next((one for one in ours if is_as_wanted(one, event)), None)
        if right is None:
            created = api.post(_PATH, subscription(event, address))
            id_of_created(created.value, "webhook subscription")
        else:
            kept[right.id] = right
    extra = [one.id for one in ours if one.id not in kept]
    if extra:
        api.delete(f"{_PATH}/{format_id_set(extra)}")


def subscription(event: str, address: str) -> dict[str, Any]:
    """Return the body of a subscription.

    The quality of service is 1 (at least once): the default 0 is tried once. With id sets, a change
    of 500 products comes as one delivery.
    """
    return {
        "subscribeTo": event,
        "httpMethod": "POST",
        "uriTemplate": address,
        "bodyTemplate": _BODY,
        "contentType": "application/json",
        "idSetAccepted": True,
        "qualityOfService": 1,
    }


def is_as_wanted(webhook: WebhookModel, event: str) -> bool:
    """Whether a subscription of ours is set as it should be."""
    return (
        webhook.subscribe_to == event
        and webhook.method == "POST"
        and webhook.body == _BODY
        and webhook.id_sets
        and webhook.quality == 1
    )
