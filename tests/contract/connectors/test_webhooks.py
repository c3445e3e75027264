"""What every platform promises of its webhooks: registered once, mended, and read or refused."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.platforms import (
    Changed,
    Delivery,
    WebhookRead,
    WebhookRefusedError,
)
from chalicelib.domain.reasons import SyncFailure
from tests.contract.connectors.entries import every_platform, every_source
from tests.contract.connectors.suite import Entry, Running, SourceCase

ADDRESS = "https://hooks.example.com/webhooks/platform/t0ken-of-ours"
THEIRS = "https://elsewhere.example.com/webhooks/platform/t0ken-of-theirs"

LONGEST = 300  #: characters of a reason; more would repeat the body
HARMLESS = ("read", "ignored", "WebhookUnreadableError")

#: Bodies nobody should send, and somebody will.
ODD: Mapping[str, bytes] = {
    "empty": b"",
    "blank": b" \n",
    "list": b"[]",
    "object": b"{}",
    "null": b"null",
    "number": b"1e999",
    "text": b'"webhook"',
    "half": b'{"type": "product", "ids"',
    "not JSON": b"<html><body>502 Bad gateway</body></html>",
    "deep lists": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "deep inside": b'{"type":"x","data":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "not UTF-8": b'{"type":"\xff\xfe"}',
    "half a character": b'{"type":"\\ud800","id":"\\udfff"}',
    "UTF-16": '{"type":"x"}'.encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf{}",
    "zero bytes": b"\x00" * 100,
    "a megabyte of text": b'{"type":"' + b"x" * 1_000_000 + b'"}',
    "a megabyte of list": b"[" + b"1," * 500_000 + b"1]",
    "a megabyte of nothing": b"x" * 1_000_000,
    "form": b"payload=%7B%22type%22%3A%22x%22%7D&type=y",
    "odd form": b"%%%=&&&=;;;&a=%ff",
    "big number": b'{"id":' + b"9" * 5000 + b"}",
    "wrong types": b'{"type":[],"event":{},"ids":{},"id":[1],"data":[],"merchant_id":1}',
}

signed_platforms = every_platform(lambda entry: entry.webhooks.sign is not None)
announced = every_source(lambda case: case.announced)


def delivered(running: Running, case: SourceCase) -> list[Delivery]:
    """Let people make a record and change it; returns what the vendor sends about it."""
    running.listen(ADDRESS)
    running.clock.advance(60)
    made = case.make(running, 1)
    running.clock.advance(60)
    case.change(running, made)
    deliveries = running.deliveries(ADDRESS)
    assert deliveries
    return deliveries


def read(running: Running, delivery: Delivery) -> WebhookRead:
    return running.offer.read_webhook(running.account, delivery)


def made_up(entry: Entry, running: Running, body: bytes) -> Delivery:
    """Return a delivery of ``body``, signed by the vendor where it signs."""
    sign = entry.webhooks.sign
    headers = sign(running, body, ADDRESS) if sign else {}
    return Delivery(
        headers={name.lower(): value for name, value in headers.items()},
        query={},
        body=body,
        address=ADDRESS,
    )


def ours(entry: Entry, running: Running) -> dict[str, Mapping[str, Any]]:
    every = entry.webhooks.subscriptions(running)
    return {key: one for key, one in every.items() if one["address"] == ADDRESS}


# what is told


@announced
def test_a_delivery_tells_which_record_changed(running: Running, case: SourceCase) -> None:
    running.listen(ADDRESS)
    made = case.make(running, 1)
    told_by_making = running.told(ADDRESS)
    running.clock.advance(60)
    case.change(running, made)

    told = running.told(ADDRESS)

    assert len(told) > len(told_by_making)
    assert made in {one.record for one in told if one.kind is case.kind}
    assert {one.kind for one in told} <= set(running.offer.sources)


@announced
def test_a_told_version_is_never_beyond_the_record_that_is_read(
    running: Running, case: SourceCase
) -> None:
    for delivery in delivered(running, case):
        for change in read(running, delivery).changes:
            record = running.source(change.kind).fetch_many([change.record]).get(change.record)
            version = getattr(record, "version", None)
            assert change.version is None or version is None or change.version <= version


@announced
def test_the_same_delivery_twice_tells_the_same(running: Running, case: SourceCase) -> None:
    for delivery in delivered(running, case):
        assert read(running, delivery) == read(running, delivery)


@announced
def test_reading_a_delivery_makes_no_call(running: Running, case: SourceCase) -> None:
    deliveries = delivered(running, case)
    running.account.http.trace.take()

    for one in deliveries:
        read(running, one)

    assert not running.account.http.trace.exchanges


@announced
def test_a_change_is_told_by_the_place_it_came_from(running: Running, case: SourceCase) -> None:
    for delivery in delivered(running, case):
        told = read(running, delivery)
        assert all(isinstance(one, Changed) and one.record for one in told.changes)
        assert told.changes or told.ignored
        assert not told.revoked


# what is refused


@every_source(lambda case: case.announced)
def test_a_flipped_byte_is_refused_where_the_platform_signs(
    entry: Entry, running: Running, case: SourceCase
) -> None:
    for delivery in delivered(running, case):
        for place in range(0, len(delivery.body), max(1, len(delivery.body) // 20)):
            body = bytearray(delivery.body)
            body[place] ^= 1
            forged = replace(delivery, body=bytes(body))
            if entry.webhooks.sign is None:
                assert outcome(running, forged) in (*HARMLESS, "WebhookRefusedError")
            else:
                with pytest.raises(WebhookRefusedError):
                    read(running, forged)


@signed_platforms
def test_a_delivery_without_a_signature_is_refused(entry: Entry, running: Running) -> None:
    running.listen(ADDRESS)
    right = made_up(entry, running, b'{"type":"x"}')

    for headers in ({}, dict.fromkeys(right.headers, ""), dict.fromkeys(right.headers, "x")):
        with pytest.raises(WebhookRefusedError):
            read(running, replace(right, headers=headers))


@signed_platforms
def test_an_odd_signature_is_refused(entry: Entry, running: Running) -> None:
    running.listen(ADDRESS)
    right = made_up(entry, running, b'{"type":"x"}')

    for text in ("ü", "\x00", "=" * 10_000, "sha256=", ",,,;;", right.body.decode()):
        with pytest.raises(WebhookRefusedError):
            read(running, replace(right, headers=dict.fromkeys(right.headers, text)))


@signed_platforms
def test_nothing_is_believed_while_no_key_is_known(entry: Entry, running: Running) -> None:
    running.listen(ADDRESS)
    right = made_up(entry, running, b'{"type":"x"}')
    running.give(**dict.fromkeys(running.account.credentials, ""))

    with pytest.raises(WebhookRefusedError):
        read(running, right)


@every_platform()
def test_a_body_that_means_nothing_is_unreadable_or_ignored(entry: Entry, running: Running) -> None:
    running.listen(ADDRESS)

    outcomes = {name: outcome(running, made_up(entry, running, body)) for name, body in ODD.items()}

    refused = () if entry.webhooks.sign is None else ("empty",)  # nothing can be signed
    assert {name: one for name, one in outcomes.items() if one not in HARMLESS} == dict.fromkeys(
        refused, "WebhookRefusedError"
    )


def outcome(running: Running, delivery: Delivery) -> str:
    """Return what becomes of a delivery; whatever is raised, it comes out by its name."""
    try:
        told = read(running, delivery)
    except Exception as error:  # noqa: BLE001 - whatever it is, the promise names it
        short = len(str(error)) < LONGEST
        return type(error).__name__ if short else "a sentence that is too long"
    if told.revoked or len(told.ignored) >= LONGEST:
        return repr(told)[:LONGEST]
    return "read" if told.changes else "ignored" if told.ignored else "nothing said"


# subscriptions


@every_platform()
def test_registering_twice_leaves_one_set(entry: Entry, running: Running) -> None:
    running.listen(ADDRESS)
    once = ours(entry, running)

    again = running.listen(ADDRESS)

    assert once
    assert ours(entry, running) == once
    assert dict(again) == {}


@announced
def test_doubles_of_ours_are_removed_and_each_change_is_sent_once(
    entry: Entry, running: Running, case: SourceCase
) -> None:
    running.listen(ADDRESS)
    case.make(running, 1)
    alone = len(running.deliveries(ADDRESS))
    once = len(ours(entry, running))
    for _ in range(2):
        entry.webhooks.subscribe(running, ADDRESS)
    assert len(ours(entry, running)) > once

    running.listen(ADDRESS)

    assert len(ours(entry, running)) == once
    before = len(running.deliveries(ADDRESS))
    case.make(running, 2)
    assert len(running.deliveries(ADDRESS)) == before + alone
    assert running.told(ADDRESS)


@announced
def test_a_subscription_that_people_deleted_is_made_again(
    entry: Entry, running: Running, case: SourceCase
) -> None:
    running.listen(ADDRESS)
    for one in ours(entry, running):
        entry.webhooks.remove(running, one)

    running.listen(ADDRESS)

    made = case.make(running, 1)
    case.change(running, made)
    assert made in {one.record for one in running.told(ADDRESS)}


@every_platform(lambda entry: entry.webhooks.switch_off is not None)
def test_a_subscription_that_was_switched_off_is_on_again(entry: Entry, running: Running) -> None:
    running.listen(ADDRESS)
    once = len(ours(entry, running))
    assert entry.webhooks.switch_off is not None
    for one in list(ours(entry, running)):
        entry.webhooks.switch_off(running, one)
    assert not any(one["on"] for one in ours(entry, running).values())

    running.listen(ADDRESS)

    assert len(ours(entry, running)) == once
    assert all(one["on"] for one in ours(entry, running).values())


@every_source(lambda case: case.announced)
def test_a_mended_subscription_is_heard(entry: Entry, running: Running, case: SourceCase) -> None:
    running.listen(ADDRESS)
    off = entry.webhooks.switch_off or entry.webhooks.remove
    for one in list(ours(entry, running)):
        off(running, one)
    running.listen(ADDRESS)

    made = case.make(running, 1)
    case.change(running, made)

    assert made in {one.record for one in running.told(ADDRESS)}


@every_platform()
def test_subscriptions_of_others_are_left_alone(entry: Entry, running: Running) -> None:
    entry.webhooks.subscribe(running, THEIRS)
    entry.webhooks.subscribe(running, THEIRS)
    theirs = dict(entry.webhooks.subscriptions(running))

    running.listen(ADDRESS)
    for one in list(ours(entry, running)):
        entry.webhooks.remove(running, one)
    running.listen(ADDRESS)

    now = entry.webhooks.subscriptions(running)
    assert {key: now.get(key) for key in theirs} == theirs


@every_platform()
def test_a_refused_registration_is_a_failure_with_a_sentence(
    entry: Entry, running: Running
) -> None:
    running.simulator.fail_next(403, times=50)

    with pytest.raises(SyncFailure) as failed:
        running.platform().ensure_webhooks(ADDRESS)

    assert failed.value.detail.endswith(".")
    assert ADDRESS not in failed.value.detail
