"""The report: rows of each day by kind, status and code."""

from chalicelib.console.routing import Pages

pages = Pages(__name__, area="report")
