"""Where a shop shows a shipment: core fulfilments, a tracking extension, or a note to the buyer."""

import html
import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from chalicelib.connectors.woocommerce.client import Json, WooClient
from chalicelib.connectors.woocommerce.failures import NO_ROUTE
from chalicelib.connectors.woocommerce.models import TrackingModel, parse
from chalicelib.connectors.woocommerce.shipped_lines import items_of
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Fulfilment

#: Words of the flow's setting ``shipment_way``; anything else lets the shop decide.
FULFILMENTS, TRACKING, NOTE = "fulfilments", "tracking", "note"
#: Namespaces of the tracking extensions; the second is an older one of Zorem's.
_NAMESPACES = ("wc-shipment-tracking/v3", "wc-ast/v3")
#: Meta key of a fulfilment: the shipment it stands for.
SHIPMENT_KEY = "_synclog_shipment"
_TAG = re.compile(r"<[^<>]*>")


class Way(Protocol):
    """One way to show shipments."""

    def is_shown(self, order_id: str, wanted: Fulfilment) -> bool:
        """Whether the order shows the shipment; one call."""

    def show(self, order: Json, wanted: Fulfilment, *, before: str) -> None:
        """Show a shipment that is not shown.

        Args:
            before: the tracking number we showed for it earlier; empty: none.
        """


class Ways:
    """Chooses how a shop shows shipments; what it can do is asked once."""

    def __init__(self, client: WooClient) -> None:
        self._client = client
        self._namespaces: Sequence[str] | None = None
        self._has_fulfilments: bool | None = None
        self._providers: dict[str, dict[str, str]] = {}

    def choose(self, wish: str, order_id: str, wanted: Fulfilment) -> Way:
        """Return the way of a shipment: the one wished for, else the best there is.

        A shipment without a tracking number is told in a note, whatever the shop can do.

        Raises:
            SyncFailure: ``UNSUPPORTED``; the shop lacks what was wished for.
        """
        if wish == NOTE or not wanted.tracking:
            return NoteWay(self._client)
        if wish != TRACKING and self._can_fulfil(order_id):
            return FulfilmentWay(self._client)
        if wish == FULFILMENTS:
            raise _lacks("order fulfilments: switch the feature on in WooCommerce 10.1 or newer")
        namespace = next((one for one in _NAMESPACES if one in self._known()), "")
        if namespace:
            return TrackingWay(self._client, namespace, self._providers)
        if wish == TRACKING:
            raise _lacks("shipment tracking: install the Shipment Tracking extension")
        return NoteWay(self._client)

    def _known(self) -> Sequence[str]:
        if self._namespaces is None:
            site = self._client.read_object("/", _fields="namespaces")
            found = site.get("namespaces")
            self._namespaces = found if isinstance(found, list) else []
        return self._namespaces

    def _can_fulfil(self, order_id: str) -> bool:
        """Ask for the fulfilments of an order: without the feature there is no such route."""
        if self._has_fulfilments is None:
            try:
                self._client.read(f"orders/{order_id}/fulfillments")
            except SyncFailure as failure:
                if failure.error_code != NO_ROUTE:
                    raise
                self._has_fulfilments = False
            else:
                self._has_fulfilments = True
        return self._has_fulfilments


class NoteWay:
    """A note of the order; one to the buyer is mailed."""

    def __init__(self, client: WooClient) -> None:
        self._client = client

    def is_shown(self, order_id: str, wanted: Fulfilment) -> bool:
        """Whether the order has our note, word for word."""
        notes = self._client.read_list(f"orders/{order_id}/notes")
        text = _plain(note_of(wanted))
        return any(_plain(one.get("note")) == text for one in notes)

    def show(self, order: Json, wanted: Fulfilment, *, before: str) -> None:
        """Write the note; one about a number that was wrong stays, it was read."""
        body: Json = {"note": note_of(wanted), "customer_note": wanted.notify}
        self._client.write("POST", f"orders/{order['id']}/notes", body, creates=True)


