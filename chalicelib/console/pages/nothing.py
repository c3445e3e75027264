"""What people see where there is no page."""

from chalice.app import Response

from chalicelib.api import errors
from chalicelib.console.visits import Visit

NO_SUCH_PAGE = "There is no such page. The menu lists those there are."


def show(visit: Visit) -> Response:
    """Say that there is no such page."""
    raise errors.not_found(NO_SUCH_PAGE)
