"""Who calls: a key, its role, and whose it is. Tenants are walls."""

from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.api import errors
from chalicelib.domain.setup import Consumer, Role
from chalicelib.flows.keys import hash_of
from chalicelib.flows.services import Services

SCHEME = "bearer"


@dataclass(frozen=True, kw_only=True)
class Principal:
    """The key a request came with."""

    consumer: str | None  #: None: the operator, for all consumers
    role: Role
    name: str


def identify(services: Services, headers: Mapping[str, str]) -> Principal:
    """Return whose key came with the request; one look-up by its hash.

    Raises:
        ApiError: 401; whether a key is unknown or revoked is not told.
    """
    scheme, _, key = headers.get("authorization", "").partition(" ")
    if scheme.lower() != SCHEME or not key.strip():
        raise errors.unauthorized("Send a key: Authorization: Bearer <key>.")
    found = services.registry.find_key(hash_of(key.strip()))
    if found is None or found.revoked_at is not None:
        raise errors.unauthorized("This key is not, or no longer, known. Ask an admin for another.")
    return Principal(consumer=found.consumer, role=found.role, name=found.name)


def require_operator(principal: Principal) -> None:
    """Refuse a consumer's own key where all consumers are concerned."""
    if principal.consumer is not None:
        raise errors.forbidden("This needs a key of the operator; yours belongs to one consumer.")


def require_role(principal: Principal, needed: Role) -> None:
    """Refuse a key whose role is too small."""
    if not principal.role.allows(needed):
        message = f"This needs a key with the role {needed}; yours is {principal.role}."
        raise errors.forbidden(message)


def find_consumer(services: Services, principal: Principal, consumer: str) -> Consumer:
    """Return the consumer of the address.

    Raises:
        ApiError: 404 when there is none, it is deleted, or the key belongs to another one.
    """
    is_own = principal.consumer in (None, consumer)
    found = services.registry.read_consumer(consumer) if is_own else None
    if found is None or found.deleted_at is not None:
        raise errors.not_found("There is no such consumer.")
    return found
