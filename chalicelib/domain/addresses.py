"""Which addresses may be called: judged by their text alone, no name service is asked.

A merchant types them, so they must not lead into our own network. Any port is fine that a shop's
https may have: 443 and those from 1024 on. Ports of other services (mail, remote login) are not
knocked on.
"""

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

LOOPBACK_HOSTS = ("127.0.0.1", "localhost")

#: The last label begins with a letter: 2130706433, 0x7f.1 and 10.1 are spellings of addresses.
_NAME = re.compile(
    r"(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"
)
#: Last labels that name machines of an inner network (RFC 6761, 6762, 8375; ICANN's .internal).
_INNER = re.compile(r"arpa|corp|home|internal|intranet|lan|local|localdomain|localhost|private")

#: All public IPv6 addresses are from here (IANA, IPv6 Global Unicast Address Assignments).
_PUBLIC_IPV6 = IPv6Network("2000::/3")
#: What a network without IPv4 writes for an IPv4 address (RFC 6052).
_NAT64 = IPv6Network("64:ff9b::/96")


def fault_of(url: str, *, loopback: bool) -> str | None:
    """Return why an address may not be called, as a sentence; None if it may.

    Args:
        loopback: 127.0.0.1 is fine too, also over plain HTTP; only on one machine, for simulators.
    """
    return fault_of_form(url, loopback=loopback) or fault_of_host(url, loopback=loopback)


def fault_of_form(url: str, *, loopback: bool) -> str | None:
    """Return why a text is no address of the kind that is called: not https, or with a login."""
    parts = _split(url)
    if parts is None:
        return "The address of the platform cannot be read."
    host = parts.hostname or ""
    schemes = ("http", "https") if is_our_loopback(host, loopback=loopback) else ("https",)
    if parts.scheme not in schemes or not host:
        return "The address of the platform must start with https:// and name a host."
    if "@" in parts.netloc:
        return "The address of the platform must not hold a user name or password."
    return None


def fault_of_host(url: str, *, loopback: bool) -> str | None:
    """Return why an address of the right form leads where nothing may be sent."""
    parts = _split(url)
    if parts is None:
        return None
    host, port = parts.hostname or "", parts.port
    if is_our_loopback(host, loopback=loopback):
        return None
    if port is not None and port != 443 and port < 1024:
        return f"Port {port} is for something else than https: use 443, or 1024 and up."
    if not (is_name(host) or is_public(host)):
        return f"The host {host} is not a public address."
    return None


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # a wrong port shows itself when it is read
    except ValueError:
        return None
    return parts


def is_our_loopback(host: str, *, loopback: bool) -> bool:
    """Whether a host is this machine, where that is allowed."""
    return loopback and host in LOOPBACK_HOSTS


def is_name(host: str) -> bool:
    """Whether a host is a name that may be public."""
    return bool(_NAME.fullmatch(host)) and not _INNER.fullmatch(host.rpartition(".")[2])


def is_public(text: str) -> bool:
    """Whether a text is a public IP address.

    IPv4 within IPv6 (mapped, 6to4, Teredo) is not: no shop has only that; NAT64 is looked into.
    ``is_global`` of Python before 3.12.4 passes multicast, 6to4 and NAT64 of inner addresses.
    """
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        if address in _NAT64:
            return _is_public_ipv4(IPv4Address(int(address) & 0xFFFF_FFFF))
        is_plain = not (address.scope_id or address.sixtofour)
        return is_plain and address in _PUBLIC_IPV6 and address.is_global
    return _is_public_ipv4(address)


def is_loopback(text: str) -> bool:
    """Whether an IP address is this machine."""
    return ip_address(text).is_loopback


def _is_public_ipv4(address: IPv4Address) -> bool:
    return address.is_global and not address.is_multicast
