"""What merchants cost while nothing happens: polls that find nothing, and the every-minute work."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from bench.scale.published import READ_DOLLARS, WRITE_DOLLARS
from bench.scale.world import START, World, add_merchant, open_world
from bench.sheet import Sheet
from chalicelib.flows import dispatch, sweeper
from chalicelib.flows.catalog import FLOWS

MERCHANTS = 200
MONTH_S = 30.4 * 86_400
POLLS_A_MONTH = sum(MONTH_S / f.poll_every_s for f in FLOWS.values() if f.poll_every_s)
MINUTES_A_MONTH = MONTH_S / 60
SETTLED_AFTER = 20  #: minutes until the first round of what is done daily has left nothing to do
MINUTES = 60  #: over which the every-minute work is watched, so that each walk comes round


def measure_idle(*, merchants: int = MERCHANTS) -> list[Sheet]:
    """Count the units of quiet polls, of polls with news, and of a quiet minute."""
    rows = [_polls(merchants, "a poll that finds nothing", 0)]
    rows += [_polls(merchants, "a poll that finds two records", 2)]
    rows += [_minutes("dispatcher, no merchant", 0, _tend)]
    rows += [_minutes(f"dispatcher, {merchants} quiet merchants", merchants, _tend)]
    rows += [_minutes("sweeper", 0, _sweep)]
    return [
        Sheet(
            title="What idle merchants cost, in units of DynamoDB",
            columns=tuple(rows[0]),
            rows=rows,
            notes=(
                f"A merchant's {len(FLOWS)} flows are polled {POLLS_A_MONTH:,.0f} times a month;"
                f" the rest runs every minute, on average of {MINUTES}.",
                f"${WRITE_DOLLARS} and ${READ_DOLLARS} a million write and read units.",
            ),
        )
    ]


def _polls(merchants: int, label: str, news: int) -> dict[str, Any]:
    """Let each merchant's polls run once, long after their first."""
    with open_world() as world:
        for number in range(merchants):
            add_merchant(
                world.services, f"m{number:05d}", polls_from=START - timedelta(seconds=300)
            )
        _poll_all(world)
        world.clock.pass_s(300)
        world.vendor.news = lambda kind: news
        world.heat.clear()
        polls = world.vendor.calls
        _poll_all(world)
        polls = world.vendor.calls - polls
        return _told(world, label, polls, POLLS_A_MONTH)


def _poll_all(world: World) -> None:
    while dispatch.run_due_polls(world.services, deadline=world.clock() + timedelta(seconds=57)):
        world.clock.pass_s(1)


def _minutes(label: str, merchants: int, work: Callable[[World], object]) -> dict[str, Any]:
    with open_world() as world:
        for number in range(merchants):
            add_merchant(world.services, f"m{number:05d}")
        for _ in range(SETTLED_AFTER):
            world.clock.pass_s(60)
            work(world)
        world.heat.clear()
        for _ in range(MINUTES):
            world.clock.pass_s(60)
            work(world)
        return _told(world, label, MINUTES, MINUTES_A_MONTH)


def _tend(world: World) -> None:
    dispatch.tend(world.services, deadline=world.clock() + timedelta(seconds=57))


def _sweep(world: World) -> None:
    sweeper.sweep_until(world.services, world.clock() + timedelta(seconds=57))


def _told(world: World, label: str, times: int, a_month: float) -> dict[str, Any]:
    writes, reads = (
        sum(sum(by_second.values()) for by_second in units.values()) / times
        for units in (world.heat.writes, world.heat.reads)
    )
    return {
        "work": label,
        "write units": writes,
        "read units": reads,
        "requests": world.heat.requests / times,
        "$ a month": (writes * WRITE_DOLLARS + reads * READ_DOLLARS) / 1e6 * a_month,
    }
