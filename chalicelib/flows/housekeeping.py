"""What is done once in a while for every consumer: a nightly look at causes, tokens, webhooks.

A round goes through all consumers in slices; where it stands is kept in the registry, so it goes on
after a restart, and two dispatchers do not both walk it.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from chalicelib.domain.causes import parts_of
from chalicelib.domain.log import Group
from chalicelib.domain.ports import Change
from chalicelib.domain.setup import Connection, Health, PollState, Release
from chalicelib.flows import redrive, tokens
from chalicelib.flows.declare import base_name, connections_of
from chalicelib.flows.door import flag_backlog
from chalicelib.flows.loading import settings_of
from chalicelib.flows.services import Services
from chalicelib.flows.setup.platforms import check_connection
from chalicelib.flows.setup.saving import release
from chalicelib.flows.turns import do_all, do_each

DAY_S = 86_400
#: Each five minutes with the walk itself, by a dispatcher that runs each minute: of a token that
#: lives for half an hour, six minutes are left when it is due (``tokens.REFRESHED_AT``).
TOKENS_EVERY_S = 240
PRUNE_EVERY_S = 3600
CONSUMERS_TOGETHER = 20
RUN_S = 50  #: how long one run goes on where nobody says otherwise
_ROUNDS = "~rounds"  #: no consumer's id begins so


def run(services: Services, *, deadline: datetime | None = None, threads: int = 1) -> None:
    """Do what is done once in a while and is due: look at causes, mend webhooks, prune letters."""
    last = deadline or services.now() + timedelta(seconds=RUN_S)
    do_all(
        services,
        [
            lambda: recheck_causes(services, deadline=last, threads=threads),
            lambda: mend_webhooks(services, deadline=last, threads=threads),
            lambda: mend_counts(services, deadline=last, threads=threads),
            lambda: prune_dead_letters(services),
        ],
    )


def walk_consumers(
    services: Services,
    name: str,
    every_s: int,
    work: Callable[[str], object],
    *,
    deadline: datetime,
    threads: int = 1,
) -> bool:
    """Do ``work`` for every consumer once in ``every_s`` seconds; returns whether some are left.

    A failure of one consumer's platform stops nobody else. A defect is raised after the others of
    its page had their turn.
    """
    state = services.registry.read_poll(_ROUNDS, name) or PollState(consumer=_ROUNDS, flow=name)
    if state.page is None and not _is_time(state.finished_at, every_s, services.now()):
        return False
    while services.now() < deadline:
        page = services.registry.list_consumers(limit=CONSUMERS_TOGETHER, cursor=state.page)
        # Noted first: what stops half-way is done in the next round, and nothing is done twice.
        ended = page.next is None
        finished_at = services.now() if ended else state.finished_at
        state = replace(state, page=page.next, finished_at=finished_at)
        if not services.registry.save(Change(puts=[state])):
            return False
        state = replace(state, version=state.version + 1)
        works = deque(partial(work, c.id) for c in page.items if c.deleted_at is None)
        do_each(services, lambda: works.popleft() if works else None, threads=threads)  # noqa: B023  # done here
        if ended:
            return False
    return True


def _is_time(last: datetime | None, every_s: int, now: datetime) -> bool:
    return last is None or now - last >= timedelta(seconds=every_s)


def tend_tokens(services: Services, *, deadline: datetime, threads: int = 1) -> bool:
    """Exchange the tokens of all connections that are due, and try new ones."""

    def work(consumer: str) -> None:
        connections = services.registry.list_connections(consumer)
        do_all(services, (partial(tokens.tend, services, c) for c in connections))

    return walk_consumers(
        services, "tokens", TOKENS_EVERY_S, work, deadline=deadline, threads=threads
    )


def mend_webhooks(services: Services, *, deadline: datetime, threads: int = 1) -> bool:
    """Check each connection daily and register our webhooks where the vendor switched them off.

    Accounts that are down are left alone until a person reconnects or checks them.
    """

    def work(consumer: str) -> None:
        connections = services.registry.list_connections(consumer)
        do_all(services, (partial(_check, services, c) for c in connections))

    return walk_consumers(services, "webhooks", DAY_S, work, deadline=deadline, threads=threads)


def _check(services: Services, connection: Connection) -> None:
    known = connection.platform in services.offers
    if known and connection.sealed_credentials and connection.health is not Health.DOWN:
        check_connection(services, connection.consumer, connection.name)


def recheck_causes(services: Services, *, deadline: datetime, threads: int = 1) -> bool:
    """Look nightly at every cause that rows are held under, and release those that went away.

    What removes a cause writes its release; this finds the one that was written too early or not.
    """
    return walk_consumers(
        services,
        "causes",
        DAY_S,
        lambda consumer: recheck_consumer(services, consumer),
        deadline=deadline,
        threads=threads,
    )


def mend_counts(services: Services, *, deadline: datetime, threads: int = 1) -> bool:
    """Compare the counts of every consumer with its lists, nightly: a stream may lose changes."""
    mend = services.log.mend_counts
    return walk_consumers(services, "counts", DAY_S, mend, deadline=deadline, threads=threads)


def recheck_consumer(services: Services, consumer: str) -> int:
    """Look at one consumer's causes; returns how many releases were written."""
    releases: list[Release] = []
    for group in services.log.list_causes(consumer):
        parts = parts_of(group.key)
        if parts[0] == "rate":
            # The dispatcher releases these by its own measure, while the flag stands.
            flag_backlog(services, consumer, parts[1])
        elif _is_gone(services, consumer, group, parts):
            releases.append(release(services, consumer, group.key))
    if releases:
        services.log.put_releases(releases)
    return len(releases)


