"""Addresses a merchant can type: ours are refused."""

import socket
from typing import Any

import pytest

from chalicelib.connectors.hosts import HostGuard
from chalicelib.domain.reasons import Reason, SyncFailure

NAMES = {
    "api.example": ["93.184.216.34"],
    "six.example": ["2606:2800:220:1::1"],
    "inside.example": ["10.1.2.3"],
    "mixed.example": ["93.184.216.34", "192.168.0.9"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "metadata.example": ["169.254.169.254"],
}


@pytest.fixture(autouse=True)
def _names(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name service of our own: unit tests ask nobody."""

    def resolve(host: str, port: int, **_: Any) -> list[Any]:
        addresses = NAMES.get(host, [host] if host[0].isdigit() or ":" in host else [])
        if not addresses:
            raise socket.gaierror(f"{host} is not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


def refusal(url: str, *, loopback: bool = False) -> SyncFailure:
    with pytest.raises(SyncFailure) as met:
        HostGuard(allow_loopback=loopback).check(url)
    return met.value


@pytest.mark.parametrize("url", ["https://api.example/v2", "https://six.example:8443/"])
def test_public_https_address_passes(url: str) -> None:
    HostGuard().check(url)
    HostGuard(allow_loopback=True).check(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://inside.example/",
        "https://mixed.example/",
        "https://mapped.example/",
        "https://metadata.example/latest",
        "https://127.0.0.1/",
        "https://10.0.0.1/",
        "https://192.168.1.1/",
        "https://100.64.0.1/",
        "https://0.0.0.0/",
        "https://[::1]/",
        "https://[fd00::1]/",
        "https://api.example@10.0.0.1/",
    ],
)
def test_address_inside_our_network_is_refused(url: str) -> None:
    failure = refusal(url)
    assert (failure.reason, failure.error_code) == (Reason.REJECTED_BY_TARGET, "address_refused")


@pytest.mark.parametrize(
    "url", ["http://api.example/", "ftp://api.example/", "api.example", "https:///x", "https://[::"]
)
def test_address_that_is_no_https_address_is_refused(url: str) -> None:
    assert refusal(url).error_code == "address_refused"


def test_host_that_nobody_knows_is_worth_another_try() -> None:
    failure = refusal("https://gone.example/")
    assert (failure.reason, failure.error_code) == (Reason.RETRYING, "host_unknown")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/x", "http://localhost:1/", "https://127.0.0.1/"]
)
def test_this_machine_is_allowed_only_where_that_was_said(url: str) -> None:
    HostGuard(allow_loopback=True).check(url)
    assert refusal(url).error_code == "address_refused"


def test_loopback_switch_opens_no_other_inner_address() -> None:
    assert refusal("https://inside.example/", loopback=True).error_code == "address_refused"
    assert refusal("http://127.0.0.2/", loopback=True).error_code == "address_refused"
