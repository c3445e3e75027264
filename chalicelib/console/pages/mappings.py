"""Mappings: what a value of one platform is at the other."""

from chalicelib.console.routing import Pages

pages = Pages(__name__, area="mappings")
