"""Our webhook subscription at Square: made, mended, and single."""

from collections.abc import Mapping, Sequence
from uuid import uuid4

from chalicelib.connectors.square.client import Json, SquareClient
from chalicelib.connectors.square.models import SubscriptionModel, parse
from chalicelib.connectors.square.webhooks import EVENT_TYPES

PATH = "/v2/webhooks/subscriptions"
NAME = "Synclog"
#: Subscriptions belong to the application: its personal token may change them, a seller's may not.
NEEDS = "to manage webhook subscriptions (personal access token of the application)"


def ensure_subscription(client: SquareClient, address: str) -> Mapping[str, str]:
    """Leave exactly one enabled subscription to ``address`` with our events.

    Returns the signature key if it is not the one we have; else nothing.
    """
    ours = [one for one in _list(client) if one.notification_url == address]
    kept = next((one for one in ours if one.enabled), ours[0] if ours else None)
    for double in ours:
        if kept is not None and double.id != kept.id:
            client.write(f"{PATH}/{double.id}", NEEDS, method="DELETE")
    if kept is None:
        key = _create(client, address)
    else:
        _mend(client, kept)
        key = _key_of(client, kept)
    return {} if key == client.credentials.get("signature_key") else {"signature_key": key}


def _list(client: SquareClient) -> Sequence[SubscriptionModel]:
    pages = client.pages(PATH, NEEDS, include_disabled="true")
    return [
        parse(SubscriptionModel, one, "webhook subscription")
        for page in pages
        for one in page.get("subscriptions") or []
    ]


def _create(client: SquareClient, address: str) -> str:
    made = client.write(
        PATH,
        NEEDS,
        body={
            "idempotency_key": str(uuid4()),
            "subscription": _wanted(client) | {"name": NAME, "notification_url": address},
        },
    )
    subscription = parse(SubscriptionModel, made.get("subscription"), "webhook subscription")
    return subscription.signature_key or _key_of(client, subscription)


def _mend(client: SquareClient, kept: SubscriptionModel) -> None:
    """Switch it on again and give it our events, where Square or a person changed that."""
    wanted = _wanted(client)
    is_right = kept.enabled and set(kept.event_types) == set(EVENT_TYPES)
    if not is_right or kept.api_version not in ("", client.api_version):
        client.write(f"{PATH}/{kept.id}", NEEDS, method="PUT", body={"subscription": wanted})


def _wanted(client: SquareClient) -> Json:
    return {
        "enabled": True,
        "event_types": list(EVENT_TYPES),
        "api_version": client.api_version,
    }


def _key_of(client: SquareClient, kept: SubscriptionModel) -> str:
    """Return the signature key; where Square does not show it, make it a new one."""
    shown = client.read(f"{PATH}/{kept.id}", NEEDS).get("subscription")
    subscription = parse(SubscriptionModel, shown, "webhook subscription")
    if subscription.signature_key:
        return subscription.signature_key
    known = client.credentials.get("signature_key")
    if known:
        return known
    body = {"idempotency_key": str(uuid4())}
    made = client.write(f"{PATH}/{kept.id}/signature-key", NEEDS, body=body)
    return str(made.get("signature_key") or "")
