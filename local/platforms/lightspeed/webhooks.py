"""Webhooks of the simulated Lightspeed: forms with a payload, signed for applications only."""

import base64
import hashlib
import hmac
from urllib.parse import urlencode, urlsplit

from local.platforms.lightspeed.errors import LightspeedError, conflict
from local.platforms.lightspeed.feed import Feed, Row
from local.platforms.lightspeed.fields import Json, encoded, flag, text
from local.platforms.lightspeed.world import World
from local.platforms.sender import WebhookSender

EVENT_TYPES = (
    "sale.update",
    "product.update",
    "customer.update",
    "inventory.update",
    "register_closure.create",
    "consignment.send",
    "consignment.receive",
)
#: Waits before each of the 20 repetitions: growing, 35 hours in all, less than the vendor's 48.
RETRY_DELAYS_S = tuple(60 * 1.4**n for n in range(20))
FORM = "application/x-www-form-urlencoded; charset=utf-8"


def sign(body: bytes, *, secret: str, form: str = "hex") -> str:
    """Return the value of ``X-Signature`` for the bytes of a body."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    value = digest.hex() if form == "hex" else base64.b64encode(digest).decode()
    return f"signature={value},algorithm=HMAC-SHA256"


class Webhooks:
    """The registered addresses, and the way events take to them."""

    def __init__(self, world: World, sender: WebhookSender) -> None:
        self.world = world
        self.sender = sender
        self.feed = Feed(world, "Webhook")

    def emit(self, event: str, payload: Json, secret: str) -> None:
        """Send an object to every active address of its type."""
        for row in self.feed.live():
            if row.data["active"] and row.data["type"] == event:
                self._send(row, payload, secret)

    def create(self, body: Json, *, signed: bool) -> Json:
        """Answer a new webhook; ``signed`` when an application asks, not a personal token."""
        fields = _fields(body) | {"signed": signed}
        self._check_free(fields, "")
        return {"data": self._render(self.feed.put(fields))}

    def update(self, row_id: str, body: Json) -> Json:
        """Answer a change, being switched on or off for one."""
        row = self.feed.find(row_id)
        fields = row.data | _fields(row.data | body)
        self._check_free(fields, row_id)
        return {"data": self._render(self.feed.put(fields, row_id))}

    def read(self, row_id: str) -> Json:
        """Answer one webhook."""
        return {"data": self._render(self.feed.find(row_id))}

    def list_all(self) -> Json:
        """Answer all webhooks."""
        return {"data": [self._render(row) for row in self.feed.live()]}

    def switch_off(self, url: str = "") -> None:
        """Play a person who switches webhooks off, those of ``url`` or all."""
        for row in self.feed.live():
            if url in ("", row.data["url"]):
                self.feed.put(row.data | {"active": False}, row.id)

    def _send(self, row: Row, payload: Json, secret: str) -> None:
        form = {
            "payload": encoded(payload).decode(),
            "domain_prefix": self.world.domain_prefix,
            "environment": "prod",
        }
        body = urlencode(form).encode()
        headers = {"Content-Type": FORM}
        if row.data["signed"]:
            form_of_value = self.world.behaviour.signature_form
            headers["X-Signature"] = sign(body, secret=secret, form=form_of_value)
        self.sender.deliver(row.data["url"], headers, body)

    def _check_free(self, fields: Json, own_id: str) -> None:
        key = (fields["type"], fields["url"])
        for row in self.feed.live():
            if (row.data["type"], row.data["url"]) == key and row.id != own_id:
                raise conflict("A webhook of this type and url exists already.", bare=True)

    def _render(self, row: Row) -> Json:
        shown = {name: row.data[name] for name in ("type", "url", "active")}
        return {"id": row.id, "retailer_id": self.world.retailer_id, **shown}


def _fields(body: Json) -> Json:
    event, url = text(body, "type", needed=True), text(body, "url", needed=True)
    if event not in EVENT_TYPES:
        raise LightspeedError(400, f"{event} is not a type of webhook.", bare=True)
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
        raise LightspeedError(400, "The url is not valid.", bare=True)
    return {"type": event, "url": url, "active": flag(body, "active", default=True)}
