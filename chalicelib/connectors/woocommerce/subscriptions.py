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

    The shop never shows a secret: those that are there keep ours as long as we know it, and get a
    new one once we do not. Returns the secret if it is new.
    """
    known = client.account.credentials.get("webhook_secret", "")
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
    kept = next((one for one in there if one.status == ACTIVE), there[0] if there else None)
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
    if kept.status != ACTIVE or not known:
        client.write("PUT", f"{PATH}/{kept.id}", {"status": ACTIVE, "secret": secret})
