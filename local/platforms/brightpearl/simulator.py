"""The server: who may call, how often, and which handler answers."""

import re
import secrets
from typing import Any

from local.platforms.brightpearl.account import Account
from local.platforms.brightpearl.api import (
    accounting,
    contacts,
    goods_in,
    goods_out,
    integration,
    order_searches,
    orders,
    products,
    sales_credits,
    sales_orders,
    warehouse,
)
from local.platforms.brightpearl.api.routing import Call, Router
from local.platforms.brightpearl.control import controls
from local.platforms.brightpearl.faults import (
    NOT_AUTHENTICATED,
    THROTTLED,
    TOKEN_EXPIRED,
    VendorFault,
    not_found,
)
from local.platforms.server import Request, Response

PUBLIC_API = re.compile(r"/public-api/([^/]+)/(.+)")
INSTANCE_HEADER = "Brightpearl-Installed-Integration-Instance-Id"

ROUTER = Router(
    (
        *products.ROUTES,
        *order_searches.ROUTES,
        *orders.ROUTES,
        *sales_orders.ROUTES,
        *sales_credits.ROUTES,
        *warehouse.ROUTES,
        *goods_out.ROUTES,
        *goods_in.ROUTES,
        *accounting.ROUTES,
        *contacts.ROUTES,
        *integration.ROUTES,
    )
)


class BrightpearlSimulator(Account):
    """One Brightpearl account on 127.0.0.1, under ``/public-api/{account}/``."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.controls |= controls(self)

    def respond(self, request: Request) -> Response:
        """Answer one call of the API or of the OAuth endpoints."""
        answered = self.oauth.respond(request, self.base_url.partition("://")[2])
        if answered is not None:
            return answered
        match = PUBLIC_API.fullmatch(request.path)
        if match is None:
            return Response(404, not_found(f"Resource {request.path}").body())
        pool = self.access.pool(request.headers)
        headers = {"Ruid": secrets.token_hex(8)}
        if self.throttle.take(pool):
            status, body = self._public(request, match[1], match[2], headers)
        else:
            status, body = 503, THROTTLED
        self.tell()
        return Response(status, body, headers | self.throttle.headers(pool))

    def _public(
        self, request: Request, account: str, path: str, headers: dict[str, str]
    ) -> tuple[int, dict[str, object]]:
        try:
            if account != self.world.account:
                raise VendorFault(401, text=NOT_AUTHENTICATED)
            principal = self.access.identify(request.headers)
            if principal.instance_id is not None:
                headers[INSTANCE_HEADER] = str(principal.instance_id)
            self.access.check_permission(request.method, path)
            handler, args = ROUTER.find(request.method, path)
            call = Call(
                world=self.world,
                principal=principal,
                args=args,
                query=request.query,
                headers=request.headers,
                body=request.body,
            )
            return self.partial.apply(path, handler(call))
        except VendorFault as fault:
            return fault.status, fault.body()

    def error_body(self, status: int) -> object:
        """Return Brightpearl's body for a fault on demand; 503 is maintenance, without a text."""
        if status == 401:
            return {"response": TOKEN_EXPIRED}
        if status == 503:
            return {}
        code = "CMNU-003" if status >= 500 else f"CMNC-{status}"
        return {"errors": [{"code": code, "message": "The request failed"}]}
