"""Full sweeps: each linked record is requested once in a while, whatever a poll can see.

For sources that do not say of every change that it happened, such as an ERP whose stock moves
without touching the product. A sweep runs like a poll, under a name of its own.
"""

from collections.abc import Sequence
from datetime import timedelta

from chalicelib.domain.ports import Change
from chalicelib.domain.protocol import Request
from chalicelib.domain.rows import Row, RowName
from chalicelib.domain.setup import PollState
from chalicelib.domain.statuses import Status
from chalicelib.flows.ready import Ready
from chalicelib.flows.services import Services

#: Part of the time between two sweeps for which a look counts. The rest is what a sweep may take,
#: or every row would be left out by every second one.
_SEEN_FOR = 0.9
_MARK = "~sweep"  #: no flow and no connection has this sign in its name


def sweep_of(flow: str) -> str:
    """Return the name under which the state of a flow's full sweep is kept."""
    return flow + _MARK


def flow_of(name: str) -> tuple[str, bool]:
    """Return the flow that a poll's name stands for, and whether it is that flow's sweep."""
    return name.removesuffix(_MARK), name.endswith(_MARK)


def plan_sweep(services: Services, ready: Ready) -> None:
    """Plan the first full sweep of a flow that wants them."""
    every_s = ready.flow.full_sweep_every_s
    name = sweep_of(ready.setup.flow)
    consumer = ready.setup.consumer
    if every_s is None or services.registry.read_poll(consumer, name) is not None:
        return
    first_at = services.now() + timedelta(seconds=every_s)
    state = PollState(consumer=consumer, flow=name, next_at=first_at)
    services.registry.save(Change(puts=[state]))  # refused: somebody else planned it just now


def requests_of(
    services: Services,
    ready: Ready,
    names: Sequence[RowName],
    rows: Sequence[Row | None],
    execution: str,
) -> list[Request]:
    """Return the requests for those records that are linked; held rows wait for their cause.

    What an attempt saw in step since the last sweep needs no other look. Requests carry no version:
    the sweep is for changes that no version tells of.
    """
    asked = {
        name.record: name
        for name, row in zip(names, rows, strict=True)
        if row is None or (row.cause is None and not _was_seen(services, ready, row))
    }
    linked = _linked(services, ready, list(asked)) if asked else ()
    return [
        Request(name=name, kind=ready.flow.kind, by="poll", execution=execution)
        for record, name in asked.items()
        if record in linked
    ]


def _was_seen(services: Services, ready: Ready, row: Row) -> bool:
    """Whether an attempt ended well since the last sweep; what that sweep looked at is not."""
    every_s = ready.flow.full_sweep_every_s
    if row.status is not Status.SYNCED or every_s is None or row.updated_at is None:
        return False
    return services.now() - row.updated_at < timedelta(seconds=every_s * _SEEN_FOR)


def _linked(services: Services, ready: Ready, records: Sequence[str]) -> set[str]:
    flow = ready.flow
    kind = services.flows[flow.follows].kind if flow.follows else flow.kind
    links = services.log.read_links(
        ready.setup.consumer, ready.source.name, ready.target.name, kind.value, records
    )
    return set(links)
