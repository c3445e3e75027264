"""Lightspeed's errors: a short name and a message, for webhooks the name alone."""

import http.client
from typing import Any


class LightspeedError(ValueError):
    """Lightspeed refuses a request; ``bare`` leaves the message out, as webhook calls do."""

    def __init__(self, status: int, message: str, *, error: str = "", bare: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.error = error or http.client.responses.get(status, "Error")
        self.message = message
        self.bare = bare

    def as_json(self) -> dict[str, Any]:
        """Return the body of the answer."""
        if self.bare:
            return {"error": self.message}
        return {"error": self.error, "message": self.message}


def invalid(message: str) -> LightspeedError:
    """Return the refusal of a request that is wrong in its form: 400."""
    return LightspeedError(400, message)


def refused(message: str) -> LightspeedError:
    """Return the refusal of a request that makes no sense here: 422."""
    return LightspeedError(422, message)


def conflict(message: str, *, bare: bool = False) -> LightspeedError:
    """Return the refusal of something that exists already: 409."""
    return LightspeedError(409, message, bare=bare)


def not_found(what: str, object_id: str) -> LightspeedError:
    """Return the 404 for an id nobody knows."""
    return LightspeedError(404, f"{what} {object_id} was not found.")


def too_many() -> LightspeedError:
    """Return the 429 of a used-up window."""
    return LightspeedError(429, "Rate limiting enforced")
