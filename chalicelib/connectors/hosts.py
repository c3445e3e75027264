"""Refuses addresses inside our own network, for hosts that a merchant can type."""

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from chalicelib.domain.reasons import Reason, SyncFailure


@dataclass(frozen=True, kw_only=True)
class HostGuard:
    """Checks where a call would go.

    Args:
        allow_loopback: 127.0.0.1 over plain HTTP is fine too; only on one machine, for simulators.
    """

    allow_loopback: bool = False

    def check(self, url: str) -> None:
        """Let a public https address pass.

        Raises:
            SyncFailure: the address is not https, cannot be resolved, or is not public.
        """
        try:
            parts = urlsplit(url)
        except ValueError as error:
            raise refused("The address of the platform cannot be read.") from error
        host = parts.hostname or ""
        if self.allow_loopback and host in ("127.0.0.1", "localhost"):
            return
        if parts.scheme != "https" or not host:
            raise refused(
                f"The address of the platform must start with https://, not {parts.scheme}."
            )
        for address in _addresses_of(host):
            if not ipaddress.ip_address(address).is_global:
                raise refused(f"The host {host} is not a public address.")


def _addresses_of(host: str) -> list[str]:
    try:
        return [str(info[4][0]) for info in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as error:
        raise SyncFailure(
            Reason.RETRYING, f"The host {host} cannot be found.", error_code="host_unknown"
        ) from error


def refused(detail: str) -> SyncFailure:
    """Return the failure of an address where nothing may be sent."""
    return SyncFailure(Reason.REJECTED_BY_TARGET, detail, error_code="address_refused")
