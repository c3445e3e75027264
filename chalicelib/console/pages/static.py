"""Style sheet, script and icon. Their addresses change with their content, so they keep."""

from chalice.app import Response

from chalicelib.api import errors
from chalicelib.console.rendering import STATIC
from chalicelib.console.visits import Visit

_TYPES = {
    "console.css": "text/css; charset=utf-8",
    "console.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml; charset=utf-8",
}


def show_file(visit: Visit) -> Response:
    """Return one of the files there are; nothing of an address reaches the file system."""
    kind = _TYPES.get(visit.params["name"])
    if kind is None:
        raise errors.not_found("There is no such file.")
    return Response(
        body=(STATIC / visit.params["name"]).read_text(encoding="utf-8"),
        headers={
            "Content-Type": kind,
            "Cache-Control": "public, max-age=31536000, immutable",
            "X-Content-Type-Options": "nosniff",
        },
    )
