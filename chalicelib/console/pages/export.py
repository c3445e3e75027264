"""The export: what the filters find, as CSV."""

from chalicelib.console.routing import Pages

pages = Pages(__name__, area="logs")
