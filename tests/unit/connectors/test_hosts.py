"""Addresses a merchant can type: ours are refused."""

import socket
from collections.abc import Sequence

import pytest

from chalicelib.connectors.hosts import HostGuard, redirected
from chalicelib.domain.reasons import Reason, SyncFailure

PUBLIC, INNER = "93.184.216.34", "10.1.2.3"


def nobody(host: str, port: int) -> Sequence[str]:
    """A name service that must not be asked."""
    raise AssertionError(f"{host} was looked up")


def refusal(url: str, *, loopback: bool = False) -> SyncFailure:
    with pytest.raises(SyncFailure) as met:
        HostGuard(allow_loopback=loopback, resolve=nobody).check(url)
    return met.value


def judged(*addresses: str, host: str = "api.example", loopback: bool = False) -> Sequence[str]:
    guard = HostGuard(allow_loopback=loopback, resolve=lambda host, port: addresses)
    return guard.addresses_of(host, 443)


def refused_answer(*addresses: str, host: str = "api.example", loopback: bool = False) -> str:
    with pytest.raises(SyncFailure) as met:
        judged(*addresses, host=host, loopback=loopback)
    assert met.value.reason is Reason.REJECTED_BY_TARGET
    assert met.value.error_code == "address_refused"
    return met.value.detail


# --- the text of an address -----------------------------------------------------------------------


@pytest.mark.parametrize("url", ["https://api.example/v2", f"https://{PUBLIC}:8443/"])
def test_address_that_may_be_public_passes_without_asking_a_name_service(url: str) -> None:
    HostGuard(resolve=nobody).check(url)
    HostGuard(resolve=nobody, allow_loopback=True).check(url)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://2130706433/", "The host 2130706433 is not a public address."),
        ("http://api.example/", "must start with https://"),
        ("https://[::", "cannot be read"),
        ("https://key:pass@api.example/", "user name or password"),
        ("https://api.example:25/", "Port 25 is for something else"),
    ],
    ids=["host", "scheme", "unreadable", "login", "port"],
)
def test_address_that_may_not_be_called_is_refused_without_asking_a_name_service(
    url: str, said: str
) -> None:
    failure = refusal(url)
    assert (failure.reason, failure.error_code) == (Reason.REJECTED_BY_TARGET, "address_refused")
    assert said in failure.detail


def test_this_machine_is_allowed_only_where_that_was_said() -> None:
    HostGuard(allow_loopback=True, resolve=nobody).check("http://127.0.0.1:8080/x")
    assert refusal("http://127.0.0.1:8080/x").error_code == "address_refused"


# --- the addresses of a name ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "addresses",
    [(PUBLIC,), ("2606:2800:220:1::1", PUBLIC), ("64:ff9b::5db8:d822",)],
    ids=["old", "both", "old_seen_from_a_network_without"],
)
def test_public_addresses_are_given_in_the_order_of_the_name_service(
    addresses: tuple[str, ...],
) -> None:
    assert tuple(judged(*addresses)) == addresses


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        INNER,
        "172.16.0.1",
        "192.168.0.9",
        "100.64.0.1",
        "169.254.169.254",
        "0.0.0.0",  # noqa: S104 - an address to refuse
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "198.18.0.1",
        "::1",
        "::",
        "::10.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:0:10.0.0.1",
        "64:ff9b::a00:1",
        "64:ff9b:1::a00:1",
        "2002:a00:1::",
        "2001:0:53aa:64c::1",
        "2001:db8::1",
        "fd00::1",
        "fec0::1",
        "fe80::1%eth0",
        "2606:2800:220:1::1%eth0",
        "ff0e::1",
        "no address",
    ],
)
def test_one_address_that_is_not_public_refuses_the_whole_host(address: str) -> None:
    assert refused_answer(PUBLIC, address) == "The host api.example is not a public address."


def test_loopback_host_may_have_loopback_addresses_alone() -> None:
    assert judged("::1", "127.0.0.1", host="localhost", loopback=True) == ("::1", "127.0.0.1")
    for other in (INNER, PUBLIC):
        assert "localhost" in refused_answer(other, host="localhost", loopback=True)
    assert "localhost" in refused_answer("127.0.0.1", host="localhost")
    assert "api.example" in refused_answer("127.0.0.1", loopback=True)


@pytest.mark.parametrize("error", [socket.gaierror("unknown"), UnicodeError("label too long")])
def test_host_that_nobody_knows_is_worth_another_try(error: Exception) -> None:
    def fail(host: str, port: int) -> Sequence[str]:
        raise error

    for resolve in (fail, lambda host, port: []):
        with pytest.raises(SyncFailure) as met:
            HostGuard(resolve=resolve).addresses_of("gone.example", 443)
        assert (met.value.reason, met.value.error_code) == (Reason.RETRYING, "host_unknown")


# --- redirects ------------------------------------------------------------------------------------

SHOP = "https://shop.example/wp-json/orders?key=k"

REDIRECTS = {
    "other_host": ("https://www.shop.example/wp-json?key=k", "to https://www.shop.example: enter"),
    "other_port": ("https://shop.example:8443/x", "to https://shop.example:8443: enter"),
    "other_scheme": ("http://shop.example/", "http://shop.example, which is not encrypted"),
    "without_scheme": ("//www.shop.example/", "to https://www.shop.example: enter"),
    "page_of_itself": ("/login?next=k", "another page of itself"),
    "same_in_capitals": ("https://SHOP.example/login", "another page of itself"),
    "inner_address": ("https://10.0.0.1/x", "somewhere else"),
    "inner_name": ("https://vault.internal/x", "somewhere else"),
    "public_number": (f"https://{PUBLIC}/x", "somewhere else"),
    "no_web_page": ("ftp://shop.example/x", "somewhere else"),
    "unreadable": ("https://[::", "somewhere else"),
    "unreadable_port": ("https://www.shop.example:99999/", "somewhere else"),
    "nothing": ("", "another page of itself"),
}


@pytest.mark.parametrize(("location", "told"), REDIRECTS.values(), ids=REDIRECTS.keys())
def test_redirect_tells_the_address_to_enter_where_that_is_a_public_name(
    location: str, told: str
) -> None:
    failure = redirected(SHOP, location, code=301)
    assert (failure.reason, failure.error_code, failure.code) == (
        Reason.REJECTED_BY_TARGET,
        "redirected",
        301,
    )
    assert told in failure.detail


@pytest.mark.parametrize(
    "location", ["https://ann:secret@www.shop.example/x?secret=1#secret", "/secret", "//10.0.0.1/"]
)
def test_redirect_repeats_neither_login_nor_path_nor_query(location: str) -> None:
    detail = redirected(SHOP, location, code=302).detail
    assert not any(word in detail for word in ("secret", "ann", "key", "10.0.0.1"))