class TrackingWay:
    """The Shipment Tracking extension, and Zorem's that answers on the same path."""

    def __init__(
        self, client: WooClient, namespace: str, providers: dict[str, dict[str, str]]
    ) -> None:
        self._client = client
        self._base = f"/{namespace}/orders"
        self._carriers = f"/{namespace}/shipment-trackings/providers"
        self._providers = providers

    def is_shown(self, order_id: str, wanted: Fulfilment) -> bool:
        """Whether the order has an entry with the tracking number."""
        return any(_same(one, wanted.tracking) for one in self._list(order_id))

    def show(self, order: Json, wanted: Fulfilment, *, before: str) -> None:
        """Add an entry, and take away the one with the number that was wrong."""
        path = f"{self._base}/{order['id']}/shipment-trackings"
        self._client.write("POST", path, self._body(wanted), creates=True)
        if before:
            for one in self._list(str(order["id"])):
                if _same(one, before):
                    self._client.delete(f"{path}/{one.tracking_id}")

    def _list(self, order_id: str) -> list[TrackingModel]:
        rows = self._client.read_list(f"{self._base}/{order_id}/shipment-trackings")
        return [parse(TrackingModel, one, "shipment tracking") for one in rows]

    def _body(self, wanted: Fulfilment) -> Json:
        body: Json = {
            "tracking_number": wanted.tracking,
            "date_shipped": wanted.shipped_at.strftime("%Y-%m-%d"),
        }
        provider = self._known_providers().get(wanted.carrier.strip().casefold())
        if provider:
            return body | {"tracking_provider": provider}
        return body | {
            "custom_tracking_provider": wanted.carrier or "Carrier",
            "custom_tracking_link": wanted.tracking_url,
        }

    def _known_providers(self) -> Mapping[str, str]:
        """Return the carriers the extension knows, by name in lower case; they lie by country."""
        if self._base not in self._providers:
            try:
                names = _names_in(self._client.read(self._carriers))
            except SyncFailure as failure:
                if failure.error_code != NO_ROUTE:
                    raise
                names = []  # then every carrier is named by its own words
            self._providers[self._base] = {name.casefold(): name for name in names}
        return self._providers[self._base]


class FulfilmentWay:
    """WooCommerce's own fulfilments, since 10.1."""

    def __init__(self, client: WooClient) -> None:
        self._client = client

    def is_shown(self, order_id: str, wanted: Fulfilment) -> bool:
        """Whether the order has the fulfilment: another parcel may have the same number."""
        return any(
            _meta(one, "_tracking_number") == wanted.tracking
            and _meta(one, SHIPMENT_KEY) in ("", wanted.shipment_id)
            for one in self._list(order_id)
        )

    def show(self, order: Json, wanted: Fulfilment, *, before: str) -> None:
        """Add a fulfilment with its pieces, or correct the one that stands for the shipment."""
        order_id = str(order["id"])
        path = f"orders/{order_id}/fulfillments"
        ours = [
            one for one in self._list(order_id) if _meta(one, SHIPMENT_KEY) == wanted.shipment_id
        ]
        if ours:
            id_ = ours[0].get("id", ours[0].get("fulfillment_id"))
            self._client.write("PUT", f"{path}/{id_}", self._body(order, wanted))
        else:
            self._client.write("POST", path, self._body(order, wanted), creates=True)

    def _list(self, order_id: str) -> list[Json]:
        return self._client.read_list(f"orders/{order_id}/fulfillments")

    def _body(self, order: Json, wanted: Fulfilment) -> Json:
        """Return a fulfilment; versions differ in the name of the carrier's key: both are sent."""
        values: dict[str, Any] = {
            "_items": items_of(order, wanted),
            "_tracking_number": wanted.tracking,
            "_tracking_url": wanted.tracking_url,
            "_shipping_provider": wanted.carrier,
            "_shipment_provider": wanted.carrier,
            SHIPMENT_KEY: wanted.shipment_id,
        }
        return {
            "status": "fulfilled",
            "is_fulfilled": True,
            "notify_customer": wanted.notify,
            "meta_data": [{"key": key, "value": value} for key, value in values.items()],
        }


def note_of(wanted: Fulfilment) -> str:
    """Return the note of a shipment, as the buyer reads it."""
    carrier = f" with {wanted.carrier}" if wanted.carrier else ""
    whole = "Your order" if wanted.completes else "A part of your order"
    parts = [f"{whole} was sent{carrier} on {wanted.shipped_at:%d %B %Y}."]
    if wanted.tracking:
        parts.append(f"Tracking number: {wanted.tracking}.")
    if wanted.tracking_url:
        parts.append(wanted.tracking_url)
    return " ".join(parts)


def _names_in(answer: Any) -> list[str]:
    """Return the names of carriers: keys of the countries' objects, or plain texts."""
    groups = list(answer.values()) if isinstance(answer, dict) else answer
    names: list[str] = []
    for group in groups if isinstance(groups, list) else []:
        names += [str(one) for one in group] if isinstance(group, dict | list) else []
    return names


def _meta(row: Json, key: str) -> str:
    entries = row.get("meta_data")
    rows = entries if isinstance(entries, list) else []
    found = (one.get("value") for one in rows if isinstance(one, dict) and one.get("key") == key)
    return str(next(found, "") or "")


def _same(entry: TrackingModel, number: str) -> bool:
    return entry.tracking_number.strip().casefold() == number.strip().casefold()


def _plain(text: Any) -> str:
    return " ".join(html.unescape(_TAG.sub(" ", str(text or ""))).split())


def _lacks(what: str) -> SyncFailure:
    return SyncFailure(
        Reason.UNSUPPORTED,
        f"The flow is set to a way the shop does not offer, {what}, or choose another way.",
        error_code="way_missing",
        field="shipment_way",
    )
