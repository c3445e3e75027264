"""Lightspeed Retail (X-Series): tills. Source of orders, customers, refunds; products, stock."""

from chalicelib.connectors.lightspeed.offer import OFFER

__all__ = ["OFFER"]
