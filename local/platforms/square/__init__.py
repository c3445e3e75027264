"""A simulated Square: catalogue, stock, orders, payments, customers, tokens, a till."""

from local.platforms.square.demo import DemoMerchant, demo_merchant
from local.platforms.square.simulator import SquareSimulator
from local.platforms.square.world import Location

__all__ = ["DemoMerchant", "Location", "SquareSimulator", "demo_merchant"]
