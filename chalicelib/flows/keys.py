"""Keys of the API: made once in plain text, kept as a hash."""

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import replace

from chalicelib.domain.ports import Change
from chalicelib.domain.setup import ApiKey, Role
from chalicelib.flows.services import Services
from chalicelib.flows.setup.errors import Problem, UnknownError, refuse_if_any
from chalicelib.flows.setup.saving import entry, save

PREFIX = "sk_"
NAME_LIMIT = 100
PAGE = 200


def hash_of(key: str) -> str:
    """Return what is stored of a key: SHA-256, in hex. Keys are random, so no salt is needed."""
    return hashlib.sha256(key.encode()).hexdigest()


def create_key(
    services: Services, *, consumer: str | None, role: Role, name: str, by: str
) -> tuple[ApiKey, str]:
    """Make a key and return it with its plain text, which nobody can read again.

    Args:
        consumer: whose key it is; None makes a key of the operator, good for all consumers.

    Raises:
        InvalidError: the name is empty or too long, or there is no such consumer.
    """
    refuse_if_any(list(_problems_of(services, consumer, name)))
    plain = PREFIX + secrets.token_urlsafe(32)
    made = ApiKey(
        id=services.new_id(),
        hash=hash_of(plain),
        consumer=consumer,
        role=role,
        name=name.strip(),
        created_at=services.now(),
    )
    new = {"name": made.name, "role": role.value}
    line = entry(services, consumer or "", by=by, what="key made", subject=made.id, new=new)
    save(services, consumer or "", lambda: Change(puts=[made], history=[line]))
    return made, plain


def create_first_key(services: Services) -> str | None:
    """Make the admin key of a fresh installation; None where there is a key already."""
    if services.registry.list_keys(limit=1).items:
        return None
    return create_key(services, consumer=None, role=Role.ADMIN, name="first key", by="set-up")[1]


def revoke_key(services: Services, key_id: str, *, by: str) -> ApiKey:
    """Make a key useless from now on; a revoked one stays as it is.

    Raises:
        UnknownError: there is no key with this id.
    """
    found = services.registry.read_key(key_id)
    if found is None:
        raise UnknownError("There is no such key.")
    if found.revoked_at is not None:
        return found
    revoked = replace(found, revoked_at=services.now())
    whose = found.consumer or ""
    line = entry(services, whose, by=by, what="key revoked", subject=key_id)
    save(services, whose, lambda: Change(puts=[revoked], history=[line]))
    return revoked


def revoke_keys_of(services: Services, consumer: str, *, by: str) -> None:
    """Revoke every key of one consumer."""
    for key in list(_all_keys(services)):
        if key.consumer == consumer and key.revoked_at is None:
            revoke_key(services, key.id, by=by)


def _all_keys(services: Services) -> Iterator[ApiKey]:
    cursor: str | None = None
    while True:
        page = services.registry.list_keys(limit=PAGE, cursor=cursor)
        yield from page.items
        cursor = page.next
        if cursor is None:
            return


def _problems_of(services: Services, consumer: str | None, name: str) -> Iterator[Problem]:
    if not 1 <= len(name.strip()) <= NAME_LIMIT:
        message = f"Say who will use the key, in 1 to {NAME_LIMIT} characters."
        yield Problem(field="name", message=message)
    if consumer is not None:
        found = services.registry.read_consumer(consumer)
        if found is None or found.deleted_at is not None:
            yield Problem(field="consumer", message="There is no such consumer.")
