"""``domain.ports.Vault`` on KMS: data keys from KMS, AES-256-GCM here.

Sealed bytes are: version, length of the encrypted data key, that key, a checksum of these three,
nonce, ciphertext. The whole context is bound to the ciphertext; KMS itself is told the consumer and
the platform alone, so that one data key serves all of a consumer's snapshots.
"""

import json
import math
import os
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from chalicelib.domain.ports import VaultBusyError
from chalicelib.ops.aws import raising_busy

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSION = b"\x02"  #: what the key file of one machine seals begins with 1
NONCE_BYTES = 12
LENGTH_BYTES = 2
CHECK_BYTES = 4

KEPT_FOR = timedelta(minutes=5)  #: opened credentials stay in memory so long
USES_AT_MOST = 100_000  #: seals under one data key; random nonces are safe up to 2**32
KEYS_AT_MOST = 1_000  #: data keys in memory, of those that seal and of those that open
_TURNS = 16  #: contexts that may ask KMS at the same time

#: What KMS passes on to its own log and checks; the rest of a context is checked here.
_TOLD_TO_KMS = ("consumer", "platform")
_WRONG_CONTEXT = frozenset({"InvalidCiphertextException", "IncorrectKeyException"})


@dataclass(frozen=True, kw_only=True)
class _DataKey:
    """A data key, ready to use, and as KMS encrypted it."""

    cipher: "AESGCM"
    encrypted: bytes
    until: datetime


class KmsVault:
    """Seals under a KMS key; a consumer's data key is asked for once in five minutes."""

    def __init__(
        self,
        client: Any,
        key_id: str,
        *,
        now: Callable[[], datetime],
        uses_at_most: int = USES_AT_MOST,
        keys_at_most: int = KEYS_AT_MOST,
    ) -> None:
        self._client = client
        self._key_id = key_id
        self._now = now
        self._sealing = _Kept(now, keys_at_most=keys_at_most, uses_at_most=uses_at_most)
        self._opening = _Kept(now, keys_at_most=keys_at_most)
        self._turns = [Lock() for _ in range(_TURNS)]

    def seal(self, plain: bytes, *, context: Mapping[str, str]) -> bytes:
        """Encrypt under a context that must be given again to open.

        Raises:
            VaultBusyError: a data key was needed, and KMS did not give one.
        """
        told = _told_to_kms(context)
        key = self._fetch(self._sealing, _bound(told), lambda: self._make_key(told))
        head = _to_head(key.encrypted)
        nonce = os.urandom(NONCE_BYTES)
        return head + nonce + key.cipher.encrypt(nonce, plain, head + _bound(context))

    def open(self, sealed: bytes, *, context: Mapping[str, str]) -> bytes:
        """Decrypt.

        Raises:
            ValueError: sealed under another context or key, or changed.
            VaultBusyError: the data key was not in memory, and KMS did not decrypt it.
        """
        from cryptography.exceptions import InvalidTag

        head, encrypted = _read_head(sealed)
        told = _told_to_kms(context)
        key = self._fetch(
            self._opening, encrypted + _bound(told), lambda: self._open_key(encrypted, told)
        )
        nonce, rest = sealed[len(head) :][:NONCE_BYTES], sealed[len(head) + NONCE_BYTES :]
        try:
            return key.cipher.decrypt(nonce, rest, head + _bound(context))
        except (InvalidTag, ValueError) as error:  # a nonce cut short is no nonce at all
            raise ValueError("sealed under another context or key, or changed") from error

    def _fetch(self, kept: "_Kept", name: bytes, fetch: Callable[[], _DataKey]) -> _DataKey:
        """Return the key that is kept, or fetch it: once, however many threads want it."""
        key = kept.use(name)
        if key is None:
            with self._turns[zlib.crc32(name) % _TURNS]:
                key = kept.use(name)
                if key is None:
                    key = fetch()
                    kept.keep(name, key)
        return key

    def _make_key(self, told: Mapping[str, str]) -> _DataKey:
        with raising_busy(VaultBusyError):
            answer = self._client.generate_data_key(
                KeyId=self._key_id, KeySpec="AES_256", EncryptionContext=told
            )
        key = self._to_key(answer["Plaintext"], answer["CiphertextBlob"])
        self._opening.keep(key.encrypted + _bound(told), key)
        return key

    def _open_key(self, encrypted: bytes, told: Mapping[str, str]) -> _DataKey:
        try:
            with raising_busy(VaultBusyError):
                answer = self._client.decrypt(
                    KeyId=self._key_id, CiphertextBlob=encrypted, EncryptionContext=told
                )
        except ClientError as error:
            if error.response["Error"].get("Code") not in _WRONG_CONTEXT:
                raise
            raise ValueError("sealed under another context or key") from error
        return self._to_key(answer["Plaintext"], encrypted)

    def _to_key(self, plain: bytes, encrypted: bytes) -> _DataKey:
        # Here, not at the top: most processes start, answer and never open a sealed thing.
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return _DataKey(cipher=AESGCM(plain), encrypted=encrypted, until=self._now() + KEPT_FOR)


class _Kept:
    """Data keys in memory, oldest first: each for five minutes, and for a number of uses."""

    def __init__(
        self, now: Callable[[], datetime], *, keys_at_most: int, uses_at_most: float = math.inf
    ) -> None:
        self._now = now
        self._keys_at_most = keys_at_most
        self._uses_at_most = uses_at_most
        self._lock = Lock()
        self._keys: dict[bytes, _DataKey] = {}
        self._uses: Counter[bytes] = Counter()

    def use(self, name: bytes) -> _DataKey | None:
        """Return a key that may be used once more; None if there is none."""
        with self._lock:
            self._forget_old(self._keys_at_most)
            if self._uses[name] >= self._uses_at_most:
                self._forget(name)
            self._uses[name] += name in self._keys
            return self._keys.get(name)

    def keep(self, name: bytes, key: _DataKey) -> None:
        """Keep a key that is used now; the oldest makes room."""
        with self._lock:
            self._forget(name)
            self._forget_old(self._keys_at_most - 1)
            self._keys[name] = key
            self._uses[name] = 1

    def _forget_old(self, most: int) -> None:
        while self._keys:
            name, key = next(iter(self._keys.items()))
            if len(self._keys) <= most and self._now() < key.until:
                break
            self._forget(name)

    def _forget(self, name: bytes) -> None:
        self._keys.pop(name, None)
        self._uses.pop(name, None)


def _told_to_kms(context: Mapping[str, str]) -> dict[str, str]:
    return {name: context[name] for name in _TOLD_TO_KMS if name in context}


def _bound(context: Mapping[str, str]) -> bytes:
    return json.dumps(dict(context), sort_keys=True).encode()


def _to_head(encrypted: bytes) -> bytes:
    head = VERSION + len(encrypted).to_bytes(LENGTH_BYTES) + encrypted
    return head + zlib.crc32(head).to_bytes(CHECK_BYTES)


def _read_head(sealed: bytes) -> tuple[bytes, bytes]:
    """Return the head and the encrypted key in it; a damaged one is found without asking KMS."""
    if sealed[:1] != VERSION:
        raise ValueError("these bytes were not sealed here: by another vault, or changed")
    start = len(VERSION) + LENGTH_BYTES
    end = start + int.from_bytes(sealed[len(VERSION) : start])
    head, encrypted = sealed[: end + CHECK_BYTES], sealed[start:end]
    if not encrypted or head != _to_head(encrypted):
        raise ValueError("these bytes were not sealed here, or changed")
    return head, encrypted
