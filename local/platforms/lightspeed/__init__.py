"""A simulated Lightspeed Retail (X-Series): catalogue, stock, sales, returns, customers, a till."""

from local.platforms.lightspeed.demo import DemoStore, demo_store
from local.platforms.lightspeed.simulator import LightspeedSimulator

__all__ = ["DemoStore", "LightspeedSimulator", "demo_store"]
