"""Why a flow or a record does not sync."""

from chalicelib.console.routing import Pages

pages = Pages(__name__, area="diagnosis")
