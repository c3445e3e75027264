"""Answers other than success, and the collector of what is wrong with a body."""

from collections.abc import Container, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from local.platforms.brightpearl.formats import parse_decimal, parse_time, parse_whole

THROTTLED: dict[str, object] = {
    "response": "You have sent too many requests. Please wait before sending another request"
}
NOT_AUTHENTICATED = "Not authenticated. You must provide a valid authentication token."
TOKEN_EXPIRED = "Authorization token expired"

NOT_FOUND = "CMNC-404"
BODY_MISSING = "CMNC-010"
BAD_FILTER = "CMNC-018"
BAD_PATCH = "CMNC-044"


class VendorFault(Exception):
    """One answer of Brightpearl that is no success; ``text`` is the odd shape of 401 answers."""

    def __init__(self, status: int, *errors: tuple[str, str], text: str = "") -> None:
        super().__init__(status, errors, text)
        self.status = status
        self.errors = errors
        self.text = text

    def body(self) -> dict[str, object]:
        """Return the JSON body."""
        if self.text:
            return {"response": self.text}
        return {"errors": [{"code": code, "message": message} for code, message in self.errors]}


def invalid(code: str, message: str) -> VendorFault:
    """Return a 400 with one error."""
    return VendorFault(400, (code, message))


def not_found(what: str) -> VendorFault:
    """Return a 404."""
    return VendorFault(404, (NOT_FOUND, f"{what} does not exist"))


class Checker:
    """Collects everything that is wrong with a body, so that one answer names it all."""

    def __init__(self, service: str) -> None:
        self.code = f"{service}-000"  #: the vendor's own codes for these are not known
        self.errors: list[tuple[str, str]] = []

    def add(self, message: str, *, code: str = "") -> None:
        """Note one error."""
        self.errors.append((code or self.code, message))

    def finish(self) -> None:
        """Raise a 400 if anything was noted."""
        if self.errors:
            raise VendorFault(400, *self.errors)

    def mapping(self, document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
        """Return an object inside ``document``; empty when absent."""
        value = document.get(name, {})
        if isinstance(value, dict):
            return value
        self.add(f"{name} must be an object")
        return {}

    def objects(self, document: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
        """Return a list of objects inside ``document``; empty when absent."""
        value = document.get(name, [])
        if isinstance(value, list) and all(isinstance(item, dict) for item in value):
            return value
        self.add(f"{name} must be a list of objects")
        return []

    def text(
        self, document: Mapping[str, Any], name: str, *, limit: int, required: bool = False
    ) -> str | None:
        """Return a text of at most ``limit`` characters, or None when absent."""
        value = document.get(name)
        if value is None or value == "":
            if required:
                self.add(f"{name} is required")
            return None
        if not isinstance(value, str) or len(value) > limit:
            self.add(f"{name} must be a text of at most {limit} characters")
            return None
        return value

    def known(
        self,
        document: Mapping[str, Any],
        name: str,
        table: Container[int],
        *,
        required: bool = False,
        code: str = "",
    ) -> int | None:
        """Return an id that must be in ``table``; ids may come as text."""
        value = document.get(name)
        if value is None and not required:
            return None
        number = parse_whole(value) if isinstance(value, str) else value
        if isinstance(number, int) and not isinstance(number, bool) and number in table:
            return number
        self.add(f"{name} {'is required' if value is None else 'is unknown'}", code=code)
        return None

    def decimal(
        self, document: Mapping[str, Any], name: str, *, places: int | None = None
    ) -> Decimal:
        """Return a required decimal; zero when it is wrong."""
        try:
            return parse_decimal(document.get(name), places=places)
        except ValueError as error:
            self.add(f"{name}: {error}")
            return Decimal(0)

    def time(
        self, document: Mapping[str, Any], name: str, *, required: bool = False
    ) -> datetime | None:
        """Return a time with offset, or None when absent."""
        if document.get(name) is None and not required:
            return None
        try:
            return parse_time(document.get(name))
        except ValueError as error:
            self.add(f"{name}: {error}")
            return None