def _is_gone(services: Services, consumer: str, group: Group, parts: tuple[str, ...]) -> bool:
    """Whether what a cause names is there by now; one that nobody can look up is left alone."""
    look = _LOOKS.get(parts[0])
    return look is not None and look(services, consumer, group, parts)


def _mapping_is_there(services: Services, consumer: str, _: Group, parts: tuple[str, ...]) -> bool:
    flow, name, value = parts[1:]
    table = services.registry.read_mapping(consumer, flow, name)
    return table is not None and table.find(value) is not None


def _setting_is_there(services: Services, consumer: str, _: Group, parts: tuple[str, ...]) -> bool:
    flow, name = parts[1:]
    declared = services.flows.get(base_name(flow))
    setup = services.registry.read_flow(consumer, flow)
    return declared is not None and name in settings_of(declared, setup)


def _connection_works(services: Services, consumer: str, _: Group, parts: tuple[str, ...]) -> bool:
    connection = services.registry.read_connection(consumer, parts[1])
    return connection is not None and connection.health is not Health.DOWN


def _flow_is_on(services: Services, consumer: str, _: Group, parts: tuple[str, ...]) -> bool:
    setup = services.registry.read_flow(consumer, parts[1])
    return setup is not None and setup.enabled


def _record_is_linked(
    services: Services, consumer: str, group: Group, parts: tuple[str, ...]
) -> bool:
    flow = services.flows.get(base_name(group.flow))
    if flow is None:
        return False
    source, target = connections_of(flow, group.flow)
    kind, record = parts[1:]
    # A shipment names its order by the id at its own target.
    sides = ((source, target), (target, source))
    return any(services.log.read_links(consumer, *pair, kind, [record]) for pair in sides)


_Look = Callable[[Services, str, Group, tuple[str, ...]], bool]

_LOOKS: dict[str, _Look] = {
    "mapping": _mapping_is_there,
    "setting": _setting_is_there,
    "connection": _connection_works,
    "flow": _flow_is_on,
    "record": _record_is_linked,
}


def prune_dead_letters(services: Services) -> int:
    """Delete dead letters of rows that recovered, once an hour; returns how many."""
    state = services.registry.read_poll(_ROUNDS, "prune")
    state = state or PollState(consumer=_ROUNDS, flow="prune")
    if not _is_time(state.finished_at, PRUNE_EVERY_S, services.now()):
        return 0
    if not services.registry.save(Change(puts=[replace(state, finished_at=services.now())])):
        return 0
    return redrive.prune(services)
