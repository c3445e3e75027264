"""Every answer that says no: one shape, whoever said it.

``{"error": {"code", "message", "details"}}``; the message is a sentence for a person, ``details``
name the fields. What Chalice answers by itself (no such method, a defect) gets the same shape.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from chalice.app import Response

from chalicelib.domain.log import CursorError
from chalicelib.domain.ports import BusyError
from chalicelib.flows.setup.errors import (
    InvalidError,
    MovedOnError,
    Problem,
    TakenError,
    UnknownError,
)

Details = Mapping[str, Any] | Sequence[Mapping[str, Any]]

HEADERS: Mapping[str, str | list[str]] = {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
}


class ApiError(Exception):
    """An answer that says no.

    Args:
        status: HTTP status.
        code: a word programs decide by.
        message: a sentence that says what is wrong and how to mend it.
    """

    def __init__(
        self, status: int, code: str, message: str, details: Details | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details: Details = details if details is not None else {}


def bad_request(message: str, *, code: str = "bad_request") -> ApiError:
    """The request cannot be read at all."""
    return ApiError(400, code, message)


def unauthorized(message: str) -> ApiError:
    """There is no key, or none we know."""
    return ApiError(401, "unauthorized", message)


def forbidden(message: str) -> ApiError:
    """The key is known and may not do this."""
    return ApiError(403, "forbidden", message)


def not_found(message: str) -> ApiError:
    """There is no such thing, or it is another tenant's: the two are told apart by nobody."""
    return ApiError(404, "not_found", message)


def conflict(message: str, details: Details | None = None) -> ApiError:
    """It does not fit what there is at the moment."""
    return ApiError(409, "conflict", message, details)


def too_large(limit: int) -> ApiError:
    """The body is larger than we read."""
    return ApiError(413, "too_large", f"The body is too large: {limit} bytes is the most we read.")


def invalid(problems: Sequence[Problem]) -> ApiError:
    """Some fields cannot be used; all of them are named."""
    details = [{"field": one.field, "message": one.message} for one in problems]
    names = ", ".join(dict.fromkeys(one.field for one in problems))
    return ApiError(422, "invalid", f"These cannot be used: {names}. The details say why.", details)


#: Errors of the stores and flow functions that are answers, not defects.
KNOWN = (ApiError, BusyError, CursorError, InvalidError, MovedOnError, TakenError, UnknownError)

ASK_AGAIN_S = 5  #: what a caller is told to wait when a store is busy


def response_of(error: Exception) -> Response:
    """Return the answer for an error of ``KNOWN``."""
    said = said_of(error)
    headers: dict[str, str | list[str]] = dict(HEADERS)
    if said.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if said.status == 503:
        headers["Retry-After"] = str(ASK_AGAIN_S)
    return Response(body=body_of(said), status_code=said.status, headers=headers)


def body_of(error: ApiError) -> dict[str, Any]:
    """Return the JSON of an error."""
    return {"error": {"code": error.code, "message": error.message, "details": error.details}}


def reshape(response: Response, *, request_id: str) -> Response:
    """Put an answer that Chalice made by itself into our shape; ours pass as they are."""
    if not _is_of_chalice(response.body):
        return response
    said = _OF_CHALICE.get(response.status_code)
    if said is None:
        message = f"Something went wrong on our side. It is noted under {request_id}."
        said = ApiError(500, "internal", message, {"id": request_id})
    headers: dict[str, str | list[str]] = {**response.headers, **HEADERS}
    return Response(body=body_of(said), status_code=said.status, headers=headers)


#: What the gateway in front of us answers for an address that no route has.
NO_SUCH_ADDRESS = not_found("There is no such address. GET /v1/openapi.json lists them all.")

_OF_CHALICE = {
    400: bad_request("The request cannot be read."),
    404: NO_SUCH_ADDRESS,
    405: ApiError(
        405,
        "method_not_allowed",
        "This address does not take that method; Allow lists what it does.",
    ),
    415: bad_request("The body must be JSON.", code="unsupported_media_type"),
}


def _is_of_chalice(body: Any) -> bool:
    return isinstance(body, Mapping) and body.keys() == {"Code", "Message"}


def said_of(error: Exception) -> ApiError:
    """Return what an error of ``KNOWN`` says to the caller."""
    match error:
        case ApiError():
            return error
        case BusyError():
            return ApiError(
                503, "busy", f"The service is busy. Ask again in {ASK_AGAIN_S} seconds."
            )
        case InvalidError():
            return invalid(error.problems)
        case CursorError():
            message = "It is not a cursor of this list. Start again without one."
            return invalid([Problem(field="cursor", message=message)])
        case UnknownError():
            return not_found(str(error))
        case TakenError() | MovedOnError():
            return conflict(str(error))
    raise TypeError(f"{type(error).__name__} is not an answer") from error
