"""The history: who changed what."""

from chalicelib.console.routing import Pages

pages = Pages(__name__, area="history")
