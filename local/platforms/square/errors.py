"""Square's errors: one envelope, a category for each code."""

from typing import Any

_CATEGORIES = {
    "UNAUTHORIZED": "AUTHENTICATION_ERROR",
    "ACCESS_TOKEN_EXPIRED": "AUTHENTICATION_ERROR",
    "ACCESS_TOKEN_REVOKED": "AUTHENTICATION_ERROR",
    "FORBIDDEN": "AUTHENTICATION_ERROR",
    "INSUFFICIENT_SCOPES": "AUTHENTICATION_ERROR",
    "RATE_LIMITED": "RATE_LIMIT_ERROR",
    "INTERNAL_SERVER_ERROR": "API_ERROR",
    "BAD_GATEWAY": "API_ERROR",
    "SERVICE_UNAVAILABLE": "API_ERROR",
    "GATEWAY_TIMEOUT": "API_ERROR",
}

_CODES = {
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    403: "INSUFFICIENT_SCOPES",
    404: "NOT_FOUND",
    408: "REQUEST_TIMEOUT",
    409: "CONFLICT",
    410: "GONE",
    413: "REQUEST_ENTITY_TOO_LARGE",
    429: "RATE_LIMITED",
    500: "INTERNAL_SERVER_ERROR",
    502: "BAD_GATEWAY",
    503: "SERVICE_UNAVAILABLE",
    504: "GATEWAY_TIMEOUT",
}


class SquareError(ValueError):
    """Square refuses a request; ``status`` and ``code`` as the vendor would answer."""

    def __init__(self, status: int, code: str, detail: str, field: str = "") -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.field = field

    def as_json(self) -> dict[str, Any]:
        """Return one member of ``errors``."""
        error = {
            "category": _CATEGORIES.get(self.code, "INVALID_REQUEST_ERROR"),
            "code": self.code,
            "detail": self.detail,
        }
        return error | ({"field": self.field} if self.field else {})


class SquareErrors(ValueError):
    """Square refuses a request for several reasons at once."""

    def __init__(self, status: int, errors: list[SquareError]) -> None:
        super().__init__("; ".join(error.detail for error in errors))
        self.status = status
        self.errors = errors


def invalid(detail: str, field: str = "", code: str = "INVALID_VALUE") -> SquareError:
    """Return a refusal with status 400."""
    return SquareError(400, code, detail, field)


def not_found(what: str, object_id: str) -> SquareError:
    """Return the 404 for an id Square does not know."""
    return SquareError(404, "NOT_FOUND", f"{what} with ID `{object_id}` not found.")


def envelope(*errors: SquareError) -> dict[str, Any]:
    """Return the body of an answer that holds nothing but errors."""
    return {"errors": [error.as_json() for error in errors]}


def envelope_for(status: int) -> dict[str, Any]:
    """Return a plausible error body for a bare status."""
    code = _CODES.get(status, "INTERNAL_SERVER_ERROR" if status >= 500 else "BAD_REQUEST")
    return envelope(SquareError(status, code, "The simulator was asked to fail this call."))
