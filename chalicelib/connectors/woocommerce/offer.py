"""What WooCommerce is for the rest of the service: fields, pace, ports.

The code that talks to shops is imported when a connection is opened or a webhook read: a process
that does neither starts without it.
"""

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


def open_platform(account: Account) -> Platform:
    """Open a shop for one connection and batch."""
    from chalicelib.connectors.woocommerce.platform import WooCommercePlatform

    return WooCommercePlatform(account)


def read_webhook(account: Account, delivery: Delivery) -> WebhookRead:
    """Read a delivery, as ``webhooks.read_webhook`` does."""
    from chalicelib.connectors.woocommerce import webhooks

    return webhooks.read_webhook(account, delivery)


def record_url(connection: Connection, kind: Kind, record: str) -> str | None:
    """Return where people edit an order in the shop's dashboard.

    The address works with both storages of orders: WordPress leads on to the page of today.
    """
    from chalicelib.connectors.woocommerce.address import shop_address

    shop = shop_address(connection.base_url)
    if kind is not Kind.ORDER or not shop.startswith("https://") or not record.isdecimal():
        return None
    return f"{shop}/wp-admin/post.php?post={record}&action=edit"


OFFER = Offer(
    name="woocommerce",
    label="WooCommerce",
    # WooCommerce itself counts no calls; hosts and firewalls do, and say nothing of their limits.
    pace=Pace(calls=60, window_s=60, settle_s=10, timeout_s=25),
    fields=[
        Field(
            name="consumer_key",
            label="Consumer key",
            required=True,
            secret=True,
            help="WooCommerce > Settings > Advanced > REST API, with read and write permission.",
        ),
        Field(
            name="consumer_secret",
            label="Consumer secret",
            required=True,
            secret=True,
            help="Shown once, when the key is made.",
        ),
        Field(
            name="webhook_secret",
            label="Webhook secret",
            secret=True,
            help="Made when the webhooks are registered.",
        ),
        Field(
            name="query_auth",
            label="Key in the address",
            default="no",
            help="yes, where the shop's web server drops the Authorization header; else no.",
        ),
        Field(name="calls_per_minute", label="Calls a minute", help="60 unless stated."),
        Field(name="settle_s", label="Seconds until a write is found", help="10 unless stated."),
        Field(name="timeout_s", label="Seconds to wait for an answer", help="25 unless stated."),
        Field(
            name="awaiting_limit_s",
            label="Seconds a record may stay invisible",
            help="600 unless stated; then the row fails.",
        ),
        Field(
            name="awaiting_every_s",
            label="Seconds between two looks for it",
            help="20 unless stated.",
        ),
    ],
    sources=(Kind.ORDER, Kind.REFUND),
    targets=(Kind.PRODUCT, Kind.STOCK, Kind.SHIPMENT, Kind.ORDER),
    one_writer=(Kind.PRODUCT,),  # two writers would each make the product of a family
    choices=("locations", "categories", "taxes", "payment_methods", "order_statuses"),
    open=open_platform,
    read_webhook=read_webhook,
    record_url=record_url,
    prerequisites=(
        "The shop's address, which starts with https:// and may hold a folder.",
        "Permalinks of any form but “Plain” (WordPress > Settings > Permalinks).",
        "A REST API key with read and write permission, of an administrator or shop manager.",
    ),
)
