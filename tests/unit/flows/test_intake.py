"""Webhooks through the one door."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.ports import Change
from chalicelib.domain.setup import Health
from chalicelib.flows.intake import Received, UnknownAddressError, receive
from tests.toy import CONSUMER, Toy, open_toy
from tests.toy_platforms import PRODUCTS, STOCK

SIGNED = {"X-Toy-Signature": "signed"}


@pytest.fixture
def toy() -> Iterator[Toy]:
    with open_toy() as toy:
        toy.set_up()
        yield toy


def deliver(toy: Toy, told: Any = None, **changes: Any) -> Received:
    told = {"product": "7", "version": 5} if told is None else told
    given: dict[str, Any] = {
        "platform": "shop",
        "token": toy.connection().webhook_token,
        "headers": SIGNED,
        "query": {},
        "body": told if isinstance(told, bytes) else json.dumps(told).encode(),
        **changes,
    }
    return receive(toy.services, **given)


def test_delivery_makes_the_row_owed_and_sends_its_name(toy: Toy) -> None:
    assert deliver(toy) == Received(status=200, requested=1)
    row = toy.row("7")
    assert (row.is_owed, row.requested_by, row.source_version) == (True, "webhook", 5)
    assert toy.messages() == 1


def test_ten_identical_deliveries_at_once_make_one_row_and_one_message(toy: Toy) -> None:
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: deliver(toy), range(10)))
    assert [answer.status for answer in answers] == [200] * 10
    assert (toy.row("7").requested, toy.messages()) == (1, 1)


def test_deliveries_in_reverse_order_keep_the_higher_version(toy: Toy) -> None:
    deliver(toy, {"product": "7", "version": 9})
    deliver(toy, {"product": "7", "version": 8})
    assert toy.row("7").source_version == 9


@pytest.mark.parametrize("headers", [{}, {"X-Toy-Signature": "made up"}], ids=["none", "wrong"])
def test_delivery_without_its_signature_is_refused_counted_and_leaves_nothing(
    toy: Toy, headers: dict[str, str]
) -> None:
    answer = deliver(toy, headers=headers)
    assert (answer.status, answer.requested) == (401, 0)
    assert toy.find("7") is None
    assert toy.messages() == 0
    assert toy.counted == [("webhook_refused", "shop")]


def test_unreadable_delivery_is_answered_400_and_counted(toy: Toy) -> None:
    answer = deliver(toy, b"<html>")
    assert answer == Received(status=400, ignored="The delivery is not JSON.")
    assert toy.counted == [("webhook_unreadable", "shop")]


def test_delivery_about_something_else_is_taken_and_ignored(toy: Toy) -> None:
    answer = deliver(toy, {"weather": "fine"})
    assert answer == Received(status=200, ignored="It tells of nothing that is synced.")


@pytest.mark.parametrize(
    "changes",
    [{"token": "guessed"}, {"token": ""}, {"platform": "till"}],
    ids=["guessed", "empty", "of another platform"],
)
def test_unknown_address_is_refused_whatever_the_delivery_says(
    toy: Toy, changes: dict[str, str]
) -> None:
    with pytest.raises(UnknownAddressError):
        deliver(toy, **changes)
    assert toy.find("7") is None


def test_address_of_a_deleted_consumer_is_unknown(toy: Toy) -> None:
    known = toy.services.registry.read_consumer(CONSUMER)
    assert known is not None
    toy.services.registry.save(Change(puts=[replace(known, deleted_at=toy.at)]))
    toy.services.cache.forget(CONSUMER)
    with pytest.raises(UnknownAddressError):
        deliver(toy)


def test_delivery_for_a_flow_that_is_off_makes_no_row(toy: Toy) -> None:
    toy.switch(PRODUCTS, on=False)
    answer = deliver(toy)
    assert answer == Received(status=200, ignored="No flow of product is switched on and ready.")
    assert toy.find("7") is None


def test_delivery_for_a_flow_whose_set_up_is_not_complete_makes_no_row(toy: Toy) -> None:
    setup = toy.services.registry.read_flow(CONSUMER, PRODUCTS)
    assert setup is not None
    toy.services.registry.save(Change(puts=[replace(setup, completed_at=None)]))
    toy.services.cache.forget(CONSUMER)
    assert deliver(toy).requested == 0
    assert toy.find("7") is None


def test_delivery_of_one_kind_leaves_flows_of_another_alone(toy: Toy) -> None:
    toy.switch(STOCK, on=True)
    deliver(toy)
    assert toy.find("7", STOCK) is None


def test_access_taken_away_takes_the_connection_down(toy: Toy) -> None:
    answer = deliver(toy, {"revoked": True})
    assert (answer.status, answer.requested) == (200, 0)
    assert toy.connection().health is Health.DOWN
    assert ("connection_down", "shop") in toy.counted
