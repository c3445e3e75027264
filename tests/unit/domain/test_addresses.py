"""Addresses by their text: what may be public, and every spelling of what is not."""

import pytest

from chalicelib.domain.addresses import fault_of, fault_of_form, fault_of_host

PUBLIC = "93.184.216.34"


def fault(url: str, *, loopback: bool = False) -> str:
    found = fault_of(url, loopback=loopback)
    assert found is not None, url
    return found


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example/v2",
        "https://API.Example",
        "https://api.example:443/",
        "https://api.example:8443/",
        "https://xn--bcher-kva.example/",
        "https://my_shop.example/",
        "https://local.example/",
        f"https://{PUBLIC}/",
        "https://[2606:2800:220:1::1]/",
    ],
)
def test_address_that_may_be_public_passes(url: str) -> None:
    assert fault_of(url, loopback=False) is None
    assert fault_of(url, loopback=True) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://0.0.0.0/",
        "https://[::1]/",
        "https://[::]/",
        "https://[fd00:ec2::254]/",
        "https://[fe80::1%25eth0]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::a00:1]/",
        # Other spellings of 127.0.0.1, as name services take them.
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://017700000001/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://127.0.0.1./",
        "https://127.0.0.0x1/",
        "https://127.0.0.1\u3002/",
        "https://\uff11\uff12\uff17.0.0.1/",
        # Names of an inner network.
        "https://localhost/",
        "https://localhost./",
        "https://shop.localhost/",
        "https://redis/",
        "https://printer.local/",
        "https://PRINTER.LOCAL/",
        "https://instance-data.ec2.internal/",
        "https://metadata.google.internal/",
        "https://nas.home.arpa/",
        # No names at all.
        "https://shop.example./",
        "https://shop..example/",
        "https://-shop.example/",
        "https://shop%2eexample/",
        "https://sh op.example/",
        f"https://{'a' * 64}.example/",
        f"https://{'a.' * 130}example/",
    ],
)
def test_host_that_is_no_public_one_is_refused(url: str) -> None:
    assert "is not a public address" in fault(url)
    assert fault_of_form(url, loopback=False) is None


@pytest.mark.parametrize(
    "url", ["http://api.example/", "ftp://api.example/", "api.example", "https:///x", ""]
)
def test_address_that_is_no_https_address_is_refused(url: str) -> None:
    assert "must start with https://" in fault(url)


@pytest.mark.parametrize("url", ["https://[::", "https://api.example:99999/", "https://a:b/"])
def test_address_that_cannot_be_read_is_refused(url: str) -> None:
    assert "cannot be read" in fault(url)


@pytest.mark.parametrize("url", ["https://api.example@10.0.0.1/", "https://key:pass@api.example/"])
def test_login_within_an_address_is_refused_and_not_repeated(url: str) -> None:
    detail = fault(url)
    assert "user name or password" in detail
    assert "pass@" not in detail


@pytest.mark.parametrize("port", [0, 22, 25, 80, 1023])
def test_port_of_another_service_is_refused(port: int) -> None:
    assert f"Port {port} " in fault(f"https://api.example:{port}/")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/x", "http://localhost:1/", "https://127.0.0.1/"]
)
def test_this_machine_is_allowed_only_where_that_was_said(url: str) -> None:
    assert fault_of(url, loopback=True) is None
    assert fault(url)


@pytest.mark.parametrize(
    ("url", "said"),
    [("ftp://127.0.0.1/", "must start with"), ("http://ann:pw@localhost/", "user name")],
)
def test_this_machine_is_spoken_to_as_others_are(url: str, said: str) -> None:
    assert said in fault(url, loopback=True)


@pytest.mark.parametrize(
    "url",
    ["https://10.1.2.3/", "http://127.0.0.2/", "https://[::1]/", "http://a.localhost/"],
)
def test_loopback_switch_opens_no_other_inner_address(url: str) -> None:
    assert fault(url, loopback=True)


def test_host_is_judged_only_of_what_has_the_form_of_an_address() -> None:
    assert fault_of_host("https://[::", loopback=False) is None
    assert fault_of_form("https://api.example:25/", loopback=False) is None
