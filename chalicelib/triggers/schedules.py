"""What runs every minute: the dispatcher, the poller, the sweeper."""

from chalice.app import Blueprint, CloudWatchEvent, Rate

from chalicelib import wiring
from chalicelib.flows import dispatch, sweeper
from chalicelib.triggers.timing import deadline_of

schedules = Blueprint(__name__)

#: How many polls, releases or runs go on at the same time; each mostly waits for others.
THREADS = 20
EVERY_MINUTE = Rate(1, unit=Rate.MINUTES)


@schedules.schedule(EVERY_MINUTE, name="dispatch_due")
def dispatch_due(event: CloudWatchEvent) -> None:
    """Run releases, executions, token exchanges and what is done once in a while."""
    services = wiring.services()
    dispatch.tend(services, deadline=deadline_of(services, event.context), threads=THREADS)


@schedules.schedule(EVERY_MINUTE, name="poll_sources")
def poll_sources(event: CloudWatchEvent) -> None:
    """Run a slice of every poll that is due; leases keep two of these from doing it twice."""
    services = wiring.services()
    deadline = deadline_of(services, event.context)
    dispatch.run_due_polls(services, deadline=deadline, threads=THREADS)


@schedules.schedule(EVERY_MINUTE, name="sweep_overdue")
def sweep_overdue(event: CloudWatchEvent) -> None:
    """Send what is owed and past its due time."""
    services = wiring.services()
    sweeper.sweep_until(services, deadline_of(services, event.context))
