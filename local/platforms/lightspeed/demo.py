"""A store to play with: two outlets with a register each, two ways to pay, a token."""

from dataclasses import dataclass

from local.platforms.lightspeed.simulator import LightspeedSimulator

OUTLETS = {"Leeds": "LE-", "York": "YO-"}


@dataclass(frozen=True, kw_only=True)
class DemoStore:
    """What a connection to the simulated store needs."""

    domain_prefix: str
    token: str
    outlet_ids: dict[str, str]  #: by name
    register_ids: dict[str, str]  #: by name, which is that of the outlet
    user_id: str
    tax_id: str
    no_tax_id: str
    payment_type_ids: dict[str, str]  #: by name


def demo_store(simulator: LightspeedSimulator) -> DemoStore:
    """Open two outlets (GBP, 20 % tax inside the prices) and make what a connection needs."""
    with simulator.lock:
        account = simulator.account
        user_id = account.add_user("Mel Online")
        simulator.oauth.user_id = user_id
        outlet_ids = {name: simulator.add_outlet(name, prefix=OUTLETS[name]) for name in OUTLETS}
        return DemoStore(
            domain_prefix=simulator.world.domain_prefix,
            token=simulator.add_token(),
            outlet_ids=outlet_ids,
            register_ids={row.data["name"]: row.id for row in account.registers.live()},
            user_id=user_id,
            tax_id=account.tax,
            no_tax_id=account.no_tax,
            payment_type_ids={
                "Cash": account.add_payment_type("Cash"),
                "Card": account.add_payment_type("Card", 3),
            },
        )
