"""What flows of several kinds share: retries and the start date."""

from chalicelib.domain.retries import RetryPolicy
from chalicelib.flows.declare import Setting

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
