"""Runs the simulator alone, with the demo's merchant: ``python -m local.platforms.brightpearl``."""

import sys

from local.platforms.brightpearl.demo import demo_merchant
from local.platforms.brightpearl.simulator import BrightpearlSimulator
from local.platforms.server import run_alone

if __name__ == "__main__":
    simulator = BrightpearlSimulator()
    demo_merchant(simulator)
    about = f"Brightpearl account {simulator.world.account}, staff token {simulator.staff_token}"
    sys.exit(run_alone(simulator, sys.argv[1:], about=about))
