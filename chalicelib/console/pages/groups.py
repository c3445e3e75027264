"""What needs a person: rows that failed alike, and what rows wait for."""

from chalicelib.console.routing import Pages

pages = Pages(__name__, area="groups")
