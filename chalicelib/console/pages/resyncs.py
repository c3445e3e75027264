"""Bulk re-syncs: how many first, progress, result."""

from chalicelib.console.routing import Pages

pages = Pages(__name__, area="logs")
