"""Where vendors call: bytes in, the status that vendor expects out."""

from typing import Any

from chalicelib import wiring
from chalicelib.api import errors
from chalicelib.api.requests import read_raw_body
from chalicelib.api.routing import Call, Routes, answer
from chalicelib.flows.intake import UnknownAddressError, receive

routes = Routes(__name__, "Webhooks")


@routes.add("POST", "/webhooks/{platform}/{token}", role=None, answer=dict[str, Any])
def on_webhook(call: Call) -> Any:
    """Take a delivery of a platform.

    The address is the one registered at the platform; its last part is a secret. The body is
    verified as it was received, and each record it names is requested before the answer.
    """
    platform, token = call.params["platform"], call.params["token"]
    body = read_raw_body(call.request, limit=wiring.settings().max_body_bytes)
    query = {name: values[-1] for name, values in call.query.items()}
    headers = {name.lower(): value for name, value in call.request.headers.items()}
    try:
        received = receive(call.services, platform, token, headers, query, body)
    except UnknownAddressError as unknown:
        raise errors.not_found(str(unknown)) from None
    if received.status >= 400:
        raise errors.ApiError(received.status, "refused", received.ignored)
    told = {"requested": received.requested, "ignored": received.ignored}
    return answer(received.status, told)
