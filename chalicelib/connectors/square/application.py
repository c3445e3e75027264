"""What our application is at Square: the version it speaks and the permissions it asks for."""

#: Sent as ``Square-Version`` unless the connection names another.
API_VERSION = "2025-08-20"

#: Permissions the flows need, as Square's consent page names them.
SCOPES = (
    "ITEMS_READ",
    "ITEMS_WRITE",
    "INVENTORY_READ",
    "INVENTORY_WRITE",
    "ORDERS_READ",
    "PAYMENTS_READ",
    "CUSTOMERS_READ",
    "MERCHANT_PROFILE_READ",
)
