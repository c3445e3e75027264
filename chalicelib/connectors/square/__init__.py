"""Square: tills. Source of orders, customers and refunds; target of products and stock."""

from chalicelib.connectors.square.offer import OFFER

__all__ = ["OFFER"]
