"""Webhooks: an unsigned ping, jobs that merge and show the state at delivery, no retry.

A webhook is disabled by the failure that finds more than ``FAILURES`` before it in a row.
"""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from local.platforms.sender import Clock, Delivery, WebhookSender
from local.platforms.woocommerce.auth import webhook_signature
from local.platforms.woocommerce.errors import Json, WooError, no_trash
from local.platforms.woocommerce.fields import choice, dates, encode, string
from local.platforms.woocommerce.world import VERSION, WORDPRESS_VERSION, World

FAILURES = 5
JOB = "X-Sim-Job"  #: marks what is queued and not made yet; it never leaves this process
STATUSES = ("active", "paused", "disabled")
AGENT = f"WooCommerce/{VERSION} Hookshot (WordPress/{WORDPRESS_VERSION})"
TOPICS = {
    f"{resource}.{event}"
    for resource in ("order", "product", "customer", "coupon")
    for event in ("created", "updated", "deleted")
} | {"order.restored", "product.restored"}


@dataclass(kw_only=True)
class Hook:
    """One webhook."""

    id: int
    name: str
    topic: str
    delivery_url: str
    secret: str
    created: datetime
    modified: datetime
    status: str = "active"
    failures: int = 0  #: in a row


#: Returns what a hook is told about a resource, None when it is told nothing.
Render = Callable[[Hook, int], bytes | None]


class HookSender(WebhookSender):
    """Sends jobs: the body is made when its turn comes, equal ones that wait are merged."""

    def __init__(self, *, auto: bool = True, clock: Clock) -> None:
        super().__init__(auto=auto, clock=clock, retry_delays_s=())
        self.make: Callable[[Delivery], Delivery | None] = lambda delivery: delivery
        self.note: Callable[[Delivery, int], None] = lambda delivery, status: None

    def enqueue(self, url: str, job: str) -> None:
        """Queue a job, unless an equal one waits."""
        with self._changed:
            if all(one.headers.get(JOB) != job for one in self._waiting):
                self.deliver(url, {JOB: job}, b"")

    def take(self) -> list[Delivery]:
        """Let the queue run without sending: return what it would send, which waits no more."""
        with self._changed:
            batch, self._waiting = self._waiting, []
        return [made for one in batch if (made := self.make(one)) is not None]

    def _send_all(self, batch: list[Delivery]) -> None:
        for delivery in batch:
            made = self.make(delivery)
            if made is not None:
                super()._send_all([made])
                continue
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()

    def _note(self, delivery: Delivery, status: int, why: str) -> None:
        super()._note(delivery, status, why)
        self.note(delivery, status)


