"""integration-service: webhook subscriptions."""

from collections.abc import Mapping
from typing import Any

from local.platforms.brightpearl.api.routing import Call, Route, answer
from local.platforms.brightpearl.faults import Checker, invalid, not_found
from local.platforms.brightpearl.idsets import parse_id_set
from local.platforms.brightpearl.state.webhooks import Webhook, can_be_subscribed

EVENT_INVALID = "INTC-064"
MAX_SIMULATED = 10


def create_webhook(call: Call) -> dict[str, object]:
    """``POST webhook``; nothing prevents a second one that is the same.

    Brightpearl can also call with GET, PUT and DELETE; this simulator sends POST only.
    """
    document, webhooks = call.document(), call.world.webhooks
    check = Checker("INTC")
    webhook = _webhook(document, next(webhooks.ids), check)
    if not can_be_subscribed(webhook.subscribe_to):
        check.add(f"{webhook.subscribe_to!r} cannot be subscribed to", code=EVENT_INVALID)
    if document.get("httpMethod") != "POST":
        check.add("httpMethod must be POST at this simulator")
    if webhook.quality_of_service not in (0, 1):
        check.add("qualityOfService must be 0 or 1")
    check.finish()
    webhooks.by_id[webhook.id] = webhook
    return answer(webhook.id)


def _webhook(document: Mapping[str, Any], number: int, check: Checker) -> Webhook:
    uri = check.text(document, "uriTemplate", limit=2_000, required=True) or ""
    if uri and not uri.startswith(("http://", "https://")):
        check.add("uriTemplate must be an http address")
    return Webhook(
        id=number,
        subscribe_to=check.text(document, "subscribeTo", limit=255, required=True) or "",
        uri_template=uri,
        body_template=check.text(document, "bodyTemplate", limit=10_000, required=True) or "",
        content_type=check.text(document, "contentType", limit=255, required=True) or "",
        id_set_accepted=document.get("idSetAccepted") is True,
        quality_of_service=document.get("qualityOfService", 0),
    )


def read_webhooks(call: Call) -> dict[str, object]:
    """``GET webhook`` and ``GET webhook/{idset}``."""
    known = call.world.webhooks.by_id
    found = call.ids().pick(known) if call.args else sorted(known)
    if call.args and not found:
        raise not_found(f"Webhook {call.args[0]}")
    return answer([_document(known[number]) for number in found])


def _document(webhook: Webhook) -> dict[str, object]:
    return {
        "id": webhook.id,
        "subscribeTo": webhook.subscribe_to,
        "httpMethod": "POST",
        "uriTemplate": webhook.uri_template,
        "bodyTemplate": webhook.body_template,
        "contentType": webhook.content_type,
        "idSetAccepted": webhook.id_set_accepted,
        "qualityOfService": webhook.quality_of_service,
    }


def delete_webhooks(call: Call) -> dict[str, object]:
    """``DELETE webhook/{idset}``."""
    known = call.world.webhooks.by_id
    found = call.ids().pick(known)
    if not found:
        raise not_found(f"Webhook {call.args[0]}")
    for number in found:
        del known[number]
    return {}


def simulate_webhook(call: Call) -> dict[str, object]:
    """``POST webhook/{id}/simulate``: sends test data, at most ten ids."""
    webhooks = call.world.webhooks
    webhook = webhooks.by_id.get(call.id())
    if webhook is None:
        raise not_found(f"Webhook {call.args[0]}")
    check = Checker("INTC")
    data = check.mapping(call.document(), "testData")
    check.finish()
    values = webhooks.values(webhook.subscribe_to, "1")
    values |= {name: str(value) for name, value in data.items() if name in values}
    try:
        ids = parse_id_set(values["${resource-id}"])
    except ValueError as error:
        raise invalid("INTC-000", str(error)) from None
    if ids.count > MAX_SIMULATED or ids.everything:
        raise invalid("INTC-000", f"At most {MAX_SIMULATED} resource ids may be given")
    sets = [values["${resource-id}"]] if webhook.id_set_accepted else [str(n) for n in ids]
    for id_set in sets:
        webhooks.fill_and_deliver(webhook, values | {"${resource-id}": id_set})
    return {}


_S = "integration-service"
ROUTES = (
    Route("POST", f"{_S}/webhook", create_webhook),
    Route("GET", f"{_S}/webhook", read_webhooks),
    Route("GET", f"{_S}/webhook/{{}}", read_webhooks),
    Route("DELETE", f"{_S}/webhook/{{}}", delete_webhooks),
    Route("POST", f"{_S}/webhook/{{}}/simulate", simulate_webhook),
)
