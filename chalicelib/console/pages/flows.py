"""Flows: the switch, what is missing, settings."""

from chalicelib.console.routing import Pages

pages = Pages(__name__, area="flows")
