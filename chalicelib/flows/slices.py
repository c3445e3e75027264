"""How long one piece of work goes on before others have their turn."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from chalicelib.domain.setup import Connection
from chalicelib.flows.loading import pace_of
from chalicelib.flows.services import Services


def slice_until(
    services: Services,
    connections: Iterable[Connection],
    *,
    deadline: datetime,
    slice_s: float | None,
) -> datetime:
    """Return the end of a slice that begins now: after ``slice_s``, at ``deadline`` at the latest.

    A call is made only with its whole timeout left, so a slice has room for two of the slowest
    connection, however short it was asked for. None asks for all the time there is.
    """
    if slice_s is None:
        return deadline
    timeouts_s = [pace_of(services.offers[one.platform], one).timeout_s for one in connections]
    seconds = max(slice_s, 2 * max(timeouts_s, default=0))
    return min(deadline, services.now() + timedelta(seconds=seconds))