class Webhooks:
    """The webhooks of the shop.

    ``resource`` reads what a job is about as the API would; it runs in the sender's thread and
    takes the simulator's lock itself. Counting failures takes no lock.
    """

    def __init__(
        self, world: World, sender: HookSender, resource: Callable[[str, int], Json]
    ) -> None:
        self.world = world
        self.sender = sender
        self.resource = resource
        self.by_id: dict[int, Hook] = {}
        sender.make = self._make
        sender.note = self._note

    def one(self, number: int) -> Hook:
        """Return a webhook."""
        if number not in self.by_id:
            raise WooError(404, "woocommerce_rest_shop_webhook_invalid_id", "Invalid ID.")
        return self.by_id[number]

    def create(self, body: Json) -> Hook:
        """Register a webhook and ping its address; twins are accepted."""
        topic = _topic(body)
        now = self.world.now()
        made = Hook(
            id=self.world.new_id("webhook"),
            name=string(body, "name") or f"Webhook created on {now:%b %d, %Y}",
            topic=topic,
            delivery_url=_url(body),
            secret=string(body, "secret") or secrets.token_hex(16),
            created=now,
            modified=now,
            status=choice(body, "status", STATUSES) if "status" in body else "active",
        )
        self.by_id[made.id] = made
        self._ping(made)
        return made

    def update(self, number: int, body: Json) -> Hook:
        """Change a webhook; making it active again forgets failures and pings."""
        found = self.one(number)
        topic = _topic(body) if "topic" in body else found.topic
        url = _url(body) if "delivery_url" in body else found.delivery_url
        status = choice(body, "status", STATUSES) if "status" in body else found.status
        found.topic, found.delivery_url = topic, url
        found.name = string(body, "name") or found.name
        found.secret = string(body, "secret") or found.secret
        if status == "active" and found.status != "active":
            found.failures = 0
            self._ping(found)
        found.status = status
        found.modified = self.world.now()
        return found

    def delete(self, number: int, *, force: bool) -> Json:
        """Remove a webhook for good."""
        found = self.one(number)
        if not force:
            raise no_trash("Webhooks")
        del self.by_id[number]
        return self.view(found)

    def emit(self, resource: str, event: str, number: int) -> None:
        """Queue one job for each active webhook of the topic."""
        for hook in self.by_id.values():
            if hook.status == "active" and hook.topic == f"{resource}.{event}":
                self.sender.enqueue(hook.delivery_url, json.dumps([hook.id, number]))

    def view(self, hook: Hook) -> Json:
        """Return the answer for a webhook; its secret is never shown."""
        resource, _, event = hook.topic.partition(".")
        return {
            "id": hook.id,
            "name": hook.name,
            "status": hook.status,
            "topic": hook.topic,
            "resource": resource,
            "event": event,
            "hooks": [],
            "delivery_url": hook.delivery_url,
            **dates("date_created", hook.created, self.world.zone),
            **dates("date_modified", hook.modified, self.world.zone),
        }

    def _ping(self, hook: Hook) -> None:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": AGENT}
        self.sender.deliver(hook.delivery_url, headers, f"webhook_id={hook.id}".encode())

    def _make(self, delivery: Delivery) -> Delivery | None:
        """Turn a job into its request, None when its webhook is no longer active."""
        if JOB not in delivery.headers:
            return delivery
        hook_id, number = json.loads(delivery.headers[JOB])
        hook = self.by_id.get(hook_id)
        if hook is None or hook.status != "active":
            return None
        resource, _, event = hook.topic.partition(".")
        content = {"id": number} if event == "deleted" else self.resource(resource, number)
        body = encode(content)
        headers = {
            "User-Agent": AGENT,
            "X-WC-Webhook-Source": f"{self.world.home}/",
            "X-WC-Webhook-Topic": hook.topic,
            "X-WC-Webhook-Resource": resource,
            "X-WC-Webhook-Event": event,
            "X-WC-Webhook-Signature": webhook_signature(body, hook.secret),
            "X-WC-Webhook-ID": str(hook.id),
            "X-WC-Webhook-Delivery-ID": secrets.token_hex(16),
        }
        return Delivery(**{**vars(delivery), "headers": headers, "body": body})

    def _note(self, delivery: Delivery, status: int) -> None:
        """Count failures in a row; pings do not count, and each failure is followed by one."""
        hook = self.by_id.get(int(delivery.headers.get("X-WC-Webhook-ID", 0)))
        if hook is None:
            return
        if 200 <= status <= 302:
            hook.failures = 0
        elif hook.failures > FAILURES:
            hook.status = "disabled"
            hook.modified = self.world.now()
        else:
            hook.failures += 1
            self._ping(hook)


def _topic(body: Json) -> str:
    topic = string(body, "topic")
    if topic not in TOPICS and not (topic.startswith("action.") and topic != "action."):
        code = "woocommerce_rest_shop_webhook_invalid_topic"
        raise WooError(400, code, "Webhook topic is required and must be valid.")
    return topic


def _url(body: Json) -> str:
    url = string(body, "delivery_url")
    if not url.startswith(("http://", "https://")):
        code = "woocommerce_rest_shop_webhook_invalid_delivery_url"
        raise WooError(400, code, "Webhook delivery URL must be a valid URL starting with http.")
    return url
