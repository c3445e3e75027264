"""WooCommerce: shops. Source of orders and refunds; target of products, stock and shipments."""

from chalicelib.connectors.woocommerce.offer import OFFER

__all__ = ["OFFER"]
