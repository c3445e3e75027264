"""What flows of several kinds share: retries and the start date."""

from collections.abc import Callable

from chalicelib.domain.retries import RetryPolicy
from chalicelib.flows.declare import Setting

#: How many calls a batch of so many rows makes, as ``make bench`` finds: at source, at target.
Calls = Callable[[int], tuple[int, int]]

RETRY = RetryPolicy(attempts=6, base_s=30, cap_s=900)


def start_date(what: str, *, required: bool = True) -> Setting:
    """Return the setting of the moment before which records are left alone."""
    return Setting(
        name="start_date",
        label="Start date",
        type="time",
        required=required,
        help=f"{what} before this moment are left alone.",
    )
