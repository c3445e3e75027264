"""One row: what it is, why it is where it is, what mends it, and all that happened."""

from chalicelib.console.routing import Pages

pages = Pages(__name__, area="logs")
