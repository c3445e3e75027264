"""What things are called on pages: the words merchants use."""

from collections.abc import Mapping

#: Kinds in the order of the menu.
KINDS_IN_MENU: Mapping[str, str] = {
    "product": "Products",
    "stock": "Inventory",
    "order": "Orders",
    "customer": "Customers",
    "refund": "Refunds",
    "shipment": "Shipments",
    "day": "Days",
    "create_order": "Create Order",
    "convert_order_to_invoice": "Convert Order To Invoice",
    "create_invoice": "Create Invoice",
    "create_outbound_logistic": "Create Outbound Logistic",
    "add_payment": "Add Payment",
    "void_invoice": "Void Invoice",
}

#: One thing of a kind.
KIND_SINGULAR: Mapping[str, str] = {
    **KINDS_IN_MENU,
    "product": "Product",
    "stock": "Inventory",
    "order": "Order",
    "customer": "Customer",
    "refund": "Refund",
    "shipment": "Shipment",
    "day": "Day",
}

STATUSES = ("Pending", "Processing", "Synced", "Failed")

#: Each status has a colour and an icon of its own beside its word.
STATUS_ICONS: Mapping[str, str] = {
    "Pending": "clock",
    "Processing": "spin",
    "Synced": "check",
    "Failed": "cross",
    "Running": "spin",
    "Success": "check",
    "Error": "cross",
    "Cancelled": "stop",
    "healthy": "check",
    "down": "cross",
    "unchecked": "clock",
}

STATUS_MEANINGS: Mapping[str, str] = {
    "Pending": "Waiting: for a worker, or for what the sentence names. Nothing failed.",
    "Processing": "With a worker, or accepted by the target and not visible there yet.",
    "Synced": "Verified at the target.",
    "Failed": "Out of attempts, or none would help. The sentence says why and what to do.",
}


def count_of(number: int, singular: str, plural: str | None = None) -> str:
    """Return a number with its noun: ``1 row``, ``1,204 rows``."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"
