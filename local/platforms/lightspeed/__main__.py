"""Runs the simulated Lightspeed alone: ``python -m local.platforms.lightspeed --port 9003``."""

import sys

from local.platforms.lightspeed.demo import demo_store
from local.platforms.lightspeed.simulator import LightspeedSimulator
from local.platforms.server import run_alone


def main(argv: list[str]) -> int:
    """Serve a store with two outlets; the token is printed once."""
    simulator = LightspeedSimulator()
    store = demo_store(simulator)
    sys.stdout.write(f"access token: {store.token}\n")
    return run_alone(simulator, argv, about="Simulated Lightspeed")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
