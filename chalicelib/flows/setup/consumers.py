"""Consumers: add, rename, move to another time zone, delete."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from zoneinfo import available_timezones

from chalicelib.domain.ports import Change
from chalicelib.domain.setup import Connection, Consumer, FlowSetup, MappingTable, PollState
from chalicelib.flows.keys import revoke_keys_of
from chalicelib.flows.services import Services
from chalicelib.flows.setup.errors import Problem, TakenError, UnknownError, refuse_if_any
from chalicelib.flows.setup.saving import entry, save

ID_FORM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
NAME_LIMIT = 200
DELETES_TOGETHER = 20  #: things of the registry removed by one write
ERASED_TOGETHER = 500  #: items of the log erased by one call
ERASE_ROUNDS = 20  #: calls one deletion makes before it answers


def read_consumer(services: Services, consumer: str) -> Consumer:
    """Return a consumer that is not deleted.

    Raises:
        UnknownError: there is none with this id.
    """
    found = services.registry.read_consumer(consumer)
    if found is None or found.deleted_at is not None:
        raise UnknownError("There is no such consumer.")
    return found


def add_consumer(services: Services, *, id: str, name: str, time_zone: str, by: str) -> Consumer:
    """Add a consumer.

    Raises:
        InvalidError: the id, name or time zone cannot be used.
        TakenError: the id is in use, or was: ids of deleted consumers are not given again.
    """
    problems = [*_problems_of_id(id), *_problems_of(name=name, time_zone=time_zone)]
    refuse_if_any(problems)
    made = Consumer(id=id, name=name.strip(), time_zone=time_zone, created_at=services.now())
    new = {"name": made.name, "time_zone": time_zone}
    history = [entry(services, id, by=by, what="consumer added", subject=id, new=new)]
    if not services.registry.save(Change(puts=[made], history=history)):
        raise TakenError(f"The id {id} is in use, or was. Choose another.")
    services.cache.forget(id)
    return read_consumer(services, id)


def change_consumer(
    services: Services, consumer: str, *, name: str | None, time_zone: str | None, by: str
) -> Consumer:
    """Change name, time zone or both; None leaves one as it is."""

    def build() -> Change:
        before = read_consumer(services, consumer)
        after = replace(
            before,
            name=before.name if name is None else name.strip(),
            time_zone=before.time_zone if time_zone is None else time_zone,
        )
        old = {"name": before.name, "time_zone": before.time_zone}
        new = {"name": after.name, "time_zone": after.time_zone}
        what = "consumer changed"
        line = entry(services, consumer, by=by, what=what, subject=consumer, old=old, new=new)
        return Change(puts=[after], history=[line])

    refuse_if_any(list(_problems_of(name=name, time_zone=time_zone)))
    save(services, consumer, build)
    return read_consumer(services, consumer)


def delete_consumer(services: Services, consumer: str, *, by: str) -> tuple[Consumer, bool]:
    """Mark a consumer as deleted, then erase its credentials, set-up, keys and log.

    From the mark on nothing of it is worked. A large log is not erased in one go: the second value
    says whether all is gone; calling again, also with the id of a deleted consumer, goes on.
    """
    if services.registry.read_consumer(consumer) is None:
        raise UnknownError("There is no such consumer.")
    save(services, consumer, lambda: _deletion(services, consumer, by))
    revoke_keys_of(services, consumer, by=by)
    _erase_setup(services, consumer)
    gone = any(
        services.log.erase_consumer(consumer, limit=ERASED_TOGETHER) for _ in range(ERASE_ROUNDS)
    )
    services.cache.forget(consumer)
    left = services.registry.read_consumer(consumer)
    if left is None:
        raise UnknownError("There is no such consumer.")
    return left, gone


def _deletion(services: Services, consumer: str, by: str) -> Change:
    found = services.registry.read_consumer(consumer)
    if found is None or found.deleted_at is not None:
        return Change()
    marked = replace(found, name="", deleted_at=services.now())
    line = entry(services, consumer, by=by, what="consumer deleted", subject=consumer)
    return Change(puts=[marked], history=[line])


def _erase_setup(services: Services, consumer: str) -> None:
    things = list(_things_of(services, consumer))
    for start in range(0, len(things), DELETES_TOGETHER):
        services.registry.save(Change(deletes=things[start : start + DELETES_TOGETHER]))


def _things_of(
    services: Services, consumer: str
) -> Iterator[Connection | FlowSetup | MappingTable | PollState]:
    """Yield what the registry holds of a consumer; connections, which hold credentials, first."""
    yield from services.registry.list_connections(consumer)
    for setup in services.registry.list_flows(consumer):
        poll = services.registry.read_poll(consumer, setup.flow)
        if poll is not None:
            yield poll
        yield setup
    yield from services.registry.list_mappings(consumer)


def _problems_of_id(id: str) -> Iterator[Problem]:
    if not ID_FORM.fullmatch(id):
        message = "Use 1 to 63 letters, digits, hyphens or underscores, beginning with no sign."
        yield Problem(field="id", message=message)


def _problems_of(*, name: str | None, time_zone: str | None) -> Iterator[Problem]:
    if name is not None and not 1 <= len(name.strip()) <= NAME_LIMIT:
        yield Problem(field="name", message=f"Give a name of 1 to {NAME_LIMIT} characters.")
    if time_zone is not None and time_zone not in _time_zones():
        message = "Give a name of the IANA list, such as Europe/London or UTC."
        yield Problem(field="time_zone", message=message)


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())
