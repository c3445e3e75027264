"""What Brightpearl is for the rest of the service: fields, pace, ports.

The code that talks to Brightpearl is imported when a connection is opened or a webhook read: a
process that does neither starts without it.
"""

from collections.abc import Mapping
from urllib.parse import quote

from chalicelib.connectors.brightpearl.sign_in import SIGN_IN
from chalicelib.domain.platforms import (
    Account,
    Delivery,
    Field,
    Offer,
    Pace,
    Platform,
    WebhookRead,
)
from chalicelib.domain.setup import Connection
from chalicelib.domain.statuses import Kind

#: Settings that hold the address of a record's page, by kind.
_PAGES = {Kind.PRODUCT: "product_url", Kind.STOCK: "product_url", Kind.ORDER: "order_url"}


def open_platform(account: Account) -> Platform:
    """Open Brightpearl for one connection and batch."""
    from chalicelib.connectors.brightpearl.platform import Brightpearl

    return Brightpearl(account)


def read_webhook(account: Account, delivery: Delivery) -> WebhookRead:
    """Read a delivery, as ``webhooks.read_webhook`` does."""
    from chalicelib.connectors.brightpearl import webhooks

    return webhooks.read_webhook(account, delivery)


def record_url(connection: Connection, kind: Kind, record: str) -> str | None:
    """Return where people see a record, if the connection says where its pages are.

    Addresses of the web application differ between accounts and are not documented, so they are
    settings with ``{id}`` in them.
    """
    template = str(connection.settings.get(_PAGES.get(kind, ""), "") or "")
    if not template.startswith("https://") or "{id}" not in template:
        return None
    return template.replace("{id}", quote(record, safe=""))


def calls_left(headers: Mapping[str, str]) -> int | None:
    """Return Brightpearl's own count of calls left in the rolling minute."""
    text = headers.get("brightpearl-requests-remaining", "")
    return int(text) if text.isdigit() else None


_SETTINGS = (
    Field(
        name="account",
        label="Account code",
        required=True,
        help="The short name of the account, as in the address of its web application.",
    ),
    Field(
        name="app_ref",
        label="App reference",
        required=True,
        help="Of the private app (account_name) or of the OAuth app.",
    ),
    Field(
        name="token_url",
        label="Token address",
        help="Where tokens are renewed, if not at oauth.brightpearl.com; {account} is the code.",
        gets_secrets=True,
    ),
    Field(
        name="installation_instance_id",
        label="Installation id",
        help="A number that OAuth apps are given; it makes orders unique. Found by itself there.",
    ),
    Field(
        name="country_format",
        label="Country codes in orders",
        default="alpha3",
        help="alpha3 (GBR) or alpha2 (GB).",
    ),
    Field(
        name="default_country",
        label="Country of buyers without address",
        default="GBR",
        help="Three letters; Brightpearl wants a country for each new contact.",
    ),
    Field(
        name="event_owner",
        label="Contact id for shipping events",
        help="Staff contact that goods-out events are booked under, if the account wants one.",
    ),
    Field(name="order_url", label="Address of an order's page", help="https://…{id}"),
    Field(name="product_url", label="Address of a product's page", help="https://…{id}"),
)

_PACE_SETTINGS = (
    Field(name="calls_per_minute", label="Calls per minute", help="200 unless raised."),
    Field(name="settle_s", label="Seconds until a write is found", help="60 unless set."),
    Field(name="timeout_s", label="Seconds to wait for an answer", help="20 unless set."),
    Field(
        name="awaiting_limit_s",
        label="Seconds a record may stay invisible",
        help="600 unless set.",
    ),
    Field(
        name="awaiting_every_s",
        label="Seconds between looks at an invisible record",
        help="20 unless set.",
    ),
)

_CREDENTIALS = (
    Field(
        name="staff_token",
        label="Staff token",
        secret=True,
        help="Of a private app; or leave it empty and connect with OAuth.",
    ),
    Field(name="access_token", label="Access token", secret=True),
    Field(name="refresh_token", label="Refresh token", secret=True),
    Field(name="client_id", label="OAuth client id", secret=True, help="The app's reference."),
    Field(name="client_secret", label="OAuth client secret", secret=True),
    Field(name="dev_ref", label="Developer reference", secret=True, help="Of OAuth apps."),
)

OFFER = Offer(
    name="brightpearl",
    label="Brightpearl",
    pace=Pace(calls=200, window_s=60),
    fields=(*_SETTINGS, *_PACE_SETTINGS, *_CREDENTIALS),
    sources=(Kind.PRODUCT, Kind.STOCK, Kind.SHIPMENT, Kind.ORDER),
    targets=(Kind.ORDER, Kind.CUSTOMER, Kind.REFUND),
    choices=(
        "price_lists",
        "categories",
        "warehouses",
        "channels",
        "order_statuses",
        "credit_statuses",
        "shipping_methods",
        "tax_codes",
        "payment_methods",
        "nominal_codes",
    ),
    open=open_platform,
    read_webhook=read_webhook,
    record_url=record_url,
    calls_left=calls_left,
    sign_in=SIGN_IN,
    prerequisites=(
        "A private app (App Store, Private apps) with a staff token, or an installed OAuth app.",
        "The staff member may read products, prices, stock, goods-out notes, order statuses and"
        " webhooks, may create contacts, sales orders, sales credits, reservations, goods notes and"
        " customer payments, and may change the status of orders.",
    ),
)
