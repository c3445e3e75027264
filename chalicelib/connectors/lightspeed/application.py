"""What our application is at Lightspeed: the version it speaks and the scopes it asks for."""

import re
from datetime import UTC, datetime

#: Version in the path of every call unless the connection names another.
API_VERSION = "2026-07"

#: Scopes the flows need, as Lightspeed's consent page names them.
SCOPES = (
    "retailer:read",
    "outlets:read",
    "registers:read",
    "taxes:read",
    "payment_types:read",
    "products:read",
    "products:write",
    "inventory:read",
    "inventory:write",
    "customers:read",
    "sales:read",
    "webhooks",
)

#: A version is served as itself for at least this many months, then as the oldest one there is.
MONTHS_OF_A_VERSION = 12
_VERSION = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


def ends_at(version: str) -> datetime | None:
    """Return when a version may cease to be served as itself: ``2026-07`` ends with June 2027.

    None for a text that is no version; the numbered ones of old have no end anybody published.
    """
    found = _VERSION.fullmatch(version)
    if found is None:
        return None
    months = int(found[1]) * 12 + int(found[2]) - 1 + MONTHS_OF_A_VERSION
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)
