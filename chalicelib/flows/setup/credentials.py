"""Credentials of a connection: sealed under who they belong to, opened only to be used."""

import json
from collections.abc import Mapping
from dataclasses import replace

from chalicelib.domain.setup import Connection
from chalicelib.flows.services import Services


def context_of(connection: Connection) -> dict[str, str]:
    """Return what must be named again to open the credentials."""
    return {
        "consumer": connection.consumer,
        "connection": connection.name,
        "platform": connection.platform,
    }


def open_credentials(services: Services, connection: Connection) -> dict[str, str]:
    """Return the credentials by name; none where none were saved."""
    if not connection.sealed_credentials:
        return {}

    def open_sealed() -> Mapping[str, str]:
        context = context_of(connection)
        found: dict[str, str] = json.loads(
            services.vault.open(connection.sealed_credentials, context=context)
        )
        return found

    return dict(services.cache.read_credentials(connection, open_sealed))


def with_credentials(
    services: Services, connection: Connection, credentials: Mapping[str, str]
) -> Connection:
    """Return the connection holding exactly these credentials, sealed; nothing is saved."""
    plain = json.dumps(dict(credentials), sort_keys=True).encode()
    return replace(
        connection,
        sealed_credentials=services.vault.seal(plain, context=context_of(connection)),
        credential_names=tuple(sorted(credentials)),
    )
