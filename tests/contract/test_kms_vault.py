"""KMS beyond the port: how seldom it is asked, what it is told, and what its errors mean."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Event, Thread, current_thread
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.domain.ports import VaultBusyError
from chalicelib.store.sealing import KmsVault
from local.sqlite.vault import FileVault
from tests.builders import Clock
from tests.contract.aws import (
    BROKEN_AFTER,
    KEY_ALIAS,
    LOST,
    TIMEOUT,
    UNAVAILABLE,
    Fault,
    clients,
    open_aws_vault,
    running,
    wire,
)

SQUARE = {"consumer": "corner-shirts", "connection": "square", "platform": "square"}
SNAPSHOT = {"consumer": "corner-shirts", "purpose": "snapshot"}
FIVE_MINUTES_S = 300

FAULTS = pytest.mark.parametrize(
    "fault",
    [
        TIMEOUT,
        LOST,
        UNAVAILABLE,
        BROKEN_AFTER,
        Fault(status=400, code="ThrottlingException"),
        Fault(status=500, code="KMSInternalException"),
        Fault(status=503, code="KeyUnavailableException"),
    ],
    ids=["timeout", "lost", "503", "500 after", "throttled", "internal", "key unavailable"],
)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def vault(clock: Clock) -> Iterator[KmsVault]:
    with running():
        yield open_aws_vault(clock)


def read_calls() -> dict[str, int]:
    """Requests to KMS since the last look."""
    calls = dict(wire.calls)
    wire.reset()
    return calls


def test_a_thousand_snapshots_are_one_request(vault: KmsVault) -> None:
    sealed = [vault.seal(str(n).encode(), context=SNAPSHOT) for n in range(1_000)]

    assert [vault.open(one, context=SNAPSHOT) for one in sealed[::100]] == [
        str(n).encode() for n in range(0, 1_000, 100)
    ]
    assert read_calls() == {"GenerateDataKey": 1}


def test_another_process_asks_once_for_all_that_was_sealed_together(
    vault: KmsVault, clock: Clock
) -> None:
    sealed = [vault.seal(b"s", context=SNAPSHOT) for _ in range(5)]
    read_calls()

    another = open_aws_vault(clock)

    assert {another.open(one, context=SNAPSHOT) for one in sealed} == {b"s"}
    assert read_calls() == {"Decrypt": 1}


def test_a_data_key_seals_for_five_minutes(vault: KmsVault, clock: Clock) -> None:
    first = vault.seal(b"s", context=SQUARE)
    clock.pass_s(FIVE_MINUTES_S - 1)
    vault.seal(b"s", context=SQUARE)
    assert read_calls() == {"GenerateDataKey": 1}

    clock.pass_s(1)
    vault.seal(b"s", context=SQUARE)

    assert read_calls() == {"GenerateDataKey": 1}
    assert vault.open(first, context=SQUARE) == b"s"
    assert read_calls() == {"Decrypt": 1}


def test_what_was_opened_is_asked_for_again_after_five_minutes(
    vault: KmsVault, clock: Clock
) -> None:
    sealed = vault.seal(b"s", context=SQUARE)
    read_calls()

    for wait_s, calls in ((FIVE_MINUTES_S - 1, {}), (1, {"Decrypt": 1}), (1, {})):
        clock.pass_s(wait_s)
        assert vault.open(sealed, context=SQUARE) == b"s"
        assert read_calls() == calls


def test_a_data_key_is_used_up(clock: Clock) -> None:
    with running():
        vault = KmsVault(clients().get("kms"), KEY_ALIAS, now=clock, uses_at_most=3)
        sealed = [vault.seal(b"s", context=SQUARE) for _ in range(7)]

        assert read_calls() == {"GenerateDataKey": 3}
        assert {vault.open(one, context=SQUARE) for one in sealed * 3} == {b"s"}
        assert read_calls() == {}


def test_only_so_many_data_keys_are_in_memory(clock: Clock) -> None:
    with running():
        vault = KmsVault(clients().get("kms"), KEY_ALIAS, now=clock, keys_at_most=2)
        sealed = {c: vault.seal(b"s", context={"consumer": c}) for c in "abc"}
        read_calls()

        for consumer, calls in (("c", {}), ("b", {}), ("a", {"Decrypt": 1}), ("b", {"Decrypt": 1})):
            assert vault.open(sealed[consumer], context={"consumer": consumer}) == b"s"
            assert read_calls() == calls


def test_many_threads_ask_for_one_data_key_once(vault: KmsVault, clock: Clock) -> None:
    with ThreadPoolExecutor(8) as pool:
        sealed = list(pool.map(lambda _: vault.seal(b"s", context=SQUARE), range(40)))
        assert read_calls() == {"GenerateDataKey": 1}

        another = open_aws_vault(clock)
        opened = set(pool.map(lambda one: another.open(one, context=SQUARE), sealed))

    assert opened == {b"s"}
    assert read_calls() == {"Decrypt": 1}


def test_who_waited_for_a_data_key_uses_the_one_that_came(clock: Clock) -> None:
    looked, made = Event(), []

    def now() -> datetime:
        if current_thread() is second:
            looked.set()  # in vain: the key is on its way
        return clock()

    class Kms:
        def generate_data_key(self, **_: Any) -> dict[str, bytes]:
            made.append("key")
            if len(made) == 2:
                second.start()
                assert looked.wait(5)
            return {"Plaintext": bytes(32), "CiphertextBlob": b"key"}

    vault = KmsVault(Kms(), "a-key", now=now)
    second = Thread(target=lambda: vault.seal(b"s", context=SQUARE))
    vault.seal(b"s", context={"consumer": "other"})
    vault.seal(b"s", context=SQUARE)
    second.join(5)

    assert len(made) == 2


def test_kms_is_told_consumer_and_platform_and_nothing_else(vault: KmsVault) -> None:
    vault.seal(b"s", context=SQUARE)
    vault.seal(b"s", context={**SQUARE, "connection": "square-2"})
    vault.seal(b"s", context=SNAPSHOT)
    vault.seal(b"s", context={})

    assert [asked["EncryptionContext"] for _, asked in wire.asked] == [
        {"consumer": "corner-shirts", "platform": "square"},
        {"consumer": "corner-shirts"},
        {},
    ]


@pytest.mark.parametrize("changed", ["consumer", "platform", "connection"])
def test_every_part_of_the_context_is_bound(vault: KmsVault, clock: Clock, changed: str) -> None:
    sealed = vault.seal(b"s", context=SQUARE)
    other = {**SQUARE, changed: "other"}
    vault.seal(b"s", context=other)

    for one in (vault, open_aws_vault(clock)):
        with pytest.raises(ValueError, match="sealed under another context"):
            one.open(sealed, context=other)


def test_damaged_bytes_are_found_before_kms_is_asked(vault: KmsVault, clock: Clock) -> None:
    sealed = vault.seal(b"s", context=SQUARE)
    read_calls()

    for place in range(len(sealed) - len(b"s") - 28):
        changed = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        with pytest.raises(ValueError, match="not sealed here"):
            open_aws_vault(clock).open(changed, context=SQUARE)

    assert read_calls() == {}


def test_vaults_of_both_homes_refuse_each_others_bytes(vault: KmsVault) -> None:
    file_vault = FileVault(None)
    of_file = file_vault.seal(b"s", context=SQUARE)
    of_kms = vault.seal(b"s", context=SQUARE)

    with pytest.raises(ValueError, match="not sealed here"):
        file_vault.open(of_kms, context=SQUARE)
    with pytest.raises(ValueError, match="not sealed here: by another vault"):
        vault.open(of_file, context=SQUARE)


@FAULTS
def test_sealing_without_kms_is_told_and_can_be_tried_again(vault: KmsVault, fault: Fault) -> None:
    wire.fail_next("GenerateDataKey", fault)

    with pytest.raises(VaultBusyError):
        vault.seal(b"s", context=SQUARE)

    assert vault.open(vault.seal(b"s", context=SQUARE), context=SQUARE) == b"s"


@FAULTS
def test_opening_without_kms_is_told_and_can_be_tried_again(
    vault: KmsVault, clock: Clock, fault: Fault
) -> None:
    sealed = vault.seal(b"s", context=SQUARE)
    another = open_aws_vault(clock)
    wire.fail_next("Decrypt", fault)

    with pytest.raises(VaultBusyError):
        another.open(sealed, context=SQUARE)

    assert another.open(sealed, context=SQUARE) == b"s"


def test_while_kms_is_away_what_is_in_memory_goes_on(vault: KmsVault, clock: Clock) -> None:
    sealed = vault.seal(b"s", context=SQUARE)
    wire.fail_next("GenerateDataKey", *[TIMEOUT] * 9)
    wire.fail_next("Decrypt", *[TIMEOUT] * 9)
    clock.pass_s(FIVE_MINUTES_S - 1)

    assert vault.open(sealed, context=SQUARE) == b"s"
    assert vault.open(vault.seal(b"t", context=SQUARE), context=SQUARE) == b"t"


def test_another_key_of_kms_does_not_open(vault: KmsVault, clock: Clock) -> None:
    sealed = vault.seal(b"s", context=SQUARE)
    # moto says AccessDeniedException here; KMS says this (Decrypt, KeyId).
    wire.fail_next("Decrypt", Fault(status=400, code="IncorrectKeyException"))

    with pytest.raises(ValueError, match="another context or key"):
        open_aws_vault(clock).open(sealed, context=SQUARE)


@pytest.mark.parametrize("code", ["AccessDeniedException", "DisabledException"])
def test_a_key_that_may_not_be_used_is_a_defect(vault: KmsVault, clock: Clock, code: str) -> None:
    sealed = vault.seal(b"s", context=SQUARE)
    wire.fail_next("Decrypt", Fault(status=400, code=code))

    with pytest.raises(ClientError, match=code):
        open_aws_vault(clock).open(sealed, context=SQUARE)
