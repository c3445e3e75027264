"""Executions: what ran, and starting an import."""

from chalicelib.console.routing import Pages

pages = Pages(__name__, area="executions")
