"""The address of a shop as a merchant types it; pure and light."""

from urllib.parse import urlsplit

API = "/wp-json"


def shop_address(typed: str) -> str:
    """Return where the shop is, without the path of its API and without a slash at the end.

    ``https://host/shop/wp-json/wc/v3/`` is the shop ``https://host/shop``.
    """
    address = typed.strip().rstrip("/")
    before, found, after = address.partition(API)
    return before.rstrip("/") if found and after[:1] in ("", "/") else address


def same_shop(one: str, other: str) -> bool:
    """Whether two addresses are one shop; the scheme and a leading ``www.`` do not matter."""
    return _place(one) == _place(other)


def _place(address: str) -> tuple[str, str]:
    try:
        parts = urlsplit(shop_address(address))
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "", address
    host = (parts.hostname or "").removeprefix("www.")
    return host + port, parts.path.rstrip("/").lower()
