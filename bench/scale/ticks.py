"""What the every-minute functions get done: the real dispatcher and poller in made-up time.

Each request to a table and each call of a vendor moves the clock by what ``published.py`` assumes,
one after the other as these functions work.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from bench.merchant import ORDERS, PRODUCTS, STOCK
from bench.scale.load import PROCESSORS
from bench.scale.published import REQUEST_CPU_S, REQUEST_S, VENDOR_CALL_S
from bench.scale.world import START, Clock, World, add_merchant, open_world
from bench.sheet import Sheet
from chalicelib.domain.causes import record_cause
from chalicelib.domain.log import RunType, Trigger
from chalicelib.domain.protocol import Request
from chalicelib.domain.rows import RowName
from chalicelib.domain.setup import Release
from chalicelib.domain.statuses import Kind
from chalicelib.flows import dispatch, housekeeping, rates, runs, sweeper
from chalicelib.flows.catalog import FLOWS
from chalicelib.flows.door import flag_backlog, request_many
from chalicelib.flows.releases import run_releases
from chalicelib.triggers.schedules import THREADS

TICK_S = 57  #: a minute's function less its spare time (``triggers.timing``)
WANTED = 10_000  #: consumers
FLOWS_POLLED = sum(flow.poll_every_s is not None for flow in FLOWS.values())
POLLS_A_MINUTE = sum(60 / f.poll_every_s for f in FLOWS.values() if f.poll_every_s)
NEWS_OF = 5  #: one poll of so many finds something


def spend(clock: Clock, requests: int) -> None:
    """Let the time of some requests pass that one call of a table makes side by side."""
    if requests:
        clock.pass_s(max(REQUEST_S, requests * REQUEST_CPU_S))


@contextmanager
def slow_world() -> Iterator[World]:
    """Open a Synclog in which requests and calls take their time."""
    with open_world(spend=spend, call=lambda clock: clock.pass_s(VENDOR_CALL_S)) as world:
        world.vendor.news = lambda kind: 2 if world.vendor.rng.randrange(NEWS_OF) == 0 else 0
        yield world


@dataclass(frozen=True, kw_only=True)
class Timed:
    """What one piece of the dispatcher's work took."""

    seconds: float
    requests: int
    calls: int
    done: int


def timed(world: World, work: Callable[[], Any]) -> Timed:
    """Do some work; it may say how much it did."""
    before, requests, calls = world.clock(), world.heat.requests, world.vendor.calls
    done = work()
    return Timed(
        seconds=(world.clock() - before).total_seconds(),
        requests=world.heat.requests - requests,
        calls=world.vendor.calls - calls,
        done=int(done or 0),
    )


def measure_ticks(*, sizes: tuple[int, ...] = (100, 1000, 10_000)) -> list[Sheet]:
    """Let polls, walks, releases, backlogs, runs and the sweeper work for a minute each."""
    rows = [_at_size(size) for size in sizes]
    polls = Sheet(
        title="Polls and walks over all consumers, in made-up time",
        columns=tuple(rows[0]),
        rows=rows,
        notes=(
            f"A tick has {TICK_S} s. {FLOWS_POLLED} flows a consumer; due: polls that come due in"
            " a minute; tokens: one round, due every five; webhooks: one round of checks, daily.",
            f"{REQUEST_S * 1000:.0f} ms a request, {VENDOR_CALL_S * 1000:.0f} ms a vendor's call;"
            f" {THREADS} threads, as the function has, are reckoned from one thread's figures and"
            f" {REQUEST_CPU_S * 1000:.1f} ms of CPU a request or call on {PROCESSORS:.2f}"
            " processors. Polls begin until a platform's whole timeout, 20 s, would not fit.",
        ),
    )
    return [polls, _per_minute()]


def _at_size(consumers: int) -> dict[str, Any]:
    with slow_world() as world:
        rng = Random(4)
        for number in range(consumers):
            # The longest overdue first: all are due when the measuring begins.
            add_merchant(
                world.services,
                f"m{number:05d}",
                settings={},
                polls_from=START - timedelta(seconds=300),
                rng=rng,
            )
        world.heat.clear()
        poll = timed(world, lambda: _poll_a_tick(world))
        units = sum(sum(by_second.values()) for by_second in world.heat.writes.values())
        far = timedelta(days=10)
        tokens = _round(world, housekeeping.tend_tokens, far)
        causes = _round(world, housekeeping.recheck_causes, far)
        webhooks = _round(world, housekeeping.mend_webhooks, far)
    return {
        "consumers": consumers,
        "due polls": float(round(consumers * POLLS_A_MINUTE)),
        "polled in a tick, 1 thread": poll.done,
        f"{THREADS} threads": _with_threads(poll, poll.seconds),
        "1,769 MB": _with_threads(poll, poll.seconds, processors=1),
        "s a poll": poll.seconds / max(poll.done, 1),
        "requests a poll": poll.requests / max(poll.done, 1),
        "write units a poll": units / max(poll.done, 1),
        "every poll comes round in min": consumers
        * FLOWS_POLLED
        / _with_threads(poll, poll.seconds),
        "tokens, s": tokens.seconds,
        "causes, s": causes.seconds,
        "webhooks, s": webhooks.seconds,
    }


