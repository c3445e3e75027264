"""``domain.ports.Vault`` with a key file: AES-256-GCM, the context as associated data."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12
VERSION = b"\x01"


class KeyFileError(Exception):
    """The key file cannot be used; the message says why and how to mend it."""


class FileVault:
    """Seals with one key; without a path the key lives as long as the object."""

    def __init__(self, path: Path | None) -> None:
        key = AESGCM.generate_key(KEY_BYTES * 8) if path is None else _key_of(path)
        self._cipher = AESGCM(key)

    def seal(self, plain: bytes, *, context: Mapping[str, str]) -> bytes:
        """Encrypt under a context that must be given again to open."""
        nonce = os.urandom(NONCE_BYTES)
        return VERSION + nonce + self._cipher.encrypt(nonce, plain, _bound(context))

    def open(self, sealed: bytes, *, context: Mapping[str, str]) -> bytes:
        """Decrypt. Raises ``ValueError`` for another context or changed bytes."""
        nonce, rest = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        if sealed[:1] != VERSION or len(nonce) < NONCE_BYTES:
            raise ValueError("these bytes were not sealed here")
        try:
            return self._cipher.decrypt(nonce, rest, _bound(context))
        except InvalidTag as error:
            raise ValueError("sealed under another context or key, or changed") from error


def _bound(context: Mapping[str, str]) -> bytes:
    return json.dumps(dict(context), sort_keys=True).encode()


def _key_of(path: Path) -> bytes:
    """Read the key, or make it on first use, readable by its owner alone."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read_key(path)
    key = AESGCM.generate_key(KEY_BYTES * 8)
    with os.fdopen(handle, "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return key


def _read_key(path: Path) -> bytes:
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise KeyFileError(
            f"{path.name} holds {len(key)} bytes and not a key of {KEY_BYTES}: put the right"
            " file back; without it sealed credentials must be entered again"
        )
    if path.stat().st_mode & 0o077:
        raise KeyFileError(f"{path.name} can be read by others: run chmod 600 on it")
    return key
