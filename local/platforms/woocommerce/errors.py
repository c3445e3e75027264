"""WooCommerce's refusals: one envelope, whose ``data`` is an object or, on refunds, a number."""

from typing import Any

Json = dict[str, Any]

CRITICAL = "There has been a critical error on this website."


class WooError(ValueError):
    """WooCommerce refuses a request; ``data`` is the envelope's, by default the status."""

    def __init__(self, status: int, code: str, message: str, data: object = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.data = {"status": status} if data is None else data

    def body(self) -> Json:
        """Return the envelope."""
        return {"code": self.code, "message": str(self), "data": self.data}


class PageError(ValueError):
    """The site answers with a page of HTML: a fatal error, maintenance, a firewall."""

    def __init__(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.headers = {"Content-Type": "text/html; charset=UTF-8"} | (headers or {})

    def page(self) -> bytes:
        """Return the page."""
        return f"<!DOCTYPE html><html><body><p>{self}</p></body></html>".encode()


def invalid_param(name: str, message: str, code: str = "rest_invalid_type") -> WooError:
    """Return the 400 for a parameter of a wrong type, range or value."""
    details = {name: {"code": code, "message": message, "data": None}}
    data = {"status": 400, "params": {name: message}, "details": details}
    return WooError(400, "rest_invalid_param", f"Invalid parameter(s): {name}", data)


def missing_params(*names: str) -> WooError:
    """Return the 400 for absent fields, whose ``params`` is a list."""
    data = {"status": 400, "params": list(names)}
    text = f"Missing parameter(s): {', '.join(names)}"
    return WooError(400, "rest_missing_callback_param", text, data)


def no_route() -> WooError:
    """Return the 404 for a path, or a method on it, that does not exist."""
    text = "No route was found matching the URL and request method."
    return WooError(404, "rest_no_route", text)


def no_trash(what: str) -> WooError:
    """Return the 501 for a DELETE without ``force=true``."""
    text = f"{what} do not support trashing."
    return WooError(501, "woocommerce_rest_trash_not_supported", text)
