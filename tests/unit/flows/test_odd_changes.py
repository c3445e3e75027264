"""Ids and versions that no platform uses: they are let go, and stop nothing beside them."""

from collections.abc import Iterator

import pytest

from chalicelib.flows.intake import receive
from chalicelib.flows.polls import run_poll
from tests.toy import CONSUMER, Toy, open_toy
from tests.toy_platforms import PRODUCTS

ODD_IDS = {"empty": "", "long": "a" * 401, "long in bytes": "ä" * 201, "very long": "7" * 900_000}


@pytest.fixture
def toy() -> Iterator[Toy]:
    with open_toy() as toy:
        toy.set_up()
        yield toy


def deliver(toy: Toy, body: str) -> tuple[int, int]:
    token, signed = toy.connection().webhook_token, {"X-Toy-Signature": "signed"}
    received = receive(toy.services, "shop", token, signed, {}, body.encode())
    return received.status, received.requested


@pytest.mark.parametrize("id_", ODD_IDS.values(), ids=ODD_IDS.keys())
def test_delivery_of_an_id_that_nothing_has_requests_nothing(toy: Toy, id_: str) -> None:
    assert deliver(toy, f'{{"product": "{id_}", "version": 5}}') == (200, 0)
    assert toy.messages() == 0


def test_longest_id_that_fits_is_kept_whatever_it_is_made_of(toy: Toy) -> None:
    record = "|" * 400
    assert deliver(toy, f'{{"product": "{record}", "version": 5}}') == (200, 1)
    assert toy.row(record).is_owed


def test_half_a_character_in_an_id_is_no_defect(toy: Toy) -> None:
    assert deliver(toy, '{"product": "a\\ud83d", "version": 5}') == (200, 1)
    assert toy.row("a?").is_owed


@pytest.mark.parametrize("version", [2**63, -(2**63), 10**50])
def test_a_version_beyond_all_clocks_is_none(toy: Toy, version: int) -> None:
    assert deliver(toy, f'{{"product": "7", "version": {version}}}') == (200, 1)
    assert toy.row("7").source_version is None
    assert deliver(toy, '{"product": "7", "version": 5}') == (200, 1)
    assert toy.row("7").source_version == 5


@pytest.mark.parametrize("id_", ["a" * 3000, ""])
def test_poll_goes_on_past_an_id_that_nothing_has(toy: Toy, id_: str) -> None:
    for one in (id_, "7"):
        toy.shop.edit(one, at=toy.at)
    run_poll(toy.services, CONSUMER, PRODUCTS, until=toy.soon(600))
    assert toy.row("7").is_owed
