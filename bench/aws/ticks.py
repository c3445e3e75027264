"""What runs by the clock: polls, the full sweep, and each minute's functions.

Most of it finds nothing to do, and costs all the same.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from bench.aws.world import WORK_S, World
from bench.errors import BenchError
from bench.merchant import CONSUMER, ORDERS, PRODUCTS, STOCK
from bench.story import Piece
from chalicelib import wiring
from chalicelib.domain.ports import Change
from chalicelib.flows import dispatch, sweeper
from chalicelib.flows.polls import run_poll
from chalicelib.flows.services import Services
from chalicelib.flows.sweeps import sweep_of

TIMES = 10
QUEUES = {PRODUCTS: "records", STOCK: "stock", ORDERS: "records"}
WORDS = {PRODUCTS: "product", STOCK: "stock", ORDERS: "order"}


def play_ticks(world: World, *, products: int) -> Iterator[Piece]:
    """Yield each poll with what it finds, then with nothing new; full sweeps; a minute's ticks."""
    services = world.services
    for flow in (PRODUCTS, STOCK, ORDERS):
        word = WORDS[flow]
        yield Piece(
            label=f"poll: {word}, per change it asks for", work=_asking(services, flow, flow)
        )
        yield Piece(label=f"row: {word}, unchanged", work=_working(world, QUEUES[flow]))
        _pass_time(services, flow)
        yield _repeated(world, f"poll: {word}, nothing new", "", _polling(services, flow))
    yield from _play_sweeps(world, products)
    for function, tick in (
        ("dispatch_due", lambda: dispatch.tend(services, deadline=_deadline(services))),
        ("poll_sources", lambda: dispatch.run_due_polls(services, deadline=_deadline(services))),
        ("sweep_overdue", lambda: sweeper.sweep_until(services, _deadline(services))),
    ):
        _quiet(world, tick)
        yield _repeated(world, f"tick: {function}, nothing due", function, tick)


def _play_sweeps(world: World, products: int) -> Iterator[Piece]:
    """Yield a sweep that finds every record seen since the last one, then one a day later."""
    sweep = sweep_of(STOCK)
    soon = _asking(world.services, sweep, STOCK)

    def look() -> int:
        soon()
        return products

    yield Piece(label="sweep: stock, per record seen already", work=look)
    world.work_off("stock")
    later = replace(world, services=replace(world.services, now=_next_day))
    asking = _asking(later.services, sweep, STOCK)
    yield Piece(label="sweep: stock, per record", work=asking)
    yield Piece(label="row: stock, swept", work=_working(later, "stock"))


def _next_day() -> datetime:
    return wiring.utc_now() + timedelta(hours=26)


def _asking(services: Services, poll: str, flow: str) -> Callable[[], int]:
    """Return what polls until there is no more, and counts what it asked for."""

    def ask() -> int:
        before = services.queue.count(QUEUES[flow])
        while run_poll(services, CONSUMER, poll, until=_deadline(services)):
            pass
        return services.queue.count(QUEUES[flow]) - before

    return ask


def _working(world: World, queue: str) -> Callable[[], int]:
    return lambda: world.work_off(queue)


def _pass_time(services: Services, flow: str) -> None:
    """Let the poll believe that it has seen all there is: in life it has, a few minutes later."""
    poll = services.registry.read_poll(CONSUMER, flow)
    if poll is None:
        raise BenchError(f"{flow} has not been polled")
    later = services.now() + timedelta(hours=1)
    services.registry.save(Change(puts=[replace(poll, cursor=later)]))


def _polling(services: Services, flow: str) -> Callable[[], object]:
    return lambda: run_poll(services, CONSUMER, flow, until=_deadline(services))


def _quiet(world: World, tick: Callable[[], object]) -> None:
    """Tick until no release is due; what is done once a night or hour is done then too."""
    tick()
    while world.services.log.list_releases(due_before=world.services.now(), limit=1):
        tick()
    world.work_off("records")
    world.work_off("stock")


def _repeated(world: World, label: str, function: str, work: Callable[[], object]) -> Piece:
    def repeat() -> int:
        for _ in range(TIMES):
            work()
            if function:
                world.ran(function)
            world.follow()
        return TIMES

    return Piece(label=label, work=repeat)


def _deadline(services: Services) -> datetime:
    return services.now() + timedelta(seconds=WORK_S)