def _with_threads(took: Timed, seconds: float, *, processors: float = PROCESSORS) -> float:
    """Return how many such things threads do in some seconds: they wait at the same time, and share
    a processor.
    """
    done = max(took.done, 1)
    wait_s = took.seconds / done / THREADS
    cpu_s = (took.requests + took.calls) / done * REQUEST_CPU_S / processors
    return float(round(seconds / max(wait_s, cpu_s)))


def _poll_a_tick(world: World) -> int:
    """Run one tick of polls; returns how many ran."""
    before = world.vendor.calls
    deadline = world.clock() + timedelta(seconds=TICK_S)
    dispatch.run_due_polls(world.services, deadline=deadline)
    return world.vendor.calls - before


def _round(world: World, walk: Callable[..., bool], within: timedelta) -> Timed:
    deadline = world.clock() + within
    return timed(world, lambda: walk(world.services, deadline=deadline))


def _per_minute() -> Sheet:
    works: tuple[tuple[str, Callable[[], Timed], str], ...] = (
        ("releases of the log's outbox", _time_releases, "products of an import that were linked"),
        ("throttled rows released", _time_backlogs, "100 slow accounts, 450 rows of stock each"),
        ("throttled rows of one account", _time_one_backlog, "15,000 rows of stock wait"),
        ("runs watched", _time_runs, "runs whose rows are under way"),
        ("overdue rows sent again", _time_sweeper, "after an outage"),
    )
    rows = []
    for label, work, what in works:
        took = work()
        rows.append(
            {
                "work": label,
                "of": what,
                "done in a tick": took.done,
                "seconds": took.seconds,
                "ms each": took.seconds / max(took.done, 1) * 1000,
                "requests each": took.requests / max(took.done, 1),
                f"in a tick, {THREADS} threads": _with_threads(took, TICK_S),
            }
        )
    return Sheet(
        title="What one tick of a minute gets done, one thing at a time",
        columns=tuple(rows[0]),
        rows=rows,
        notes=("More than enough of each is due; a tick ends by count or by time.",),
    )


def _end(world: World) -> datetime:
    return world.clock() + timedelta(seconds=TICK_S)


def _time_releases(due: int = 8000) -> Timed:
    with slow_world() as world:
        add_merchant(world.services, "m")
        releases = [
            Release(
                consumer="m",
                cause=record_cause("product", str(n)),
                id=f"{n:06d}",
                due_at=START - timedelta(seconds=1),
            )
            for n in range(due)
        ]
        world.services.log.put_releases(releases)
        before = len(_due_releases(world, due))

        def work() -> int:
            run_releases(world.services, deadline=_end(world))
            return before - len(_due_releases(world, due))

        return timed(world, work)


def _due_releases(world: World, limit: int) -> list[Release]:
    at = START + timedelta(seconds=TICK_S)
    return list(world.services.log.list_releases(due_before=at, limit=limit))


def _time_backlogs() -> Timed:
    return _time_throttled(connections=100, rows=450)


def _time_one_backlog() -> Timed:
    return _time_throttled(connections=1, rows=15_000)


def _time_throttled(*, connections: int, rows: int) -> Timed:
    """Let rows of stock wait for calls, as many as a tick could ever release, and release some."""
    with slow_world() as world:
        services = world.services
        for number in range(connections):
            consumer = f"m{number:05d}"
            add_merchant(services, consumer, settings={})
            flag_backlog(services, consumer, "brightpearl")
            names = [RowName(consumer=consumer, flow=STOCK, record=str(n)) for n in range(rows)]
            requests = [Request(name=name, kind=Kind.STOCK, by="webhook") for name in names]
            request_many(services, requests)  # while the flag stands they are parked
        world.clock.pass_s(60)  # a fresh window
        return timed(world, lambda: rates.release_backlogs(services, deadline=_end(world)))


def _time_runs(running: int = 2500) -> Timed:
    with slow_world() as world:
        services = world.services
        add_merchant(services, "m")
        for number in range(running):
            names = [RowName(consumer="m", flow=ORDERS, record=f"{number}-{n}") for n in range(2)]
            run = runs.begin(
                services,
                consumer="m",
                flow=ORDERS,
                type=RunType.POLL,
                trigger=Trigger.SCHEDULE,
                by="poll",
            )
            request_many(
                services,
                [Request(name=one, kind=Kind.ORDER, by="poll", execution=run.id) for one in names],
            )
            services.log.put_execution_rows("m", run.id, names)
            run = runs.change(services, run, lambda fresh: runs.added(fresh, found=2, requested=2))
            runs.finish_collecting(services, run)
        deadline = world.clock() + timedelta(seconds=TICK_S)
        took = timed(world, lambda: dispatch.continue_runs(services, deadline=deadline))
        # Each run that is looked at takes a lease of its own.
        done = sum(pk.startswith("K|run") for _, pk in world.heat.writes)
        return replace(took, done=done)


def _time_sweeper(rows: int = 40_000) -> Timed:
    with slow_world() as world:
        services = world.services
        add_merchant(services, "m")
        names = [RowName(consumer="m", flow=PRODUCTS, record=str(n)) for n in range(rows)]
        requests = [Request(name=name, kind=Kind.PRODUCT, by="import") for name in names]
        request_many(services, requests)
        world.clock.pass_s(301)
        deadline = world.clock() + timedelta(seconds=TICK_S)
        return timed(world, lambda: _sweep(world, deadline))


def _sweep(world: World, deadline: datetime) -> int:
    return sweeper.sweep_until(world.services, deadline).sent
