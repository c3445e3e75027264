"""Our webhooks in a shop: one for each topic, switched on, with a secret of ours."""

import secrets
from collections.abc import Mapping, Sequence

from chalicelib.connectors.woocommerce.client import Json, WooClient
from chalicelib.connectors.woocommerce.models import WebhookModel, parse
from chalicelib.connectors.woocommerce.webhooks import TOPICS

PATH = "webhooks"
NAME = "Synclog"
ACTIVE = "active"


def ensure_webhooks(client: WooClient, address: str) -> Mapping[str, str]:
    """Leave exactly one active webhook of each topic to ``address``.

    The shop never shows a secret: one that is alone and active is taken to have ours as long as we
    know it; any other is given it. Returns the secret if it is new.
    """
    known = client.credentials.get("webhook_secret", "")
    # Letters, digits, "-" and "_": WooCommerce decodes HTML signs in a secret before it signs.
    secret = known or secrets.token_urlsafe(32)
    ours = [one for one in _list(client) if one.delivery_url == address]
    for topic in TOPICS:
        _ensure(client, [one for one in ours if one.topic == topic], topic, address, secret, known)
    for one in ours:
        if one.topic not in TOPICS:
            client.delete(f"{PATH}/{one.id}")
    return {} if known else {"webhook_secret": secret}


def _list(client: WooClient) -> Sequence[WebhookModel]:
    return [parse(WebhookModel, one, "webhook") for one in client.read_all(PATH)]


def _ensure(
    client: WooClient,
    there: Sequence[WebhookModel],
    topic: str,
    address: str,
    secret: str,
    known: str,
) -> None:
    oldest_first = sorted(there, key=lambda one: (one.status != ACTIVE, one.id))
    kept = next(iter(oldest_first), None)
    if kept is None:
        body: Json = {
            "name": f"{NAME} {topic}",
            "topic": topic,
            "delivery_url": address,
            "secret": secret,
            "status": ACTIVE,
        }
        client.write("POST", PATH, body, creates=True)
        return
    for one in there:
        if one.id != kept.id:
            client.delete(f"{PATH}/{one.id}")
    if kept.status != ACTIVE or not known or len(there) > 1:
        client.write("PUT", f"{PATH}/{kept.id}", {"status": ACTIVE, "secret": secret})
