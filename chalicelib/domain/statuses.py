"""Kinds of records, statuses of a row and outcomes of a success."""

from enum import StrEnum


class Kind(StrEnum):
    """What a record is; the value is what the store, the API and people see.

    People read ``stock`` as "Inventory". The last six are steps of an order pipeline.
    """

    PRODUCT = "product"
    STOCK = "stock"
    ORDER = "order"
    CUSTOMER = "customer"
    REFUND = "refund"
    SHIPMENT = "shipment"
    DAY = "day"
    CREATE_ORDER = "create_order"
    CONVERT_ORDER_TO_INVOICE = "convert_order_to_invoice"
    CREATE_INVOICE = "create_invoice"
    CREATE_OUTBOUND_LOGISTIC = "create_outbound_logistic"
    ADD_PAYMENT = "add_payment"
    VOID_INVOICE = "void_invoice"

    @property
    def is_listed_by_episode(self) -> bool:
        """Whether rows of this kind are listed by their latest episode.

        Products and stock come back for ever, so the list shows the latest change first; documents
        stand where they were received.
        """
        return self in (Kind.PRODUCT, Kind.STOCK)

    @property
    def priority(self) -> int:
        """Place in the queue for a slow vendor's calls: orders and what belongs to them before
        stock and customers before products.
        """
        return {Kind.STOCK: 1, Kind.CUSTOMER: 1, Kind.PRODUCT: 2}.get(self, 0)


class Status(StrEnum):
    """Where one row stands; the value is what the store, the API and people see."""

    PENDING = "Pending"  #: waiting; the reason says for what
    PROCESSING = "Processing"  #: with a worker, or at the target and not live yet
    SYNCED = "Synced"  #: verified at the target
    FAILED = "Failed"  #: no attempt left, or none would help; its name is in the DLQ


class Outcome(StrEnum):
    """How a row came to be Synced."""

    CREATED = "created"  #: made at the target
    UPDATED = "updated"  #: changed at the target
    UNCHANGED = "unchanged"  #: the target already held what would have been sent
    ALREADY_THERE = "already_there"  #: the target said "exists", and what is there is equal
    ADOPTED = "adopted"  #: found at the target by its key, linked and brought in step
    NOT_APPLICABLE = "not_applicable"  #: a written rule says that there is nothing to do
