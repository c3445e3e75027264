"""Webhook subscriptions: which events they take, and what they send."""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import tzinfo

from local.platforms.brightpearl.formats import format_time
from local.platforms.brightpearl.idsets import format_id_set
from local.platforms.sender import Clock, WebhookSender

VERSION = "4.103.29"
EVENTS = (
    "product.created",
    "product.modified",
    "product.modified.on-hand-modified",
    "product.destroyed",
    "order.modified",
    "order.modified.order-status",
    "order.modified.fully-shipped",
    "sales-order.created",
    "goods-out-note.created",
    "goods-out-note.destroyed",
    "goods-out-note.modified",
    "goods-out-note.modified.printed",
    "goods-out-note.modified.un-printed",
    "goods-out-note.modified.picked",
    "goods-out-note.modified.un-picked",
    "goods-out-note.modified.packed",
    "goods-out-note.modified.un-packed",
    "goods-out-note.modified.shipped",
    "goods-in-note.created",
    "quarantine-release.created",
    "drop-ship-note.created",
    "drop-ship-note.destroyed",
    "drop-ship-note.modified.shipped",
)


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """One subscription; quality of service 0 is at most once, 1 at least once."""

    id: int
    subscribe_to: str
    uri_template: str
    body_template: str
    content_type: str
    id_set_accepted: bool
    quality_of_service: int

    def takes(self, event: str) -> bool:
        """Say whether ``event`` is the one subscribed to or below it."""
        return event == self.subscribe_to or event.startswith(f"{self.subscribe_to}.")


def can_be_subscribed(name: str) -> bool:
    """Say whether ``name`` is an event or the beginning of one, cut at a dot."""
    return any(event == name or event.startswith(f"{name}.") for event in EVENTS)


@dataclass(kw_only=True)
class Webhooks:
    """Collects what happened during a call or verb, and sends it as one id set per event.

    Brightpearl signs nothing. A refusal (4xx) discards the event; at quality of service 0 only a
    503 is tried again. How often and how fast Brightpearl repeats is not known.
    """

    account: str
    zone: tzinfo
    clock: Clock
    at_least_once: WebhookSender
    at_most_once: WebhookSender
    by_id: dict[int, Webhook] = field(default_factory=dict)
    raised: dict[str, dict[int, None]] = field(default_factory=dict)
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def raise_event(self, event: str, ids: Iterable[int]) -> None:
        """Note that ``event`` happened to ``ids``; it is sent by `send`."""
        self.raised.setdefault(event, {}).update(dict.fromkeys(ids))

    def send(self) -> None:
        """Hand what was noted to the senders."""
        raised, self.raised = self.raised, {}
        for event, ids in raised.items():
            for webhook in self.by_id.values():
                if ids and webhook.takes(event):
                    self._send_one(webhook, event, list(ids))

    def _send_one(self, webhook: Webhook, event: str, ids: list[int]) -> None:
        sets = [format_id_set(ids)] if webhook.id_set_accepted else [str(n) for n in ids]
        for id_set in sets:
            self.fill_and_deliver(webhook, self.values(event, id_set))

    def values(self, event: str, id_set: str) -> dict[str, str]:
        """Return the variables of a template."""
        resource, _, rest = event.partition(".")
        lifecycle, _, specifier = rest.partition(".")
        return {
            "${account-code}": self.account,
            "${resource-type}": resource,
            "${resource-id}": id_set,
            "${lifecycle-event}": lifecycle,
            "${full-event}": event,
            "${resource-specifier}": specifier,
            "${raised-on}": format_time(self.clock(), self.zone),
            "${brightpearl-version}": VERSION,
        }

    def fill_and_deliver(self, webhook: Webhook, values: dict[str, str]) -> None:
        """Fill the templates in and queue the request."""
        uri, body = webhook.uri_template, webhook.body_template
        for name, value in values.items():
            uri, body = uri.replace(name, value), body.replace(name, value)
        sender = self.at_least_once if webhook.quality_of_service else self.at_most_once
        sender.deliver(uri, {"Content-Type": webhook.content_type}, body.encode())
