"""What Lightspeed is for the rest of the service: fields, pace, ports.

The code that talks to Lightspeed is imported when a connection is opened or a webhook read: a
process that does neither starts without it.
"""

from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from chalicelib.connectors.lightspeed.application import API_VERSION, SCOPES
from chalicelib.connectors.lightspeed.sign_in import SIGN_IN
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

HOSTS = ".retail.lightspeed.app"

#: Pages of the back office, by kind; those of sales are not published.
_PAGES = {Kind.PRODUCT: "product", Kind.STOCK: "product", Kind.CUSTOMER: "customer"}


def open_platform(account: Account) -> Platform:
    """Open Lightspeed for one connection and batch."""
    from chalicelib.connectors.lightspeed.platform import LightspeedPlatform

    return LightspeedPlatform(account)


def read_webhook(account: Account, delivery: Delivery) -> WebhookRead:
    """Read a delivery, as ``webhooks.read_webhook`` does."""
    from chalicelib.connectors.lightspeed import webhooks

    return webhooks.read_webhook(account, delivery)


def record_url(connection: Connection, kind: Kind, record: str) -> str | None:
    """Return where people see a product or customer; a simulator has no pages."""
    host, page = _host_of(connection), _PAGES.get(kind)
    if not host or page is None or not record:
        return None
    return f"https://{host}/{page}/{quote(record, safe='')}"


def _host_of(connection: Connection) -> str:
    """Return the store's own host, empty for a simulator."""
    if connection.base_url:
        host = urlsplit(connection.base_url).hostname or ""
        return host if host.endswith(HOSTS) else ""
    prefix = str(connection.settings.get("domain_prefix") or "")
    return f"{quote(prefix, safe='')}{HOSTS}" if prefix else ""


def calls_left(headers: Mapping[str, str]) -> int | None:
    """Read how many calls Lightspeed itself says are left in this window.

    The token endpoint counts its own few calls; only it says besides when its window ends.
    """
    left = "" if "x-ratelimit-reset" in headers else headers.get("x-ratelimit-remaining", "")
    return int(left) if left.isascii() and left.isdigit() else None


OFFER = Offer(
    name="lightspeed",
    label="Lightspeed Retail (X-Series)",
    # 300 calls for each register and 50 besides in five minutes: this is a shop with one register.
    pace=Pace(calls=350, window_s=300, settle_s=30, timeout_s=20),
    fields=[
        Field(
            name="domain_prefix",
            label="Domain prefix",
            help="“northwind” of northwind.retail.lightspeed.app; filled in by signing in.",
        ),
        Field(
            name="access_token",
            label="Access token",
            required=True,
            secret=True,
            help="Of the retailer (OAuth, lives a day), or a personal one (Plus plan).",
        ),
        Field(
            name="refresh_token",
            label="Refresh token",
            secret=True,
            help="With OAuth: renews the access token. Every renewal brings another one.",
        ),
        Field(name="client_id", label="Application id", secret=True),
        Field(
            name="client_secret",
            label="Application secret",
            secret=True,
            help="Also the key that webhooks are signed with.",
        ),
        Field(
            name="api_version",
            label="API version",
            default=API_VERSION,
            help="Part of every address. A version ends about 12 months after its month.",
        ),
        Field(
            name="require_signature",
            label="Only signed webhooks",
            help="“yes”, “no”, or empty: yes with an application secret. Webhooks of personal"
            " tokens are not signed.",
        ),
        Field(
            name="cash_rounding",
            label="Cash rounds to",
            default="0.05",
            help="What the tills round cash to. A smaller gap between total and cash is rounding.",
        ),
        Field(
            name="walk_in_customer",
            label="Walk-in customer",
            help="Lightspeed's id of the customer for people without a name, if its code is not"
            " WALKIN.",
        ),
        Field(
            name="calls_per_minute",
            label="Calls a minute",
            help="70 unless stated, which is one register; each further register allows 60 more.",
        ),
        Field(name="settle_s", label="Seconds until a write is found", help="30 unless stated."),
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
    one_writer=(Kind.PRODUCT,),  # two writers would each make the product of a family
    whole_families=(Kind.PRODUCT,),  # a family takes no further variants
    choices=("locations", "registers", "categories", "taxes", "payment_types"),
    open=open_platform,
    read_webhook=read_webhook,
    record_url=record_url,
    calls_left=calls_left,
    sign_in=SIGN_IN,
    prerequisites=(
        "A Lightspeed Retail (X-Series) store with at least one outlet.",
        "An application of the developer portal, or a personal token (Plus plan).",
        f"The scopes {', '.join(SCOPES)}.",
    ),
)
