"""What Square is for the rest of the service: fields, pace, ports.

The code that talks to Square is imported when a connection is opened or a webhook read: a process
that does neither starts without it.
"""

from chalicelib.connectors.square.application import API_VERSION, SCOPES
from chalicelib.connectors.square.sign_in import SIGN_IN
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

#: Where the Dashboard shows a record.
_PAGES = {Kind.ORDER: "orders/overview", Kind.CUSTOMER: "customers/directory/customer"}


def open_platform(account: Account) -> Platform:
    """Open Square for one connection and batch."""
    from chalicelib.connectors.square.platform import SquarePlatform

    return SquarePlatform(account)


def read_webhook(account: Account, delivery: Delivery) -> WebhookRead:
    """Read a delivery, as ``webhooks.read_webhook`` does."""
    from chalicelib.connectors.square import webhooks

    return webhooks.read_webhook(account, delivery)


def record_url(connection: Connection, kind: Kind, record: str) -> str | None:
    """Return where people see an order or a customer; all else has no page of its own."""
    host = {
        "": "app.squareup.com",
        "https://connect.squareup.com": "app.squareup.com",
        "https://connect.squareupsandbox.com": "app.squareupsandbox.com",
    }.get(connection.base_url.rstrip("/"))
    page = _PAGES.get(kind)
    return f"https://{host}/dashboard/{page}/{record}" if host and page else None


OFFER = Offer(
    name="square",
    label="Square",
    # Square publishes no number of calls; a new catalogue object may take a minute to be found.
    pace=Pace(calls=600, window_s=60, settle_s=60, timeout_s=20),
    fields=[
        Field(
            name="access_token",
            label="Access token",
            required=True,
            secret=True,
            help="Of the seller (OAuth), or a personal one.",
        ),
        Field(
            name="refresh_token",
            label="Refresh token",
            secret=True,
            help="With OAuth: renews the access token, which lives 30 days.",
        ),
        Field(name="client_id", label="Application id", secret=True),
        Field(
            name="client_secret",
            label="Application secret",
            secret=True,
            help="Not needed with PKCE.",
        ),
        Field(
            name="signature_key",
            label="Webhook signature key",
            secret=True,
            help="Filled in when the webhook is registered.",
        ),
        Field(
            name="merchant_id",
            label="Seller's id",
            help="Filled in when the webhook is registered; events of other sellers are ignored.",
        ),
        Field(
            name="api_version",
            label="Square-Version",
            default=API_VERSION,
            help="Sent with every call and put on the webhook.",
        ),
        Field(name="calls_per_minute", label="Calls a minute", help="600 unless stated."),
        Field(name="settle_s", label="Seconds until a write is found", help="60 unless stated."),
        Field(name="timeout_s", label="Seconds to wait for an answer", help="20 unless stated."),
        Field(
            name="awaiting_limit_s",
            label="Seconds a product may stay invisible",
            help="600 unless stated; then the row fails.",
        ),
        Field(
            name="awaiting_every_s",
            label="Seconds between two looks for it",
            help="20 unless stated.",
        ),
    ],
    sources=(Kind.ORDER, Kind.CUSTOMER, Kind.REFUND),
    targets=(Kind.PRODUCT, Kind.STOCK),
    choices=("locations", "categories", "taxes", "tender_types"),
    open=open_platform,
    read_webhook=read_webhook,
    record_url=record_url,
    one_writer=(Kind.PRODUCT,),
    sign_in=SIGN_IN,
    prerequisites=(
        "A Square account with at least one active location.",
        f"The permissions {', '.join(SCOPES)}.",
        "For webhooks: a personal access token of the application, which alone may subscribe.",
    ),
)
