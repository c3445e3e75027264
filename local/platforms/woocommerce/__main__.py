"""Runs the simulated shop alone: ``python -m local.platforms.woocommerce --port 9003``."""

import sys

from local.platforms.server import run_alone
from local.platforms.woocommerce.demo import demo_merchant
from local.platforms.woocommerce.simulator import WooCommerceSimulator


def main(argv: list[str]) -> int:
    """Serve a small shop that takes Basic over http; its key is printed once."""
    simulator = WooCommerceSimulator(https_only=False)
    key = demo_merchant(simulator).key
    sys.stdout.write(f"consumer key: {key.key}, secret: {key.secret}\n")
    return run_alone(simulator, argv, about="Simulated WooCommerce")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
