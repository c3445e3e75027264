"""A simulated WooCommerce: products, orders, refunds, customers, webhooks, a moody host.

Where the vendor's behaviour is not known, the docstring of the place says what is assumed.
"""

from local.platforms.woocommerce.demo import DemoMerchant, demo_merchant
from local.platforms.woocommerce.simulator import WooCommerceSimulator

__all__ = ["DemoMerchant", "WooCommerceSimulator", "demo_merchant"]
