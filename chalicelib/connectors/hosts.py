"""Refuses addresses inside our own network, for hosts that a merchant can type.

An address is judged twice. ``check`` reads its text and asks nobody. ``addresses_of`` asks the name
service once, when a connection is opened, and judges every answer; the connection then goes to one
of those and nowhere else, so a name that changes its answer in between gains nothing.

Any port is fine that a shop's https may have: 443 and those from 1024 on. Ports of other services
(mail, remote login) are not knocked on.
"""

import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urljoin, urlsplit

from chalicelib.domain.reasons import Reason, SyncFailure

#: Asks a name service: (host, port) -> addresses, in the order to try them.
Resolve = Callable[[str, int], Sequence[str]]

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


def ask_name_service(host: str, port: int) -> list[str]:
    """Return the addresses of a host.

    Raises:
        OSError: nobody knows the host.
    """
    return [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@dataclass(frozen=True, kw_only=True)
class HostGuard:
    """Checks where a call would go.

    Args:
        allow_loopback: 127.0.0.1 over plain HTTP is fine too; only on one machine, for simulators.
    """

    allow_loopback: bool = False
    resolve: Resolve = ask_name_service

    def check(self, url: str) -> None:
        """Let an address pass whose text may name a public https host.

        Raises:
            SyncFailure: the address is not https, holds a login, or names no public host.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise refused("The address of the platform cannot be read.") from error
        host = parts.hostname or ""
        if self._is_our_loopback(host):
            return
        if parts.scheme != "https" or not host:
            raise refused("The address of the platform must start with https:// and name a host.")
        if "@" in parts.netloc:
            raise refused("The address of the platform must not hold a user name or password.")
        if port is not None and port != 443 and port < 1024:
            raise refused(f"Port {port} is for something else than https: use 443, or 1024 and up.")
        if not (_is_name(host) or _is_public(host)):
            raise refused(f"The host {host} is not a public address.")

    def addresses_of(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses of a host, at least one; a connection may be opened to any of them.

        Raises:
            SyncFailure: nobody knows the host, or any one of its addresses is not public.
        """
        try:
            addresses = self.resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise _unknown(host) from error
        if not addresses:
            raise _unknown(host)
        is_fit = _is_loopback if self._is_our_loopback(host) else _is_public
        if not all(is_fit(address) for address in addresses):
            raise refused(f"The host {host} is not a public address.")
        return addresses

    def _is_our_loopback(self, host: str) -> bool:
        return self.allow_loopback and host in LOOPBACK_HOSTS


def _is_name(host: str) -> bool:
    return bool(_NAME.fullmatch(host)) and not _INNER.fullmatch(host.rpartition(".")[2])


def _is_public(text: str) -> bool:
    """IPv4 within IPv6 (mapped, 6to4, Teredo) is not: no shop has only that; NAT64 is looked into.

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


def _is_public_ipv4(address: IPv4Address) -> bool:
    return address.is_global and not address.is_multicast


def _is_loopback(text: str) -> bool:
    return ip_address(text).is_loopback


def _unknown(host: str) -> SyncFailure:
    return SyncFailure(
        Reason.RETRYING, f"The host {host} cannot be found.", error_code="host_unknown"
    )


def refused(detail: str) -> SyncFailure:
    """Return the failure of an address where nothing may be sent."""
    return SyncFailure(Reason.REJECTED_BY_TARGET, detail, error_code="address_refused")


def redirected(url: str, location: str, *, code: int) -> SyncFailure:
    """Return the failure of a call to ``url`` that was sent on to ``location``.

    A merchant is told scheme and host of a public name alone: the rest may hold anything.
    """
    advice = _advice(url, location)
    detail = f"The address of the platform redirects to {advice}."
    return SyncFailure(Reason.REJECTED_BY_TARGET, detail, code=code, error_code="redirected")


def _advice(url: str, location: str) -> str:
    try:
        here, there = urlsplit(url), urlsplit(urljoin(url, location))
        origin = _origin_to_show(there)
    except ValueError:
        origin = None
    if origin is None:
        return "somewhere else: enter the https:// address that it has without a redirect"
    if (here.scheme, here.netloc.lower()) == (there.scheme, there.netloc.lower()):
        return (
            "another page of itself: check the path of the address, "
            "and that the platform's interface is switched on"
        )
    if there.scheme == "http":
        return f"{origin}, which is not encrypted: switch on https there and enter that address"
    return f"{origin}: enter that address instead"


def _origin_to_show(parts: SplitResult) -> str | None:
    host, port = parts.hostname or "", parts.port
    if parts.scheme not in ("http", "https") or not _is_name(host):
        return None
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")
