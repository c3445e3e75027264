"""All consumers on one page, for the operator."""

from chalicelib.console.routing import Pages

pages = Pages(__name__, area="consumers")
