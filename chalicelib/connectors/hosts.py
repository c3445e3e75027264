"""Refuses addresses inside our own network, for hosts that a merchant can type.

An address is judged twice. ``check`` reads its text and asks nobody (``domain/addresses.py``).
``addresses_of`` asks the name service once, when a connection is opened, and judges every answer;
the connection then goes to one of those and nowhere else, so a name that changes its answer in
between gains nothing.
"""

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

from chalicelib.domain.addresses import (
    fault_of,
    is_loopback,
    is_name,
    is_our_loopback,
    is_public,
)
from chalicelib.domain.reasons import Reason, SyncFailure

#: Asks a name service: (host, port) -> addresses, in the order to try them.
Resolve = Callable[[str, int], Sequence[str]]


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
        fault = fault_of(url, loopback=self.allow_loopback)
        if fault is not None:
            raise refused(fault)

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
        is_ours = is_our_loopback(host, loopback=self.allow_loopback)
        is_fit = is_loopback if is_ours else is_public
        if not all(is_fit(address) for address in addresses):
            raise refused(f"The host {host} is not a public address.")
        return addresses


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
    if parts.scheme not in ("http", "https") or not is_name(host):
        return None
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")
