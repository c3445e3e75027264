"""Transactions: every HTTP call to a platform."""

from chalicelib.console.routing import Pages

pages = Pages(__name__, area="transactions")
