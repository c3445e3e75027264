"""The ERP's account."""

from local.demo.joining.parts import PACE, Joining
from local.demo.vendors import CALLS_PER_MINUTE, Vendors


def joining(vendors: Vendors) -> Joining:
    """Return what the connection needs."""
    simulator = vendors.brightpearl
    settings = {
        "account": simulator.world.account,
        "app_ref": simulator.app_ref,
        "calls_per_minute": CALLS_PER_MINUTE,
        **PACE,
    }
    return Joining(
        account={
            "base_url": simulator.base_url,
            "settings": settings,
            "credentials": {"staff_token": simulator.staff_token},
        }
    )
