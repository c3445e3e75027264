"""Brightpearl, the ERP: products and stock are read, sales orders are written."""

from chalicelib.connectors.brightpearl.offer import OFFER

__all__ = ["OFFER"]
