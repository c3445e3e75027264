"""Runs the simulated Square alone: ``python -m local.platforms.square --port 9001``."""

import sys

from local.platforms.server import run_alone
from local.platforms.square.demo import demo_merchant
from local.platforms.square.simulator import SquareSimulator


def main(argv: list[str]) -> int:
    """Serve a merchant with three shops; the token is printed once."""
    simulator = SquareSimulator()
    merchant = demo_merchant(simulator)
    sys.stdout.write(f"access token: {merchant.token}\n")
    return run_alone(simulator, argv, about="Simulated Square")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
