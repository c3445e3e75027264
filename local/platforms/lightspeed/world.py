"""What all parts of the simulated Lightspeed share: the retailer, time, versions, odd habits."""

import uuid
from collections.abc import Callable
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from local.platforms.lightspeed.fields import Json
from local.platforms.server import Clock

#: Raises one webhook: its type and the object in the shape webhooks have.
Emit = Callable[[str, Json], None]

FIRST_VERSION = 2_398_817_000  #: more than 32 bits hold, like those of a real store


class Behaviour:
    """How this Lightspeed behaves where its documents are silent; changed at any time."""

    #: the newest date version there is; a later one is not found.
    newest_version: str = "2026-10"
    #: rows on a page that asks for no size, and the most a page ever holds.
    default_page_size: int = 200
    max_page_size: int = 1_000
    #: so many of the next pages of a feed hold half of what they could.
    short_pages: int = 0
    #: whether a deleted object is still read by its id.
    shows_deleted: bool = False
    #: decimals kept of prices without tax.
    price_places: int = 5
    #: whether a line's price has its discount taken off already.
    price_has_discount: bool = True
    #: what a second sale of the same id does: ``conflict``, ``ignore`` or ``update``.
    repeated_sale: str = "conflict"
    #: whether an update of a parked return drops the lines it does not name.
    return_drops_lines: bool = True
    #: whether the return call answers in the shape of API 2.0, as the vendor's example does.
    legacy_return_answer: bool = False
    #: whether all answers show sales in that shape.
    legacy_sales: bool = False
    #: whether one wrong stock adjustment refuses all of its request.
    adjustments_all_or_nothing: bool = True
    #: whether a second family may not have the name of another.
    unique_names: bool = True
    #: whether a customer code can be taken.
    unique_customer_codes: bool = False
    #: whether connecting without scopes is denied.
    scope_required: bool = True
    #: whether a refresh token dies at its use, not only when what replaced it is used.
    refresh_kills_at_once: bool = False
    #: seconds an authorization code and an access token live.
    code_life_s: float = 600
    token_life_s: float = 86_400
    #: calls of the token endpoint in a minute.
    token_calls: int = 30
    #: whether a call without a User-Agent is refused.
    user_agent_required: bool = False
    #: form of Retry-After: ``date`` or ``seconds``.
    retry_after_form: str = "date"
    #: form of a webhook's signature: ``hex`` or ``base64``.
    signature_form: str = "hex"


class World:
    """The retailer, the clock, the one line of versions and the way out for webhooks."""

    def __init__(self, *, clock: Clock, behaviour: Behaviour, emit: Emit) -> None:
        self.clock = clock
        self.behaviour = behaviour
        self.emit = emit
        self.retailer_id = self.new_id()
        self.domain_prefix = "northwind"
        self.currency = "GBP"
        self.country = "GB"
        self.timezone = "Europe/London"
        self.tax_rate = Decimal("0.2")
        self.version = FIRST_VERSION

    def now(self) -> datetime:
        """Return the time, cut to seconds, which is what answers show."""
        return self.clock().replace(microsecond=0)

    def next_version(self) -> int:
        """Return the version of the next change, whatever is changed."""
        self.version += 1
        return self.version

    def new_id(self) -> str:
        """Return a new id."""
        return str(uuid.uuid4())

    def without_tax(self, price: Decimal) -> Decimal:
        """Return a price without the store's tax: 20.00 with 20 % in it is 16.66667."""
        places = Decimal(1).scaleb(-self.behaviour.price_places)
        return (price / (1 + self.tax_rate)).quantize(places, rounding=ROUND_HALF_UP)

    def with_tax(self, price: Decimal) -> Decimal:
        """Return a price with the store's tax."""
        places = Decimal(1).scaleb(-self.behaviour.price_places)
        return (price * (1 + self.tax_rate)).quantize(places, rounding=ROUND_HALF_UP)
