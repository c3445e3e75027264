"""Connections: health, check, webhooks, prerequisites."""

from chalicelib.console.routing import Pages

pages = Pages(__name__, area="connections")
