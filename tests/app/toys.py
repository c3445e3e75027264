"""Two toy platforms with state, and the flows between them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chalicelib.domain.log import Exchange
from chalicelib.domain.platforms import (
    Account,
    Changed,
    Check,
    Choice,
    Delivery,
    Field,
    Offer,
    Pace,
    WebhookRead,
    WebhookRefusedError,
    WebhookUnreadableError,
)
from chalicelib.domain.reasons import SyncFailure
from chalicelib.domain.setup import Connection
from chalicelib.domain.statuses import Kind
from chalicelib.flows.declare import Flow, MappingRule, Setting
from chalicelib.flows.services import Opened


@dataclass
class ToyPlatform:
    """A platform as a person's set-up sees it; faults are set by the test."""

    name: str
    choices: dict[str, list[Choice]] = field(default_factory=dict)
    knows: str = "good-token"  #: the access token that is let in
    away: SyncFailure | None = None  #: what every call meets instead
    webhooks_fail: SyncFailure | None = None
    registered: list[str] = field(default_factory=list)
    calls: int = 0

    def check(self, token: str) -> Check:
        """Let a good token in."""
        self._call()
        if token != self.knows:
            return Check(ok=False, problems=("The token was refused. Connect again.",))
        return Check(ok=True, account=f"{self.name} of the toys")

    def list_choices(self, what: str) -> Sequence[Choice]:
        """Return what there is to choose from."""
        self._call()
        return self.choices.get(what, [])

    def ensure_webhooks(self, address: str) -> Mapping[str, str]:
        """Register an address once; the first time a key comes with it."""
        self._call()
        if self.webhooks_fail:
            raise self.webhooks_fail
        if address in self.registered:
            return {}
        self.registered.append(address)
        return {"signature_key": "made-by-the-platform"}

    def _call(self) -> None:
        self.calls += 1
        if self.away:
            raise self.away


@dataclass
class ToyPort:
    """The platform behind one connection."""

    platform: ToyPlatform
    token: str

    def check(self) -> Check:
        return self.platform.check(self.token)

    def list_choices(self, what: str) -> Sequence[Choice]:
        return self.platform.list_choices(what)

    def ensure_webhooks(self, address: str) -> Mapping[str, str]:
        return self.platform.ensure_webhooks(address)


def read_webhook(account: Account, delivery: Delivery) -> WebhookRead:
    """Take ``{"signed": true, "product": id}``-like texts: ``signed product 7``."""
    text = delivery.body.decode(errors="replace")
    if not text.startswith("signed "):
        raise WebhookRefusedError
    words = text.split()
    if len(words) != 3:
        raise WebhookUnreadableError("The delivery has not the words it should have.")
    if words[1] not in ("product", "order"):
        return WebhookRead(ignored=f"Nothing is done about {words[1]}.")
    return WebhookRead(changes=[Changed(kind=Kind(words[1]), record=words[2])])


def make_offer(name: str, *, sources: Sequence[Kind], targets: Sequence[Kind]) -> Offer:
    return Offer(
        name=name,
        label=name.capitalize(),
        pace=Pace(calls=100),
        fields=(
            Field(name="account", label="Account", required=True, help="As on the invoice."),
            Field(name="calls_per_minute", label="Calls per minute"),
            Field(name="access_token", label="Token", required=True, secret=True),
            Field(name="signature_key", label="Signature key", secret=True),
        ),
        sources=sources,
        targets=targets,
        choices=("categories", "price_lists"),
        open=lambda account: account,  # type: ignore[arg-type,return-value]  # see make_opener
        read_webhook=read_webhook,
        record_url=lambda connection, kind, id_: (
            f"https://{name}.example/{connection.settings['account']}/{kind.value}/{id_}"
        ),
        prerequisites=("The plan must include the API.",),
    )


OFFERS = {
    "shop": make_offer("shop", sources=(Kind.PRODUCT, Kind.STOCK), targets=(Kind.ORDER,)),
    "till": make_offer("till", sources=(Kind.ORDER,), targets=(Kind.PRODUCT, Kind.STOCK)),
}

PRODUCTS = "shop-products-to-till"
STOCK = "shop-stock-to-till"
ORDERS = "till-orders-to-shop"


def make_flow(name: str, label: str, kind: Kind, source: str, target: str, **more: Any) -> Flow:
    return Flow(
        name=name,
        label=label,
        kind=kind,
        source=source,
        target=target,
        plan=lambda record, planning: record,
        columns=lambda showing: {},
        **more,
    )


FLOWS = {
    PRODUCTS: make_flow(
        PRODUCTS,
        "Products to the till",
        Kind.PRODUCT,
        "shop",
        "till",
        settings=(
            Setting(
                name="price_list",
                label="Price list",
                type="choice",
                required=True,
                pick=("source", "price_lists"),
            ),
            Setting(name="start_date", label="Start date", type="time"),
            Setting(name="tolerance", label="Tolerance", type="decimal", default="0"),
            Setting(name="live", label="Live at once", type="yes_no", default="yes"),
            Setting(name="archived", label="Archived", type="choice", options=("hide", "keep")),
            Setting(name="note", label="Note"),
        ),
        mappings=(
            MappingRule(
                name="category",
                label="Categories",
                source_label="Shop category",
                target_label="Till category",
                source_pick="categories",
                target_pick="categories",
            ),
            MappingRule(
                name="brand",
                label="Brands",
                source_label="Shop brand",
                target_label="Till brand",
                source_pick="categories",
                target_pick="categories",
                source_by="name",
            ),
        ),
    ),
    STOCK: make_flow(STOCK, "Stock to the till", Kind.STOCK, "shop", "till", queue="stock"),
    ORDERS: make_flow(ORDERS, "Orders to the shop", Kind.ORDER, "till", "shop"),
}


def make_opener(
    platforms: Mapping[str, ToyPlatform],
    credentials_of: Callable[[Connection], Mapping[str, str]],
    now: Callable[[], datetime],
) -> Callable[..., Opened]:
    """Open connections to the toys; each call leaves one exchange, as a real client would."""

    def open_connection(
        connection: Connection, may_send_until: Any = None, execution: str | None = None
    ) -> Opened:
        platform = platforms[connection.platform]
        before = platform.calls

        def take_exchanges() -> list[Exchange]:
            return [
                Exchange(
                    id=f"{connection.platform}-{number}",
                    consumer=connection.consumer,
                    connection=connection.name,
                    platform=connection.platform,
                    method="GET",
                    url=f"https://{connection.platform}.example/",
                    at=now(),
                    duration_ms=1,
                    status=200,
                )
                for number in range(before, platform.calls)
            ]

        return Opened(
            connection=connection,
            offer=OFFERS[connection.platform],
            platform=ToyPort(platform, credentials_of(connection).get("access_token", "")),  # type: ignore[arg-type]  # a toy offers what set-up asks for
            take_exchanges=take_exchanges,
        )

    return open_connection
