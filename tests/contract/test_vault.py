"""Sealing: what was sealed opens under its context alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.domain.ports import Vault
from local.sqlite.vault import FileVault, KeyFileError
from tests.builders import Clock
from tests.contract import aws

CONTEXT = {"consumer": "corner-shirts", "platform": "square"}


@pytest.fixture(params=["memory", "file", "moto"])
def vault(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Vault]:
    if request.param == "moto":
        with aws.running():
            yield aws.open_aws_vault(Clock())
    else:
        yield FileVault(tmp_path / "vault.key" if request.param == "file" else None)


@pytest.mark.parametrize("plain", [b"", b"secret token", b"\x00" * 100_000])
def test_what_was_sealed_opens(vault: Vault, plain: bytes) -> None:
    sealed = vault.seal(plain, context=CONTEXT)

    assert vault.open(sealed, context=dict(reversed(CONTEXT.items()))) == plain
    assert not plain or plain not in sealed


def test_the_same_secret_is_never_sealed_alike(vault: Vault) -> None:
    assert vault.seal(b"s", context=CONTEXT) != vault.seal(b"s", context=CONTEXT)


@pytest.mark.parametrize(
    "context",
    [{}, {"consumer": "another", "platform": "square"}, {**CONTEXT, "more": "1"}],
    ids=["none", "another", "more"],
)
def test_another_context_does_not_open(vault: Vault, context: dict[str, str]) -> None:
    sealed = vault.seal(b"secret", context=CONTEXT)

    with pytest.raises(ValueError, match="sealed under another context"):
        vault.open(sealed, context=context)


def test_changed_bytes_do_not_open(vault: Vault) -> None:
    sealed = vault.seal(b"secret", context=CONTEXT)

    for place in range(len(sealed)):
        changed = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        with pytest.raises(ValueError, match="sealed"):
            vault.open(changed, context=CONTEXT)
    for length in (0, 1, 12, len(sealed) - 1):
        with pytest.raises(ValueError, match="sealed"):
            vault.open(sealed[:length], context=CONTEXT)


def test_a_key_file_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "vault.key"
    sealed = FileVault(path).seal(b"secret", context=CONTEXT)

    assert path.stat().st_mode & 0o777 == 0o600
    assert FileVault(path).open(sealed, context=CONTEXT) == b"secret"


def test_another_key_does_not_open(tmp_path: Path) -> None:
    sealed = FileVault(tmp_path / "a.key").seal(b"secret", context=CONTEXT)

    with pytest.raises(ValueError, match="another context or key"):
        FileVault(tmp_path / "b.key").open(sealed, context=CONTEXT)


def test_a_damaged_or_open_key_file_is_refused_with_its_mend(tmp_path: Path) -> None:
    path = tmp_path / "vault.key"
    path.write_bytes(b"short")
    path.chmod(0o600)
    with pytest.raises(KeyFileError, match="put the right file back"):
        FileVault(path)

    path.write_bytes(b"k" * 32)
    path.chmod(0o644)
    with pytest.raises(KeyFileError, match="chmod 600"):
        FileVault(path)
